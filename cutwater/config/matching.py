"""Which jobs run: by branch, by changed files, by what a comment says.

Source: sigs.k8s.io/prow pkg/config (jobs.go, Brancher and RegexpChangeMatcher) and pkg/pjutil (filter.go).
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import NamedTuple

from cutwater.config.jobs import BranchJob, Postsubmit, Presubmit
from cutwater.config.patterns import matches, matches_any

TEST_ALL = r"(?m)^/test all,?($|\s.*)"
RETEST = r"(?m)^/retest\s*$"
RETEST_REQUIRED = r"(?m)^/retest-required\s*$"
TEST_MANUAL_REQUIRED = r"(?m)^/test-manual-required\s*$"
OK_TO_TEST = r"(?m)^/ok-to-test\s*$"


class Wish(NamedTuple):
    """What a filter says of a job it has chosen. `forced`: whatever the files; `otherwise`: where nothing else does."""

    forced: bool
    otherwise: bool


Filter = Callable[[Presubmit], Wish | None]
"""None: the job is not meant."""


def runs_on(job: BranchJob, branch: str) -> bool:
    """Whether the job is for the branch: `skip_branches` wins, no lists at all mean every branch."""
    if job.skip_branches and matches_any(job.skip_branches, branch):
        return False
    return not job.branches or matches_any(job.branches, branch)


def concerns(job: BranchJob, changes: Iterable[str]) -> bool:
    """What the changed files say of a job that depends on them. No file at all means no."""
    if job.run_if_changed:
        return any(matches(job.run_if_changed, path) for path in changes)
    return any(not matches(job.skip_if_only_changed, path) for path in changes)


def presubmit_runs(job: Presubmit, branch: str, changes: Iterable[str], wish: Wish) -> bool:
    """Whether a presubmit that a filter has chosen runs for a pull request to `branch` with these changed files."""
    if not runs_on(job, branch):
        return False
    if job.always_run or wish.forced:
        return True
    if job.depends_on_changes and concerns(job, changes):
        return True
    return wish.otherwise


def postsubmit_runs(job: Postsubmit, branch: str, changes: Iterable[str]) -> bool:
    """Whether a postsubmit runs for a push to `branch` with these changed files."""
    if not runs_on(job, branch):
        return False
    if job.depends_on_changes:
        return concerns(job, changes)
    return job.always_run is not False


def may_meet(one: BranchJob, other: BranchJob) -> bool:
    """Whether two jobs may run for the same branch, as far as upstream can tell from their patterns."""
    if not _is_limited(one) or not _is_limited(other):
        return True
    if one.branches and other.branches:
        return not set(one.branches).isdisjoint(other.branches)
    if one.branches:
        return any(runs_on(other, branch) for branch in one.branches)
    if other.branches:
        return any(runs_on(one, branch) for branch in other.branches)
    return True


def _is_limited(job: BranchJob) -> bool:
    return bool(job.branches or job.skip_branches)


# What a comment asks for


def asks_for_contexts(comment: str) -> bool:
    """Whether `comment_filter` needs to know the contexts of the pull request's head."""
    return matches(RETEST, comment) or matches(RETEST_REQUIRED, comment)


def comment_filter(
    comment: str,
    *,
    failed: Collection[str] = (),
    reported: Collection[str] = (),
    honours_ok_to_test: bool = False,
) -> Filter:
    """The jobs that a comment means. `failed` and `reported`: contexts of the head that failed, that are there at all.

    `honours_ok_to_test`: `/ok-to-test` starts what `/test all` does. The first rule that knows a job decides.
    """

    def by_name(job: Presubmit) -> Wish | None:
        """Most jobs are not named at all: that is seen without compiling a pattern for each."""
        if job.has_default_trigger and "." not in job.name and job.name not in comment:
            return None
        return Wish(forced=True, otherwise=True) if matches(job.trigger, comment) else None

    def retest(job: Presubmit) -> Wish | None:
        has_failed = job.context in failed
        is_missing = not job.needs_explicit_trigger and job.context not in reported
        return Wish(forced=False, otherwise=has_failed) if has_failed or is_missing else None

    def manual(job: Presubmit) -> Wish | None:
        return Wish(forced=True, otherwise=False) if job.needs_explicit_trigger and not job.optional else None

    rules: list[Filter] = [by_name]
    if matches(RETEST, comment):
        rules.append(retest)
    if matches(RETEST_REQUIRED, comment):
        rules.append(lambda job: None if job.optional else retest(job))
    if matches(TEST_MANUAL_REQUIRED, comment):
        rules.append(manual)
    if matches(TEST_ALL, comment) or (honours_ok_to_test and matches(OK_TO_TEST, comment)):
        rules.append(all_automatic)
    return lambda job: next((wish for rule in rules if (wish := rule(job)) is not None), None)


def all_automatic(job: Presubmit) -> Wish | None:
    """`/test all`, and what a new head starts: every job that does not wait to be named."""
    return None if job.needs_explicit_trigger else Wish(forced=False, otherwise=False)


def needs_changes(presubmits: Iterable[Presubmit], branch: str, chosen_by: Filter) -> bool:
    """Whether `chosen` depends on the changed files, so that they need be fetched."""
    return any(
        job.depends_on_changes
        and not job.always_run
        and (wish := chosen_by(job)) is not None
        and not wish.forced
        and not wish.otherwise
        and runs_on(job, branch)
        for job in presubmits
    )


def chosen(
    presubmits: Sequence[Presubmit], branch: str, changes: Collection[str], chosen_by: Filter
) -> tuple[Presubmit, ...]:
    """The presubmits that run, in configuration order. `changes` may be empty where `needs_changes` says no."""
    return tuple(
        job for job in presubmits if (wish := chosen_by(job)) is not None and presubmit_runs(job, branch, changes, wish)
    )
