"""REST: runs of GitHub Actions workflows, as far as to list them, run them again and approve them."""

from msgspec.structs import replace

from infra.local.github import forms
from infra.local.github import records as r
from infra.local.github.access import Level
from infra.local.github.code import code_of
from infra.local.github.errors import NotFound, Refusal
from infra.local.github.hub import Hub
from infra.local.github.rest.calls import Answer, Call, Route


def list_runs(call: Call) -> Answer:
    """Newest first; `status` may name a status or a conclusion."""
    query = call.query
    rows = [
        row
        for row in call.hub.workflow_runs_of.all(call.here.id)[::-1]
        if query.get("head_sha", row.sha) == row.sha
        and query.get("branch", row.branch) == row.branch
        and query.get("status", row.status) in (row.status, row.conclusion)
        and row.event in (query["event"].split(" OR ") if "event" in query else (row.event,))
    ]
    page = [run(call.hub, row) for row in call.page(rows)]
    return Answer(200, {"total_count": len(rows), "workflow_runs": page})


def get_run(call: Call) -> Answer:
    return Answer(200, run(call.hub, _run(call)))


def run_again(call: Call) -> Answer:
    """A run that has ended begins anew as its next attempt."""
    row = _run(call)
    if row.status != "completed":
        raise Refusal(403, "This workflow is already running")
    call.hub.workflow_runs.put(replace(row, status="queued", conclusion=None, attempt=row.attempt + 1))
    return Answer(201, {})


def approve(call: Call) -> Answer:
    """A run from a fork that waits for a maintainer may begin."""
    row = _run(call)
    if row.conclusion != "action_required":
        raise Refusal(403, "This run is not from a fork pull request that waits for approval")
    call.hub.workflow_runs.put(replace(row, status="queued", conclusion=None))
    return Answer(201, {})


def run(hub: Hub, row: r.WorkflowRun) -> dict[str, object]:
    """GitHub's "workflow run"."""
    here = hub.repositories[row.repository]
    api, page = forms.api_of(hub, here), forms.page_of(hub, here)
    url = f"{api}/actions/runs/{row.id}"
    commit = code_of(hub, here).commit(row.sha)
    head = None
    if commit is not None:
        people = {name: {"name": one.name, "email": one.email} for name, one in _people(commit)}
        times = {"id": commit.sha, "tree_id": commit.tree, "timestamp": commit.committer.date}
        head = times | {"message": commit.message} | people
    return {
        "id": row.id,
        "node_id": forms.node_id("WFR", row.id),
        "name": row.name,
        "path": f".github/workflows/{row.name}.yml",
        "display_title": row.name,
        "head_branch": row.branch,
        "head_sha": row.sha,
        "run_number": row.id,
        "run_attempt": row.attempt,
        "event": row.event,
        "status": row.status,
        "conclusion": row.conclusion,
        "workflow_id": row.id,
        "check_suite_id": row.id,
        "url": url,
        "html_url": f"{page}/actions/runs/{row.id}",
        "pull_requests": [],
        "created_at": row.created_at,
        "updated_at": row.created_at,
        "run_started_at": row.created_at,
        "actor": forms.user(hub, here.owner),
        "triggering_actor": forms.user(hub, here.owner),
        "jobs_url": f"{url}/jobs",
        "logs_url": f"{url}/logs",
        "check_suite_url": f"{api}/check-suites/{row.id}",
        "artifacts_url": f"{url}/artifacts",
        "cancel_url": f"{url}/cancel",
        "rerun_url": f"{url}/rerun",
        "workflow_url": f"{api}/actions/workflows/{row.id}",
        "head_commit": head,
        "repository": forms.repository(hub, here),
        "head_repository": forms.repository(hub, here),
    }


def _people(commit: r.Commit) -> tuple[tuple[str, r.Person], tuple[str, r.Person]]:
    return ("author", commit.author), ("committer", commit.committer)


def _run(call: Call) -> r.WorkflowRun:
    row = call.hub.workflow_runs.get(call.number("id"))
    if row is None or row.repository != call.here.id:
        raise NotFound
    return row


_RUNS = "/repos/{owner}/{repo}/actions/runs"
_WRITE = ("actions:write",)
ROUTES = [
    Route("GET", _RUNS, list_runs, app=("actions:read",)),
    Route("GET", _RUNS + "/{id}", get_run, app=("actions:read",)),
    Route("POST", _RUNS + "/{id}/rerun", run_again, Level.WRITE, _WRITE),
    Route("POST", _RUNS + "/{id}/rerun-failed-jobs", run_again, Level.WRITE, _WRITE),
    Route("POST", _RUNS + "/{id}/approve", approve, Level.WRITE, _WRITE),
]
