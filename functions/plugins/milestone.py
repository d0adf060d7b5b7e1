"""milestone: the members of a team put issues and pull requests into milestones.

Source: sigs.k8s.io/prow pkg/plugins/milestone.
"""

from cutwater.github.edits import SetMilestone
from cutwater.github.effects import AddComment
from functions.plugins.kit import Command, Comment, Effect, Look, Plugin
from functions.plugins.milestones import is_maintainer, not_in_team, open_milestones

CLEAR = "clear"

plugin = Plugin(
    "milestone",
    about="Puts an issue or pull request into a milestone, or takes it out.",
    commands=[
        Command(
            "milestone",
            argument=f"<version> or /milestone {CLEAR}",
            pattern=r"(?m)^/milestone\s+(.+?)\s*$",
            ignores_case=False,
            about="Puts it into the milestone of this title, or into none.",
            who="Members of the team that is configured under repo_milestone.",
            examples=("/milestone v1.10", "/milestone v1.9", "/milestone clear"),
        ),
    ],
    effects=[AddComment, SetMilestone],
)


@plugin.on_command("milestone")
async def decide(comment: Comment, look: Look) -> list[Effect[object]]:
    """The first milestone that was named is its own, if it is one of the repository's."""
    subject, title = comment.subject, comment.command.argument
    if not await is_maintainer(look, subject, comment.author.login):
        return [comment.reply(not_in_team(look, subject, "set the milestone", "milestone"))]
    if title == CLEAR:
        return [SetMilestone(subject=subject, number=None, why=comment.why)]
    milestones = await open_milestones(look, subject)
    if title not in milestones:
        known = ", ".join(sorted(f"`{one}`" for one in milestones))
        message = (
            "The provided milestone is not valid for this repository. "
            f"Milestones in this repository: [{known}]\n\nUse `/milestone {CLEAR}` to clear the milestone."
        )
        return [comment.reply(message)]
    return [SetMilestone(subject=subject, number=milestones[title], why=comment.why)]
