"""Batches: pull requests that are tested together, and merged together where that passes.

Source: sigs.k8s.io/prow pkg/tide (tide.go: pickBatch, pickNewBatch, pickBatchWithPreexistingTests).
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from cutwater.config.jobs import Presubmit
from cutwater.errors import Refused
from cutwater.prowjob.types import ProwJob, Refs
from functions.tide.results import Candidate, Required
from functions.tide.suspicion import suspects
from functions.tide.trials import Trial

NOBODY_FITS = "no batch can be put together: none of the pull requests fits onto the branch as it is"
_BAD = frozenset({"failure", "error"})


class Batch(Struct, frozen=True, kw_only=True):
    """Pull requests to be tested together, in the order in which they are put on the branch, and by which tests.

    One pull request, or none, is no batch.
    """

    members: tuple[Candidate, ...] = ()
    tests: Sequence[Presubmit] = ()


Together = Callable[[Sequence[Candidate], int], Awaitable[Sequence[Candidate]]]
"""Those that can be put on the branch one upon the other, in their order; no more than so many, unless that is 0.

Raises Refused and Later where git cannot tell.
"""


async def pick_batch(
    candidates: Sequence[Candidate],
    jobs: Sequence[ProwJob],
    *,
    limit: int,
    prefers_existing: bool,
    together: Together,
    required: Required,
    broken: Sequence[Sequence[Candidate]] = (),
) -> Batch:
    """The batch to be tested next on the branch as it is.

    `candidates`: those that may be retested, by number. `jobs`: the runs for the branch as it is. `limit`: the size of
    the largest batch; 0 for any, below that there are none. `prefers_existing`: rather finish what was begun.
    `broken`: groups one of which breaks what it is in.

    What is known to fail is not started again: half of it is. Raises Refused where nobody can tell which batch is due,
    and Later.
    """
    if limit < 0 or not candidates:
        return Batch()
    if prefers_existing:
        for members in begun(candidates, jobs, limit):
            tests = await required(members)
            if not is_known_to_fail(members, tests, jobs):
                return Batch(members=members, tests=tests)
    candidates = _promising(candidates, broken)
    if not candidates:
        return Batch()
    members = tuple(await together(candidates, limit))
    if not members:
        raise Refused(NOBODY_FITS)
    tests = await required(members)
    while len(members) > 1 and is_known_to_fail(members, tests, jobs):
        members = members[: (len(members) + 1) // 2]  # one of them breaks it: maybe it is not among these
        tests = await required(members)
    return Batch(members=members, tests=tests)


def _promising(candidates: Sequence[Candidate], broken: Sequence[Sequence[Candidate]]) -> Sequence[Candidate]:
    """Half of the smallest group in which somebody is looked for; where nobody is, all who are in no group."""
    for group in broken:
        half = [one for one in candidates if one in group][: (len(group) + 1) // 2]
        if len(half) > 1:
            return half
    suspected = {one.number for group in broken for one in group}
    return [one for one in candidates if one.number not in suspected]


def broken_by(
    trials: Iterable[Trial], candidates: Sequence[Candidate], base: str, heads: Mapping[int, str]
) -> Sequence[Sequence[Candidate]]:
    """Groups of candidates one of which breaks what it is in, the smallest first, by the batches that have failed where
    the branch was before it came to `base`. `heads`: of all pull requests that are open, by number.

    Only a batch counts of which every test has run, and whose members are candidates still, or merged: else it may be
    that what broke it is gone. Of those that failed at `base` `pick_batch` knows.
    """
    by_member = {(one.number, one.pull.head): one for one in candidates}
    wanted = {test.context for one in candidates for test in one.presubmits}

    def counts(trial: Trial) -> bool:
        has_run = trial.is_alone or wanted <= trial.said.keys()
        return has_run and all(member in by_member or member[0] not in heads for member in trial.members)

    groups = suspects([trial for trial in trials if counts(trial)], by_member, ())
    return [
        [by_member[member] for member in group.members]
        for group in groups
        if group.trial.base != base and not group.trial.is_alone
    ]


def begun(candidates: Iterable[Candidate], jobs: Iterable[ProwJob], limit: int) -> Iterator[tuple[Candidate, ...]]:
    """The batches of these candidates of which a test has passed already, those with the most first; then those of
    which one runs. What only waits to be started does not count."""
    by_head = {(one.number, one.pull.head): one for one in candidates}
    passed, running = Counter[tuple[int, ...]](), Counter[tuple[int, ...]]()
    found: dict[tuple[int, ...], tuple[Candidate, ...]] = {}
    for job in jobs:
        pulls = job.spec.refs.pulls if job.spec.type == "batch" and job.spec.refs else ()
        members = tuple(by_head[pull.number, pull.sha] for pull in pulls if (pull.number, pull.sha) in by_head)
        if not members or len(members) < len(pulls) or 0 < limit < len(pulls):
            continue
        numbers = tuple(one.number for one in members)
        found[numbers] = members
        passed[numbers] += job.status.state == "success"
        running[numbers] += job.status.state == "pending"
    for counted in (passed, running):
        yield from (found[numbers] for numbers, count in counted.most_common() if count)


def is_known_to_fail(members: Iterable[Candidate], tests: Iterable[Presubmit], jobs: Iterable[ProwJob]) -> bool:
    """Whether all tests of just these heads on the branch as it is have run, and one has failed and does not run again.

    The same batch would only fail again.
    """
    heads = {(one.number, one.pull.head) for one in members}
    states: dict[str, set[str]] = {test.context: set() for test in tests}
    for job in jobs:
        if job.spec.type == "batch" and heads_of(job.spec.refs) == heads:
            states.get(job.spec.context, set()).add(job.status.state)
    has_failed = any(seen & _BAD and seen <= _BAD | {"aborted"} for seen in states.values())
    return has_failed and all(states.values())


def heads_of(refs: Refs | None) -> set[tuple[int, str]]:
    """The numbers and heads of the pull requests under test."""
    return {(pull.number, pull.sha) for pull in refs.pulls} if refs else set()
