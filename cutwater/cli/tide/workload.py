"""What a simulated merge queue has to do: which pull requests come when, and what becomes of their tests.

All of it is decided beforehand, or drawn by the seed from what a run tests: every policy gets the same pull requests.
"""

import math
import random
from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

HOUR = 3600.0
DAY = 24 * HOUR


class Job(Struct, frozen=True, kw_only=True):
    """A job that every pull request must pass. Its runs take `minutes` (the median), times or over e^`spread` for two
    thirds of them. `measured`: the minutes of real runs, of which one is drawn instead.
    """

    name: str
    minutes: float
    spread: float = 0.2
    measured: tuple[float, ...] = ()

    def seconds(self, luck: random.Random) -> float:
        """How long a run takes."""
        if self.measured:
            return 60 * luck.choice(self.measured)
        return 60 * self.minutes * math.exp(luck.gauss(0, self.spread))


class Change(Struct, frozen=True, kw_only=True):
    """A pull request that may be merged from the second `arrived` on: it is approved, and green on an older branch.

    `breaks`: the test that fails wherever the change is in what is tested, "" for none. `conflicts`: the numbers of
    those with which it cannot be merged together.
    """

    number: int
    arrived: float
    breaks: str = ""
    conflicts: frozenset[int] = frozenset()


class Workload(Struct, frozen=True, kw_only=True):
    """What there is to do in `hours`. `flakes`: the share of a test's runs that fail for no reason.

    An author looks again `answers` hours after a test has failed or a conflict has come up: /retest, or a rebase. Who
    has broken a test gives up then, or pushes what mends it where `mends`.
    """

    changes: tuple[Change, ...]
    jobs: tuple[Job, ...]
    hours: float
    flakes: float = 0.0
    answers: float = 1.0
    mends: bool = False
    seed: int = 1

    @property
    def until(self) -> float:
        """Its end, in seconds."""
        return self.hours * HOUR

    def luck_of(self, run: str) -> random.Random:
        """What is drawn for the run of this name."""
        return random.Random(f"{self.seed} {run}")


class Rates(Struct, frozen=True, kw_only=True):
    """How pull requests come: `an_hour` on average, by day more than by night where `daytime`.

    `fail`: the share that breaks a test; `conflict`: the share that conflicts with the one before it.
    """

    an_hour: float
    fail: float = 0.05
    conflict: float = 0.01
    daytime: bool = False


def drawn(rates: Rates, jobs: Sequence[Job], *, hours: float, flakes: float, seed: int) -> Workload:
    """Pull requests that come at random, each whenever it likes."""
    luck = random.Random(seed)
    changes: list[Change] = []
    for number, arrived in enumerate(_arrivals(rates, hours * HOUR, luck), 1):
        breaks = luck.choice(jobs).name if luck.random() < rates.fail else ""
        conflicts = frozenset({number - 1}) if number > 1 and luck.random() < rates.conflict else frozenset[int]()
        changes.append(Change(number=number, arrived=arrived, breaks=breaks, conflicts=conflicts))
    return Workload(changes=with_both_sides(changes), jobs=tuple(jobs), hours=hours, flakes=flakes, seed=seed)


def _arrivals(rates: Rates, until: float, luck: random.Random) -> Iterator[float]:
    """Moments of a Poisson process. By day it is thinned out less than by night."""
    most = rates.an_hour * (2 if rates.daytime else 1) / HOUR
    at = luck.expovariate(most) if most else until
    while at < until:
        if not rates.daytime or luck.random() < _daylight(at):
            yield at
        at += luck.expovariate(most)


def _daylight(at: float) -> float:
    """From 0 at two in the night to 1 at two in the afternoon."""
    return (1 - math.cos(2 * math.pi * (at / DAY - 2 / 24))) / 2


def with_both_sides(changes: Sequence[Change]) -> tuple[Change, ...]:
    """The changes, each of which knows all those that conflict with it, whichever of the two has said so."""
    conflicts: dict[int, set[int]] = {change.number: set(change.conflicts) for change in changes}
    for change in changes:
        for other in change.conflicts & conflicts.keys():
            conflicts[other].add(change.number)
    return tuple(replace(change, conflicts=frozenset(conflicts[change.number])) for change in changes)
