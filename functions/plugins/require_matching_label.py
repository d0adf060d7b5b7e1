"""require-matching-label: what has none of the labels that it needs gets one that says so.

Source: sigs.k8s.io/prow pkg/plugins/require-matching-label.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from cutwater.config.configuration import Configuration
from cutwater.config.patterns import matches
from cutwater.config.sections import MatchingLabel
from cutwater.errors import Later
from cutwater.github.effects import AddComment, DeleteComment, Label, Subject
from cutwater.github.webhooks import IssueEvent, PullRequestEvent, Webhook
from cutwater.prowjob import duration
from functions.plugins.kit import ANYONE, Command, Comment, Effect, Look, Plugin
from functions.plugins.pruning import pruned
from functions.plugins.pull_requests import pull_request_of
from functions.plugins.replies import simple

ACTIONS = ("opened", "reopened", "labeled", "unlabeled")
GRACE = "5s"

plugin = Plugin(
    "require-matching-label",
    about="Puts a label, and says why, on issues and pull requests that have no label of those that they need.",
    commands=[
        Command(
            "check-required-labels",
            is_featured=True,
            about="Checks the labels now.",
            who=ANYONE,
            when="open",
            examples=("/check-required-labels",),
        ),
    ],
    effects=[AddComment, DeleteComment, Label],
    recomputes=True,
)


class Labelled(Struct, frozen=True, kw_only=True):
    """What is looked at. `branch` is "" for an issue, `label` the one that came or went."""

    subject: Subject
    branch: str = ""
    label: str = ""


def rules_for(config: Configuration, what: Labelled) -> list[MatchingLabel]:
    """The rules that hold for it; where a label came or went, those that it matters to."""
    org, repo = what.subject.org, what.subject.repo
    return [
        rule
        for rule in config.plugins.section("require_matching_label", tuple[MatchingLabel, ...]) or ()
        if (rule.prs if what.branch else rule.issues)
        and (rule.org == org and rule.repo in {"", repo})
        and (not what.branch or rule.branch in {"", what.branch})
        and (not what.label or matches(rule.regexp, what.label))
    ]


def _of_issue(event: IssueEvent) -> Labelled:
    subject = Subject(event.repository.owner.login, event.repository.name, event.issue.number)
    return Labelled(subject=subject, label=event.label.name)


def _of_pull_request(event: PullRequestEvent) -> Labelled:
    subject = Subject(event.repository.owner.login, event.repository.name, event.pull_request.number)
    return Labelled(subject=subject, branch=event.pull_request.base.ref, label=event.label.name)


def _has_rules(hook: Webhook, config: Configuration) -> bool:
    is_issue = hook.event == "issues"
    what = _of_issue(hook.read(IssueEvent)) if is_issue else _of_pull_request(hook.read(PullRequestEvent))
    return bool(rules_for(config, what))


@plugin.on("issues", *ACTIONS, wants=_has_rules)
async def on_issue(event: IssueEvent, look: Look) -> list[Effect[object]]:
    """An issue has been opened or labelled."""
    return await _checked(look, _of_issue(event), event.issue.updated_at)


@plugin.on("pull_request", *ACTIONS, wants=_has_rules)
async def on_pull_request(event: PullRequestEvent, look: Look) -> list[Effect[object]]:
    """A pull request has been opened or labelled."""
    return await _checked(look, _of_pull_request(event), event.pull_request.updated_at)


@plugin.on_command("check-required-labels")
async def on_command(comment: Comment, look: Look) -> list[Effect[object]]:
    """Somebody wants to know it now."""
    subject, branch = comment.subject, ""
    if comment.text.is_pull_request:
        branch = (await pull_request_of(look, subject)).base.ref
    return await _decide(look, Labelled(subject=subject, branch=branch))


async def _checked(look: Look, what: Labelled, since: datetime | None) -> list[Effect[object]]:
    """What is new is left in peace for a while: others put labels on it. Raises Later until then."""
    if not what.label and since is not None:
        grace = max(duration.nanoseconds(rule.grace_period or GRACE) for rule in rules_for(look.config, what))
        wait = since + timedelta(microseconds=grace / 1000) * look.pace - look.now
        if wait > timedelta(0):
            raise Later("its labels may still be put", seconds=wait.total_seconds())
    return await _decide(look, what)


async def _decide(look: Look, what: Labelled) -> list[Effect[object]]:
    labels = await look.github.labels(what.subject.org, what.subject.repo, what.subject.number)
    effects: list[Effect[object]] = []
    for rule in rules_for(look.config, what):
        effects += await _by_rule(look, what.subject, rule, labels)
    return effects


async def _by_rule(look: Look, subject: Subject, rule: MatchingLabel, labels: Sequence[str]) -> list[Effect[object]]:
    """One rule: its label is there while no other is that it wants."""
    is_labelled = rule.missing_label in labels
    is_wanting = not any(matches(rule.regexp, label) for label in labels)
    if is_labelled == is_wanting:
        return []
    why = f"no label matches {rule.regexp}" if is_wanting else f"a label matches {rule.regexp}"
    label = Label(subject=subject, name=rule.missing_label, present=is_wanting, why=why)
    if not rule.missing_comment:
        return [label]
    if is_wanting:
        return [label, AddComment(subject=subject, body=simple(rule.missing_comment), why=why)]
    return [label, *await pruned(look, subject, rule.missing_comment, why=why)]
