"""Branch protection: as it is asked for, as it is shown."""

from msgspec import UNSET, Struct, UnsetType

from infra.local.github import forms
from infra.local.github import records as r
from infra.local.github.hub import Hub


class WantedCheck(Struct):
    context: str
    app_id: int | None = None


class WantedChecks(Struct):
    strict: bool
    contexts: list[str] = []
    checks: list[WantedCheck] = []


class WantedReviews(Struct):
    required_approving_review_count: int = 1
    dismiss_stale_reviews: bool = False
    require_code_owner_reviews: bool = False


class WantedRestrictions(Struct):
    users: list[str]
    teams: list[str]
    apps: list[str] = []


class Wanted(Struct):
    """The body of "update branch protection": four keys must be there, null switching a part off."""

    required_status_checks: WantedChecks | None
    enforce_admins: bool | None
    required_pull_request_reviews: WantedReviews | None
    restrictions: WantedRestrictions | None
    required_linear_history: bool = False
    allow_force_pushes: bool | UnsetType | None = UNSET
    allow_deletions: bool = False


def protection_of_wanted(id_: int, here: r.Repository, branch: str, wanted: Wanted) -> r.Protection:
    checks, asked, limits = (
        wanted.required_status_checks,
        wanted.required_pull_request_reviews,
        wanted.restrictions,
    )
    contexts = (*checks.contexts, *(check.context for check in checks.checks)) if checks else None
    return r.Protection(
        id=id_,
        repository=here.id,
        branch=branch,
        contexts=tuple(dict.fromkeys(contexts)) if contexts is not None else None,
        is_strict=checks.strict if checks else False,
        enforce_admins=bool(wanted.enforce_admins),
        approvals=asked.required_approving_review_count if asked else None,
        dismiss_stale=asked.dismiss_stale_reviews if asked else False,
        code_owners=asked.require_code_owner_reviews if asked else False,
        push_users=tuple(limits.users) if limits else None,
        push_teams=tuple(limits.teams) if limits else (),
        push_apps=tuple(limits.apps) if limits else (),
        linear_history=wanted.required_linear_history,
        allow_force_pushes=wanted.allow_force_pushes is True,
        allow_deletions=wanted.allow_deletions,
    )


def protection_form(hub: Hub, here: r.Repository, guard: r.Protection) -> dict[str, object]:
    """GitHub's "branch protection"."""
    url = f"{forms.api_of(hub, here)}/branches/{guard.branch}/protection"
    form: dict[str, object] = {
        "url": url,
        "required_signatures": {"url": f"{url}/required_signatures", "enabled": False},
        "enforce_admins": {"url": f"{url}/enforce_admins", "enabled": guard.enforce_admins},
        "required_linear_history": {"enabled": guard.linear_history},
        "allow_force_pushes": {"enabled": guard.allow_force_pushes},
        "allow_deletions": {"enabled": guard.allow_deletions},
        "block_creations": {"enabled": False},
        "required_conversation_resolution": {"enabled": False},
        "lock_branch": {"enabled": False},
        "allow_fork_syncing": {"enabled": False},
    }
    if guard.contexts is not None:
        checks = f"{url}/required_status_checks"
        form["required_status_checks"] = {
            "url": checks,
            "strict": guard.is_strict,
            "contexts": list(guard.contexts),
            "contexts_url": f"{checks}/contexts",
            "checks": [{"context": name, "app_id": None} for name in guard.contexts],
        }
    if guard.approvals is not None:
        form["required_pull_request_reviews"] = {
            "url": f"{url}/required_pull_request_reviews",
            "dismiss_stale_reviews": guard.dismiss_stale,
            "require_code_owner_reviews": guard.code_owners,
            "require_last_push_approval": False,
            "required_approving_review_count": guard.approvals,
        }
    if guard.push_users is not None:
        limits = f"{url}/restrictions"
        teams = [team for slug in guard.push_teams if (team := hub.team(here.owner, slug)) is not None]
        form["restrictions"] = {
            "url": limits,
            "users_url": f"{limits}/users",
            "teams_url": f"{limits}/teams",
            "apps_url": f"{limits}/apps",
            "users": [forms.user(hub, login) for login in guard.push_users],
            "teams": [forms.team(hub, team) for team in teams],
            "apps": [],
        }
    return form


def branch_form(hub: Hub, here: r.Repository, row: r.Ref) -> dict[str, object]:
    """GitHub's "short branch"."""
    api, name = forms.api_of(hub, here), row.name.removeprefix("refs/heads/")
    guard = hub.protection_of.one((here.id, name))
    checks = {
        "enforcement_level": ("everyone" if guard.enforce_admins else "non_admins") if guard else "off",
        "contexts": list(guard.contexts or ()) if guard else [],
        "checks": [{"context": context, "app_id": None} for context in (guard.contexts or () if guard else ())],
    }
    return {
        "name": name,
        "commit": {"sha": row.sha, "url": f"{api}/commits/{row.sha}"},
        "protected": guard is not None,
        "protection": {"enabled": guard is not None, "required_status_checks": checks},
        "protection_url": f"{api}/branches/{name}/protection",
    }
