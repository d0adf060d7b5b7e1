"""Commit statuses and check runs: kept for a commit, told to the hooks."""

from msgspec.structs import replace

from infra.local.github import forms, pull_forms
from infra.local.github import records as r
from infra.local.github.code import code_of
from infra.local.github.errors import Invalid, field_error
from infra.local.github.hub import Hub
from infra.local.github.mergeability import combined_state, latest_statuses
from infra.local.github.webhooks import emit

STATES: tuple[r.StatusState, ...] = ("error", "failure", "pending", "success")
DESCRIPTION_LIMIT = 140
"""Characters. Source: GitHub's 422 for longer ones."""
PER_CONTEXT = 1000
"""Statuses that one commit may have of one context. Source: docs.github.com, "Create a commit status"."""


def create(
    hub: Hub,
    here: r.Repository,
    sha: str,
    *,
    by: r.Account,
    state: str,
    context: str = "default",
    description: str | None = None,
    target_url: str | None = None,
) -> r.Status:
    """A new status; the newest of its context counts from now on."""
    known = next((one for one in STATES if one == state), None)
    if known is None:
        raise Invalid(errors=[field_error("Status", "state", "custom", "state is not included in the list")])
    if description is not None and len(description) > DESCRIPTION_LIMIT:
        message = f"description is too long (maximum is {DESCRIPTION_LIMIT} characters)"
        raise Invalid(errors=[field_error("Status", "description", "custom", message)])
    if code_of(hub, here).commit(sha) is None and not hub.pulls_at.all(sha):
        raise Invalid(f"No commit found for SHA: {sha}")
    before = [row for row in hub.statuses_of.all((here.id, sha)) if row.context == context]
    if len(before) >= PER_CONTEXT:
        raise Invalid(errors=["This SHA and context has reached the maximum number of statuses."])
    now = hub.now()
    row = hub.statuses.put(
        r.Status(
            id=hub.statuses.next_id(),
            repository=here.id,
            sha=sha,
            context=context,
            state=known,
            description=description,
            target_url=target_url,
            creator=by.login,
            created_at=now,
            updated_at=now,
        )
    )
    emit(hub, "status", None, sender=by, repository=here, payload=lambda: _event(hub, here, row))
    return row


def form(hub: Hub, row: r.Status) -> dict[str, object]:
    return simple_form(hub, row) | {"creator": forms.user(hub, row.creator)}


def simple_form(hub: Hub, row: r.Status) -> dict[str, object]:
    account = hub.account(row.creator)
    return {
        "url": f"{forms.api_of(hub, hub.repositories[row.repository])}/statuses/{row.sha}",
        "avatar_url": f"{hub.address}/avatars/{account.id if account else 0}",
        "id": row.id,
        "node_id": forms.node_id("SC", row.id),
        "state": row.state,
        "description": row.description,
        "target_url": row.target_url,
        "context": row.context,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }


def combined(hub: Hub, here: r.Repository, sha: str, page: list[r.Status]) -> dict[str, object]:
    """The combined status of a commit, with one page of its statuses."""
    api = forms.api_of(hub, here)
    every = latest_statuses(hub, here, sha)
    return {
        "state": combined_state(every),
        "statuses": [simple_form(hub, row) for row in page],
        "sha": sha,
        "total_count": len(every),
        "repository": forms.repository(hub, here),
        "commit_url": f"{api}/commits/{sha}",
        "url": f"{api}/commits/{sha}/status",
    }


def put_check_run(hub: Hub, row: r.CheckRun, by: r.Account) -> r.CheckRun:
    """Keep a check run, new or changed, and tell of it."""
    here = hub.repositories[row.repository]
    old = hub.check_runs.get(row.id)
    if row.conclusion is not None and row.status != "completed":
        row = replace(row, status="completed")
    if row.status == "completed" and row.completed_at is None:
        row = replace(row, completed_at=hub.now())
    row = hub.check_runs.put(row)
    ended = row.status == "completed" and (old is None or old.status != "completed")
    if old is None:
        _tell_check_run(hub, here, row, "created", by)
    if ended:
        _tell_check_run(hub, here, row, "completed", by)
    return row


def check_run(hub: Hub, row: r.CheckRun) -> dict[str, object]:
    here = hub.repositories[row.repository]
    api, page = forms.api_of(hub, here), forms.page_of(hub, here)
    url = f"{api}/check-runs/{row.id}"
    app = hub.apps.get(row.app) if row.app is not None else None
    return {
        "id": row.id,
        "name": row.name,
        "node_id": forms.node_id("CR", row.id),
        "head_sha": row.sha,
        "external_id": row.external_id,
        "url": url,
        "html_url": f"{page}/runs/{row.id}",
        "details_url": row.details_url or f"{page}/runs/{row.id}",
        "status": row.status,
        "conclusion": row.conclusion,
        "started_at": row.started_at,
        "completed_at": row.completed_at,
        "output": {
            "title": row.title,
            "summary": row.summary,
            "text": row.text,
            "annotations_count": 0,
            "annotations_url": f"{url}/annotations",
        },
        "check_suite": {"id": row.id},
        "app": app_form(hub, app) if app else None,
        "pull_requests": [],
    }


def app_form(hub: Hub, app: r.App) -> dict[str, object]:
    """GitHub's "integration"."""
    return {
        "id": app.id,
        "slug": app.slug,
        "node_id": forms.node_id("A", app.id),
        "client_id": f"Iv1.{app.id:016x}",
        "owner": forms.user(hub, app.owner),
        "name": app.name,
        "description": "",
        "external_url": f"{hub.address}/apps/{app.slug}",
        "html_url": f"{hub.address}/apps/{app.slug}",
        "created_at": app.created_at,
        "updated_at": app.created_at,
        "permissions": dict(app.permissions),
        "events": [event for event in app.events if event != "*"],
    }


def _tell_check_run(hub: Hub, here: r.Repository, row: r.CheckRun, action: str, by: r.Account) -> None:
    def payload() -> r.Json:
        suite = {"id": row.id, "head_sha": row.sha, "status": row.status, "conclusion": row.conclusion}
        return {"check_run": check_run(hub, row) | {"check_suite": suite}}

    emit(hub, "check_run", action, sender=by, repository=here, payload=payload)


def _event(hub: Hub, here: r.Repository, row: r.Status) -> dict[str, object]:
    code = code_of(hub, here)
    commit = code.commit(row.sha)
    branches = [ref for ref in hub.refs_of.all(here.id) if ref.sha == row.sha and ref.name.startswith("refs/heads/")]
    api = forms.api_of(hub, here)
    return {
        "id": row.id,
        "sha": row.sha,
        "name": here.full_name,
        "avatar_url": simple_form(hub, row)["avatar_url"],
        "target_url": row.target_url,
        "context": row.context,
        "description": row.description,
        "state": row.state,
        "commit": pull_forms.commit(hub, here, commit) if commit else {"sha": row.sha},
        "branches": [
            {
                "name": ref.name.removeprefix("refs/heads/"),
                "commit": {"sha": ref.sha, "url": f"{api}/commits/{ref.sha}"},
                "protected": False,
            }
            for ref in branches
        ],
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }
