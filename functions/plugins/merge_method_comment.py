"""merge-method-comment: who brings several commits hears how they will be merged.

Source: sigs.k8s.io/prow pkg/plugins/merge-method-comment.
"""

from cutwater.config.configuration import Configuration
from cutwater.github.effects import AddComment, Subject
from cutwater.github.webhooks import PullRequestEvent, Webhook
from functions.plugins.kit import Effect, Look, Plugin
from functions.plugins.replies import simple

plugin = Plugin(
    "merge-method-comment",
    about="Comments on pull requests of several commits with the merge method, and the label that changes it.",
    effects=[AddComment],
)


def _has_several(hook: Webhook, config: Configuration) -> bool:
    return hook.read(PullRequestEvent).pull_request.commits > 1


def explained(config: Configuration, org: str, repo: str) -> str:
    """How commits are merged in this repository, in words."""
    tide = config.prow.tide
    method = tide.merge_method_of(org, repo)
    text = f"This PR has multiple commits, and the default merge method is: {method}.\n"
    if method == "squash" and tide.merge_label:
        return f"{text}You can request commits to be merged using the label: {tide.merge_label}"
    if method == "squash":
        return f"{text}Commits will be squashed, as no merge labels are defined"
    if method == "merge" and tide.squash_label:
        return f"{text}You can request commits to be squashed using the label: {tide.squash_label}"
    if method == "merge":
        return f"{text}Commits will be merged, as no squash labels are defined"
    return text


@plugin.on("pull_request", "opened", "reopened", "synchronize", "edited", wants=_has_several)
async def decide(event: PullRequestEvent, look: Look) -> list[Effect[object]]:
    """It is said once, as long as it holds."""
    subject = Subject(event.repository.owner.login, event.repository.name, event.pull_request.number)
    text, bot = explained(look.config, subject.org, subject.repo), await look.github.bot()
    for comment in await look.github.comments(subject.org, subject.repo, subject.number):
        if bot.is_me(comment.user.login) and text in comment.body:
            return []
    return [AddComment(subject=subject, body=simple(text), why="it has several commits")]
