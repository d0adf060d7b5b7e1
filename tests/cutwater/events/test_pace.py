"""A role that paces its looks: many events, few looks, and none of the events is forgotten."""

import asyncio
from collections.abc import Sequence

import pytest

from cutwater.errors import Later
from cutwater.events.edges import Edges
from cutwater.events.effect import Effect, apply
from cutwater.events.event import Event
from cutwater.events.level import LevelRole, look_again
from cutwater.events.look import Look
from cutwater.events.publish import look_event
from cutwater.kube.client import Conflict, Kube
from infra.local.kube.server import ApiServer
from infra.local.transport import InProcessTransport
from tests import virtual_time
from tests.edges import edges

pytestmark = pytest.mark.virtual


class Looking:
    """A role that remembers when it looked, and how long its looks take."""

    def __init__(self, *, takes: float = 1.0, fails: Sequence[type[Exception]] = (), patience: float = 540) -> None:
        self.times: list[float] = []
        self._takes, self._fails = takes, list(fails)
        self.role = LevelRole(
            name="looker", decide=self._decide, excludes=self._names, lease_seconds=60, pace=10, patience=patience
        )
        kube = Kube(InProcessTransport(ApiServer(None, clock=virtual_time.clock).app))
        self._edges: Edges = edges(kube=lambda: kube)

    async def _names(self, event: Event, look: Look) -> Sequence[str]:
        return [event.subject]

    async def _decide(self, event: Event, look: Look) -> Sequence[Effect[object]]:
        self.times.append(asyncio.get_running_loop().time())
        await asyncio.sleep(self._takes)
        if self._fails:
            raise self._fails.pop(0)("as the test wants it")
        return ()

    async def event(self, subject: str = "a", owner: str = "") -> None:
        event = look_event("looker", subject)
        await look_again(self.role, event, self._edges, owner=owner or event.id, apply=apply)


async def test_many_events_are_few_looks() -> None:
    looking = Looking()

    async def later(seconds: float) -> None:
        await asyncio.sleep(seconds)
        await looking.event()

    await asyncio.gather(*(later(number / 5) for number in range(100)))  # twenty seconds of events
    assert looking.times == [0, 10, 20]


async def test_the_first_event_in_a_while_is_looked_at_at_once() -> None:
    looking = Looking()
    await looking.event()
    await asyncio.sleep(100)
    await looking.event()
    assert looking.times == [0, 101]


async def test_one_soon_after_waits_for_the_pace() -> None:
    looking = Looking()
    await looking.event()
    await looking.event()
    assert looking.times == [0, 10]


async def test_names_do_not_pace_one_another() -> None:
    looking = Looking()
    await asyncio.gather(looking.event("a"), looking.event("b"))
    assert looking.times == [0, 0]


@pytest.mark.parametrize("failure", [Later, Conflict])
async def test_a_look_that_fails_comes_back(failure: type[Exception]) -> None:
    looking = Looking(fails=[failure])
    with pytest.raises(Later):
        await looking.event()
    await looking.event()
    assert looking.times == [0, 10]


async def test_who_has_no_patience_left_hands_over() -> None:
    looking = Looking(patience=15)

    async def busy() -> None:
        for _ in range(30):
            await asyncio.sleep(1)
            await looking.event(owner="busy")

    others = asyncio.ensure_future(busy())
    with pytest.raises(Later):
        await looking.event(owner="first")
    await others
    assert looking.times[:4] == [0, 10, 20, 30]
