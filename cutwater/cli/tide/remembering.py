"""What the tests say, of hundreds of pull requests and runs of which few have changed since the last look.

The answers are those of `functions.tide`, asked for each part alone; for a part that is what it was they are not asked
again. That holds here since nothing in them depends on the time: GitHub is told of an end at once.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from cutwater.prowjob.types import ProwJob
from functions.tide.results import Candidate, Results, accumulate
from functions.tide.trials import Trial, trials_of

NOTHING: Sequence[ProwJob] = ()
Code = tuple[str, str]
"""What a run tests, and as which type of run."""


class Remembering:
    """`accumulate` and `trials_of`, with what they said before."""

    def __init__(self) -> None:
        self._base = ""
        self._idle: dict[int, tuple[Candidate, Results]] = {}
        self._codes: dict[str, Code] = {}
        self._trials: dict[Code, tuple[Sequence[ProwJob], Sequence[Trial]]] = {}

    def accumulate(self, candidates: Iterable[Candidate], jobs: Sequence[ProwJob], base: str, now: datetime) -> Results:
        """What is known of a pull request without runs is the same until it changes, or the branch."""
        if base != self._base:
            self._base, self._idle = base, {}
        tested = by_pull(jobs)
        busy = [one for one in candidates if one.number in tested]
        parts = [self._of_idle(one, now) for one in candidates if one.number not in tested]
        return _together([accumulate(busy, jobs, base, now), *parts])

    def _of_idle(self, candidate: Candidate, now: datetime) -> Results:
        known = self._idle.get(candidate.number)
        if known is None or known[0] is not candidate:
            known = self._idle[candidate.number] = candidate, accumulate([candidate], NOTHING, self._base, now)
        return known[1]

    def trials_of(self, jobs: Iterable[ProwJob], now: datetime) -> Sequence[Trial]:
        """What is known of a trial is the same until one of its runs changes."""
        by_code: dict[Code, list[ProwJob]] = {}
        for job in jobs:
            by_code.setdefault(self._code(job), []).append(job)
        before, self._trials = self._trials, {}
        for code, runs in by_code.items():
            known = before.get(code)
            is_same = known is not None and len(known[0]) == len(runs) and all(map(_is, known[0], runs))
            self._trials[code] = known if known is not None and is_same else (runs, trials_of(runs, now))
        return sorted((trial for _, trials in self._trials.values() for trial in trials), key=lambda one: one.started)

    def _code(self, job: ProwJob) -> Code:
        found = self._codes.get(job.metadata.name)
        if found is None:
            found = self._codes[job.metadata.name] = str(job.spec.refs), job.spec.type
        return found


def by_pull(jobs: Iterable[ProwJob]) -> Mapping[int, Sequence[ProwJob]]:
    """The runs for one pull request alone, by its number."""
    found: dict[int, list[ProwJob]] = {}
    for job in jobs:
        if job.spec.type == "presubmit" and job.spec.refs:
            found.setdefault(job.spec.refs.pulls[0].number, []).append(job)
    return found


def _is(one: ProwJob, other: ProwJob) -> bool:
    return one is other


def _together(parts: Sequence[Results]) -> Results:
    def by_number(found: Iterable[Candidate]) -> tuple[Candidate, ...]:
        return tuple(sorted(found, key=lambda one: one.number))

    return Results(
        successes=by_number(one for part in parts for one in part.successes),
        pendings=by_number(one for part in parts for one in part.pendings),
        missings=by_number(one for part in parts for one in part.missings),
        missing_tests={number: tests for part in parts for number, tests in part.missing_tests.items()},
    )
