"""A bucket that ignores conditions is refused, and another is tried once."""

from datetime import UTC, datetime
from typing import Any

import pytest

from cutwater.errors import Refused
from cutwater.storage.memory import MemoryStore
from cutwater.storage.proof import PROVEN, Proof
from cutwater.storage.store import Stored


class Careless(MemoryStore):
    """A bucket that passes over one condition, as some do."""

    def __init__(self, ignored: str) -> None:
        super().__init__(lambda: datetime.now(UTC))
        self._ignored = ignored
        self.puts = 0

    async def put(self, key: str, body: bytes, **how: Any) -> Stored:
        self.puts += 1
        how.pop(self._ignored, None)
        return await super().put(key, body, **how)


@pytest.mark.parametrize(
    "ignored, named",
    [
        pytest.param("if_absent", "If-None-Match", id="put if absent"),
        pytest.param("if_match", "If-Match", id="put if unchanged"),
    ],
)
async def test_careless(ignored: str, named: str) -> None:
    bucket = Careless(ignored)
    with pytest.raises(Refused, match=named):
        await Proof().of(bucket)
    assert [entry.key async for entry in bucket.list("")] == []


async def test_a_good_one_is_tried_once() -> None:
    bucket = Careless("nothing")
    for _ in range(2):
        proof = Proof()
        await proof.of(bucket)
        await proof.of(bucket)
    assert [entry.key async for entry in bucket.list("")] == [PROVEN]
    assert bucket.puts == 5
