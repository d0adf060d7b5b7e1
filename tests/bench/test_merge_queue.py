"""The bot of old, and how much faster the queue is than that."""

import pytest
from msgspec.structs import replace

from bench import merge_queue
from bench.merge_queue import Figures, Load, OneAtATime
from cutwater.cli.tide.workload import Change
from tests.cutwater.cli.tide.queues import TEST_HOURS, changes, merged, outcome, work

OVERLOADED = Load("overloaded", 12, 12)


async def test_the_bot_merges_one_after_the_other() -> None:
    found = await outcome(work(changes(3)), OneAtATime)
    assert merged(found) == {number: pytest.approx(number * TEST_HOURS, abs=0.02) for number in (1, 2, 3)}
    assert (found.runs, found.passed + found.failed) == (6, 0)


async def test_the_bot_tests_once_more_what_has_just_passed() -> None:
    later = Change(number=2, arrived=10_000)
    found = await outcome(work([*changes(1), later]), OneAtATime)
    assert found.runs == 4


async def test_the_bot_passes_on_when_a_test_fails() -> None:
    found = await outcome(work(changes(3, breaks={2: "unit"})), OneAtATime)
    assert merged(found) == {1: pytest.approx(TEST_HOURS, abs=0.02), 3: pytest.approx(2 * TEST_HOURS + 1 / 3, abs=0.02)}
    assert found.left == 1


async def test_the_bot_takes_what_was_tested_again() -> None:
    found = await outcome(replace(work(changes(5)), flakes=0.2), OneAtATime)
    assert len(found.landed) == 5


@pytest.mark.slow
def test_several_times_as_many_are_merged() -> None:
    found: dict[str, Figures] = {
        key[-1]: figures
        for key, figures in merge_queue.measure([OVERLOADED], [0.02], batch_size=15, failing=0.05, processes=2)
    }
    assert [*found] == ["one at a time", "compatible", "speculative"]
    bot, compatible, speculative = found.values()
    assert compatible.merges_an_hour > 1.5 * bot.merges_an_hour
    assert speculative.merges_an_hour > 2 * compatible.merges_an_hour
    assert speculative.runs_a_merge < 1.5 * compatible.runs_a_merge
