"""GitHub's own workflows, where `trigger_github_workflows` says that our commands are for them, too.

Prow's tests run whether or not GitHub lets us at its workflows: what it forbids is passed over.
"""

from collections.abc import Sequence

from cutwater.errors import Refused
from cutwater.github.types import PullRequest
from cutwater.github.workflows import ApproveRun, RerunFailedJobs, WorkflowRun, runs_of
from functions.plugins.kit import Effect, Look
from functions.plugins.trigger.refs import subject_of

OF_PULL_REQUESTS = ("pull_request", "pull_request_target")
CALLED = "workflow_call"
WAITING = "action_required"
GOOD = frozenset({"success", "skipped"})


async def approved(look: Look, pull: PullRequest, why: str) -> list[Effect[object]]:
    """Let those runs of the head begin that wait for a member's word."""
    subject = subject_of(pull)
    runs = await _runs(look, pull, OF_PULL_REQUESTS, status=WAITING)
    return [ApproveRun(org=subject.org, repo=subject.repo, run=run.id, why=why) for run in runs]


async def run_again(look: Look, pull: PullRequest, why: str) -> list[Effect[object]]:
    """Run again those of the head that have ended, and not well."""
    subject = subject_of(pull)
    runs = await _runs(look, pull, (*OF_PULL_REQUESTS, CALLED))
    return [
        RerunFailedJobs(org=subject.org, repo=subject.repo, run=run.id, attempt=run.run_attempt, why=why)
        for run in runs
        if run.status == "completed" and run.conclusion not in GOOD
    ]


async def _runs(look: Look, pull: PullRequest, events: Sequence[str], status: str = "") -> Sequence[WorkflowRun]:
    subject = subject_of(pull)
    try:
        return await runs_of(
            look.github,
            subject.org,
            subject.repo,
            branch=pull.head.ref,
            sha=pull.head.sha,
            events=events,
            status=status,
        )
    except Refused:
        return ()
