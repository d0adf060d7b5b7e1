"""cherry-pick-approved: certain people approve cherry-picks to release branches by their reviews.

Source: sigs.k8s.io/prow pkg/plugins/cherrypickapproved.
"""

from cutwater.config.configuration import Configuration
from cutwater.config.patterns import matches
from cutwater.config.sections import CherryPickApproved
from cutwater.github.effects import Label, Subject
from cutwater.github.webhooks import ReviewEvent, Webhook
from functions.plugins.kit import Effect, Look, Plugin
from functions.plugins.trust import has

APPROVED, UNAPPROVED = "cherry-pick-approved", "do-not-merge/cherry-pick-not-approved"
HINDRANCES = (
    "do-not-merge/blocked-paths",
    "cncf-cla: no",
    "do-not-merge/hold",
    "do-not-merge/invalid-owners-file",
    "bugzilla/invalid-bug",
    "do-not-merge/contains-merge-commits",
    "needs-ok-to-test",
    "needs-rebase",
    "do-not-merge/release-note-label-needed",
    "do-not-merge/work-in-progress",
)

plugin = Plugin(
    "cherry-pick-approved",
    about=f"Puts the {APPROVED} label on cherry-picks that somebody approves who is named in `cherry_pick_approved`.",
    effects=[Label],
)


def rule_for(config: Configuration, org: str, repo: str) -> CherryPickApproved:
    """The last entry that names the repository; one that nobody may approve by, where none does."""
    entries = config.plugins.section("cherry_pick_approved", tuple[CherryPickApproved, ...]) or ()
    named = (entry for entry in reversed(entries) if (entry.org, entry.repo) == (org, repo))
    return next(named, CherryPickApproved())


def _is_approval(hook: Webhook, config: Configuration) -> bool:
    rule, event = rule_for(config, hook.org, hook.repo), hook.read(ReviewEvent)
    is_approver = event.review.user.login in rule.approvers
    is_approved = event.review.state.lower() == "approved"
    return is_approver and is_approved and matches(rule.branchregexp, event.pull_request.base.ref)


@plugin.on("pull_request_review", "submitted", wants=_is_approval)
async def decide(event: ReviewEvent, look: Look) -> list[Effect[object]]:
    """The label is there when nothing has failed, and the pull request is approved for its own sake.

    What holds it back otherwise hinders the approval only if all of it is there at once, as upstream has it: whoever
    approves a cherry-pick that is on hold need not come back when it no longer is.
    """
    pull, rule = event.pull_request, rule_for(look.config, event.repository.owner.login, event.repository.name)
    subject = Subject(event.repository.owner.login, event.repository.name, pull.number)
    statuses = await look.github.statuses(subject.org, subject.repo, pull.head.sha)
    if any(status.state in {"error", "failure"} for status in statuses):
        return []
    labels = await look.github.labels(subject.org, subject.repo, subject.number)
    is_reviewed = rule.allow_missing_lgtm_label or has(labels, "lgtm")
    is_approved = rule.allow_missing_approved_label or has(labels, "approved")
    if not (is_reviewed and is_approved) or all(has(labels, label) for label in HINDRANCES):
        return []
    why = f"{event.review.user.login} approved the cherry-pick"
    return [
        Label(subject=subject, name=APPROVED, present=True, why=why),
        Label(subject=subject, name=UNAPPROVED, present=False, why=why),
    ]
