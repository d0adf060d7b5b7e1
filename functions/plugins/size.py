"""size: how many lines a pull request changes, as a label.

Source: sigs.k8s.io/prow pkg/plugins/size.
"""

from cutwater.config.sections import Size
from cutwater.github.effects import Label, Subject
from cutwater.github.webhooks import PullRequestEvent
from functions.plugins.generated import generated_by
from functions.plugins.kit import Effect, Look, Plugin

PREFIX = "size/"

plugin = Plugin(
    "size",
    about="Labels a pull request by how many lines it changes, generated files apart.",
    effects=[Label],
    recomputes=True,
)


def limits_of(settings: Size) -> dict[str, int]:
    """How many changed lines are too many for each size but the largest."""
    return {
        "XS": settings.s or 10,
        "S": settings.m or 30,
        "M": settings.l or 100,
        "L": settings.xl or 500,
        "XL": settings.xxl or 1000,
    }


def size_of(lines: int, settings: Size) -> str:
    """The label for so many changed lines."""
    return PREFIX + next((name for name, limit in limits_of(settings).items() if lines < limit), "XXL")


@plugin.on("pull_request", "opened", "reopened", "synchronize", "edited")
async def decide(event: PullRequestEvent, look: Look) -> list[Effect[object]]:
    """One size, and no other."""
    pull, repository = event.pull_request, event.repository
    subject = Subject(repository.owner.login, repository.name, pull.number)
    is_generated = await generated_by(look, subject.org, subject.repo, pull.base.sha)
    files = await look.github.files(subject.org, subject.repo, subject.number)
    lines = sum(file.additions + file.deletions for file in files if not is_generated(file.filename))
    size = size_of(lines, look.config.plugins.section("size", Size))
    labels = await look.github.labels(subject.org, subject.repo, subject.number)
    why = f"it changes {lines} lines"
    others = [label for label in labels if label.startswith(PREFIX) and label != size]
    return [
        *(Label(subject=subject, name=other, present=False, why=why) for other in others),
        Label(subject=subject, name=size, present=True, why=why),
    ]
