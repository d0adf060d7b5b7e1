"""What all processes have used of a limit."""

import asyncio

import pytest

from cutwater.events.used import UsedTogether
from cutwater.storage.memory import MemoryStore
from tests import virtual_time

pytestmark = pytest.mark.virtual


@pytest.fixture
def state() -> MemoryStore:
    return MemoryStore(virtual_time.clock)


async def test_it_is_added_up(state: MemoryStore) -> None:
    one, other = UsedTogether(lambda: state), UsedTogether(lambda: state)
    assert await one.add("us core", 1000, {"lgtm": 25}) == {"lgtm": 25}
    assert await other.add("us core", 1001, {"lgtm": 30, "trigger": 1}) == {"lgtm": 55, "trigger": 1}
    assert await one.add("us graphql", 1000, {"tide": 1}) == {"tide": 1}


async def test_at_the_same_time_nothing_is_lost(state: MemoryStore) -> None:
    processes = [UsedTogether(lambda: state) for _ in range(3)]
    await asyncio.gather(*(process.add("us", 1000, {"lgtm": 25}) for process in processes))
    assert await processes[0].add("us", 1000, {}) == {"lgtm": 75}


async def test_a_limit_that_begins_anew(state: MemoryStore) -> None:
    used = UsedTogether(lambda: state)
    await used.add("us", 1000, {"lgtm": 25})
    assert await used.add("us", 4600, {"lgtm": 1}) == {"lgtm": 1}
    assert await used.add("us", 1000, {"lgtm": 7}) == {"lgtm": 7}  # told by one that does not know yet
    assert await used.add("us", 4600, {"lgtm": 1}) == {"lgtm": 2}


async def test_what_cannot_be_read_counts_nothing(state: MemoryStore) -> None:
    used = UsedTogether(lambda: state)
    await used.add("us", 1000, {"lgtm": 25})
    async for entry in state.list(""):
        await state.put(entry.key, b"{")
    assert await used.add("us", 1000, {"lgtm": 1}) == {"lgtm": 1}
