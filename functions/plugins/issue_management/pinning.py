"""/pin-issue and /unpin-issue: those who approve at the root of the repository pin its issues."""

from cutwater.errors import Refused
from cutwater.events.repository_owners import owners_of_branch
from cutwater.github.issues import PinIssue
from cutwater.owners.files import login
from functions.plugins.kit import Act, Comment, Look

ISSUES_ONLY = "`/pin-issue` and `/unpin-issue` can only be triggered on GitHub issues."
APPROVERS_ONLY = (
    "You are not authorized to pin or unpin issues on this repository. "
    "Only approvers from the top-level OWNERS file can use this command."
)


async def pin(comment: Comment, look: Look, act: Act) -> None:
    """It is to be pinned."""
    await _set(comment, look, act, is_pinned=True)


async def unpin(comment: Comment, look: Look, act: Act) -> None:
    """It is not to be pinned."""
    await _set(comment, look, act, is_pinned=False)


async def _set(comment: Comment, look: Look, act: Act, *, is_pinned: bool) -> None:
    subject = comment.subject
    refusal = ISSUES_ONLY if comment.text.is_pull_request else await _refusal(comment, look)
    if refusal:
        await act(comment.reply(refusal))
        return
    try:
        await act(PinIssue(subject=subject, node=comment.text.node_id, is_pinned=is_pinned, why=comment.why))
    except Refused:
        verb = "pin" if is_pinned else "unpin"
        await act(comment.reply(f"Unable to {verb} issue #{subject.number}. Please try again later."))
        return
    done = "pinned to" if is_pinned else "unpinned from"
    await act(comment.reply(f"Issue #{subject.number} has been {done} the repository."))


async def _refusal(comment: Comment, look: Look) -> str:
    """Why somebody may not; "" where they may."""
    org, repo, who = comment.subject.org, comment.subject.repo, comment.author.login
    try:
        owners = await owners_of_branch(look, org, repo, comment.text.default_branch, paths=())
    except Refused:
        return f"Unable to determine whether {who} is an approver from the top-level OWNERS of {org}/{repo}."
    return "" if login(who) in owners.top_level_approvers else APPROVERS_ONLY
