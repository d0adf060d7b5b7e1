"""milestonestatus: the members of a team say how far along something is for its milestone, as a label.

Source: sigs.k8s.io/prow pkg/plugins/milestonestatus.
"""

from cutwater.github.effects import AddComment, Label
from functions.plugins.kit import Command, Comment, Effect, Look, Plugin
from functions.plugins.milestones import is_maintainer, not_in_team

STATUSES = ("approved-for-milestone", "in-progress", "in-review")

plugin = Plugin(
    "milestonestatus",
    about="Labels the status of an issue or pull request in its milestone.",
    commands=[
        Command(
            "status",
            argument="(approved-for-milestone|in-progress|in-review)",
            pattern=r"(?m)^/status\s+(.+)$",
            ignores_case=False,
            about="Puts the label status/….",
            who="Members of the team that is configured under repo_milestone.",
            examples=("/status approved-for-milestone", "/status in-progress", "/status in-review"),
        ),
    ],
    effects=[AddComment, Label],
)


@plugin.on_command("status")
async def decide(comment: Comment, look: Look) -> list[Effect[object]]:
    """A label for each status that was said."""
    subject = comment.subject
    if not await is_maintainer(look, subject, comment.author.login):
        message = not_in_team(look, subject, "add status labels", "status")
        return [AddComment(subject=subject, body=message, why=comment.why)]
    return [
        Label(subject=subject, name=f"status/{typed.argument}", present=True, why=comment.why)
        for typed in comment.all_typed
        if typed.argument in STATUSES
    ]
