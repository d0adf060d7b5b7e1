"""The files of a head are asked for once, as soon as GitHub is sure of them."""

from datetime import timedelta
from typing import Any

import pytest

from cutwater.events.changed_files import CHANGED_FILES, SETTLED, changed_files
from cutwater.events.look import look_at
from tests import virtual_time
from tests.edges import edges

pytestmark = pytest.mark.virtual


class GitHub:
    """A pull request that changes one file. `asked`: how often that was asked for."""

    def __init__(self) -> None:
        self.asked = 0

    async def pages(self, path: str, **parts: Any) -> list[Any]:
        self.asked += 1
        return [{"filename": "fin.txt"}]


@pytest.mark.parametrize(
    ("age", "heads", "asked"),
    [
        pytest.param(2 * SETTLED, ["a", "a"], 1, id="the same head"),
        pytest.param(2 * SETTLED, ["a", "b"], 2, id="another head"),
        pytest.param(SETTLED / 2, ["a", "a"], 2, id="it was pushed just now"),
    ],
)
async def test_files(age: timedelta, heads: list[str], asked: int) -> None:
    github = GitHub()
    world = edges(github=lambda: github)
    for head in heads:
        look = await look_at(world)
        updated_at = virtual_time.clock() - age
        found = await changed_files(look, "acme", "rocket", 7, base_ref="main", head=head, updated_at=updated_at)
        assert found == ("fin.txt",)
    assert github.asked == asked
    kept = [entry.key async for entry in world.state.list(CHANGED_FILES)]
    assert all(key.startswith(f"{CHANGED_FILES}{virtual_time.clock():%Y-%m-%d}/") for key in kept)
