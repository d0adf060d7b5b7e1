"""REST: users, organisations and their members, teams."""

from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from infra.local.github import forms, hooks
from infra.local.github import records as r
from infra.local.github.access import is_member
from infra.local.github.errors import Forbidden, NotFound, Refusal
from infra.local.github.hub import Hub
from infra.local.github.rest.calls import Answer, Call, Route
from infra.local.github.rest.hooks import routes


class Role(Struct):
    role: Literal["admin", "member"] = "member"


class OrganisationChange(Struct):
    name: str | None = None
    description: str | None = None
    default_repository_permission: str | None = None


def get_me(call: Call) -> Answer:
    if call.actor.kind == "installation":
        raise Forbidden("Resource not accessible by integration")
    private = {
        "private_gists": 0,
        "total_private_repos": 0,
        "owned_private_repos": 0,
        "disk_usage": 0,
        "collaborators": 0,
        "two_factor_authentication": True,
    }
    return Answer(200, _public_form(call.hub, call.me) | private)


def get_user(call: Call) -> Answer:
    account = call.hub.account(call.args["login"])
    if account is None:
        raise NotFound
    return Answer(200, _public_form(call.hub, account))


def my_organisations(call: Call) -> Answer:
    rows = [row for row in call.hub.memberships if row.login == call.me.login and row.state == "active"]
    return call.listed(rows, lambda hub, row: forms.organisation(hub, account_of(hub, row.organisation)))


def my_memberships(call: Call) -> Answer:
    state = call.query.get("state")
    rows = [row for row in call.hub.memberships if row.login == call.me.login and state in (None, row.state)]
    return call.listed(rows, _membership_form)


def accept_membership(call: Call) -> Answer:
    row = call.hub.membership(call.args["org"], call.me.login)
    if row is None:
        raise NotFound
    return Answer(200, _membership_form(call.hub, call.hub.memberships.put(replace(row, state="active"))))


def get_organisation(call: Call) -> Answer:
    return Answer(200, organisation_full(call.hub, organisation_of(call)))


def change_organisation(call: Call) -> Answer:
    account, change = organisation_of(call), call.read(OrganisationChange)
    check_admin(call, account)
    account = replace(
        account,
        name=change.name or account.name,
        description=account.description if change.description is None else change.description,
        base_permission=change.default_repository_permission or account.base_permission,
    )
    return Answer(200, organisation_full(call.hub, call.hub.accounts.put(account)))


def list_members(call: Call) -> Answer:
    """Active members; who is not a member sees the public ones only."""
    organisation, role = organisation_of(call), call.query.get("role", "all")
    rows = [
        row
        for row in call.hub.memberships_of.all(organisation.login.lower())
        if row.state == "active" and role in ("all", row.role) and (row.is_public or _sees_members(call, organisation))
    ]
    return call.listed(rows, lambda hub, row: forms.user(hub, row.login))


def check_member(call: Call) -> Answer:
    """204 or 404 for members who ask; 302 to the public list for others."""
    organisation, login = organisation_of(call), call.args["login"]
    if not _sees_members(call, organisation):
        location = f"{call.hub.api}/orgs/{organisation.login}/public_members/{login}"
        return Answer(302, None, {"location": location})
    if not is_member(call.hub, organisation.login, login):
        raise NotFound
    return Answer(204)


def list_public_members(call: Call) -> Answer:
    rows = [row for row in call.hub.memberships_of.all(organisation_of(call).login.lower()) if row.is_public]
    return call.listed(rows, lambda hub, row: forms.user(hub, row.login))


def check_public_member(call: Call) -> Answer:
    row = call.hub.membership(organisation_of(call).login, call.args["login"])
    if row is None or not row.is_public or row.state != "active":
        raise NotFound
    return Answer(204)


def remove_member(call: Call) -> Answer:
    row = call.hub.membership(organisation_of(call).login, call.args["login"])
    check_admin(call, organisation_of(call))
    if row is None:
        raise NotFound
    call.hub.memberships.remove(row)
    return Answer(204)


def get_membership(call: Call) -> Answer:
    row = call.hub.membership(organisation_of(call).login, call.args["login"])
    if row is None:
        raise NotFound
    return Answer(200, _membership_form(call.hub, row))


def set_membership(call: Call) -> Answer:
    organisation, account = organisation_of(call), call.hub.account(call.args["login"])
    check_admin(call, organisation)
    if account is None:
        raise NotFound
    old = call.hub.membership(organisation.login, account.login)
    row = r.Membership(
        id=old.id if old else call.hub.memberships.next_id(),
        organisation=organisation.login,
        login=account.login,
        role=call.read(Role).role,
        state=old.state if old else "pending",
    )
    return Answer(200, _membership_form(call.hub, call.hub.memberships.put(row)))


def list_invitations(call: Call) -> Answer:
    rows = [row for row in call.hub.memberships_of.all(organisation_of(call).login.lower()) if row.state == "pending"]
    return call.listed(rows, _invitation_form)


def list_hooks(call: Call) -> Answer:
    check_admin(call, organisation_of(call))
    return call.listed(call.hub.hooks_of_organisation.all(organisation_of(call).login.lower()), hooks.form)


