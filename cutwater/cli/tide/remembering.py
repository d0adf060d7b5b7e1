"""What the tests say, of hundreds of pull requests and runs of which few have changed since the last look.

The answers are those of `functions.tide`, asked for each part alone; for a part that is what it was they are not asked
again. That holds here since nothing in them depends on the time: GitHub is told of an end at once.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from cutwater.cli.tide.runs import Code, Runs, refs_of
from cutwater.prowjob.types import ProwJob
from functions.tide.results import Candidate, Results, accumulate
from functions.tide.trials import Trial, trials_of


class Remembering:
    """`accumulate` and `trials_of`, with what they said before."""

    def __init__(self) -> None:
        self._base = ""
        self._idle: dict[int, tuple[Candidate, Results]] = {}
        self._trials: dict[Code, tuple[Sequence[ProwJob], Sequence[Trial]]] = {}

    def accumulate(self, candidates: Iterable[Candidate], jobs: Sequence[ProwJob], base: str, now: datetime) -> Results:
        """What is known of a pull request without runs is the same until it changes, or the branch."""
        if base != self._base:
            self._base, self._idle = base, {}
        tested = {refs_of(job).pulls[0].number for job in jobs if job.spec.type == "presubmit"}
        busy = [one for one in candidates if one.number in tested]
        parts = [self._of_idle(one, now) for one in candidates if one.number not in tested]
        return _together([accumulate(busy, jobs, base, now), *parts])

    def _of_idle(self, candidate: Candidate, now: datetime) -> Results:
        known = self._idle.get(candidate.number)
        if known is None or known[0] is not candidate:
            known = self._idle[candidate.number] = candidate, accumulate([candidate], (), self._base, now)
        return known[1]

    def trials_of(self, runs: Runs, now: datetime) -> Sequence[Trial]:
        """What is known of a trial is the same until one of its runs changes."""
        before, self._trials = self._trials, {}
        for code, jobs in runs.by_code.items():
            known = before.get(code)
            self._trials[code] = known if known is not None and known[0] is jobs else (jobs, trials_of(jobs, now))
        return sorted((trial for _, trials in self._trials.values() for trial in trials), key=lambda one: one.started)


def _together(parts: Sequence[Results]) -> Results:
    def by_number(found: Iterable[Candidate]) -> tuple[Candidate, ...]:
        return tuple(sorted(found, key=lambda one: one.number))

    return Results(
        successes=by_number(one for part in parts for one in part.successes),
        pendings=by_number(one for part in parts for one in part.pendings),
        missings=by_number(one for part in parts for one in part.missings),
        missing_tests={number: tests for part in parts for number, tests in part.missing_tests.items()},
    )
