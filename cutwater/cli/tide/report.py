"""What a simulation has found, as people and as programs read it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cutwater.cli.tide.outcome import Outcome
from cutwater.cli.tide.workload import HOUR

COLUMNS = 72
"""Letters of a line that is drawn."""
_HEIGHTS = " ▁▂▃▄▅▆▇█"
_FIGURES = (
    ("merges an hour", "{merges_an_hour:.2f}"),
    ("merged", "{merged}"),
    ("given up", "{given_up}"),
    ("still waiting", "{still_waiting}"),
    ("longest queue", "{longest_queue}"),
    ("hours in the queue, median", "{p50_hours:.1f}"),
    ("hours in the queue, p95", "{p95_hours:.1f}"),
    ("median, with those that wait", "≥ {p50_hours_with_waiting:.1f}"),
    ("p95, with those that wait", "≥ {p95_hours_with_waiting:.1f}"),
    ("runs of jobs for a merge", "{runs_a_merge:.2f}"),
    ("hours of jobs for a merge", "{run_hours_a_merge:.2f}"),
    ("batches that passed", "{batches_passed} of {batches}"),
)


def figures(outcome: Outcome) -> dict[str, Any]:
    """What is printed of a policy, for programs. Times are in hours; nothing is rounded."""
    return {
        "merges_an_hour": outcome.merges_per_hour,
        "merged": len(outcome.landed),
        "given_up": outcome.left,
        "still_waiting": len(outcome.waiting),
        "longest_queue": outcome.longest_queue,
        "p50_hours": outcome.hours_waited(0.5, with_waiting=False),
        "p95_hours": outcome.hours_waited(0.95, with_waiting=False),
        "p50_hours_with_waiting": outcome.hours_waited(0.5, with_waiting=True),
        "p95_hours_with_waiting": outcome.hours_waited(0.95, with_waiting=True),
        "runs_a_merge": outcome.runs_per_merge,
        "run_hours_a_merge": outcome.run_hours_per_merge,
        "batches": outcome.passed + outcome.failed,
        "batches_passed": outcome.passed,
    }


def table(outcomes: Mapping[str, Outcome]) -> Iterator[str]:
    """The figures, a column for each policy."""
    columns = [[name, *(form.format(**figures(one)) for _, form in _FIGURES)] for name, one in outcomes.items()]
    widths = [max(map(len, column)) for column in columns]
    for label, *cells in zip(["", *(label for label, _ in _FIGURES)], *columns, strict=True):
        yield "  ".join([f"{label:<28}", *(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True))])


def curves(outcomes: Mapping[str, Outcome], stretches: int) -> Iterator[tuple[str, dict[str, Sequence[float]]]]:
    """What is drawn over time, policy by policy: one value for each of so many stretches."""
    of_each = {name: one.hours * HOUR / stretches for name, one in outcomes.items()}
    yield "waiting", {name: one.queue_by(of_each[name]) for name, one in outcomes.items()}
    yield "hours in the queue of those merged", {name: one.waits_by(of_each[name]) for name, one in outcomes.items()}
    yield (
        "merges an hour",
        {
            name: [merges * HOUR / of_each[name] for merges in one.merges_by(of_each[name])]
            for name, one in outcomes.items()
        },
    )


def drawing(outcomes: Mapping[str, Outcome]) -> Iterator[str]:
    """The same in letters, each curve to the height of the highest."""
    width = max(map(len, outcomes))
    for title, by_policy in curves(outcomes, COLUMNS):
        top = max(max(values) for values in by_policy.values())
        yield f"{title}, up to {top:.1f}"
        for name, values in by_policy.items():
            yield f"  {name:<{width}} {sparkline(values, top)}"


def sparkline(values: Sequence[float], top: float) -> str:
    """The values as one line of bars. What is above nothing is seen."""
    steps = len(_HEIGHTS) - 1
    heights = (max(round(value / top * steps), 1) if value > 0 and top > 0 else 0 for value in values)
    return "".join(_HEIGHTS[height] for height in heights)
