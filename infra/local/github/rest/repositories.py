"""REST: repositories, their collaborators, invitations, teams, forks and webhooks."""

from msgspec import Struct
from msgspec.structs import replace

from infra.local.github import forms, hooks, repositories
from infra.local.github import records as r
from infra.local.github.access import NAMES, Level, is_collaborator, level_of
from infra.local.github.errors import Forbidden, Invalid, NotFound, field_error
from infra.local.github.hub import Hub
from infra.local.github.rest.calls import Answer, Call, Route
from infra.local.github.rest.hooks import routes


class NewRepository(Struct):
    name: str
    description: str | None = None
    private: bool = False


class RepositoryChange(Struct):
    description: str | None = None
    private: bool | None = None
    archived: bool | None = None
    default_branch: str | None = None
    has_issues: bool | None = None
    allow_merge_commit: bool | None = None
    allow_squash_merge: bool | None = None
    allow_rebase_merge: bool | None = None


class Permission(Struct):
    permission: str = "push"


class NewFork(Struct):
    organization: str | None = None
    name: str | None = None


def get_repository(call: Call) -> Answer:
    return Answer(200, repositories.full_form(call.hub, call.here, call.level()))


def change_repository(call: Call) -> Answer:
    change, here = call.read(RepositoryChange), call.here
    if change.default_branch is not None and call.hub.branch(here, change.default_branch) is None:
        message = f"The branch {change.default_branch} was not found."
        raise Invalid(errors=[field_error("Repository", "default_branch", "invalid", message)])
    kept = {
        "description": change.description,
        "is_private": change.private,
        "is_archived": change.archived,
        "default_branch": change.default_branch,
        "has_issues": change.has_issues,
        "allow_merge_commit": change.allow_merge_commit,
        "allow_squash_merge": change.allow_squash_merge,
        "allow_rebase_merge": change.allow_rebase_merge,
    }
    here = call.hub.repositories.put(
        replace(here, **{name: value for name, value in kept.items() if value is not None})
    )
    return Answer(200, repositories.full_form(call.hub, here, call.level()))


def list_of_owner(call: Call) -> Answer:
    login = call.args["owner"]
    if call.hub.account(login) is None:
        raise NotFound
    rows = call.visible(call.hub.repositories_of.all(login.lower()))
    return call.listed(rows, lambda hub, row: repositories.form(hub, row, call.level(row)))


def list_mine(call: Call) -> Answer:
    me = call.me.login
    rows = [row for row in call.hub.repositories if is_collaborator(call.hub, row, me)]
    return call.listed(rows, lambda hub, row: repositories.form(hub, row, call.level(row)))


def create_mine(call: Call) -> Answer:
    return _create(call, call.me.login)


def create_of_organisation(call: Call) -> Answer:
    organisation = call.hub.account(call.args["owner"])
    if organisation is None:
        raise NotFound
    membership = call.hub.membership(organisation.login, call.actor.login)
    if membership is None and call.actor.kind != "installation":
        raise Forbidden("You need admin access to the organization before adding a repository to it.")
    return _create(call, organisation.login)


def list_forks(call: Call) -> Answer:
    rows = call.visible(call.hub.forks_of.all(call.here.id))
    return call.listed(rows, lambda hub, row: repositories.form(hub, row, call.level(row)))


def create_fork(call: Call) -> Answer:
    asked = call.read(NewFork)
    here = repositories.fork(call.hub, call.here, asked.organization or call.me.login, asked.name)
    return Answer(202, repositories.full_form(call.hub, here, call.level(here)))


def list_collaborators(call: Call) -> Answer:
    rows = [row for row in call.hub.accounts if row.kind != "Organization" and _collaborates(call, row)]
    return call.listed(rows, lambda hub, row: _collaborator_form(hub, call.here, row))


def check_collaborator(call: Call) -> Answer:
    if not is_collaborator(call.hub, call.here, call.args["login"]):
        raise NotFound
    return Answer(204)


def get_permission(call: Call) -> Answer:
    account = call.hub.account(call.args["login"])
    if account is None:
        raise NotFound(f"{call.args['login']} is not a user")
    level = level_of(call.hub, call.here, account.login)
    form = _collaborator_form(call.hub, call.here, account)
    return Answer(200, {"permission": level.legacy, "user": form, "role_name": level.label})


def add_collaborator(call: Call) -> Answer:
    """A member gets access at once (204), anybody else an invitation (201)."""
    account, permission = call.hub.account(call.args["login"]), call.read(Permission).permission
    if account is None:
        raise NotFound
    if permission not in NAMES or permission == "none":
        raise Invalid(errors=[field_error("Repository", "permission")])
    known = call.hub.collaborator(call.here, account.login)
    if known is not None or call.hub.membership(call.here.owner, account.login) is not None:
        id_ = known.id if known else call.hub.collaborators.next_id()
        row = r.Collaborator(id=id_, repository=call.here.id, login=account.login, permission=permission)
        call.hub.collaborators.put(row)
        return Answer(204)
    invitation = r.Invitation(
        id=call.hub.invitations.next_id(),
        repository=call.here.id,
        invitee=account.login,
        inviter=call.me.login,
        permission=NAMES[permission].label,
        created_at=call.hub.now(),
    )
    return Answer(201, _invitation_form(call.hub, call.hub.invitations.put(invitation)))


