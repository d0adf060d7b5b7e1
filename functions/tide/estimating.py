"""When a pull request will be merged if all goes well: by how long tests take, and how many are merged at a time."""

import statistics
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from cutwater.events.explanations import Estimate
from cutwater.prowjob.types import ProwJob

ENOUGH = 20
"""So many of the last tests, and of the last merges, tell how it goes here."""
STEP = 300
"""An estimate that has no start to count from counts from the next multiple of these seconds: it must not change with
each look."""


class Pace(Struct, frozen=True, kw_only=True):
    """How fast the pool is. `round`: how long one round of tests takes, None where none is known; `at_once`: how many
    are merged after one."""

    round: timedelta | None = None
    at_once: float = 1.0


def pace_of(jobs: Iterable[ProwJob], merged: Sequence[int]) -> Pace:
    """By all runs for the branch that are still there, and by how many were merged at a time."""
    rounds = sorted(_rounds(jobs))[-ENOUGH:]
    seconds = statistics.median(took.total_seconds() for _, took in rounds) if rounds else None
    return Pace(
        round=None if seconds is None else timedelta(seconds=round(seconds)),
        at_once=statistics.fmean(merged[-ENOUGH:]) if merged else 1.0,
    )


def _rounds(jobs: Iterable[ProwJob]) -> Iterable[tuple[datetime, timedelta]]:
    """For each state of the code whose tests have all passed: when the last of them ended, and how long they took."""
    by_refs: dict[str, list[ProwJob]] = {}
    for job in jobs:
        by_refs.setdefault(str(job.spec.refs), []).append(job)
    for runs in by_refs.values():
        begun = [run.status.startTime for run in runs if run.status.startTime]
        ended = [run.status.completionTime for run in runs if run.status.completionTime]
        if begun and len(ended) == len(runs) and all(run.status.state == "success" for run in runs):
            yield max(ended), max(ended) - min(begun)


def estimate(pace: Pace, *, ahead: int, is_under_test: bool, begun: datetime | None, now: datetime) -> Estimate:
    """For one of the queue. `ahead`: how many are before it that are not under test; `begun`: since when a test runs
    that must end first, or its own (`is_under_test`)."""
    if pace.round is None:
        return Estimate("no tests of this branch have passed lately, so nobody knows how long they take")
    rounds = 0 if is_under_test else int(ahead / max(pace.at_once, 1.0)) + 1
    start = begun or datetime.fromtimestamp((now.timestamp() // STEP + 1) * STEP, UTC)
    if begun is not None or is_under_test:
        rounds += 1
    basis = f"tests take about {_minutes(pace.round)} here"
    if not is_under_test:
        basis += f", {ahead or 'none'} before it, and {pace.at_once:.3g} merged at a time"
    return Estimate(basis, start + rounds * pace.round)


def _minutes(took: timedelta) -> str:
    seconds = took.total_seconds()
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
