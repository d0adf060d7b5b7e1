"""Whether a pull request can be merged, and what of it still stands in the way.

Source of the states: GitHub's GraphQL `MergeStateStatus`. A described pull request says what its world stated.
"""

from typing import NamedTuple

from infra.local.github import access
from infra.local.github import records as r
from infra.local.github.code import Comparison, code_of
from infra.local.github.hub import Hub


class Mergeability(NamedTuple):
    """GitHub's three answers; None is "not computed yet"."""

    mergeable: bool | None
    can_be_rebased: bool | None
    state: str


def comparison_of(hub: Hub, issue: r.Issue) -> Comparison | None:
    """The pull request's change: from where its head left the base branch."""
    change = issue.pull
    assert change is not None
    here = hub.repositories[issue.repository]
    tip = hub.branch(here, change.base_ref)
    base = change.base_sha if change.merged_at or tip is None else tip.sha
    return code_of(hub, here).compare(base, change.head_sha)


def pull_commits(hub: Hub, issue: r.Issue) -> list[r.Commit]:
    """Its commits, oldest first."""
    stated = issue.pull.stated if issue.pull else None
    if stated is not None and stated.commits is not None:
        return list(stated.commits)
    found = comparison_of(hub, issue)
    return found.ahead if found else []


def pull_files(hub: Hub, issue: r.Issue) -> list[r.ChangedFile]:
    """The files it changes."""
    stated = issue.pull.stated if issue.pull else None
    if stated is not None and stated.files is not None:
        return list(stated.files)
    found = comparison_of(hub, issue)
    return found.files if found else []


def mergeability_of(hub: Hub, issue: r.Issue) -> Mergeability:
    """Computed from the tip of the base branch as it is now."""
    change = issue.pull
    assert change is not None
    here = hub.repositories[issue.repository]
    if change.stated is not None and here.is_described:
        stated = change.stated
        return Mergeability(stated.mergeable, stated.can_be_rebased, (stated.merge_state or "unknown").lower())
    tip = hub.branch(here, change.base_ref)
    if issue.state == "closed" or tip is None:
        return Mergeability(None, None, "unknown")
    code = code_of(hub, here)
    if not code.can_merge(tip.sha, change.head_sha):
        return Mergeability(False, False, "dirty")
    return Mergeability(True, code.can_rebase(tip.sha, change.head_sha), _state(hub, issue, change, tip.sha))


def latest_statuses(hub: Hub, repository: r.Repository, sha: str) -> list[r.Status]:
    """The newest status of each context, in the order in which the contexts first came."""
    newest: dict[str, r.Status] = {}
    for row in hub.statuses_of.all((repository.id, sha)):
        newest[row.context] = row
    return list(newest.values())


def combined_state(statuses: list[r.Status]) -> str:
    """GitHub's combination: any failure or error fails, none or any pending is pending."""
    states = {row.state for row in statuses}
    if states & {"failure", "error"}:
        return "failure"
    return "success" if states == {"success"} else "pending"


def missing_contexts(hub: Hub, repository: r.Repository, branch: str, sha: str) -> list[str]:
    """The contexts that the branch's protection requires and this commit has not passed."""
    guard = hub.protection_of.one((repository.id, branch))
    passed = {row.context for row in latest_statuses(hub, repository, sha) if row.state == "success"}
    passed |= {
        row.name
        for row in hub.check_runs_of.all((repository.id, sha))
        if row.conclusion in ("success", "neutral", "skipped")
    }
    return [name for name in (guard.contexts or () if guard else ()) if name not in passed]


def deciding_reviews(hub: Hub, issue: r.Issue) -> dict[str, r.Review]:
    """Each reviewer's last word: an approval or a request for changes that was not dismissed."""
    words: dict[str, r.Review] = {}
    for row in hub.reviews_of.all(issue.id):
        if row.state in ("APPROVED", "CHANGES_REQUESTED", "DISMISSED"):
            words[row.author] = row
    return {author: row for author, row in words.items() if row.state != "DISMISSED"}


def review_decision(hub: Hub, issue: r.Issue) -> str | None:
    """GraphQL's reviewDecision: None where no review is required and nobody with write access has decided."""
    change = issue.pull
    assert change is not None
    if change.stated is not None and change.stated.review_decision is not None:
        return change.stated.review_decision or None
    here = hub.repositories[issue.repository]
    guard = hub.protection_of.one((here.id, change.base_ref))
    required = guard.approvals if guard and guard.approvals is not None else None
    writers = [
        row
        for row in deciding_reviews(hub, issue).values()
        if access.level_of(hub, here, row.author) >= access.Level.WRITE
    ]
    if any(row.state == "CHANGES_REQUESTED" for row in writers):
        return "CHANGES_REQUESTED"
    approvals = sum(row.state == "APPROVED" for row in writers)
    if required is None:
        return "APPROVED" if approvals else None
    return "APPROVED" if approvals >= required else "REVIEW_REQUIRED"


def _state(hub: Hub, issue: r.Issue, change: r.Pull, tip: str) -> str:
    here = hub.repositories[issue.repository]
    guard = hub.protection_of.one((here.id, change.base_ref))
    if change.is_draft:
        return "draft"
    if guard is not None:
        if missing_contexts(hub, here, change.base_ref, change.head_sha):
            return "blocked"
        if guard.approvals and review_decision(hub, issue) != "APPROVED":
            return "blocked"
        if guard.is_strict and not code_of(hub, here).is_ancestor(tip, change.head_sha):
            return "behind"
    statuses = latest_statuses(hub, here, change.head_sha)
    return "unstable" if statuses and combined_state(statuses) != "success" else "clean"
