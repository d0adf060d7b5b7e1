"""What issue-management wants, and the help for its commands.

Of several commands in one comment only the first kind counts: linking, pinning, unpinning, transferring.
Source: sigs.k8s.io/prow pkg/plugins/issue-management.
"""

from collections.abc import Sequence

from cutwater.github.edits import SetBody
from cutwater.github.effects import AddComment
from cutwater.github.issues import PinIssue, TransferIssue
from functions.plugins.issue_management import linking, pinning, transferring
from functions.plugins.kit import Act, Command, Comment, Look, Plugin, Typed

MEMBERS = "Members of the organisation."
APPROVERS = "The approvers of the OWNERS file at the root of the default branch."

plugin = Plugin(
    "issue-management",
    about="Links issues to pull requests, pins issues, and moves them to other repositories.",
    commands=[
        Command(
            "link-issue",
            argument="<issue(s)>",
            pattern=r"(?mi)^/link-issue\s+(.+)$",
            about="Adds issues to the line `Fixes` of a pull request, here or in another repository.",
            who=MEMBERS,
            examples=("/link-issue 1234", "/link-issue org/repo#789"),
        ),
        Command(
            "unlink-issue",
            argument="<issue(s)>",
            pattern=r"(?mi)^/unlink-issue\s+(.+)$",
            about="Takes issues out of the line `Fixes` of a pull request.",
            who=MEMBERS,
            examples=("/unlink-issue 1234", "/unlink-issue org/repo#789"),
        ),
        Command("pin-issue", about="Pins an issue to its repository.", who=APPROVERS, examples=("/pin-issue",)),
        Command("unpin-issue", about="Unpins an issue.", who=APPROVERS, examples=("/unpin-issue",)),
        Command(
            "transfer-issue",
            is_featured=True,
            usage="/transfer[-issue] <destination repo in same org>",
            pattern=r"(?mi)^/transfer(?:-issue)?(?: +(.*))?$",
            about="Moves an issue to another repository of the organisation.",
            who=MEMBERS,
            examples=("/transfer-issue kubectl", "/transfer test-infra"),
        ),
    ],
    effects=[AddComment, PinIssue, SetBody, TransferIssue],
)


@plugin.on_command("link-issue", "unlink-issue", "pin-issue", "unpin-issue", "transfer-issue")
async def decide(comment: Comment, look: Look, act: Act) -> None:
    """The first kind of what was typed."""
    link, unlink = _words(comment.all_typed, "link-issue"), _words(comment.all_typed, "unlink-issue")
    if link or unlink:
        await linking.decide(comment, look, act, link=link, unlink=unlink)
        return
    kinds = {"pin-issue": pinning.pin, "unpin-issue": pinning.unpin, "transfer-issue": transferring.decide}
    typed = next((typed.name for typed in comment.all_typed if typed.name in kinds), None)
    if typed is not None:
        await kinds[typed](comment, look, act)


def _words(all_typed: Sequence[Typed], name: str) -> list[str]:
    return [word for typed in all_typed if typed.name == name for word in typed.argument.split()]
