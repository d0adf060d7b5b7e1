"""/transfer-issue: members move an issue to another repository of their organisation."""

from cutwater.errors import Refused
from cutwater.github.issues import TransferIssue
from functions.plugins.kit import Act, Comment, Look

ISSUES_ONLY = "The `/transfer-issue` command is only supported on issues, not pull requests."
ONE_ONLY = "`/transfer-issue` must only be used once and with a single destination repo."
MEMBERS_ONLY = "You must be an org member to transfer this issue."


async def decide(comment: Comment, look: Look, act: Act) -> None:
    """It is to be in the repository that was named. GitHub itself says so where it was, and where it is."""
    subject = comment.subject
    typed = [typed.groups[0] for typed in comment.all_typed if typed.name == "transfer-issue"]
    if comment.text.is_pull_request:
        await act(comment.reply(ISSUES_ONLY))
        return
    if len(typed) != 1 or not typed[0]:
        await act(comment.reply(ONE_ONLY))
        return
    name = typed[0].strip()
    if not name:
        return
    there = await _repository(look, subject.org, name)
    if not there:
        message = f"Something went wrong or the destination repo **{subject.org}/{name}** does not exist."
        await act(comment.reply(message))
        return
    if not await look.github.is_member(subject.org, comment.author.login):
        await act(comment.reply(MEMBERS_ONLY))
        return
    move = TransferIssue(subject=subject, node=comment.text.node_id, repository=there, why=comment.why)
    try:
        await act(move)
    except Refused as refused:
        await act(comment.reply(f"This issue could not be transferred to **{subject.org}/{name}**: {refused}"))


async def _repository(look: Look, org: str, name: str) -> str:
    """The node id of a repository; "" where there is none to be seen."""
    if name in {".", ".."}:
        return ""
    try:
        found = await look.github.get("/repos/{org}/{repo}", org=org, repo=name)
    except Refused:
        return ""
    return str((found or {}).get("node_id", ""))
