"""stage: how far along a feature is, as a label.

Source: sigs.k8s.io/prow pkg/plugins/stage.
"""

from cutwater.github.effects import Label
from functions.plugins.exclusive import chosen
from functions.plugins.kit import ANYONE, Command, Comment, Effect, Look, Plugin

STAGES = ("stage/alpha", "stage/beta", "stage/stable")

plugin = Plugin(
    "stage",
    about="Labels the stage of an issue as alpha, beta or stable.",
    commands=[
        Command(
            "stage",
            usage="/[remove-]stage <alpha|beta|stable>",
            pattern=r"(?mi)^/(remove-)?stage (alpha|beta|stable)\s*$",
            about="Puts one of the stages in place of the others, or takes it away.",
            who=ANYONE,
            examples=("/stage alpha", "/remove-stage alpha"),
        ),
    ],
    effects=[Label],
)


@plugin.on_command("stage")
async def decide(comment: Comment, look: Look) -> list[Effect[object]]:
    """All that was said, in its order."""
    subject = comment.subject
    labels = await look.github.labels(subject.org, subject.repo, subject.number)
    wanted = [(f"stage/{stage}", not remove) for remove, stage in (typed.groups for typed in comment.all_typed)]
    return [*chosen(wanted, labels, STAGES, subject=subject, why=comment.why)]
