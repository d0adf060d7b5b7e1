"""The figures that are made of an outcome."""

import pytest

from cutwater.cli.tide.outcome import Landed, Outcome, quantile
from cutwater.cli.tide.workload import HOUR

FOUND = Outcome(
    hours=4,
    landed=(
        Landed(number=1, arrived=0, merged=HOUR),
        Landed(number=2, arrived=0.5 * HOUR, merged=HOUR),
        Landed(number=3, arrived=HOUR, merged=3.5 * HOUR),
    ),
    waiting=(3 * HOUR,),
    left=1,
    runs=12,
    run_hours=6,
    passed=1,
    failed=3,
    queue=((0, 1), (0.5 * HOUR, 2), (HOUR, 0), (HOUR, 2), (3.5 * HOUR, 1)),
)


def test_rates() -> None:
    assert (FOUND.merges_per_hour, FOUND.runs_per_merge, FOUND.run_hours_per_merge) == (0.75, 4, 2)
    assert FOUND.longest_queue == 2


def test_nobody_was_merged() -> None:
    nothing = Outcome(hours=4, landed=(), waiting=(), left=0, runs=3, run_hours=1, passed=0, failed=0, queue=())
    assert nothing.merges_per_hour == 0
    assert nothing.runs_per_merge == float("inf")
    assert (nothing.hours_waited(0.5, with_waiting=True), nothing.longest_queue) == (0, 0)
    assert nothing.queue_by(HOUR) == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("share", "with_waiting", "expected"), [(0.5, False, 1), (0.95, False, 2.5), (0.5, True, 2.5), (0.95, True, 3)]
)
def test_hours_waited(share: float, with_waiting: bool, expected: float) -> None:
    assert FOUND.hours_waited(share, with_waiting=with_waiting) == expected


def test_over_time() -> None:
    assert FOUND.queue_by(HOUR) == pytest.approx([1.5, 2, 2, 1.5])
    assert FOUND.merges_by(HOUR) == [0, 2, 0, 1]
    assert FOUND.waits_by(HOUR) == [0, 1, 1, 2.5]


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [([], 0.5, 0), ([3], 0.95, 3), ([4, 1, 3, 2], 0.5, 3), (range(100), 0.95, 95), (range(100), 1, 99)],
)
def test_quantile(values: list[float], share: float, expected: float) -> None:
    assert quantile(values, share) == expected
