"""What the commit of a merge says where nobody has said otherwise: what GitHub would write.

Source: https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository
"""

from collections.abc import Sequence

from cutwater.git.commits import Commit
from cutwater.git.stacks import Change


def of_merge(change: Change) -> bytes:
    """The words of a merge commit."""
    title = change.title or f"Merge pull request #{change.number} from {change.branch}"
    return _whole(title, change.body or change.subject)


def of_squash(change: Change, commits: Sequence[Commit]) -> bytes:
    """The words of the one commit that stands for all of the pull request's."""
    alone = commits[0].words if len(commits) == 1 else ""
    first, _, rest = alone.partition("\n")
    title = change.title or f"{first or change.subject} (#{change.number})"
    body = change.body or (rest if alone else "\n\n".join(f"* {commit.words}" for commit in commits))
    return _whole(title, "\n\n".join(part for part in (body.strip(), _others(commits)) if part))


def _others(commits: Sequence[Commit]) -> str:
    """Those who wrote it beside its author, as GitHub counts them."""
    names = dict.fromkeys(commit.author_name for commit in commits)
    return "\n".join(f"Co-authored-by: {name}" for name in list(names)[1:])


def _whole(title: str, body: str) -> bytes:
    text = f"{title}\n\n{body.strip()}".strip() + "\n"
    return text.replace("\0", "").replace("\r\n", "\n").encode(errors="replace")
