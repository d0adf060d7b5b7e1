"""What has been tested together in a repository whose queue works speculatively: each trial, and how it ended.

A trial puts pull requests, one on top of another, on a commit of the branch. Its runs carry the trees that come of it,
so that it still counts when the branch has taken the lowest of them: what is left is tested on what the branch is now.
One that ended also says something of its members where the branch has gone another way.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Literal

from msgspec import Struct

from cutwater.prowjob.labels import CREATED_BY_TIDE, TREES
from cutwater.prowjob.types import ProwJob
from functions.tide.results import result_of

TRIES = 3
"""How often a test of a trial is started at most."""

Member = tuple[int, str]
"""A pull request as it was tested: its number, and its head."""
Outcome = Literal["green", "red", "pending"]
Said = Literal["success", "pending", "failure", "nothing"]
"""What a run says. One that was aborted says nothing."""


class Trial(Struct, frozen=True, kw_only=True):
    """Pull requests on a commit of the branch, the lowest first. `trees` is () where nobody wrote them down.

    `said`: by context, what each of its runs says, the oldest first. `is_alone`: it was started as the test of one;
    `is_ours`: by tide, not by people.
    """

    members: tuple[Member, ...]
    base: str
    started: datetime
    said: Mapping[str, tuple[Said, ...]]
    trees: tuple[str, ...] = ()
    is_alone: bool = False
    is_ours: bool = True

    def result(self, context: str) -> Said:
        """The best that a run of the test has said. One that was aborted so often that no more is tried has failed."""
        said = self.said.get(context, ())
        for best in _BEST_FIRST:
            if best in said:
                return best
        return "failure" if len(said) >= TRIES else "nothing"

    def outcome(self, contexts: Collection[str]) -> Outcome:
        """How it stands by these tests. It goes on as long as one of them has not run."""
        results = {self.result(context) for context in contexts}
        if "failure" in results:
            return "red"
        return "green" if results <= {"success"} else "pending"

    @property
    def is_going_on(self) -> bool:
        """Whether a test still runs."""
        return any(self.result(context) == "pending" for context in self.said)

    @property
    def failed(self) -> Sequence[str]:
        """The tests that have failed, on these trees."""
        return [context for context in self.said if self.result(context) == "failure"]

    def rest(self, base: str, tree: str, queue: Collection[Member]) -> tuple[Member, ...]:
        """Those of its members that would still be merged onto the branch at `base`, which has this tree.

        () where the branch went another way, or where one of them is not in the `queue` as it was tested.
        """
        for taken in self._taken(base, tree):
            rest = self.members[taken:]
            if all(member in queue for member in rest):
                return rest
        return ()

    def _taken(self, base: str, tree: str) -> Iterator[int]:
        """How many of its members the branch may have taken since."""
        if base == self.base:
            yield 0
            return
        yield from (taken for taken, known in enumerate(self.trees[:-1]) if known == tree)


_BEST_FIRST: tuple[Said, ...] = ("success", "pending", "failure")


def trials_of(jobs: Iterable[ProwJob], now: datetime) -> Sequence[Trial]:
    """The trials, the oldest first, of the runs for a branch, whatever state of it they tested."""
    together: dict[tuple[str, str, bool], list[ProwJob]] = {}
    for job in jobs:
        if job.spec.refs is not None and job.spec.refs.pulls and job.spec.refs.base_sha:
            members = ",".join(f"{pull.number}:{pull.sha}" for pull in job.spec.refs.pulls)
            together.setdefault((job.spec.refs.base_sha, members, job.spec.type == "presubmit"), []).append(job)
    return sorted((_trial(runs, now) for runs in together.values()), key=lambda trial: trial.started)


def _trial(runs: Sequence[ProwJob], now: datetime) -> Trial:
    in_order = sorted(runs, key=lambda job: (job.status.startTime or now, job.metadata.name))
    first = in_order[0]
    refs = first.spec.refs
    assert refs is not None
    said: dict[str, tuple[Said, ...]] = {}
    for job in in_order:
        said[job.spec.context] = (*said.get(job.spec.context, ()), _said(job, now))
    trees = next((job.metadata.annotations[TREES] for job in in_order if TREES in job.metadata.annotations), "")
    return Trial(
        members=tuple((pull.number, pull.sha) for pull in refs.pulls),
        base=refs.base_sha,
        started=first.status.startTime or now,
        said=said,
        trees=tuple(trees.split(",")) if trees else (),
        is_alone=first.spec.type == "presubmit",
        is_ours=any(job.metadata.labels.get(CREATED_BY_TIDE) == "true" for job in in_order),
    )


def _said(job: ProwJob, now: datetime) -> Said:
    if job.status.state == "aborted":
        return "nothing"
    return "pending" if job.status.state == "scheduling" else result_of(job, now)


def is_below(prefix: Sequence[Member], members: Sequence[Member]) -> bool:
    """Whether a trial of `members` stands on one of `prefix`."""
    return 0 < len(prefix) < len(members) and tuple(members[: len(prefix)]) == tuple(prefix)
