"""What came of a simulated queue, and the figures that are made of it."""

import itertools
from collections.abc import Sequence

from msgspec import Struct

from cutwater.cli.tide.workload import HOUR


class Landed(Struct, frozen=True, kw_only=True):
    """A pull request that was merged: when it could have been for the first time, and when it was, in seconds."""

    number: int
    arrived: float
    merged: float

    @property
    def waited(self) -> float:
        return self.merged - self.arrived


class Outcome(Struct, frozen=True, kw_only=True):
    """One policy, one workload.

    `waiting`: the ages of those that were still in the queue at the end, in seconds. `left`: how many were given up.
    `runs`: of jobs, for tide and for those who answered it; `run_hours`: what these took together. `passed`, `failed`:
    batches. `queue`: from which second on how many were waiting.
    """

    hours: float
    landed: tuple[Landed, ...]
    waiting: tuple[float, ...]
    left: int
    runs: int
    run_hours: float
    passed: int
    failed: int
    queue: tuple[tuple[float, int], ...]

    @property
    def merges_per_hour(self) -> float:
        return len(self.landed) / self.hours

    @property
    def runs_per_merge(self) -> float:
        return self.runs / len(self.landed) if self.landed else float("inf")

    @property
    def run_hours_per_merge(self) -> float:
        return self.run_hours / len(self.landed) if self.landed else float("inf")

    @property
    def batch_success(self) -> float | None:
        """The share of batches that passed; None where there were none."""
        ended = self.passed + self.failed
        return self.passed / ended if ended else None

    @property
    def longest_queue(self) -> int:
        return max((length for _, length in self.queue), default=0)

    def hours_waited(self, share: float, *, with_waiting: bool) -> float:
        """The time in the queue, in hours, which the given share did not exceed; 0 where there was nobody.

        Of those that were merged; `with_waiting`: of these and of those that still wait, as if these were merged at the
        end. Then the true figure is this one or more.
        """
        times = [one.waited for one in self.landed]
        if with_waiting:
            times += self.waiting
        return quantile(times, share) / HOUR

    def queue_by(self, seconds: float) -> list[float]:
        """The average length of the queue in each stretch of so many seconds."""
        areas = [0.0] * self._stretches(seconds)
        ends = [*self.queue, (self.hours * HOUR, 0)]
        for (start, length), (end, _) in itertools.pairwise(ends):
            for stretch in range(int(start / seconds), min(int(end / seconds) + 1, len(areas))):
                inside = min(end, (stretch + 1) * seconds) - max(start, stretch * seconds)
                areas[stretch] += inside * length
        return [area / seconds for area in areas]

    def merges_by(self, seconds: float) -> list[int]:
        """How many were merged in each stretch of so many seconds."""
        counts = [0] * self._stretches(seconds)
        for one in self.landed:
            counts[min(int(one.merged / seconds), len(counts) - 1)] += 1
        return counts

    def waits_by(self, seconds: float) -> list[float]:
        """The hours that the median of those waited that were merged in each stretch; where none was, as before."""
        waits: list[list[float]] = [[] for _ in range(self._stretches(seconds))]
        for one in self.landed:
            waits[min(int(one.merged / seconds), len(waits) - 1)].append(one.waited / HOUR)
        return list(itertools.accumulate(waits, lambda last, some: quantile(some, 0.5) or last, initial=0.0))[1:]

    def _stretches(self, seconds: float) -> int:
        return max(1, round(self.hours * HOUR / seconds))


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest of the values that the share of them does not exceed; 0 where there are none."""
    return sorted(values)[min(int(len(values) * share), len(values) - 1)] if values else 0.0
