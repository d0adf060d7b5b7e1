r"""shrug: ¯\_(ツ)_/¯

Source: sigs.k8s.io/prow pkg/plugins/shrug.
"""

from cutwater.github.effects import AddComment, Label
from functions.plugins.kit import ANYONE, Command, Comment, Effect, Look, Plugin

SHRUG = r"¯\_(ツ)_/¯"
IN_MARKDOWN = r"¯\\\_(ツ)\_/¯"

plugin = Plugin(
    "shrug",
    about=SHRUG,
    commands=[
        Command("shrug", about=f"Puts the {SHRUG} label.", who=ANYONE, examples=("/shrug",)),
        Command("unshrug", about="Takes it away.", who=ANYONE, examples=("/unshrug",)),
    ],
    effects=[AddComment, Label],
)


@plugin.on_command("shrug", "unshrug")
async def decide(comment: Comment, look: Look) -> list[Effect[object]]:
    """The label as it was said; its going is answered."""
    subject, is_wanted = comment.subject, comment.command.name == "shrug"
    label = Label(subject=subject, name=SHRUG, present=is_wanted, why=comment.why)
    if is_wanted or SHRUG not in await look.github.labels(subject.org, subject.repo, subject.number):
        return [label]
    return [comment.reply(IN_MARKDOWN), label]
