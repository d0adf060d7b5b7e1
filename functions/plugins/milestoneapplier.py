"""milestoneapplier: pull requests go into the milestone of their branch.

Source: sigs.k8s.io/prow pkg/plugins/milestoneapplier.
"""

from cutwater.config.configuration import Configuration
from cutwater.errors import Refused
from cutwater.github.edits import SetMilestone
from cutwater.github.effects import Subject
from cutwater.github.webhooks import PullRequestEvent, Webhook
from functions.plugins.kit import Effect, Look, Plugin
from functions.plugins.milestones import open_milestones

plugin = Plugin(
    "milestoneapplier",
    about="Puts pull requests into the milestone that is configured for their branch: when merged, and on a branch "
    "other than the default one already when opened.",
    effects=[SetMilestone],
)


def _milestones(config: Configuration, org: str, repo: str) -> dict[str, str]:
    """The titles by branch."""
    entries = config.plugins.section("milestone_applier", dict[str, dict[str, str]]) or {}
    return entries.get(f"{org}/{repo}", {})


def _has_milestones(hook: Webhook, config: Configuration) -> bool:
    return bool(_milestones(config, hook.org, hook.repo))


@plugin.on("pull_request", "opened", "closed", wants=_has_milestones)
async def decide(event: PullRequestEvent, look: Look) -> list[Effect[object]]:
    """The milestone is its branch's."""
    pull, repository = event.pull_request, event.repository
    subject = Subject(repository.owner.login, repository.name, pull.number)
    title = _milestones(look.config, subject.org, subject.repo).get(pull.base.ref)
    is_default = pull.base.ref == repository.default_branch
    is_time = pull.merged if event.action == "closed" else not is_default
    if title is None or not is_time or (pull.milestone and pull.milestone.title == title):
        return []
    number = (await open_milestones(look, subject)).get(title)
    if number is None:
        raise Refused(
            f"The configured milestone {title} for {pull.base.ref} branch does not exist "
            f"in the {subject.org}/{subject.repo} repo"
        )
    return [SetMilestone(subject=subject, number=number, why=f"it is that of {pull.base.ref}")]
