"""The jobs of a pull request's repository, and what is said where those that it brings along cannot be used.

Prow says nothing then: it goes by the static jobs alone, so that a job that checks these files can still run.
"""

import re

from cutwater.config.inrepo import is_enabled
from cutwater.events.repository_jobs import RepositoryJobs, jobs_of
from cutwater.github.effects import AddComment, DeleteComment
from cutwater.github.types import PullRequest
from functions.plugins.kit import Effect, Look
from functions.plugins.trigger.refs import base_sha, subject_of

COMPLAINT = "The jobs that this repository defines in `.prow.yaml` or `.prow/` cannot be used"
LONGEST = 4000
"""Characters of what is wrong that are said."""


async def jobs_for(look: Look, pull: PullRequest) -> RepositoryJobs:
    """The jobs that count for the pull request on its base branch as it is now. Raises Refused and Later."""
    subject = subject_of(pull)
    may_bring_some = is_enabled(look.config.prow.in_repo_config, subject.org, subject.repo)
    base = await base_sha(look, pull) if may_bring_some else ""
    return await jobs_of(look, subject.org, subject.repo, base_sha=base, heads=[pull.head.sha])


async def complaint(look: Look, pull: PullRequest, jobs: RepositoryJobs) -> list[Effect[object]]:
    """Say what is wrong with the repository's own jobs, once for each head, in place of what was said before.

    Nothing for a pull request that cannot be merged: GitHub says so, and no test of it runs anyway.
    """
    if not jobs.wrong or pull.mergeable is False:
        return []
    subject, body, bot = subject_of(pull), _worded(jobs.wrong, pull.head.sha), await look.github.bot()
    before = [
        comment
        for comment in await look.github.comments(subject.org, subject.repo, subject.number)
        if comment.body.startswith(COMPLAINT) and bot.is_me(comment.user.login)
    ]
    if any(comment.body == body for comment in before):
        return []
    return [
        AddComment(subject=subject, body=body, why="the repository's own jobs cannot be used"),
        *(DeleteComment(subject=subject, comment=comment.id, why="it is said anew") for comment in before),
    ]


def _worded(wrong: str, head: str) -> str:
    """The comment. What is wrong may quote the pull request: it stands in a fence that it cannot close."""
    text = wrong if len(wrong) <= LONGEST else f"{wrong[:LONGEST]}…"
    fence = "`" * max([3, *(len(run) + 1 for run in re.findall("`+", text))])
    return (
        f"{COMPLAINT} as of commit {head}. Until that is mended, only the jobs of the central configuration run.\n\n"
        f"{fence}\n{text}\n{fence}\n"
    )