def create_hook(call: Call) -> Answer:
    organisation = organisation_of(call)
    check_admin(call, organisation)
    hook = hooks.create(call.hub, call.read(hooks.NewHook), by=call.me, organisation=organisation.login)
    return Answer(201, hooks.form(call.hub, hook))


def _hook(call: Call) -> r.Hook:
    organisation, row = organisation_of(call), call.hub.hooks.get(call.number("id"))
    check_admin(call, organisation)
    if row is None or (row.organisation or "").lower() != organisation.login.lower():
        raise NotFound
    return row


def account_of(hub: Hub, login: str) -> r.Account:
    account = hub.account(login)
    if account is None:
        raise NotFound
    return account


def organisation_of(call: Call) -> r.Account:
    account = account_of(call.hub, call.args["org"])
    if account.kind != "Organization":
        raise NotFound
    return account


def _sees_members(call: Call, organisation: r.Account) -> bool:
    installation = call.actor.installation
    if installation is not None:
        granted = (call.actor.token and call.actor.token.permissions) or installation.permissions
        return installation.account.lower() == organisation.login.lower() and "members" in granted
    return is_member(call.hub, organisation.login, call.actor.login)


def check_admin(call: Call, organisation: r.Account) -> None:
    if call.actor.kind == "installation":
        return
    row = call.hub.membership(organisation.login, call.actor.login)
    if row is None:
        raise NotFound
    if row.role != "admin":
        raise Refusal(403, "You must be an organization owner or team maintainer.")


def _public_form(hub: Hub, account: r.Account) -> dict[str, object]:
    held = hub.repositories_of.all(account.login.lower())
    return forms.account_form(hub, account) | {
        "name": account.name,
        "company": None,
        "blog": "",
        "location": None,
        "email": account.email,
        "hireable": None,
        "bio": None,
        "twitter_username": None,
        "public_repos": sum(not row.is_private for row in held),
        "public_gists": 0,
        "followers": 0,
        "following": 0,
        "created_at": account.created_at,
        "updated_at": account.created_at,
    }


def organisation_full(hub: Hub, account: r.Account) -> dict[str, object]:
    held = hub.repositories_of.all(account.login.lower())
    return forms.organisation(hub, account) | {
        "name": account.name or account.login,
        "has_organization_projects": True,
        "has_repository_projects": True,
        "public_repos": sum(not row.is_private for row in held),
        "public_gists": 0,
        "followers": 0,
        "following": 0,
        "html_url": f"{hub.address}/{account.login}",
        "type": "Organization",
        "created_at": account.created_at,
        "updated_at": account.created_at,
        "archived_at": None,
        "default_repository_permission": account.base_permission,
    }


def _membership_form(hub: Hub, row: r.Membership) -> dict[str, object]:
    organisation = account_of(hub, row.organisation)
    return {
        "url": f"{hub.api}/orgs/{row.organisation}/memberships/{row.login}",
        "state": row.state,
        "role": row.role,
        "organization_url": f"{hub.api}/orgs/{row.organisation}",
        "organization": forms.organisation(hub, organisation),
        "user": forms.user(hub, row.login),
    }


def _invitation_form(hub: Hub, row: r.Membership) -> dict[str, object]:
    return {
        "id": row.id,
        "node_id": forms.node_id("OI", row.id),
        "login": row.login,
        "email": None,
        "role": "admin" if row.role == "admin" else "direct_member",
        "created_at": account_of(hub, row.organisation).created_at,
        "failed_at": None,
        "failed_reason": None,
        "inviter": forms.user(hub, row.organisation),
        "team_count": 0,
        "invitation_teams_url": f"{hub.api}/organizations/{row.id}/invitations/{row.id}/teams",
    }


_O = "/orgs/{org}"
_MEMBERS = ("members:read",)
_CHANGE = ("members:write",)
ROUTES = [
    Route("GET", "/user", get_me),
    Route("GET", "/users/{login}", get_user),
    Route("GET", "/user/orgs", my_organisations),
    Route("GET", "/user/memberships/orgs", my_memberships),
    Route("PATCH", "/user/memberships/orgs/{org}", accept_membership),
    Route("GET", _O, get_organisation),
    Route("PATCH", _O, change_organisation),
    Route("GET", _O + "/members", list_members, app=_MEMBERS),
    Route("GET", _O + "/members/{login}", check_member, app=_MEMBERS),
    Route("DELETE", _O + "/members/{login}", remove_member, app=_CHANGE),
    Route("GET", _O + "/public_members", list_public_members),
    Route("GET", _O + "/public_members/{login}", check_public_member),
    Route("GET", _O + "/memberships/{login}", get_membership, app=_MEMBERS),
    Route("PUT", _O + "/memberships/{login}", set_membership, app=_CHANGE),
    Route("DELETE", _O + "/memberships/{login}", remove_member, app=_CHANGE),
    Route("GET", _O + "/invitations", list_invitations, app=_MEMBERS),
    Route("GET", _O + "/hooks", list_hooks, app=("organization_hooks:read",)),
    Route("POST", _O + "/hooks", create_hook, app=("organization_hooks:write",)),
    *routes(_O + "/hooks", _hook, "organization_hooks"),
]
