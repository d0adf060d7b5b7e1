"""Leases: who has a name to themselves, who leaves word, and what a successor finds."""

import asyncio

import pytest

from cutwater.kube.client import LEASE, Conflict, Kube
from cutwater.kube.leases import Leases, LeaveNote, holding_of, lease_name, note_of
from infra.local.kube.server import ApiServer
from infra.local.transport import InProcessTransport
from tests import virtual_time
from tests.edges import edges

pytestmark = pytest.mark.virtual

NAME = "tide/acme/rocket:main"


def functions(*holders: str) -> list[Leases]:
    kube = Kube(InProcessTransport(ApiServer(None, clock=virtual_time.clock).app))
    return [Leases(kube, "default", holder, virtual_time.clock) for holder in holders]


async def test_one_at_a_time() -> None:
    one, other = functions("one", "other")
    lease = await one.take(NAME, seconds=60)
    assert lease is not None and await other.take(NAME, seconds=60) is None
    await lease.give_back()
    assert await one.kube.get(LEASE, "default", lease_name(NAME)) is None
    assert await other.take(NAME, seconds=60) is not None


async def test_who_was_overtaken_gives_nothing_back() -> None:
    one, other = functions("one", "other")
    lost = await one.take(NAME, seconds=60)
    await asyncio.sleep(61)
    assert lost is not None and await other.take(NAME, seconds=60) is not None
    await lost.give_back()
    assert await one.take(NAME, seconds=60) is None
    with pytest.raises(Conflict):
        await lost.begin_look()


async def test_word_keeps_the_holder_looking() -> None:
    one, other = functions("one", "other")
    lease = await one.take_or_leave_word(NAME, "event 1", seconds=60)
    assert lease is not None
    await lease.begin_look()
    for event in ("event 2", "event 3"):
        assert await other.take_or_leave_word(NAME, event, seconds=60) is None
    assert not await lease.set_free()
    await lease.begin_look()
    assert await lease.set_free()


async def test_what_a_successor_finds() -> None:
    one, other = functions("one", "other")
    lease = await one.take_or_leave_word(NAME, "event 1", seconds=60)
    assert lease is not None and lease.looked is None
    await lease.begin_look()
    looked = virtual_time.clock()
    found = await one.kube.get(LEASE, "default", lease_name(NAME))
    assert found is not None
    world = edges(kube=lambda: one.kube)
    note = LeaveNote(holding=holding_of(found), note="half done", why="test")
    await note.apply(world)
    assert await note.stands(world, looked)
    await asyncio.sleep(30)
    await other.take_or_leave_word(NAME, "event 2", seconds=60)
    await asyncio.sleep(31)  # the holder is dead
    heir = await other.take_or_leave_word(NAME, "event 3", seconds=60)
    assert heir is not None and heir.looked == looked
    found = await one.kube.get(LEASE, "default", lease_name(NAME))
    assert found is not None and note_of(found) == "half done"
    assert await heir.set_free()  # what was left with the dead is the heir's look
    with pytest.raises(Conflict):
        await note.apply(world)


async def test_a_name_is_one_of_kubernetes() -> None:
    assert lease_name("tide/acme/Rocket:release/1.0").startswith("cutwater-tide-acme-rocket-release-1-0-")
