"""REST: GitHub Apps, their installations, and the tokens they act with."""

import hashlib
from datetime import timedelta

from msgspec import Struct

from infra.local.github import forms, hooks, repositories
from infra.local.github import records as r
from infra.local.github.access import reaches
from infra.local.github.errors import Forbidden, Invalid, NotFound, Refusal
from infra.local.github.hub import Hub
from infra.local.github.rest.calls import Answer, Call, Route
from infra.local.github.rest.hooks import delivery_routes
from infra.local.github.statuses import app_form

TOKEN_LIFE = timedelta(hours=1)
ALWAYS = {"metadata": "read"}
"""What every token may read."""


class TokenScope(Struct):
    repositories: list[str] | None = None
    repository_ids: list[int] | None = None
    permissions: dict[str, str] | None = None


def get_app(call: Call) -> Answer:
    app = _app(call)
    count = sum(row.app == app.id for row in call.hub.installations)
    return Answer(200, app_form(call.hub, app) | {"installations_count": count})


def app_by_slug(call: Call) -> Answer:
    app = next((row for row in call.hub.apps if row.slug == call.args["slug"]), None)
    if app is None:
        raise NotFound
    return Answer(200, app_form(call.hub, app))


def list_installations(call: Call) -> Answer:
    app = _app(call)
    return call.listed([row for row in call.hub.installations if row.app == app.id], installation_form)


def get_installation(call: Call) -> Answer:
    return Answer(200, installation_form(call.hub, _installation(call)))


def installation_of_repository(call: Call) -> Answer:
    here = call.hub.repository(f"{call.args['owner']}/{call.args['name']}")
    for row in call.hub.installations:
        covers = here is not None and (row.repositories is None or here.id in row.repositories)
        if here is not None and covers and row.app == _app(call).id and row.account.lower() == here.owner.lower():
            return Answer(200, installation_form(call.hub, row))
    raise NotFound


def installation_of_account(call: Call) -> Answer:
    login = call.args["login"].lower()
    for row in call.hub.installations:
        if row.app == _app(call).id and row.account.lower() == login:
            return Answer(200, installation_form(call.hub, row))
    raise NotFound


def installations_of_organisation(call: Call) -> Answer:
    rows = [row for row in call.hub.installations if row.account.lower() == call.args["org"].lower()]
    page = [installation_form(call.hub, row) for row in call.page(rows)]
    return Answer(200, {"total_count": len(rows), "installations": page})


def create_token(call: Call) -> Answer:
    """A token for an hour; it may be narrowed to some repositories and permissions."""
    installation, scope = _installation(call), call.read(TokenScope)
    for name, level in (scope.permissions or {}).items():
        if level not in ("read", "write", "admin") or name not in installation.permissions:
            raise Invalid("The permissions requested are not granted to this installation.")
    chosen = _chosen(call.hub, installation, scope)
    permissions = None if scope.permissions is None else scope.permissions | ALWAYS
    count = call.hub.tokens.next_id()
    secret = f"ghs_{hashlib.sha256(f'{installation.id}/{count}/{call.hub.now()}'.encode()).hexdigest()[:36]}"
    expires = call.hub.now() + TOKEN_LIFE
    app = _app(call)
    call.hub.tokens.put(
        r.Token(
            id=count,
            secret=secret,
            login=f"{app.slug}[bot]",
            installation=installation.id,
            permissions=permissions,
            repositories=chosen,
            expires_at=expires,
        )
    )
    form: dict[str, object] = {
        "token": secret,
        "expires_at": expires,
        "permissions": permissions or dict(installation.permissions),
        "repository_selection": "all" if chosen is None and installation.repositories is None else "selected",
    }
    if chosen is not None:
        form["repositories"] = [forms.repository(call.hub, call.hub.repositories[id_]) for id_ in chosen]
    return Answer(201, form)


def list_installation_repositories(call: Call) -> Answer:
    if call.actor.installation is None:
        raise Forbidden(
            "You must authenticate with an installation access token in order to list repositories for an installation."
        )
    rows = [row for row in call.hub.repositories if reaches(call.actor, row)]
    page = [repositories.form(call.hub, row, call.level(row)) for row in call.page(rows)]
    return Answer(200, {"total_count": len(rows), "repositories": page})


def installation_form(hub: Hub, row: r.Installation) -> dict[str, object]:
    app, account = hub.apps[row.app], hub.account(row.account)
    api = f"{hub.api}/app/installations/{row.id}"
    return {
        "id": row.id,
        "account": forms.user(hub, row.account),
        "repository_selection": "all" if row.repositories is None else "selected",
        "access_tokens_url": f"{api}/access_tokens",
        "repositories_url": f"{hub.api}/installation/repositories",
        "html_url": f"{hub.address}/organizations/{row.account}/settings/installations/{row.id}",
        "app_id": app.id,
        "app_slug": app.slug,
        "target_id": account.id if account else 0,
        "target_type": account.kind if account else "User",
        "permissions": dict(row.permissions),
        "events": [event for event in app.events if event != "*"],
        "created_at": row.created_at,
        "updated_at": row.created_at,
        "single_file_name": None,
        "suspended_by": None,
        "suspended_at": None,
    }


def _app(call: Call) -> r.App:
    if call.actor.app is None:
        raise Refusal(401, "A JSON web token could not be decoded")
    return call.actor.app


def _installation(call: Call) -> r.Installation:
    row = call.hub.installations.get(call.number("id"))
    if row is None or row.app != _app(call).id:
        raise NotFound
    return row


def _hook(call: Call) -> r.Hook:
    hook = call.hub.hook_of_app.one(_app(call).id)
    if hook is None:
        raise NotFound
    return hook


def _hook_config(call: Call) -> Answer:
    return Answer(200, hooks.config_form(_hook(call)))


def _chosen(hub: Hub, installation: r.Installation, scope: TokenScope) -> tuple[int, ...] | None:
    if scope.repositories is None and scope.repository_ids is None:
        return None
    ids = list(scope.repository_ids or [])
    for name in scope.repositories or []:
        here = hub.repository(f"{installation.account}/{name}")
        ids.append(here.id if here else -1)
    allowed = installation.repositories
    if any(
        id_ not in {row.id for row in hub.repositories} or (allowed is not None and id_ not in allowed) for id_ in ids
    ):
        raise Invalid(
            "There is at least one repository that does not exist or is not accessible to the parent installation."
        )
    return tuple(ids)


ROUTES = [
    Route("GET", "/app", get_app),
    Route("GET", "/apps/{slug}", app_by_slug),
    Route("GET", "/app/hook/config", _hook_config),
    *delivery_routes("/app/hook/deliveries", _hook),
    Route("GET", "/app/installations", list_installations),
    Route("GET", "/app/installations/{id}", get_installation),
    Route("POST", "/app/installations/{id}/access_tokens", create_token),
    Route("GET", "/repos/{owner}/{name}/installation", installation_of_repository),
    Route("GET", "/orgs/{login}/installation", installation_of_account),
    Route("GET", "/users/{login}/installation", installation_of_account),
    Route("GET", "/orgs/{org}/installations", installations_of_organisation),
    Route("GET", "/installation/repositories", list_installation_repositories),
]
