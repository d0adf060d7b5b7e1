"""Of which repositories the commits are kept, and when."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from cutwater.events.effect import Effect, Result
from cutwater.events.look import look_at
from cutwater.events.pools import POOLS, Pool, ShownPullRequest, key_of
from cutwater.events.publish import look_event
from cutwater.git.in_place import InPlace
from cutwater.git.packs import key_of as kept_at
from functions.tide.function import tide
from functions.tide.kept import Kept
from functions.tide.repositories import FORGOTTEN, FRESH, TICK
from tests.edges import edges

pytestmark = pytest.mark.virtual
HOUR = 3600


class Noting(InPlace):
    """Notes what is to be kept."""

    def __init__(self) -> None:
        super().__init__(Path())
        self.kept: list[tuple[str, Sequence[str]]] = []

    async def keep(self, org: str, repo: str, branches: Sequence[str]) -> None:
        self.kept.append((f"{org}/{repo}", branches))


class Scene:
    """A state bucket, and tide's tick."""

    def __init__(self) -> None:
        self.stacks = Noting()
        self.edges = edges(stacks=lambda: self.stacks)

    async def pool(self, place: str, *numbers: int) -> None:
        """A pool as tide has kept it, with these pull requests."""
        name, _, branch = place.partition(":")
        org, repo = name.split("/")
        shown = tuple(ShownPullRequest(f"No. {number}", number, "1" * 40, "MERGEABLE") for number in numbers)
        kept = Kept(pool=Pool(org=org, repo=repo, branch=branch, missing_prs=shown[:1], success_prs=shown[1:]))
        await self.edges.state.put(key_of(POOLS, org, repo, branch), msgspec.json.encode(kept))

    async def keep(self, org: str, repo: str) -> None:
        await self.edges.state.put(kept_at(org, repo), b"{}")

    async def kept_at_all(self) -> list[str]:
        return [entry.key async for entry in self.edges.state.list("git/")]

    async def ticks(self, count: int = 1) -> list[tuple[str, Sequence[str]]]:
        """What is kept by so many ticks, one after the other: repositories, and their branches."""

        async def act(effect: Effect[Result]) -> Result:
            return await effect.apply(self.edges)

        event = replace(look_event("tide", ""), extensions={"role": "tide", "tick": "repositories"})
        for _ in range(count):
            await tide.sweeps["repositories"](event, await look_at(self.edges), act)
            await asyncio.sleep(TICK * 60)
        return self.stacks.kept


@pytest.mark.parametrize(
    ("pools", "expected"),
    [
        pytest.param({}, [], id="no pools"),
        pytest.param({"acme/rocket:main": (1,)}, [], id="one pull request alone"),
        pytest.param({"acme/rocket:main": (1, 2)}, [("acme/rocket", ("main",))], id="two"),
        pytest.param(
            {"acme/rocket:main": (1,), "acme/rocket:release/1": (2, 3)},
            [("acme/rocket", ("main", "release/1"))],
            id="all branches of a repository",
        ),
    ],
)
async def test_what_is_kept(pools: dict[str, Sequence[int]], expected: list[tuple[str, Sequence[str]]]) -> None:
    scene = Scene()
    for place, numbers in pools.items():
        await scene.pool(place, *numbers)
    assert await scene.ticks() == expected


async def test_each_repository_has_its_turn() -> None:
    """Also where it never succeeds with one of them."""
    scene = Scene()
    for name in ("one", "two", "three"):
        await scene.pool(f"acme/{name}:main", 1, 2)
    assert {name for name, _ in await scene.ticks(3)} == {"acme/one", "acme/two", "acme/three"}


async def test_what_is_kept_lasts_for_a_day() -> None:
    scene = Scene()
    await scene.pool("acme/rocket:main", 1, 2)
    await scene.keep("acme", "rocket")
    await asyncio.sleep(FRESH.total_seconds() - HOUR)
    assert await scene.ticks() == []
    await asyncio.sleep(HOUR)
    assert await scene.ticks() == [("acme/rocket", ("main",))]


async def test_what_nobody_needs_is_forgotten() -> None:
    scene = Scene()
    for name in ("rock", "rocket"):
        await scene.keep("acme", name)
        await scene.edges.state.put(f"git/acme/{name}/pack-1.pack/0000", b"")
    await asyncio.sleep(FORGOTTEN.total_seconds())
    await scene.keep("acme", "rocket")
    await asyncio.sleep(HOUR)
    await scene.ticks()
    assert await scene.kept_at_all() == ["git/acme/rocket/kept.json", "git/acme/rocket/pack-1.pack/0000"]
