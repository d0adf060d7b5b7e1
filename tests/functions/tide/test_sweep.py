"""What a sweep sends tide to: what no event told of."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import msgspec
import pytest

from cutwater.events.effect import apply
from cutwater.events.level import look_again
from cutwater.events.publish import look_event
from functions.tide.function import tide
from functions.tide.sweep import CURSOR, SELDOM, Watched
from tests import virtual_time
from tests.functions.tide.pools import POOL, Alone, alone
from tests.world import CONFIG, configuration

pytestmark = pytest.mark.virtual

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("quiet", "waits"),
    [
        pytest.param(0 * MINUTE, 0 * MINUTE, id="it has just changed: at the next sweep, whatever became of this look"),
        pytest.param(1 * MINUTE, 1 * MINUTE, id="a minute"),
        pytest.param(4 * MINUTE, 4 * MINUTE, id="as long again"),
        pytest.param(60 * MINUTE, SELDOM, id="an hour: no more seldom"),
    ],
)
def test_the_longer_nothing_has_changed_the_more_seldom(quiet: timedelta, waits: timedelta) -> None:
    now = virtual_time.BEGINNING
    watched = Watched(likeness="same", since=now - quiet, looked=now)
    assert watched.is_due(now + waits)
    assert waits == timedelta() or not watched.is_due(now + waits - timedelta(seconds=1))


async def swept(here: Alone) -> list[str]:
    """The pools to which a sweep sends tide now."""
    here.published.clear()
    tick = msgspec.structs.replace(look_event("tide", ""), extensions={"role": "tide", "tick": "sweep"})
    await look_again(tide, tick, here.edges, owner="test", apply=apply)
    return [event.subject for event in here.published]


async def _calm(here: Alone) -> None:
    """The pull request is tested again, and nothing has happened for long."""
    await _push(here)
    await here.look()
    assert await swept(here) == [POOL]
    await asyncio.sleep(40 * 60)
    assert await swept(here) == [POOL]
    await asyncio.sleep(60)


async def _push(here: Alone) -> None:
    await here.world.github.push(here.world.rocket, "main", {"x.txt": "x\n"}, author="alice")


async def _fail(here: Alone) -> None:
    await here.change.set_status("alice", "unit", "failure")


async def _say(here: Alone) -> None:
    await here.change.set_status("alice", "tide", "success", "In merge pool.")


async def _end(here: Alone) -> None:
    for job in await here.jobs():
        await here.finish(job)


async def _close(here: Alone) -> None:
    await here.change.close("alice")


async def _nothing(here: Alone) -> None:
    pass


@pytest.mark.slow
@pytest.mark.parametrize(
    ("happens", "is_seen"),
    [
        pytest.param(_nothing, False, id="nothing"),
        pytest.param(_push, True, id="somebody pushes to the branch"),
        pytest.param(_fail, True, id="a test fails"),
        pytest.param(_say, False, id="our own status"),
        pytest.param(_end, True, id="a test ends that tide has started"),
        pytest.param(_close, True, id="the last pull request is closed"),
    ],
)
async def test_what_is_seen(happens: Callable[[Alone], Awaitable[None]], is_seen: bool) -> None:
    async with alone() as here:
        await _calm(here)
        await happens(here)
        assert await swept(here) == ([POOL] if is_seen else [])


async def test_another_configuration_is_looked_at_everywhere_and_what_no_query_names_is_forgotten() -> None:
    async with alone() as here:
        await _calm(here)
        assert await swept(here) == []
        for config in (f"{CONFIG}  squash_label: squash\n", CONFIG.replace("acme/rocket", "acme/probe")):
            here.use(configuration(config))
            assert await swept(here) == [POOL]
        await here.look()
        assert [entry.key async for entry in here.world.state.list("tide/pools/")] == []


async def test_what_is_kept_of_another_time_is_begun_anew() -> None:
    async with alone() as here:
        await here.world.state.put(CURSOR, b'{"some": "thing", "pools": 7}')
        assert await swept(here) == [POOL]


async def test_a_change_is_looked_for_until_the_statuses_are_right() -> None:
    """Who was sent there may have died. No query finds the pull request any more, so nothing else leads there."""
    async with alone() as here:
        await _calm(here)
        await here.change.unlabel("lgtm", by="alice")
        for _ in range(3):
            assert await swept(here) == [POOL]
            await asyncio.sleep(60)
        await here.look()
        assert await swept(here) == []
