"""Whoever dies over a speculative queue: all that was tested is merged, nothing else is, and nothing is done twice."""

import asyncio
from collections import Counter

import pytest
from _pytest.mark import ParameterSet

from infra.local.github.world import Issue
from tests.functions.kubernetes import Dying, Killed
from tests.functions.tide.pools import TESTS, Alone, alone
from tests.functions.tide.speculation import finish, moves, proposed, speculative, tried, untested
from tests.world import CONFIG

pytestmark = pytest.mark.virtual

SQUASHES = CONFIG + "  merge_method: {acme/rocket: squash}\n"
BEFORE_OR_AFTER = pytest.mark.parametrize("after", [False, True], ids=["before it", "after it"])


def effects(count: int, *always: int) -> list[ParameterSet]:
    """The number of each effect; those always, the others where there is time."""
    return [pytest.param(number, marks=() if number in always else pytest.mark.slow) for number in range(count)]


async def look_until_it_is_quiet(here: Alone) -> None:
    await here.look()
    while here.published:
        here.published.clear()
        await here.look()


async def look_and_die(here: Alone, number: int, *, after: bool) -> None:
    """Its Lease runs out; then somebody else looks."""
    dying = Dying(number, after=after)
    try:
        await here.look(apply=dying)
    except Killed:
        await asyncio.sleep(130)
    assert dying.has_died, "there are not so many effects"
    await look_until_it_is_quiet(here)


async def worked_off(here: Alone) -> None:
    """All that runs passes, until nothing runs any more."""
    while running := [job for job in await here.jobs() if not job.is_complete]:
        for job in running:
            await here.finish(job)
        await look_until_it_is_quiet(here)


def merged(changes: list[Issue]) -> list[bool]:
    return [change.is_merged for change in changes]


@BEFORE_OR_AFTER
@pytest.mark.parametrize("number", effects(11, 1))
async def test_killed_while_it_starts_lanes(number: int, *, after: bool) -> None:
    async with alone(speculative()) as here:
        changes = await proposed(here, "b", "c", "d")
        await look_and_die(here, number, after=after)
        assert await tried(here.world) == [[1, 2], [1, 2, 3, 4]]
        started = Counter((str(job.spec.refs), job.spec.job) for job in await here.jobs())
        assert set(started.values()) == {1} and len(started) == 2 * len(TESTS)
        await worked_off(here)
        assert merged(changes) == [True] * 4
        assert (moves(here.world), await untested(here.world)) == (1, [])
        assert len(await here.jobs()) == 2 * len(TESTS)


@BEFORE_OR_AFTER
@pytest.mark.parametrize("number", effects(10, 4))
async def test_killed_while_it_moves_the_branch(number: int, *, after: bool) -> None:
    async with alone(speculative()) as here:
        changes = await proposed(here, "b")
        await here.look()
        await finish(here, *changes)
        await look_and_die(here, number, after=after)
        assert merged(changes) == [True, True]
        assert (moves(here.world), await untested(here.world)) == (1, [])
        assert len(await here.jobs()) == len(TESTS)


@BEFORE_OR_AFTER
@pytest.mark.parametrize("number", effects(14))
async def test_killed_while_github_merges_one_after_the_other(number: int, *, after: bool) -> None:
    """What is left of them was tested on what the branch is by then: it is not tested again."""
    async with alone(speculative(SQUASHES)) as here:
        changes = await proposed(here, "b", "c")
        await here.look()
        for count in (2, 3):
            await finish(here, *changes[:count])
        await look_and_die(here, number, after=after)
        assert merged(changes) == [True] * 3
        assert (moves(here.world), await untested(here.world, one_by_one=True)) == (3, [])
        assert await tried(here.world) == [[1, 2], [1, 2, 3]]
        assert len(await here.jobs()) == 2 * len(TESTS)


@pytest.mark.slow
@BEFORE_OR_AFTER
@pytest.mark.parametrize("number", range(5))
async def test_killed_while_it_looks_for_who_breaks_a_lane(number: int, *, after: bool) -> None:
    async with alone(speculative(largest=4)) as here:
        changes = await proposed(here, "b", "c", "d")
        await here.look()
        await finish(here, *changes, state="failure")
        await look_and_die(here, number, after=after)
        started = Counter((str(job.spec.refs), job.spec.job) for job in await here.jobs())
        assert set(started.values()) == {1}
        assert [1, 2] in await tried(here.world)
        await worked_off(here)
        assert merged(changes) == [True] * 4
        assert await untested(here.world) == []
