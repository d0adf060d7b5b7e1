"""Before a batch is merged: tests that still run for one of its members alone, and which the batch has passed.

Where a repository wants it (`overwrite-pending-contexts`), their contexts become what the batch's are, so that GitHub
sees them green. Source: sigs.k8s.io/prow pkg/tide (github.go, overwriteProwJobContexts).
"""

from collections.abc import Iterable, Iterator, Sequence

from cutwater.events.effect import Act
from cutwater.events.look import Look
from cutwater.github.effects import DeleteComment, SetStatus, Subject
from cutwater.prowjob.descriptions import with_base_sha
from cutwater.prowjob.types import ProwJob
from functions.tide.pull_requests import PullRequest

REPORT = "<!-- test report -->"
"""By this a comment is known to be a list of failed tests."""


async def overwrite_pending(
    pull: PullRequest, batch: Sequence[PullRequest], jobs: Sequence[ProwJob], look: Look, act: Act
) -> None:
    """Say of each test that still runs for the pull request what its batch says of it. `jobs`: those of the base."""
    statuses = list(_statuses(pull, batch, jobs))
    for status in statuses:
        await act(status)
    if not statuses:
        return
    subject = Subject(pull.org, pull.repo, pull.number)
    bot = await look.github.bot()
    for comment in await look.github.comments(pull.org, pull.repo, pull.number):
        if REPORT in comment.body and (bot.is_me(comment.user.login) or comment.user.login == f"{bot.login}[bot]"):
            await act(DeleteComment(subject=subject, comment=comment.id, why="the batch has passed its tests"))


def _statuses(pull: PullRequest, batch: Sequence[PullRequest], jobs: Iterable[ProwJob]) -> Iterator[SetStatus]:
    heads = {(one.number, one.head) for one in batch}
    pending: dict[str, None] = {}
    passed: dict[str, ProwJob] = {}
    for job in jobs:
        pulls = job.spec.refs.pulls if job.spec.refs else ()
        members = {(one.number, one.sha) for one in pulls}
        is_alone = job.spec.type == "presubmit" and (pull.number, pull.head) in members
        if is_alone and job.status.state in {"triggered", "pending"}:
            pending[job.spec.context] = None
        elif job.spec.type == "batch" and job.status.state == "success" and members and members <= heads:
            passed[job.spec.context] = job
    for context in pending:
        if context in passed:
            yield _status(pull, passed[context])


def _status(pull: PullRequest, job: ProwJob) -> SetStatus:
    return SetStatus(
        org=pull.org,
        repo=pull.repo,
        sha=pull.head,
        context=job.spec.context,
        state="success",
        description=with_base_sha(job.status.description, job.spec.refs.base_sha if job.spec.refs else ""),
        target_url=job.status.url,
        why="the batch that it is merged with has passed this test",
    )
