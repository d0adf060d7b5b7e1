"""Pull requests that come at random."""

import itertools
import random
import statistics

import pytest

from cutwater.cli.tide.workload import DAY, HOUR, Change, Job, Rates, drawn, with_both_sides

JOBS = (Job(name="unit", minutes=20), Job(name="e2e", minutes=50))


def test_as_many_come_as_were_asked_for() -> None:
    found = drawn(Rates(an_hour=10), JOBS, hours=1000, flakes=0, seed=1).changes
    assert len(found) == pytest.approx(10_000, rel=0.03)
    assert [change.number for change in found] == list(range(1, len(found) + 1))
    assert all(0 < before.arrived < after.arrived < 1000 * HOUR for before, after in itertools.pairwise(found))
    gaps = [after.arrived - before.arrived for before, after in itertools.pairwise(found)]
    assert statistics.pstdev(gaps) == pytest.approx(statistics.mean(gaps), rel=0.05), "as a Poisson process has it"


def test_more_come_by_day() -> None:
    found = drawn(Rates(an_hour=10, daytime=True), JOBS, hours=24 * 40, flakes=0, seed=1).changes
    assert len(found) == pytest.approx(10 * 24 * 40, rel=0.05)
    by_day = sum(8 <= change.arrived % DAY / HOUR < 20 for change in found)
    assert by_day / len(found) == pytest.approx(0.82, abs=0.03)


def test_as_many_break_a_job_as_were_asked_for() -> None:
    found = drawn(Rates(an_hour=10, fail=0.2), JOBS, hours=1000, flakes=0, seed=1).changes
    breaks = [change.breaks for change in found if change.breaks]
    assert len(breaks) / len(found) == pytest.approx(0.2, rel=0.1)
    assert breaks.count("unit") == pytest.approx(breaks.count("e2e"), rel=0.2)


def test_another_seed_is_other_luck() -> None:
    def found(seed: int) -> object:
        return drawn(Rates(an_hour=5), JOBS, hours=24, flakes=0, seed=seed).changes

    assert found(1) == found(1)
    assert found(1) != found(2)


def test_nobody_comes_where_nobody_is_to_come() -> None:
    assert drawn(Rates(an_hour=0), JOBS, hours=24, flakes=0, seed=1).changes == ()


def test_a_conflict_has_two_sides() -> None:
    found = with_both_sides(
        [
            Change(number=1, arrived=0),
            Change(number=2, arrived=1, conflicts=frozenset({1, 9})),
            Change(number=3, arrived=2, conflicts=frozenset({2})),
        ]
    )
    assert [change.conflicts for change in found] == [{2}, {1, 3, 9}, {2}]


def test_how_long_a_run_takes() -> None:
    luck = random.Random(1)
    minutes = [JOBS[0].seconds(luck) / 60 for _ in range(2000)]
    assert statistics.median(minutes) == pytest.approx(20, rel=0.03)
    assert sum(20 / 1.2214 < one < 20 * 1.2214 for one in minutes) / 2000 == pytest.approx(0.68, abs=0.04)
    assert {Job(name="x", minutes=5, measured=(3, 4)).seconds(luck) for _ in range(20)} == {180, 240}
