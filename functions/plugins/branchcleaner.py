"""branchcleaner: the branch of a merged pull request is deleted where it is the repository's own.

Source: sigs.k8s.io/prow pkg/plugins/branchcleaner.
"""

from cutwater.config.configuration import Configuration
from cutwater.config.patterns import matches
from cutwater.config.sections import BranchCleaner
from cutwater.github.edits import DeleteBranch
from cutwater.github.webhooks import PullRequestEvent, Webhook
from functions.plugins.kit import Effect, Look, Plugin

plugin = Plugin(
    "branchcleaner",
    about="Deletes the branch of a pull request that is merged, unless it is to be preserved or is in a fork.",
    effects=[DeleteBranch],
)


def _is_done_with(hook: Webhook, config: Configuration) -> bool:
    pull = hook.read(PullRequestEvent).pull_request
    if not pull.merged or pull.base.repo is None or pull.head.repo is None:
        return False
    is_own = pull.base.repo.full_name == pull.head.repo.full_name
    return is_own and not _is_preserved(config, hook.org, hook.repo, pull.head.ref)


def _is_preserved(config: Configuration, org: str, repo: str, branch: str) -> bool:
    preserved = config.plugins.section("branch_cleaner", BranchCleaner).preserved_branches
    named = [*preserved.get(f"{org}/{repo}", ()), *preserved.get(org, ())]
    return any(name == branch or _occurs(name, branch) for name in named)


def _occurs(pattern: str, branch: str) -> bool:
    try:
        return matches(pattern, branch)
    except ValueError:
        return False  # it is a plain name then


@plugin.on("pull_request", "closed", wants=_is_done_with)
async def decide(event: PullRequestEvent, look: Look) -> list[Effect[object]]:
    """The branch goes."""
    org, repo, branch = event.repository.owner.login, event.repository.name, event.pull_request.head.ref
    why = f"#{event.pull_request.number} is merged"
    return [DeleteBranch(org=org, repo=repo, branch=branch, why=why)]
