"""The commits of a pull request."""

from collections.abc import Sequence

from cutwater.events.look import Look
from cutwater.github.effects import Subject
from cutwater.github.types import Commit, read

SHORT = 7


async def commits_of(look: Look, subject: Subject) -> list[Commit]:
    """Oldest first. GitHub gives 250 at most."""
    path = "/repos/{org}/{repo}/pulls/{number}/commits"
    return [read(found, Commit) for found in await look.github.pages(path, **subject.parts)]


def subject_line(commit: Commit) -> str:
    """The first line of a commit's message."""
    return commit.commit.message.partition("\n")[0]


def listed(subject: Subject, commits: Sequence[Commit]) -> str:
    """A list of commits with links, in Markdown."""
    address = f"https://github.com/{subject.org}/{subject.repo}/commits"
    return "\n".join(f"- [{one.sha[:SHORT]}]({address}/{one.sha}) {subject_line(one)}" for one in commits)
