"""retitle: those whom the repository trusts give issues and pull requests another title.

Source: sigs.k8s.io/prow pkg/plugins/retitle.
"""

from cutwater.config.configuration import Configuration
from cutwater.config.sections import Retitle
from cutwater.github.edits import SetTitle
from cutwater.github.effects import AddComment
from functions.plugins.closing_keywords import LINK, closes_issues
from functions.plugins.commands import When
from functions.plugins.kit import TRUSTED, Command, Comment, Effect, Look, Plugin

EMPTY = "Titles may not be empty."
CLOSES = f"Titles may not contain {LINK.replace('K', 'k', 1)} which can automatically close issues."


def _when(config: Configuration) -> When:
    return "always" if config.plugins.section("retitle", Retitle).allow_closed_issues else "open"


plugin = Plugin(
    "retitle",
    about="Changes the title of an issue or pull request.",
    commands=[
        Command(
            "retitle",
            is_featured=True,
            argument="<title>",
            pattern=r"(?mi)^/retitle\s*(.*)$",
            about="Gives it this title.",
            who=TRUSTED,
            refusal="Re-titling can only be requested by trusted users, like repository collaborators.",
            when=_when,
            examples=("/retitle New Title",),
        ),
    ],
    effects=[AddComment, SetTitle],
)


@plugin.on_command("retitle")
async def decide(comment: Comment, look: Look) -> list[Effect[object]]:
    """The title is to be what was said, unless it would do harm."""
    title = comment.command.argument
    if not title:
        return [comment.reply(EMPTY)]
    if closes_issues(title):
        return [comment.reply(CLOSES)]
    return [SetTitle(subject=comment.subject, title=title, why=comment.why)]
