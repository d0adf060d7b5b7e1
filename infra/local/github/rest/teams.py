"""REST: teams, their members and what they may do in which repository."""

from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from infra.local.github import forms, repositories
from infra.local.github import records as r
from infra.local.github.access import NAMES, Level
from infra.local.github.errors import NotFound
from infra.local.github.hub import Hub
from infra.local.github.rest.accounts import account_of, check_admin, organisation_full, organisation_of
from infra.local.github.rest.calls import Answer, Call, Route


class TeamRole(Struct):
    role: Literal["member", "maintainer"] = "member"


class NewTeam(Struct):
    name: str
    description: str | None = None
    privacy: Literal["closed", "secret"] = "closed"
    parent_team_id: int | None = None
    maintainers: list[str] = []


class TeamChange(Struct):
    name: str | None = None
    description: str | None = None
    privacy: Literal["closed", "secret"] | None = None


class Grant(Struct):
    permission: str = "pull"


def list_teams(call: Call) -> Answer:
    return call.listed(call.hub.teams_of.all(organisation_of(call).login.lower()), forms.team)


def create_team(call: Call) -> Answer:
    organisation, new = organisation_of(call), call.read(NewTeam)
    check_admin(call, organisation)
    team = r.Team(
        id=call.hub.teams.next_id(),
        organisation=organisation.login,
        slug=new.name.lower().replace(" ", "-"),
        name=new.name,
        description=new.description,
        privacy=new.privacy,
        parent=new.parent_team_id,
        members=dict.fromkeys(new.maintainers, "maintainer"),
        created_at=call.hub.now(),
    )
    return Answer(201, _team_form(call.hub, call.hub.teams.put(team)))


def get_team(call: Call) -> Answer:
    return Answer(200, _team_form(call.hub, _team(call)))


def change_team(call: Call) -> Answer:
    team, change = _team(call), call.read(TeamChange)
    check_admin(call, account_of(call.hub, team.organisation))
    team = replace(
        team,
        name=change.name or team.name,
        slug=(change.name or team.name).lower().replace(" ", "-"),
        description=team.description if change.description is None else change.description,
        privacy=change.privacy or team.privacy,
    )
    return Answer(200, _team_form(call.hub, call.hub.teams.put(team)))


def delete_team(call: Call) -> Answer:
    team = _team(call)
    check_admin(call, account_of(call.hub, team.organisation))
    call.hub.teams.remove(team)
    return Answer(204)


def list_team_members(call: Call) -> Answer:
    role = call.query.get("role", "all")
    logins = [login for login, held in _team(call).members.items() if role in ("all", held)]
    return call.listed(logins, forms.user)


def get_team_membership(call: Call) -> Answer:
    team = _team(call)
    login = _member_of(team, call.args["login"])
    if login is None:
        raise NotFound
    return Answer(200, _team_membership_form(call.hub, team, login))


def set_team_membership(call: Call) -> Answer:
    team, account = _team(call), call.hub.account(call.args["login"])
    if account is None:
        raise NotFound
    check_admin(call, account_of(call.hub, team.organisation))
    team = call.hub.teams.put(replace(team, members={**team.members, account.login: call.read(TeamRole).role}))
    return Answer(200, _team_membership_form(call.hub, team, account.login))


def remove_team_membership(call: Call) -> Answer:
    team = _team(call)
    login = _member_of(team, call.args["login"])
    check_admin(call, account_of(call.hub, team.organisation))
    call.hub.teams.put(replace(team, members={name: role for name, role in team.members.items() if name != login}))
    return Answer(204)


def list_team_repositories(call: Call) -> Answer:
    team = _team(call)
    rows = [row for name in team.repositories if (row := call.hub.repository(name)) is not None]
    return call.listed(rows, lambda hub, row: _team_repository_form(hub, team, row))


def check_team_repository(call: Call) -> Answer:
    team = _team(call)
    here = call.hub.repository(f"{call.args['owner']}/{call.args['repo']}")
    if here is None or here.full_name not in team.repositories:
        raise NotFound
    return Answer(204)


