"""Three merge queues with the same work: the bot that tests one pull request at a time, tide's policy, and our own.

usage: python -m bench.merge_queue [--quick] [--batch-size N] [--failing SHARE] [--processes N]

Everything happens in virtual time (docs/simulation.md). Tide's policy and `speculative` are the code that decides in
production; the bot is modelled here, without any time lost between a test's end and the merge. Arrivals are a quarter
of what the bot can do, twice that, and twelve times that. Of the pull requests, one in twenty fails one job wherever it
is tested, though it was green when it came.
"""

import argparse
import asyncio
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor

from msgspec import Struct

from cutwater.cli.tide.outcome import Outcome, quantile
from cutwater.cli.tide.policies import POLICIES
from cutwater.cli.tide.repository import Repository
from cutwater.cli.tide.settings import Rules, Settings
from cutwater.cli.tide.simulate import JOBS
from cutwater.cli.tide.simulation import MakesPolicy, Pool, simulate
from cutwater.cli.tide.workload import HOUR, Rates, drawn
from functions.tide.choose import Action
from functions.tide.contexts import is_passing
from functions.tide.pull_requests import PENDING

SEEDS = (1, 2, 3)
FLAKES = (0.0, 0.02, 0.10)
BOT_HOURS = max(job.minutes for job in JOBS) / 60
"""What the bot needs for a pull request, if all goes well."""


class Load(Struct, frozen=True):
    """How many pull requests come, in shares of what the bot can do at best, and for how many hours."""

    name: str
    share: float
    hours: float


LOADS = (Load("overloaded", 12, 48), Load("heavy", 2, 96), Load("light", 0.25, 336))
QUICK = (Load("overloaded", 12, 24),)


class OneAtATime:
    """The submit queue before batches, and OpenShift's bot: the first in the queue is tested on the branch as it is and
    merged, then the next one. Source: kubernetes/test-infra mungegithub (submit-queue.go, handleGithubE2EAndMerge).
    """

    def __init__(self, rules: Rules, repository: Repository) -> None:
        self._rules = rules
        self._tested = 0
        """The number of the one under test; 0 while there is none."""

    async def decide(self, pool: Pool) -> Sequence[Action]:
        """What is red on the head of a pull request takes it out of the queue."""
        tested = next((one for one in pool.candidates if one.number == self._tested), None)
        if tested is not None:
            if any(context.state == PENDING for context in tested.pull.contexts or ()):
                return []
            self._tested = 0
            return [Action(kind="MERGE", targets=(tested.pull,))]
        for one in pool.candidates:
            if is_passing(one.pull, self._rules.contexts):
                self._tested = one.number
                return [Action(kind="TRIGGER", targets=(one.pull,), tests=tuple(one.presubmits))]
        return []


BOT = "one at a time"
ALL: Mapping[str, MakesPolicy] = {BOT: OneAtATime, **POLICIES}


class Case(Struct, frozen=True, kw_only=True):
    """One simulation."""

    load: Load
    flakes: float
    policy: str
    seed: int
    batch_size: int
    failing: float


def outcome_of(case: Case) -> Outcome:
    rates = Rates(an_hour=case.load.share / BOT_HOURS, fail=case.failing)
    workload = drawn(rates, JOBS, hours=case.load.hours, flakes=case.flakes, seed=case.seed)
    return asyncio.run(simulate(workload, ALL[case.policy], Settings(batch_size_limit=case.batch_size)))


class Figures(Struct, frozen=True, kw_only=True):
    """One policy at one load, over all seeds. Times are in hours; `…_all`: with those that still wait at the end."""

    merges_an_hour: float
    p50: float
    p95: float
    p50_all: float
    p95_all: float
    runs_a_merge: float
    hours_a_merge: float
    batches: int
    passed: int
    waited: Mapping[tuple[int, int], float]
    """How long each was in the queue that was merged, by seed and number."""

    @classmethod
    def of(cls, outcomes: Sequence[Outcome]) -> "Figures":
        by_change = {
            (seed, landed.number): landed.waited / HOUR
            for seed, one in zip(SEEDS, outcomes, strict=True)
            for landed in one.landed
        }
        waited = list(by_change.values())
        everybody = [*waited, *(age / HOUR for one in outcomes for age in one.waiting)]
        merges = max(len(waited), 1)
        return cls(
            merges_an_hour=len(waited) / sum(one.hours for one in outcomes),
            p50=quantile(waited, 0.5),
            p95=quantile(waited, 0.95),
            p50_all=quantile(everybody, 0.5),
            p95_all=quantile(everybody, 0.95),
            runs_a_merge=sum(one.runs for one in outcomes) / merges,
            hours_a_merge=sum(one.run_hours for one in outcomes) / merges,
            batches=sum(one.passed + one.failed for one in outcomes),
            passed=sum(one.passed for one in outcomes),
            waited=by_change,
        )

    def p95_of(self, others: "Figures") -> float:
        """The p95 of those that the others have merged, too: of the same pull requests."""
        return quantile([time for change, time in self.waited.items() if change in others.waited], 0.95)