def remove_collaborator(call: Call) -> Answer:
    row = call.hub.collaborator(call.here, call.args["login"])
    if row is not None:
        call.hub.collaborators.remove(row)
    return Answer(204)


def list_invitations(call: Call) -> Answer:
    return call.listed(call.hub.invitations_of.all(call.here.id), _invitation_form)


def delete_invitation(call: Call) -> Answer:
    row = call.hub.invitations.get(call.number("id"))
    if row is None or row.repository != call.here.id:
        raise NotFound
    call.hub.invitations.remove(row)
    return Answer(204)


def my_invitations(call: Call) -> Answer:
    rows = [row for row in call.hub.invitations if row.invitee == call.me.login]
    return call.listed(rows, _invitation_form)


def accept_invitation(call: Call) -> Answer:
    row = call.hub.invitations.get(call.number("id"))
    if row is None or row.invitee != call.me.login:
        raise NotFound
    call.hub.invitations.remove(row)
    grants = call.hub.collaborators
    grants.put(
        r.Collaborator(id=grants.next_id(), repository=row.repository, login=row.invitee, permission=row.permission)
    )
    return Answer(204)


def list_teams(call: Call) -> Answer:
    name = call.here.full_name.lower()
    rows = [
        team
        for team in call.hub.teams_of.all(call.here.owner.lower())
        if name in {full_name.lower() for full_name in team.repositories}
    ]
    return call.listed(rows, forms.team)


def list_hooks(call: Call) -> Answer:
    return call.listed(call.hub.hooks_of_repository.all(call.here.id), hooks.form)


def create_hook(call: Call) -> Answer:
    hook = hooks.create(call.hub, call.read(hooks.NewHook), by=call.me, repository=call.here)
    return Answer(201, hooks.form(call.hub, hook))


def _hook(call: Call) -> r.Hook:
    row = call.hub.hooks.get(call.number("id"))
    if row is None or row.repository != call.here.id:
        raise NotFound
    return row


def _create(call: Call, owner: str) -> Answer:
    new = call.read(NewRepository)
    here = repositories.create(call.hub, owner, new.name, is_private=new.private, description=new.description)
    return Answer(201, repositories.full_form(call.hub, here, call.level(here)))


def _collaborates(call: Call, row: r.Account) -> bool:
    direct = call.query.get("affiliation") == "direct"
    if direct:
        known = call.hub.collaborator(call.here, row.login)
        return known is not None and known.permission != "none"
    return is_collaborator(call.hub, call.here, row.login)


def _collaborator_form(hub: Hub, here: r.Repository, row: r.Account) -> dict[str, object]:
    level = level_of(hub, here, row.login)
    return forms.account_form(hub, row) | {"permissions": forms.permissions(level), "role_name": level.label}


def _invitation_form(hub: Hub, row: r.Invitation) -> dict[str, object]:
    here = hub.repositories[row.repository]
    return {
        "id": row.id,
        "node_id": forms.node_id("RI", row.id),
        "repository": forms.repository(hub, here),
        "invitee": forms.user(hub, row.invitee),
        "inviter": forms.user(hub, row.inviter),
        "permissions": row.permission,
        "created_at": row.created_at,
        "expired": False,
        "url": f"{hub.api}/user/repository_invitations/{row.id}",
        "html_url": f"{forms.page_of(hub, here)}/invitations",
    }


_R = "/repos/{owner}/{repo}"
_ADMIN = ("administration:write",)
_META = ("metadata:read",)
ROUTES = [
    Route("GET", _R, get_repository, app=_META),
    Route("PATCH", _R, change_repository, Level.ADMIN, _ADMIN),
    Route("GET", "/orgs/{owner}/repos", list_of_owner),
    Route("POST", "/orgs/{owner}/repos", create_of_organisation, app=_ADMIN),
    Route("GET", "/users/{owner}/repos", list_of_owner),
    Route("GET", "/user/repos", list_mine),
    Route("POST", "/user/repos", create_mine),
    Route("GET", _R + "/forks", list_forks, app=_META),
    Route("POST", _R + "/forks", create_fork, app=_ADMIN),
    Route("GET", _R + "/collaborators", list_collaborators, Level.WRITE, _META),
    Route("GET", _R + "/collaborators/{login}", check_collaborator, Level.WRITE, _META),
    Route("GET", _R + "/collaborators/{login}/permission", get_permission, Level.WRITE, _META),
    Route("PUT", _R + "/collaborators/{login}", add_collaborator, Level.ADMIN, _ADMIN),
    Route("DELETE", _R + "/collaborators/{login}", remove_collaborator, Level.ADMIN, _ADMIN),
    Route("GET", _R + "/invitations", list_invitations, Level.ADMIN, ("administration:read",)),
    Route("DELETE", _R + "/invitations/{id}", delete_invitation, Level.ADMIN, _ADMIN),
    Route("GET", "/user/repository_invitations", my_invitations),
    Route("PATCH", "/user/repository_invitations/{id}", accept_invitation),
    Route("GET", _R + "/teams", list_teams, app=("administration:read", "metadata:read")),
    Route("GET", _R + "/hooks", list_hooks, Level.ADMIN, ("repository_hooks:read",)),
    Route("POST", _R + "/hooks", create_hook, Level.ADMIN, ("repository_hooks:write",)),
    *routes(_R + "/hooks", _hook, "repository_hooks", Level.ADMIN),
]
