"""Simulated queues in a few words."""

from collections.abc import Collection, Mapping, Sequence

from cutwater.cli.tide.outcome import Outcome
from cutwater.cli.tide.policies import POLICIES
from cutwater.cli.tide.settings import Settings
from cutwater.cli.tide.simulation import MakesPolicy, simulate
from cutwater.cli.tide.workload import Change, Job, Workload, with_both_sides

JOBS = (Job(name="unit", minutes=20, spread=0), Job(name="e2e", minutes=50, spread=0))
TEST_HOURS = 50 / 60
"""What a pull request's tests take."""


def changes(
    count: int, *, breaks: Mapping[int, str] | None = None, conflicts: Mapping[int, Collection[int]] | None = None
) -> tuple[Change, ...]:
    """So many at the very beginning; the job that one breaks, and what it conflicts with, by number."""
    return with_both_sides(
        [
            Change(
                number=number,
                arrived=0.0,
                breaks=(breaks or {}).get(number, ""),
                conflicts=frozenset((conflicts or {}).get(number, ())),
            )
            for number in range(1, count + 1)
        ]
    )


def work(some: Sequence[Change], *, hours: float = 48, mends: bool = False) -> Workload:
    return Workload(changes=tuple(some), jobs=JOBS, hours=hours, mends=mends)


async def outcome(workload: Workload, policy: str | MakesPolicy = "compatible", **settings: int) -> Outcome:
    made = POLICIES[policy] if isinstance(policy, str) else policy
    return await simulate(workload, made, Settings(**settings))


def merged(found: Outcome) -> Mapping[int, float]:
    """After how many hours each was merged, by number."""
    return {one.number: round(one.merged / 3600, 2) for one in found.landed}
