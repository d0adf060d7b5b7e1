"""What the protection of a branch has against a change of the branch, each objection in GitHub's words.

Administrators are free of all that is not enforced for them, but for force pushes and deletions.
Source: docs.github.com, "About protected branches"; the words are those of GitHub's refusals.
"""

from collections import Counter

from infra.local.github import access
from infra.local.github import records as r
from infra.local.github.code import code_of
from infra.local.github.hub import Hub
from infra.local.github.mergeability import latest_statuses, missing_contexts, review_decision
from infra.local.github.pushes import ahead

NOT_AUTHORIZED = (
    "You're not authorized to push to this branch. "
    "Visit https://docs.github.com/articles/about-protected-branches/ for more information."
)
NO_MERGE_COMMITS = "This branch must not contain merge commits."
ONLY_BY_PULL_REQUEST = "Changes must be made through a pull request."
NO_FORCE, NO_DELETION = "Cannot force-push to this branch", "Cannot delete this branch"


def objections_to_merge(hub: Hub, issue: r.Issue, by: r.Account, *, method: str) -> list[str]:
    """Against the merge of a pull request."""
    change = issue.pull
    assert change is not None
    here = hub.repositories[issue.repository]
    guard = _guard(hub, here, change.base_ref, by)
    if guard is None:
        return []
    if not _may_push(hub, here, guard, by):
        return [NOT_AUTHORIZED]
    objections = [NO_MERGE_COMMITS] if guard.linear_history and method == "merge" else []
    tip = hub.branch(here, change.base_ref)
    is_behind = guard.is_strict and tip is not None and not code_of(hub, here).is_ancestor(tip.sha, change.head_sha)
    # What stands on a head that is behind does not count at all: it is as if nothing had been reported yet.
    objections += _checks(hub, here, guard, "" if is_behind else change.head_sha)
    if guard.approvals and review_decision(hub, issue) != "APPROVED":
        reviews = "approving review is" if guard.approvals == 1 else "approving reviews are"
        objections.append(f"At least {guard.approvals} {reviews} required by reviewers with write access.")
    return objections


def objections_to_push(hub: Hub, here: r.Repository, branch: str, new: str | None, by: r.Account) -> list[str]:
    """Against the branch being put at the commit `new`, or (None) deleted, other than by a merge."""
    known, tip = hub.protection_of.one((here.id, branch)), hub.branch(here, branch)
    if known is None or tip is None:
        return []
    if new is None:
        return [] if known.allow_deletions else [NO_DELETION]
    code = code_of(hub, here)
    if not known.allow_force_pushes and not code.is_ancestor(tip.sha, new):
        return [NO_FORCE]
    guard = _guard(hub, here, branch, by)
    if guard is None:
        return []
    if not _may_push(hub, here, guard, by):
        return [NOT_AUTHORIZED]
    objections = [] if guard.approvals is None else [ONLY_BY_PULL_REQUEST]
    if guard.linear_history and any(len(commit.parents) > 1 for commit in ahead(code, tip.sha, new)):
        objections.append(NO_MERGE_COMMITS)
    return objections + _checks(hub, here, guard, new)


def _guard(hub: Hub, here: r.Repository, branch: str, by: r.Account) -> r.Protection | None:
    """The branch's protection, if there is one and it holds for this account."""
    guard = hub.protection_of.one((here.id, branch))
    is_admin = access.level_of(hub, here, by.login) == access.Level.ADMIN
    return None if guard is None or (is_admin and not guard.enforce_admins) else guard


def _may_push(hub: Hub, here: r.Repository, guard: r.Protection, by: r.Account) -> bool:
    if guard.push_users is None:
        return True
    slugs = {team.slug for team in hub.teams_of.all(here.owner.lower()) if by.login in team.members}
    bot = by.login.removesuffix("[bot]")
    return by.login in guard.push_users or bool(slugs & set(guard.push_teams)) or bot in guard.push_apps


def _checks(hub: Hub, here: r.Repository, guard: r.Protection, sha: str) -> list[str]:
    """Against a commit that lacks required checks, in one sentence."""
    states = {name: _state(hub, here, sha, name) for name in missing_contexts(hub, here, guard.branch, sha)}
    if len(states) == 1:
        (name, state), *_ = states.items()
        return [f'Required status check "{name}" is {state}.']
    counts = Counter(states.values())
    lacking = f"{len(states)} of {len(guard.contexts or ())} required status checks"
    if len(counts) > 1:
        return [f"{lacking} have not succeeded: {' and '.join(f'{counts[one]} {one}' for one in sorted(counts))}."]
    return [f"{lacking} are {state}." for state in counts]


def _state(hub: Hub, here: r.Repository, sha: str, name: str) -> str:
    """GitHub's word for a required check that has not passed."""
    found: list[str] = [row.state for row in latest_statuses(hub, here, sha) if row.context == name]
    found += [row.conclusion or "pending" for row in hub.check_runs_of.all((here.id, sha)) if row.name == name]
    if not found:
        return "expected"
    return "pending" if found[-1] == "pending" else "failing"
