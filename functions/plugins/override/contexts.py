"""What stands on the head of a pull request, and what of it can be overridden."""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from cutwater.config.inrepo import is_enabled
from cutwater.config.jobs import Presubmit
from cutwater.config.matching import runs_on
from cutwater.events.repository_jobs import jobs_of
from cutwater.github.types import CheckRun, PullRequest, Status, read
from functions.plugins.kit import Look
from functions.plugins.trigger.refs import base_sha, subject_of
from functions.plugins.unable import Unable, needed

SUCCESS = "success"
PASSED = frozenset({SUCCESS, "neutral"})
"""How a check run may end well."""
NO_PRESUBMITS = "Failed to get presubmits"


class Standing(Struct, frozen=True, kw_only=True):
    """What GitHub and the configuration say of a head.

    `statuses`: all that were ever given to it, the newest first. `required`: contexts that the branch wants. `checks`:
    names of check runs; `failed_checks` are those of them of which no run has passed or goes on. `presubmits`: of the
    repository. `base`: where the branch is.
    """

    statuses: Sequence[Status]
    required: Sequence[str]
    checks: Sequence[str]
    failed_checks: frozenset[str]
    presubmits: Sequence[Presubmit]
    branch: str
    base: str

    @property
    def names(self) -> frozenset[str]:
        """What can be overridden: contexts that failed at any time or are required, their jobs, failed check runs."""
        return self._failed | frozenset(self.required)

    @property
    def _failed(self) -> frozenset[str]:
        contexts = {status.context for status in self.statuses if status.state != SUCCESS}
        return self.failed_checks | contexts | {job.name for job in map(self.presubmit_for, contexts) if job}

    def presubmit_for(self, context: str) -> Presubmit | None:
        """The job that reports a context, on this branch if there is one."""
        jobs = [job for job in self.presubmits if job.context == context]
        return next((job for job in jobs if runs_on(job, self.branch)), jobs[0] if jobs else None)

    def to_override(self, asked: Iterable[str]) -> list[Status]:
        """Of each context that is asked for by its own name or its job's, the newest status that is no success.

        An empty one for a required context that has not failed.
        """
        names, found = set(asked), dict[str, Status]()
        failed = self._failed
        missing = [Status(context=context, state="") for context in self.required if context not in failed]
        for status in (*self.statuses, *missing):
            job = self.presubmit_for(status.context)
            if status.state != SUCCESS and (status.context in names or (job is not None and job.name in names)):
                found.setdefault(status.context, status)
        return list(found.values())


async def standing_of(look: Look, pull: PullRequest, before: Sequence[Status]) -> Standing:
    """What stands on the head. `before`: statuses that the same comment has set, the newest first.

    Raises Unable and Later.
    """
    statuses = [*before, *await history_of(look, pull)]
    runs = await _check_runs(look, pull)
    base = await _base(look, pull)
    going_well = {run.name for run in runs if run.status != "completed" or run.conclusion in PASSED}
    checks = sorted({run.name for run in runs})
    return Standing(
        statuses=statuses,
        required=await _required(look, pull),
        checks=checks,
        failed_checks=frozenset(checks) - going_well,
        presubmits=await _presubmits(look, pull, base),
        branch=pull.base.ref,
        base=base,
    )


async def history_of(look: Look, pull: PullRequest) -> list[Status]:
    """All statuses that the head was ever given, the newest first. Raises Unable and Later."""
    subject = subject_of(pull)
    asked = look.github.pages(
        "/repos/{org}/{repo}/statuses/{sha}", org=subject.org, repo=subject.repo, sha=pull.head.sha
    )
    found = await needed(asked, f"Cannot get commit statuses for PR #{subject.number} in {subject.org}/{subject.repo}")
    return [read(one, Status) for one in found]


async def _check_runs(look: Look, pull: PullRequest) -> Sequence[CheckRun]:
    """Those of the head; none unless we are an App, as only Apps can make any."""
    if not (await look.github.bot()).is_app:
        return ()
    subject = subject_of(pull)
    asked = look.github.check_runs(subject.org, subject.repo, pull.head.sha)
    return await needed(asked, f"Cannot get commit checkruns for PR #{subject.number} in {subject.org}/{subject.repo}")


async def _base(look: Look, pull: PullRequest) -> str:
    subject = subject_of(pull)
    brings_jobs = is_enabled(look.config.prow.in_repo_config, subject.org, subject.repo)
    return await needed(base_sha(look, pull), NO_PRESUBMITS if brings_jobs else "Cannot get base ref of PR")


async def _presubmits(look: Look, pull: PullRequest, base: str) -> Sequence[Presubmit]:
    subject = subject_of(pull)
    asked = jobs_of(look, subject.org, subject.repo, base_sha=base, heads=[pull.head.sha])
    jobs = await needed(asked, NO_PRESUBMITS)
    if jobs.wrong:
        raise Unable(NO_PRESUBMITS)
    return jobs.presubmits


async def _required(look: Look, pull: PullRequest) -> Sequence[str]:
    """The contexts that the protection of the branch requires."""
    subject, branch = subject_of(pull), pull.base.ref
    path = "/repos/{org}/{repo}/branches/{branch}/protection"
    asked = look.github.get(path, org=subject.org, repo=subject.repo, branch=branch)
    found = await needed(asked, f"Cannot get branch protection for branch {branch} in {subject.org}/{subject.repo}")
    return ((found or {}).get("required_status_checks") or {}).get("contexts") or ()