Key = tuple[str, float, str]
"""Load, flakes and policy."""
Found = Mapping[Key, Figures]


def measure(
    loads: Sequence[Load], flakes: Sequence[float], *, batch_size: int, failing: float, processes: int
) -> Iterator[tuple[Key, Figures]]:
    """One after the other, as they are found."""
    keys = [(load, share, policy) for load in loads for share in flakes for policy in ALL]
    cases = [
        Case(load=load, flakes=share, policy=policy, seed=seed, batch_size=batch_size, failing=failing)
        for load, share, policy in keys
        for seed in SEEDS
    ]
    with ProcessPoolExecutor(processes) as pool:
        outcomes = pool.map(outcome_of, cases)
        for load, share, policy in keys:
            yield (load.name, share, policy), Figures.of([next(outcomes) for _ in SEEDS])


HEAD = (
    "| load | flakes | policy | merges an hour | times the bot's | p50 | p95 | p50 of all | p95 of all | runs a merge "
    "| hours a merge | batches passed |",
    f"| --- | ---: | --- |{' ---: |' * 9}",
)


def row(key: Key, one: Figures, bot: Figures) -> str:
    load, flakes, policy = key
    waits = f"{one.p50:.1f} | {one.p95:.1f} | {one.p50_all:.1f} | {one.p95_all:.1f}"
    batches = f"{one.passed} of {one.batches}" if one.batches else ""
    times = one.merges_an_hour / bot.merges_an_hour
    return (
        f"| {load} | {flakes:.0%} | {policy} | {one.merges_an_hour:.2f} | {times:.2f} "
        f"| {waits} | {one.runs_a_merge:.2f} | {one.hours_a_merge:.2f} | {batches} |"
    )


class Aim(Struct, frozen=True):
    """What is to be reached when overloaded with 2 % flakes: a ratio, and the limit that it is to keep."""

    what: str
    ratio: float
    limit: float
    is_least: bool

    @property
    def is_met(self) -> bool:
        return self.ratio >= self.limit if self.is_least else self.ratio <= self.limit

    def __str__(self) -> str:
        sign = "at least" if self.is_least else "at most"
        return f"| {self.what} | {self.ratio:.2f} | {sign} {self.limit:g} | {'yes' if self.is_met else 'NO'} |"


def aims(found: Found) -> Iterator[Aim]:
    bot, ours, fast = (found["overloaded", 0.02, policy] for policy in ALL)
    of_both = fast.p95_of(ours) / ours.p95_of(fast)
    yield Aim("merges: compatible to the bot", ours.merges_an_hour / bot.merges_an_hour, 4, is_least=True)
    yield Aim("merges: speculative to compatible", fast.merges_an_hour / ours.merges_an_hour, 2, is_least=True)
    yield Aim("p95: speculative to compatible", fast.p95 / ours.p95, 1, is_least=False)
    yield Aim("p95 of those that both have merged: speculative to compatible", of_both, 1, is_least=False)
    yield Aim("runs a merge: speculative to compatible", fast.runs_a_merge / ours.runs_a_merge, 1.5, is_least=False)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="bench.merge_queue", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="overloaded for a day alone, with 2 %% flakes")
    parser.add_argument("--batch-size", type=int, default=Settings().batch_size_limit, help="at most (%(default)s)")
    parser.add_argument("--failing", type=float, default=0.05, help="the share that fails (%(default)s)")
    parser.add_argument("--processes", type=int, default=2, help="side by side (%(default)s)")
    chosen = parser.parse_args(arguments)
    print(*HEAD, sep="\n", flush=True)
    found: dict[Key, Figures] = {}
    for key, figures in measure(
        QUICK if chosen.quick else LOADS,
        (0.02,) if chosen.quick else FLAKES,
        batch_size=chosen.batch_size,
        failing=chosen.failing,
        processes=chosen.processes,
    ):
        found[key] = figures
        print(row(key, figures, found[*key[:2], BOT]), flush=True)
    print()
    print("| overloaded, 2 % flakes | ratio | aim | met |", "| --- | ---: | --- | --- |", *aims(found), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
