"""A merge queue in virtual time: what becomes of pull requests whose fate is plain."""

import pytest
from msgspec.structs import replace

from cutwater.cli.tide.policies import POLICIES
from cutwater.cli.tide.workload import Change, Job, Rates, Workload, drawn
from tests.cutwater.cli.tide.queues import JOBS, TEST_HOURS, changes, merged, outcome, work

POLICY_NAMES = sorted(POLICIES)


@pytest.mark.parametrize("policy", POLICY_NAMES)
async def test_one_is_tested_on_the_branch_as_it_is_and_merged(policy: str) -> None:
    found = await outcome(work(changes(1)), policy)
    assert merged(found) == {1: pytest.approx(TEST_HOURS, abs=0.02)}
    assert found.runs == 2
    assert found.run_hours == pytest.approx(70 / 60)
    assert (found.passed + found.failed, found.waiting, found.left) == (0, (), 0)


async def test_several_are_tested_together() -> None:
    found = await outcome(work(changes(3)))
    assert set(merged(found)) == {1, 2, 3}
    assert max(merged(found).values()) == pytest.approx(TEST_HOURS, abs=0.02)
    assert (found.passed, found.failed) == (1, 0)
    assert found.runs == 4, "the batch, and beside it the first alone"


async def test_a_batch_has_no_more_than_it_may() -> None:
    found = await outcome(work(changes(4)), batch_size_limit=2)
    assert (found.passed, len(found.landed)) == (2, 4)


@pytest.mark.parametrize("policy", POLICY_NAMES)
async def test_who_breaks_a_job_is_given_up(policy: str) -> None:
    found = await outcome(work(changes(4, breaks={2: "unit"})), policy)
    assert set(merged(found)) == {1, 3, 4}
    assert (found.left, found.waiting) == (1, ())
    assert found.failed > 0


async def test_who_breaks_a_job_may_mend_it() -> None:
    found = await outcome(work(changes(2, breaks={2: "unit"}), mends=True))
    assert set(merged(found)) == {1, 2}


@pytest.mark.parametrize("policy", POLICY_NAMES)
async def test_what_conflicts_is_rebased(policy: str) -> None:
    found = merged(await outcome(work(changes(2, conflicts={2: {1}})), policy))
    assert found[1] == pytest.approx(TEST_HOURS, abs=0.02)
    assert found[2] == pytest.approx(found[1] + 1 + 2 * TEST_HOURS, abs=0.05), "an hour, its own tests, and tide's"


async def test_an_author_tests_again_what_failed_by_chance() -> None:
    one_by_one = tuple(Change(number=number, arrived=number * 10_000.0) for number in range(1, 31))
    workload = Workload(changes=one_by_one, jobs=(Job(name="unit", minutes=20, spread=0),), hours=200, flakes=0.3)
    found = await outcome(replace(workload, answers=2))
    waits = sorted(one.waited / 3600 for one in found.landed)
    assert len(waits) == 30
    assert waits[0] == pytest.approx(1 / 3, abs=0.01)
    assert waits[-1] > 2, "one at least has failed"
    assert 33 <= found.runs <= 60


@pytest.mark.parametrize("policy", POLICY_NAMES)
async def test_nothing_that_breaks_a_job_is_ever_merged(policy: str) -> None:
    workload = drawn(Rates(an_hour=5, fail=0.3, conflict=0.2), JOBS, hours=8, flakes=0.1, seed=7)
    found = await outcome(workload, policy, batch_size_limit=6)
    broken = {change.number for change in workload.changes if change.breaks}
    rebased = {change.number for change in workload.changes if change.conflicts}
    assert broken
    assert not broken - rebased & merged(found).keys()
    assert len(found.landed) + len(found.waiting) + found.left == len(workload.changes)


@pytest.mark.parametrize("policy", POLICY_NAMES)
async def test_the_same_luck_twice(policy: str) -> None:
    workload = drawn(Rates(an_hour=3), JOBS, hours=8, flakes=0.05, seed=3)
    assert await outcome(workload, policy) == await outcome(workload, policy)


async def test_tests_wait_for_a_slot() -> None:
    found = await outcome(work(changes(1)), slots=1)
    assert merged(found) == {1: pytest.approx(70 / 60, abs=0.02)}


async def test_who_waits_at_the_end_is_told_of() -> None:
    found = await outcome(work(changes(2), hours=0.5))
    assert found.landed == ()
    assert found.waiting == (1800.0, 1800.0)
    assert found.hours_waited(0.5, with_waiting=False) == 0
    assert found.hours_waited(0.5, with_waiting=True) == 0.5
