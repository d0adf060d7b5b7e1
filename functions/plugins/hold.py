"""hold: a pull request that carries do-not-merge/hold is not merged.

Source: sigs.k8s.io/prow pkg/plugins/hold.
"""

from cutwater.github.effects import Label
from functions.plugins.kit import ANYONE, Command, Comment, Effect, Look, Plugin

HOLD = "do-not-merge/hold"

plugin = Plugin(
    "hold",
    about=f"Anyone may stop a merge by the {HOLD} label, and anyone may lift it.",
    commands=[
        Command(
            "hold",
            argument="[cancel]",
            forms={"cancel": r"(?mi)^/(remove-hold|hold\s+cancel|unhold)(\s.*)?$", "": r"(?mi)^/hold(\s.*)?$"},
            on="pull requests",
            about=f"Puts the {HOLD} label, or takes it away.",
            who=ANYONE,
            examples=("/hold", "/hold cancel", "/unhold", "/remove-hold"),
        ),
    ],
    effects=[Label],
)


@plugin.on_command("hold")
async def decide(comment: Comment, look: Look) -> list[Effect[object]]:
    """The label is to be what the last word says, whether or not it already is."""
    held = comment.command.argument != "cancel"
    return [Label(subject=comment.subject, name=HOLD, present=held, why=comment.why)]
