"""REST: commit statuses and check runs."""

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from infra.local.github import records as r
from infra.local.github import statuses
from infra.local.github.access import Level
from infra.local.github.code import code_of
from infra.local.github.errors import Forbidden, Invalid, NotFound
from infra.local.github.mergeability import latest_statuses
from infra.local.github.rest.calls import Answer, Call, Route


class NewStatus(Struct):
    state: str
    target_url: str | None = None
    description: str | None = None
    context: str = "default"


class Output(Struct):
    title: str | None = None
    summary: str | None = None
    text: str | None = None


class NewCheckRun(Struct):
    name: str
    head_sha: str
    status: str = "queued"
    conclusion: str | None = None
    external_id: str = ""
    details_url: str | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    output: Output | None = None


class CheckRunChange(Struct):
    name: str | None = None
    status: str | None = None
    conclusion: str | None = None
    external_id: str | None = None
    details_url: str | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    output: Output | None = None


def create_status(call: Call) -> Answer:
    new = call.read(NewStatus)
    row = statuses.create(
        call.hub,
        call.here,
        call.args["sha"],
        by=call.me,
        state=new.state,
        context=new.context,
        description=new.description,
        target_url=new.target_url,
    )
    return Answer(201, statuses.form(call.hub, row))


def list_statuses(call: Call) -> Answer:
    """All that were ever given to the commit, the newest first."""
    return call.listed(call.hub.statuses_of.all((call.here.id, _sha(call)))[::-1], statuses.form)


def combined_status(call: Call) -> Answer:
    sha = _sha(call)
    page = call.page(latest_statuses(call.hub, call.here, sha))
    return Answer(200, statuses.combined(call.hub, call.here, sha, page))


def list_check_runs(call: Call) -> Answer:
    """The newest run of each name, or all of them with filter=all."""
    rows = call.hub.check_runs_of.all((call.here.id, _sha(call)))
    if call.query.get("filter") != "all":
        rows = list({(row.app, row.name): row for row in rows}.values())
    rows = [
        row
        for row in rows
        if call.query.get("check_name", row.name) == row.name and call.query.get("status", row.status) == row.status
    ]
    page = [statuses.check_run(call.hub, row) for row in call.page(rows)]
    return Answer(200, {"total_count": len(rows), "check_runs": page})


def create_check_run(call: Call) -> Answer:
    if call.actor.installation is None:
        raise Forbidden("You must authenticate via a GitHub App.")
    new = call.read(NewCheckRun)
    if code_of(call.hub, call.here).commit(new.head_sha) is None and not call.hub.pulls_at.all(new.head_sha):
        raise Invalid(f"No commit found for SHA: {new.head_sha}")
    output = new.output or Output()
    row = r.CheckRun(
        id=call.hub.check_runs.next_id(),
        repository=call.here.id,
        sha=new.head_sha,
        name=new.name,
        status=new.status,
        conclusion=new.conclusion,
        app=call.actor.installation.app,
        external_id=new.external_id,
        details_url=new.details_url,
        started_at=new.started_at or call.hub.now(),
        completed_at=new.completed_at,
        title=output.title,
        summary=output.summary,
        text=output.text,
    )
    return Answer(201, statuses.check_run(call.hub, statuses.put_check_run(call.hub, row, call.me)))


def change_check_run(call: Call) -> Answer:
    if call.actor.installation is None:
        raise Forbidden("You must authenticate via a GitHub App.")
    row, change = _check_run(call), call.read(CheckRunChange)
    output = change.output or Output(row.title, row.summary, row.text)
    row = replace(
        row,
        name=change.name or row.name,
        status=change.status or row.status,
        conclusion=change.conclusion or row.conclusion,
        external_id=row.external_id if change.external_id is None else change.external_id,
        details_url=change.details_url or row.details_url,
        started_at=change.started_at or row.started_at,
        completed_at=change.completed_at or row.completed_at,
        title=output.title,
        summary=output.summary,
        text=output.text,
    )
    return Answer(200, statuses.check_run(call.hub, statuses.put_check_run(call.hub, row, call.me)))


def get_check_run(call: Call) -> Answer:
    return Answer(200, statuses.check_run(call.hub, _check_run(call)))


def _sha(call: Call) -> str:
    """The commit that the path names by SHA, branch or tag; a SHA that only a pull request knows counts too."""
    name = call.args["ref"]
    found = code_of(call.hub, call.here).resolve(name)
    if found is None and not call.hub.pulls_at.all(name):
        raise Invalid(f"No commit found for SHA: {name}")
    return found or name


def _check_run(call: Call) -> r.CheckRun:
    row = call.hub.check_runs.get(call.number("id"))
    if row is None or row.repository != call.here.id:
        raise NotFound
    return row


_R = "/repos/{owner}/{repo}"
ROUTES = [
    Route("POST", _R + "/statuses/{sha}", create_status, Level.WRITE, ("statuses:write",)),
    Route("GET", _R + "/statuses/{ref}", list_statuses, app=("statuses:read",)),
    Route("GET", _R + "/commits/{ref}/statuses", list_statuses, app=("statuses:read",)),
    Route("GET", _R + "/commits/{ref}/status", combined_status, app=("statuses:read",)),
    Route("GET", _R + "/commits/{ref}/check-runs", list_check_runs, app=("checks:read",)),
    Route("POST", _R + "/check-runs", create_check_run, Level.WRITE, ("checks:write",)),
    Route("GET", _R + "/check-runs/{id}", get_check_run, app=("checks:read",)),
    Route("PATCH", _R + "/check-runs/{id}", change_check_run, Level.WRITE, ("checks:write",)),
]
