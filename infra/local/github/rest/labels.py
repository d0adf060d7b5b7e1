"""REST: labels, of issues and of repositories, and milestones."""

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from infra.local.github import forms, issues
from infra.local.github import records as r
from infra.local.github.access import Level
from infra.local.github.errors import Invalid, NotFound, field_error
from infra.local.github.rest.calls import Answer, Call, Route
from infra.local.github.webhooks import emit


class LabelNames(Struct):
    labels: list[str]


class NewLabel(Struct):
    name: str
    color: str = "ededed"
    description: str | None = None


class LabelChange(Struct):
    new_name: str | None = None
    color: str | None = None
    description: str | None = None


class MilestoneChange(Struct):
    title: str | None = None
    state: str | None = None
    description: str | None = None
    due_on: datetime | None = None


def list_issue_labels(call: Call) -> Answer:
    return call.listed(forms.labels(call.hub, call.issue().labels), lambda _, form: form)


def add_issue_labels(call: Call) -> Answer:
    issue = issues.add_labels(call.hub, call.issue(), _names(call), call.me)
    return Answer(200, forms.labels(call.hub, issue.labels))


def set_issue_labels(call: Call) -> Answer:
    issue = issues.set_labels(call.hub, call.issue(), _names(call), call.me)
    return Answer(200, forms.labels(call.hub, issue.labels))


def remove_issue_labels(call: Call) -> Answer:
    issues.set_labels(call.hub, call.issue(), [], call.me)
    return Answer(204)


def remove_issue_label(call: Call) -> Answer:
    issue = issues.remove_label(call.hub, call.issue(), call.args["name"], call.me)
    return Answer(200, forms.labels(call.hub, issue.labels))


def list_labels(call: Call) -> Answer:
    return call.listed(call.hub.labels_of.all(call.here.id), forms.label)


def create_label(call: Call) -> Answer:
    new = call.read(NewLabel)
    row = issues.make_label(call.hub, call.here, new.name, call.me, color=new.color, description=new.description)
    return Answer(201, forms.label(call.hub, row))


def get_label(call: Call) -> Answer:
    return Answer(200, forms.label(call.hub, _label(call)))


def change_label(call: Call) -> Answer:
    row, change = _label(call), call.read(LabelChange)
    row = call.hub.labels.put(
        replace(
            row,
            name=change.new_name or row.name,
            color=(change.color or row.color).lstrip("#"),
            description=row.description if change.description is None else change.description,
        )
    )
    _tell_label(call, row, "edited")
    return Answer(200, forms.label(call.hub, row))


def delete_label(call: Call) -> Answer:
    row = _label(call)
    for issue in call.hub.issues_of.all(call.here.id):
        if row.id in issue.labels:
            call.hub.issues.put(replace(issue, labels=tuple(id_ for id_ in issue.labels if id_ != row.id)))
    _tell_label(call, row, "deleted")
    call.hub.labels.remove(row)
    return Answer(204)


def list_milestones(call: Call) -> Answer:
    state = call.query.get("state", "open")
    rows = [row for row in call.hub.milestones_of.all(call.here.id) if state in ("all", row.state)]
    return call.listed(rows, forms.milestone)


def create_milestone(call: Call) -> Answer:
    new = call.read(MilestoneChange)
    held = call.hub.milestones_of.all(call.here.id)
    if not new.title:
        raise Invalid(errors=[field_error("Milestone", "title", "missing_field")])
    if any(row.title == new.title for row in held):
        raise Invalid(errors=[field_error("Milestone", "title", "already_exists")])
    now = call.hub.now()
    row = r.Milestone(
        id=call.hub.milestones.next_id(),
        repository=call.here.id,
        number=max((row.number for row in held), default=0) + 1,
        title=new.title,
        description=new.description,
        state="closed" if new.state == "closed" else "open",
        due_on=new.due_on,
        creator=call.me.login,
        created_at=now,
        updated_at=now,
    )
    return Answer(201, forms.milestone(call.hub, call.hub.milestones.put(row)))


def get_milestone(call: Call) -> Answer:
    return Answer(200, forms.milestone(call.hub, _milestone(call)))


def change_milestone(call: Call) -> Answer:
    row, change, now = _milestone(call), call.read(MilestoneChange), call.hub.now()
    closes = change.state == "closed"
    row = replace(
        row,
        title=change.title or row.title,
        description=row.description if change.description is None else change.description,
        due_on=change.due_on or row.due_on,
        state=row.state if change.state is None else "closed" if closes else "open",
        closed_at=row.closed_at if change.state is None else now if closes else None,
        updated_at=now,
    )
    return Answer(200, forms.milestone(call.hub, call.hub.milestones.put(row)))


def delete_milestone(call: Call) -> Answer:
    row = _milestone(call)
    for issue in call.hub.issues_of.all(call.here.id):
        if issue.milestone == row.number:
            call.hub.issues.put(replace(issue, milestone=None))
    call.hub.milestones.remove(row)
    return Answer(204)


def _label(call: Call) -> r.Label:
    row = call.hub.label(call.here, call.args["name"])
    if row is None:
        raise NotFound
    return row


def _milestone(call: Call) -> r.Milestone:
    row = call.hub.milestone(call.here, call.number("number"))
    if row is None:
        raise NotFound
    return row


def _names(call: Call) -> list[str]:
    """The labels of the body: a bare list, or an object with one."""
    if call.body.lstrip().startswith(b"["):
        return call.read(list[str])
    return call.read(LabelNames).labels


def _tell_label(call: Call, row: r.Label, action: str) -> None:
    form = forms.label(call.hub, row)
    emit(call.hub, "label", action, sender=call.me, repository=call.here, payload=lambda: {"label": form})


_R = "/repos/{owner}/{repo}"
_I = _R + "/issues/{number}"
_READ = ("issues:read", "pull_requests:read")
_WRITE = ("issues:write", "pull_requests:write")
ROUTES = [
    Route("GET", _I + "/labels", list_issue_labels, app=_READ),
    Route("POST", _I + "/labels", add_issue_labels, Level.TRIAGE, _WRITE),
    Route("PUT", _I + "/labels", set_issue_labels, Level.TRIAGE, _WRITE),
    Route("DELETE", _I + "/labels", remove_issue_labels, Level.TRIAGE, _WRITE),
    Route("DELETE", _I + "/labels/{name}", remove_issue_label, Level.TRIAGE, _WRITE),
    Route("GET", _R + "/labels", list_labels, app=_READ),
    Route("POST", _R + "/labels", create_label, Level.WRITE, _WRITE),
    Route("GET", _R + "/labels/{name}", get_label, app=_READ),
    Route("PATCH", _R + "/labels/{name}", change_label, Level.WRITE, _WRITE),
    Route("DELETE", _R + "/labels/{name}", delete_label, Level.WRITE, _WRITE),
    Route("GET", _R + "/milestones", list_milestones, app=_READ),
    Route("POST", _R + "/milestones", create_milestone, Level.WRITE, _WRITE),
    Route("GET", _R + "/milestones/{number}", get_milestone, app=_READ),
    Route("PATCH", _R + "/milestones/{number}", change_milestone, Level.WRITE, _WRITE),
    Route("DELETE", _R + "/milestones/{number}", delete_milestone, Level.WRITE, _WRITE),
]
