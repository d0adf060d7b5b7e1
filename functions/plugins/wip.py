"""wip: a draft, or a pull request whose title begins with WIP, is not merged.

Source: sigs.k8s.io/prow pkg/plugins/wip.
"""

from cutwater.config.patterns import matches
from cutwater.github.effects import Label, Subject
from cutwater.github.webhooks import PullRequestEvent
from functions.plugins.kit import Effect, Look, Plugin

WIP = "do-not-merge/work-in-progress"
TITLE = r"(?i)^\W?WIP\W"

plugin = Plugin(
    "wip",
    about=f"Puts the {WIP} label on drafts and on pull requests whose title begins with WIP, as long as they are so.",
    effects=[Label],
)


@plugin.on("pull_request", "opened", "reopened", "edited", "ready_for_review", "converted_to_draft")
async def decide(event: PullRequestEvent, look: Look) -> list[Effect[object]]:
    """The label is there as long as the pull request says that it is not done."""
    pull, repository = event.pull_request, event.repository
    is_unfinished = pull.draft or matches(TITLE, pull.title)
    why = ("it is a draft" if pull.draft else "its title says so") if is_unfinished else "it is no draft, and not WIP"
    subject = Subject(repository.owner.login, repository.name, pull.number)
    return [Label(subject=subject, name=WIP, present=is_unfinished, why=why)]
