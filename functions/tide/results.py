"""What the tests say of each pull request, on the branch as it is now, alone and in batches.

A result counts for exactly one state of the branch and of the pull requests: when the branch moves, nothing is left of
it. Source: sigs.k8s.io/prow pkg/tide (tide.go, accumulate and accumulateBatch).
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct, field

from cutwater.config.jobs import Presubmit
from cutwater.errors import Refused
from cutwater.prowjob.descriptions import SKIP_RETEST, base_sha_of
from cutwater.prowjob.reporting import GITHUB, is_owed
from cutwater.prowjob.types import ProwJob
from functions.tide.pull_requests import SUCCESS, PullRequest

Result = Literal["success", "pending", "failure"]
_BEST_FIRST: tuple[Result, ...] = ("success", "pending", "failure")
TELLING = timedelta(minutes=1)
"""How long a failed run counts as going on while GitHub has not been told of it: it would be started again in vain."""


class Candidate(Struct, frozen=True):
    """A pull request of the pool, and the tests that it must have passed."""

    pull: PullRequest
    presubmits: Sequence[Presubmit]

    @property
    def number(self) -> int:
        return self.pull.number


class Results(Struct, frozen=True, kw_only=True):
    """How far the candidates are, each by number. `missing_tests` are by number, in configuration order."""

    successes: tuple[Candidate, ...] = ()
    pendings: tuple[Candidate, ...] = ()
    missings: tuple[Candidate, ...] = ()
    missing_tests: Mapping[int, Sequence[Presubmit]] = field(default_factory=dict)


def of_base(jobs: Iterable[ProwJob], pool: str, base: str) -> list[ProwJob]:
    """The presubmits' and batches' runs for this very state of the branch (`pool`: `org/repo:branch`)."""
    return [
        job
        for job in jobs
        if job.spec.type in {"presubmit", "batch"}
        and (refs := job.spec.refs) is not None
        and f"{refs.full_name}:{refs.base_ref}" == pool
        and refs.base_sha == base
    ]


def result_of(job: ProwJob, now: datetime) -> Result:
    """A run's result. `scheduling` counts as a failure, as upstream has it."""
    if job.status.state == "success":
        return "success"
    if job.status.state in {"triggered", "pending"} or _is_being_told(job, now):
        return "pending"
    return "failure"


def _is_being_told(job: ProwJob, now: datetime) -> bool:
    ended = job.status.completionTime
    return ended is not None and now - ended < TELLING and is_owed(job, GITHUB)


def accumulate(candidates: Iterable[Candidate], jobs: Sequence[ProwJob], base: str, now: datetime) -> Results:
    """What the tests of each say. `jobs`: those of `of_base`."""
    sorted_out: dict[Result, list[Candidate]] = {"success": [], "pending": [], "failure": []}
    missing_tests: dict[int, Sequence[Presubmit]] = {}
    for candidate in candidates:
        best = _best(_results(candidate.pull, jobs, base, now))
        outcomes = {job.context: best.get(job.context, "failure") for job in candidate.presubmits}
        missing = [job for job in candidate.presubmits if outcomes[job.context] == "failure"]
        if missing:
            missing_tests[candidate.number] = missing
        sorted_out[max(outcomes.values(), key=_BEST_FIRST.index, default="success")].append(candidate)
    return Results(
        successes=_by_number(sorted_out["success"]),
        pendings=_by_number(sorted_out["pending"]),
        missings=_by_number(sorted_out["failure"]),
        missing_tests=missing_tests,
    )


def _results(pull: PullRequest, jobs: Iterable[ProwJob], base: str, now: datetime) -> Iterator[tuple[str, Result]]:
    """The results of runs for it alone, and of what stands on its head and was tested on this state of the branch."""
    for job in jobs:
        pulls = job.spec.refs.pulls if job.spec.refs else ()
        is_its_own = job.spec.type == "presubmit" and pulls and pulls[0].number == pull.number
        if is_its_own and pulls[0].sha == pull.head:
            yield job.spec.context, result_of(job, now)
    for context in pull.contexts or ():
        is_current = SKIP_RETEST in context.description or base_sha_of(context.description) == base
        if context.state == SUCCESS and is_current:
            yield context.name, "success"


def _best(results: Iterable[tuple[str, Result]]) -> dict[str, Result]:
    best: dict[str, Result] = {}
    for context, result in results:
        best[context] = min(best.get(context, result), result, key=_BEST_FIRST.index)
    return best


def _by_number(candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    return tuple(sorted(candidates, key=lambda candidate: candidate.number))


# Batches


class Batches(Struct, frozen=True):
    """The batch that may be merged, and the one that is being tested, as tuples of candidates in the order of refs."""

    passed: tuple[Candidate, ...] = ()
    pending: tuple[Candidate, ...] = ()


Required = Callable[[Sequence[Candidate]], Awaitable[Sequence[Presubmit]]]
"""The tests that a batch must have passed. Raises Refused where nobody can tell, and Later."""


async def accumulate_batches(
    candidates: Iterable[Candidate], jobs: Iterable[ProwJob], required: Required, now: datetime
) -> Batches:
    """What the runs for batches say. `jobs`: those of `of_base`. A batch that failed in anything counts for nothing."""
    by_head = {(one.number, one.pull.head): one for one in candidates}
    found: dict[Result, tuple[Candidate, ...]] = {}
    for runs in _by_refs(jobs).values():
        pulls = runs[0].spec.refs.pulls if runs[0].spec.refs else ()
        members = [by_head[pull.number, pull.sha] for pull in pulls if (pull.number, pull.sha) in by_head]
        if not members or len(members) < len(pulls):
            continue  # one of them is gone, or has changed
        try:
            tests = await required(members)
        except Refused:
            continue
        best = _best((run.spec.context, result_of(run, now)) for run in runs)
        outcomes = [best.get(test.context, "failure") for test in tests]
        found[max(outcomes, key=_BEST_FIRST.index, default="success")] = tuple(members)
    return Batches(found.get("success", ()), found.get("pending", ()))


def _by_refs(jobs: Iterable[ProwJob]) -> dict[str, list[ProwJob]]:
    """The runs for batches, by what they test."""
    found: dict[str, list[ProwJob]] = {}
    for job in jobs:
        if job.spec.type == "batch":
            found.setdefault(str(job.spec.refs), []).append(job)
    return found