def set_team_repository(call: Call) -> Answer:
    team, here = _team(call), call.hub.repository(f"{call.args['owner']}/{call.args['repo']}")
    if here is None:
        raise NotFound
    check_admin(call, account_of(call.hub, team.organisation))
    grants = {**team.repositories, here.full_name: call.read(Grant).permission}
    call.hub.teams.put(replace(team, repositories=grants))
    return Answer(204)


def remove_team_repository(call: Call) -> Answer:
    team, name = _team(call), f"{call.args['owner']}/{call.args['repo']}"
    check_admin(call, account_of(call.hub, team.organisation))
    kept = {one: level for one, level in team.repositories.items() if one.lower() != name.lower()}
    call.hub.teams.put(replace(team, repositories=kept))
    return Answer(204)


def _team(call: Call) -> r.Team:
    """By organisation and slug, by organisation's and team's id, or by the team's id alone."""
    if "slug" in call.args:
        team = call.hub.team(call.args["org"], call.args["slug"])
    else:
        team = call.hub.teams.get(call.number("team"))
    if team is None:
        raise NotFound
    return team


def _member_of(team: r.Team, login: str) -> str | None:
    return next((name for name in team.members if name.lower() == login.lower()), None)


def _team_form(hub: Hub, team: r.Team) -> dict[str, object]:
    organisation = account_of(hub, team.organisation)
    return forms.team(hub, team) | {
        "members_count": len(team.members),
        "repos_count": len(team.repositories),
        "created_at": team.created_at,
        "updated_at": team.created_at,
        "organization": organisation_full(hub, organisation),
    }


def _team_membership_form(hub: Hub, team: r.Team, login: str) -> dict[str, object]:
    url = f"{hub.api}/orgs/{team.organisation}/teams/{team.slug}/memberships/{login}"
    return {"url": url, "role": team.members[login], "state": "active"}


def _team_repository_form(hub: Hub, team: r.Team, here: r.Repository) -> dict[str, object]:
    level = NAMES[team.repositories[here.full_name]] if here.full_name in team.repositories else Level.NONE
    return repositories.form(hub, here, level) | {"role_name": level.label}


_O = "/orgs/{org}"
_S = _O + "/teams/{slug}"
_MEMBERS = ("members:read",)
_CHANGE = ("members:write",)
ROUTES = [
    Route("GET", _O + "/teams", list_teams, app=_MEMBERS),
    Route("POST", _O + "/teams", create_team, app=_CHANGE),
    Route("GET", _S, get_team, app=_MEMBERS),
    Route("PATCH", _S, change_team, app=_CHANGE),
    Route("DELETE", _S, delete_team, app=_CHANGE),
    Route("GET", "/teams/{team}", get_team, app=_MEMBERS),
    Route("GET", _S + "/members", list_team_members, app=_MEMBERS),
    Route("GET", "/teams/{team}/members", list_team_members, app=_MEMBERS),
    Route("GET", "/organizations/{id}/team/{team}", get_team, app=_MEMBERS),
    Route("GET", "/organizations/{id}/team/{team}/members", list_team_members, app=_MEMBERS),
    Route("GET", _S + "/memberships/{login}", get_team_membership, app=_MEMBERS),
    Route("PUT", _S + "/memberships/{login}", set_team_membership, app=_CHANGE),
    Route("DELETE", _S + "/memberships/{login}", remove_team_membership, app=_CHANGE),
    Route("GET", _S + "/repos", list_team_repositories, app=_MEMBERS),
    Route("GET", _S + "/repos/{owner}/{repo}", check_team_repository, app=_MEMBERS),
    Route("PUT", _S + "/repos/{owner}/{repo}", set_team_repository, app=_CHANGE),
    Route("DELETE", _S + "/repos/{owner}/{repo}", remove_team_repository, app=_CHANGE),
]
