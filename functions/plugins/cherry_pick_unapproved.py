"""cherry-pick-unapproved: cherry-picks to release branches are not merged until somebody approves them as such.

Source: sigs.k8s.io/prow pkg/plugins/cherrypickunapproved.
"""

from collections.abc import Mapping
from typing import Any

from cutwater.config.configuration import Configuration
from cutwater.config.patterns import matches
from cutwater.config.sections import CherryPickUnapproved
from cutwater.github.effects import AddComment, DeleteComment, Label, Subject
from cutwater.github.webhooks import PullRequestEvent, Webhook
from functions.plugins.cherry_pick_approved import APPROVED, UNAPPROVED
from functions.plugins.kit import Effect, Look, Plugin
from functions.plugins.pruning import pruned
from functions.plugins.replies import simple
from functions.plugins.trust import has

BRANCHES = "^release-.*$"
COMMENT = (
    f"This PR is not for the master branch but does not have the `{APPROVED}`  label. Adding the `{UNAPPROVED}`  label."
)

plugin = Plugin(
    "cherry-pick-unapproved",
    about=f"Puts the {UNAPPROVED} label on pull requests to release branches that lack {APPROVED}.",
    effects=[AddComment, DeleteComment, Label],
    recomputes=True,
)


def _settings(config: Configuration) -> CherryPickUnapproved:
    return config.plugins.section("cherry_pick_unapproved", CherryPickUnapproved)


def is_release(config: Configuration, branch: str) -> bool:
    """Whether pull requests to this branch are cherry-picks."""
    return matches(_settings(config).branchregexp or BRANCHES, branch)


def former_base(changes: Mapping[str, Any]) -> str:
    """The branch that a pull request was to before it was edited; "" where it is the same."""
    base = changes.get("base")
    ref = base.get("ref") if isinstance(base, dict) else None
    former = ref.get("from") if isinstance(ref, dict) else None
    return former if isinstance(former, str) else ""


def _matters(hook: Webhook, config: Configuration) -> bool:
    event = hook.read(PullRequestEvent)
    is_now = is_release(config, event.pull_request.base.ref)
    if event.action == "edited":
        former = former_base(event.changes)
        return bool(former) and is_now != is_release(config, former)
    is_ours = event.action in {"opened", "reopened"} or event.label.name in {APPROVED, UNAPPROVED}
    return is_now and is_ours


@plugin.on("pull_request", "opened", "reopened", "labeled", "unlabeled", "edited", wants=_matters)
async def decide(event: PullRequestEvent, look: Look) -> list[Effect[object]]:
    """A cherry-pick has one of the labels, anything else none; and what we said goes when it is no longer true."""
    subject = Subject(event.repository.owner.login, event.repository.name, event.pull_request.number)
    comment = _settings(look.config).comment or COMMENT
    labels = await look.github.labels(subject.org, subject.repo, subject.number)
    if not is_release(look.config, event.pull_request.base.ref):
        why = "it is no cherry-pick any more"
        gone = [Label(subject=subject, name=name, present=False, why=why) for name in (APPROVED, UNAPPROVED)]
        return [*gone, *await pruned(look, subject, comment, why=why)]
    if has(labels, APPROVED):
        why = "the cherry-pick is approved"
        label = Label(subject=subject, name=UNAPPROVED, present=False, why=why)
        return [label, *await pruned(look, subject, comment, why=why)]
    why = f"a cherry-pick without {APPROVED}"
    label = Label(subject=subject, name=UNAPPROVED, present=True, why=why)
    said = [] if has(labels, UNAPPROVED) else [AddComment(subject=subject, body=simple(comment), why=why)]
    return [label, *said]
