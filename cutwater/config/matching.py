"""Which jobs run: by branch, by changed files, by what a comment says.

Source: sigs.k8s.io/prow pkg/config (jobs.go, Brancher and RegexpChangeMatcher) and pkg/pjutil (filter.go).
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

from cutwater.config.jobs import BranchJob, Postsubmit, Presubmit
from cutwater.config.patterns import matches, matches_any

TEST_ALL = r"(?m)^/test all,?($|\s.*)"
RETEST = r"(?m)^/retest\s*$"
RETEST_REQUIRED = r"(?m)^/retest-required\s*$"
TEST_MANUAL_REQUIRED = r"(?m)^/test-manual-required\s*$"
OK_TO_TEST = r"(?m)^/ok-to-test\s*$"


class Wish(NamedTuple):
    """What a filter says of a job it has chosen. `forced`: whatever the files; `otherwise`: where nothing else does.

    `why`, where something special chose it, and `rule`, the field of the job that did.
    """

    forced: bool
    otherwise: bool
    rule: str = ""
    why: str = ""


class Verdict(NamedTuple):
    """Whether a job runs, and why, in words. `rule`: the field of the job that decided; empty where none did."""

    runs: bool
    rule: str
    why: str


Filter = Callable[[Presubmit], Wish | Verdict]
"""A verdict: the job is not meant, and so does not run."""


def runs_on(job: BranchJob, branch: str) -> bool:
    """Whether the job is for the branch: `skip_branches` wins, no lists at all mean every branch."""
    return _elsewhere(job, branch) is None


def _elsewhere(job: BranchJob, branch: str) -> Verdict | None:
    """Why the job is not for the branch; None where it is."""
    if job.skip_branches and matches_any(job.skip_branches, branch):
        return Verdict(False, "skip_branches", f"skip_branches ({', '.join(job.skip_branches)}) has {branch}")
    if not job.branches or matches_any(job.branches, branch):
        return None
    return Verdict(False, "branches", f"branches ({', '.join(job.branches)}) does not have {branch}")


def by_changes(job: BranchJob, changes: Collection[str]) -> Verdict:
    """What the changed files say of a job that depends on them. No file at all means no."""
    if not changes:
        rule = "run_if_changed" if job.run_if_changed else "skip_if_only_changed"
        return Verdict(False, rule, "no changed file is known")
    if job.run_if_changed:
        found = next((path for path in changes if matches(job.run_if_changed, path)), "")
        why = f"run_if_changed ({job.run_if_changed}) "
        why += f"matches {found}" if found else f"does not match {_all(changes, 'any')}"
        return Verdict(bool(found), "run_if_changed", why)
    found = next((path for path in changes if not matches(job.skip_if_only_changed, path)), "")
    why = f"skip_if_only_changed ({job.skip_if_only_changed}) "
    why += f"does not match {found}" if found else f"matches {_all(changes, 'all')}"
    return Verdict(bool(found), "skip_if_only_changed", why)


def _all(changes: Collection[str], how: str) -> str:
    return f"{how} of the {len(changes)} changed files" if len(changes) > 1 else next(iter(changes))


def presubmit_verdict(job: Presubmit, branch: str, changes: Collection[str], wish: Wish) -> Verdict:
    """Whether a presubmit that a filter has chosen runs for a pull request to `branch` with these changed files."""
    if (elsewhere := _elsewhere(job, branch)) is not None:
        return elsewhere
    if wish.forced:
        return Verdict(True, wish.rule, wish.why)
    if job.always_run:
        return Verdict(True, "always_run", "; ".join(filter(None, (wish.why, "always_run is true"))))
    found = by_changes(job, changes) if job.depends_on_changes else Verdict(False, "", "nothing says that it runs")
    return Verdict(True, wish.rule, wish.why) if wish.otherwise and not found.runs else found


def postsubmit_verdict(job: Postsubmit, branch: str, changes: Collection[str]) -> Verdict:
    """Whether a postsubmit runs for a push to `branch` with these changed files."""
    if (elsewhere := _elsewhere(job, branch)) is not None:
        return elsewhere
    if job.depends_on_changes:
        return by_changes(job, changes)
    if job.always_run is False:
        return Verdict(False, "always_run", "always_run is false, and no changed file can start it")
    return Verdict(True, "", "a push to the branch starts it")


def postsubmit_runs(job: Postsubmit, branch: str, changes: Collection[str]) -> bool:
    """Whether a postsubmit runs for a push to `branch` with these changed files."""
    return postsubmit_verdict(job, branch, changes).runs


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

    retest = _retest(failed, reported)
    rules = [_by_name(comment)]
    if matches(RETEST, comment):
        rules.append(retest)
    if matches(RETEST_REQUIRED, comment):
        rules.append(lambda job: _OPTIONAL if job.optional else retest(job))
    if matches(TEST_MANUAL_REQUIRED, comment):
        rules.append(_manual)
    if matches(TEST_ALL, comment) or (honours_ok_to_test and matches(OK_TO_TEST, comment)):
        rules.append(all_automatic)
    return lambda job: _first_wish([rule(job) for rule in rules])


_OPTIONAL = Verdict(False, "optional", "it is optional")


def _by_name(comment: str) -> Filter:
    def rule(job: Presubmit) -> Wish | Verdict:
        """Most jobs are not named at all: that is seen without compiling a pattern for each."""
        may_match = not job.has_default_trigger or "." in job.name or job.name in comment
        if may_match and matches(job.trigger, comment):
            return Wish(forced=True, otherwise=True, rule="trigger", why="the comment matches its trigger")
        return Verdict(False, "trigger", f"the comment does not name it ({job.rerun_command} does)")

    return rule


def _retest(failed: Collection[str], reported: Collection[str]) -> Filter:
    def rule(job: Presubmit) -> Wish | Verdict:
        context = f"its context {job.context}"
        if job.context in failed:
            return Wish(forced=False, otherwise=True, rule="context", why=f"{context} has failed")
        if job.needs_explicit_trigger:
            return Verdict(False, "context", f"{context} has not failed, and only a comment starts it")
        if job.context in reported:
            return Verdict(False, "context", f"{context} has not failed")
        return Wish(forced=False, otherwise=False, rule="context", why=f"{context} has not reported")

    return rule


def _manual(job: Presubmit) -> Wish | Verdict:
    if not job.needs_explicit_trigger:
        return Verdict(False, "", "it does not wait for a comment")
    if job.optional:
        return _OPTIONAL
    return Wish(forced=True, otherwise=False, why="it is required, and only a comment starts it")


def _first_wish(answers: Sequence[Wish | Verdict]) -> Wish | Verdict:
    """The first rule that knows the job decides; else all of them say why not."""
    wish = next((answer for answer in answers if isinstance(answer, Wish)), None)
    return wish or Verdict(False, answers[-1].rule, "; ".join(answer.why for answer in answers))


def all_automatic(job: Presubmit) -> Wish | Verdict:
    """`/test all`, and what a new head starts: every job that does not wait to be named."""
    if job.needs_explicit_trigger:
        return Verdict(False, "", f"only a comment starts it ({job.rerun_command})")
    return Wish(forced=False, otherwise=False)


def needs_changes(presubmits: Iterable[Presubmit], branch: str, chosen_by: Filter) -> bool:
    """Whether `chosen` depends on the changed files, so that they need be fetched."""
    return any(
        job.depends_on_changes
        and not job.always_run
        and isinstance(wish := chosen_by(job), Wish)
        and not wish.forced
        and not wish.otherwise
        and runs_on(job, branch)
        for job in presubmits
    )


def judged(
    presubmits: Iterable[Presubmit], branch: str, changes: Collection[str], chosen_by: Filter
) -> Iterator[tuple[Presubmit, Verdict]]:
    """Each presubmit, in configuration order, and whether it runs.

    `changes` may be empty where `needs_changes` says no.
    """
    for job in presubmits:
        wish = chosen_by(job)
        if isinstance(wish, Wish):
            yield job, presubmit_verdict(job, branch, changes, wish)
        else:
            yield job, _elsewhere(job, branch) or wish


def chosen(
    presubmits: Sequence[Presubmit], branch: str, changes: Collection[str], chosen_by: Filter
) -> tuple[Presubmit, ...]:
    """Those that run. `changes` may be empty where `needs_changes` says no."""
    return tuple(job for job, verdict in judged(presubmits, branch, changes, chosen_by) if verdict.runs)
