"""owners-label: a pull request gets the labels that OWNERS files have for what it changes.

Source: sigs.k8s.io/prow pkg/plugins/owners-label.
"""

from cutwater.events.repository_owners import owners_of_branch
from cutwater.github.effects import Label, Subject
from cutwater.github.webhooks import PullRequestEvent
from functions.plugins.kit import Effect, Look, Plugin
from functions.plugins.repository_labels import named_as_there
from functions.plugins.trust import has

plugin = Plugin(
    "owners-label",
    about="Labels a pull request with the `labels` of the OWNERS files above what it changes. Never removes one.",
    effects=[Label],
)


@plugin.on("pull_request", "opened", "reopened", "synchronize")
async def decide(event: PullRequestEvent, look: Look) -> list[Effect[object]]:
    """All that are missing; of those that the repository does not have, the receipt tells."""
    pull, repository = event.pull_request, event.repository
    subject = Subject(repository.owner.login, repository.name, pull.number)
    paths = [file.filename for file in await look.github.files(subject.org, subject.repo, subject.number)]
    owners = await owners_of_branch(look, subject.org, subject.repo, pull.base.ref, paths=paths)
    there = [label.name for label in pull.labels]
    wanted = sorted({label for path in paths for label in owners.labels(path) if not has(there, label)})
    if not wanted:
        return []
    names = await named_as_there(look, subject, wanted, whose="OWNERS")
    return [Label(subject=subject, name=name, present=True, why="OWNERS of what it changes want it") for name in names]
