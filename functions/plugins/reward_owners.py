"""reward-owners: whoever becomes an owner by a pull request is thanked when it is merged.

Source: sigs.k8s.io/prow pkg/plugins/reward-owners.
"""

import posixpath

from cutwater.config.configuration import Configuration
from cutwater.config.owners import naming_of
from cutwater.events.repository_owners import owners_of
from cutwater.github.effects import AddComment, Subject
from cutwater.github.types import PullFile
from cutwater.github.webhooks import PullRequestEvent, Webhook
from cutwater.owners.listing import Naming
from functions.plugins.kit import Effect, Look, Plugin

_COMMUNITY = "https://github.com/kubernetes/community/blob/master"
THANKS = f"""
Thanks to {{people}} for serving the community in this new capacity!

Next steps:
1- Reach out in [slack.k8s.io](http://slack.k8s.io/) -> #sig-contribex for your special badge swag!

2- Join [slack.k8s.io](http://slack.k8s.io/) -> #kubernetes-contributors in slack and [dev@kubernetes.io]\
(https://groups.google.com/a/kubernetes.io/g/dev) for all upstream info

3- Review the [community-membership.md]({_COMMUNITY}/community-membership.md) doc for your role. If for some reason \
you can't perform the duties associated, Emeritus is a great way to take a break! \
[OWNERs]({_COMMUNITY}/contributors/guide/owners.md) is another great resource for how this works.

4- Look over our [governance]({_COMMUNITY}/governance.md) docs now that you are actively involved in the maintenance \
of the project.
"""

plugin = Plugin(
    "reward-owners",
    about="Thanks new approvers and reviewers when the pull request that names them in OWNERS is merged.",
    effects=[AddComment],
)


def _is_merged(hook: Webhook, config: Configuration) -> bool:
    return hook.read(PullRequestEvent).pull_request.merged


@plugin.on("pull_request", "closed", wants=_is_merged)
async def decide(event: PullRequestEvent, look: Look) -> list[Effect[object]]:
    """One comment for all who own anything now and owned nothing where the pull request began."""
    pull, repository = event.pull_request, event.repository
    org, repo = repository.owner.login, repository.name
    naming = naming_of(look.config, org, repo)
    if not any(_names_owners(file, naming) for file in await look.github.files(org, repo, pull.number)):
        return []
    after = await owners_of(look, org, repo, pull.head.sha)
    before = await owners_of(look, org, repo, pull.base.sha)
    people = ", ".join(f"@{login}" for login in sorted(after.everybody - before.everybody))
    if not people:
        return []
    body = THANKS.format(people=people)
    return [AddComment(subject=Subject(org, repo, pull.number), body=body, why="it names new owners")]


def _names_owners(file: PullFile, naming: Naming) -> bool:
    is_one = posixpath.basename(file.filename) == naming.owners or file.filename == naming.aliases
    return is_one and file.status != "removed"
