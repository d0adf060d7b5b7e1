"""REST: issues, their comments, labels, assignees, events, reactions, milestones."""

from collections.abc import Mapping
from datetime import datetime

from msgspec import UNSET, Struct, UnsetType

from infra.local.github import forms, issues
from infra.local.github import records as r
from infra.local.github.access import Level, is_collaborator, is_member
from infra.local.github.errors import Forbidden, Invalid, NotFound, field_error
from infra.local.github.hub import Hub
from infra.local.github.rest.calls import Answer, Call, Route
from infra.local.github.timeline import event_form, issue_event_form, timeline_of


class NewIssue(Struct):
    title: str
    body: str | None = None
    labels: list[str] = []
    assignees: list[str] = []
    milestone: int | None = None


class IssueChange(Struct):
    title: str | None = None
    body: str | None = None
    state: str | None = None
    state_reason: str | None = None
    labels: list[str] | None = None
    assignees: list[str] | None = None
    milestone: int | UnsetType | None = UNSET


class Body(Struct):
    body: str


class Content(Struct):
    content: str


class Assignees(Struct):
    assignees: list[str]


class LockReason(Struct):
    lock_reason: str | None = None


def list_issues(call: Call) -> Answer:
    """Open ones, newest first, unless the query says otherwise; pull requests are among them."""
    query = call.query
    rows = call.hub.issues_of.all(call.here.id)
    state = query.get("state", "open")
    names = {name.lower() for name in query.get("labels", "").split(",") if name}
    rows = [
        row
        for row in rows
        if state in ("all", row.state)
        and names <= {call.hub.labels[id_].name.lower() for id_ in row.labels}
        and _milestone_fits(row, query.get("milestone"))
        and query.get("creator", row.author).lower() == row.author.lower()
        and ("assignee" not in query or query["assignee"] in row.assignees)
    ]
    return call.listed(in_order(rows, query), forms.issue)


def in_order(rows: list[r.Issue], query: Mapping[str, str]) -> list[r.Issue]:
    """Sorted as the query's `sort` and `direction` say, by default the newest first."""
    by_update = query.get("sort") == "updated"
    ascending = query.get("direction") == "asc"
    return sorted(
        rows, key=lambda row: (row.updated_at if by_update else row.created_at, row.number), reverse=not ascending
    )


def create_issue(call: Call) -> Answer:
    new = call.read(NewIssue)
    may_triage = call.level() >= Level.TRIAGE
    if not new.title.strip():
        raise Invalid(errors=[field_error("Issue", "title", "missing_field")])
    if not call.here.has_issues:
        return Answer(410, {"message": "Issues are disabled for this repo", "documentation_url": "", "status": "410"})
    issue = issues.open_issue(
        call.hub,
        call.here,
        by=call.me,
        title=new.title,
        body=new.body,
        labels=new.labels if may_triage else (),
        assignees=new.assignees if may_triage else (),
        milestone=new.milestone if may_triage else None,
    )
    return Answer(201, forms.issue(call.hub, issue))


def get_issue(call: Call) -> Answer:
    return Answer(200, forms.issue(call.hub, call.issue()))


def change_issue(call: Call) -> Answer:
    """Title, body and state by the author or with triage; the rest with triage."""
    change, issue, hub, me = call.read(IssueChange), call.issue(), call.hub, call.me
    may_triage = call.level() >= Level.TRIAGE
    if not may_triage and issue.author != me.login:
        raise Forbidden("Must have admin rights to Repository.")
    issue = issues.edit(hub, issue, me, title=change.title, body=change.body)
    if may_triage:
        if change.labels is not None:
            issue = issues.set_labels(hub, issue, change.labels, me)
        if change.assignees is not None:
            issue = issues.set_assignees(hub, issue, change.assignees, me)
        if not isinstance(change.milestone, UnsetType):
            issue = issues.set_milestone(hub, issue, change.milestone, me)
    issue = set_state(hub, issue, me, change.state, change.state_reason)
    return Answer(200, forms.issue(hub, issue))


def set_state(hub: Hub, issue: r.Issue, by: r.Account, state: str | None, reason: str | None = None) -> r.Issue:
    """Open or close, or neither where no state is given."""
    match state:
        case None:
            return issue
        case "closed":
            return issues.close(hub, issue, by, reason or "completed")
        case "open":
            return issues.reopen(hub, issue, by)
    raise Invalid(errors=[field_error("Issue", "state")])


def lock_issue(call: Call) -> Answer:
    issues.lock(call.hub, call.issue(), call.me, call.read(LockReason).lock_reason)
    return Answer(204)


def unlock_issue(call: Call) -> Answer:
    issues.unlock(call.hub, call.issue(), call.me)
    return Answer(204)


def list_comments(call: Call) -> Answer:
    rows = call.hub.comments_of.all(call.issue().id)
    since = call.query.get("since")
    if since:
        rows = [row for row in rows if row.updated_at >= datetime.fromisoformat(since)]
    return call.listed(rows, forms.comment)


def create_comment(call: Call) -> Answer:
    issue = call.issue()
    if issue.is_locked and call.level() < Level.WRITE:
        raise Forbidden("Unable to create comment because issue is locked.")
    row = issues.comment(call.hub, issue, call.read(Body).body, call.me)
    return Answer(201, forms.comment(call.hub, row))


def list_repository_comments(call: Call) -> Answer:
    mine = {row.id for row in call.hub.issues_of.all(call.here.id)}
    return call.listed([row for row in call.hub.comments if row.issue in mine], forms.comment)


def get_comment(call: Call) -> Answer:
    return Answer(200, forms.comment(call.hub, _comment(call)))


def change_comment(call: Call) -> Answer:
    row = _comment(call)
    check_own(call, row.author)
    return Answer(200, forms.comment(call.hub, issues.edit_comment(call.hub, row, call.read(Body).body, call.me)))


def delete_comment(call: Call) -> Answer:
    row = _comment(call)
    check_own(call, row.author)
    issues.delete_comment(call.hub, row, call.me)
    return Answer(204)


def add_assignees(call: Call) -> Answer:
    issue = issues.assign(call.hub, call.issue(), call.read(Assignees).assignees, call.me)
    return Answer(201, forms.issue(call.hub, issue))


def remove_assignees(call: Call) -> Answer:
    issue = issues.unassign(call.hub, call.issue(), call.read(Assignees).assignees, call.me)
    return Answer(200, forms.issue(call.hub, issue))


def list_assignable(call: Call) -> Answer:
    rows = [row for row in call.hub.accounts if row.kind == "User" and _assignable(call, row.login)]
    return call.listed(rows, lambda hub, row: forms.user(hub, row.login))


def check_assignable(call: Call) -> Answer:
    if not _assignable(call, call.args["login"]):
        raise NotFound
    return Answer(204)


def list_events(call: Call) -> Answer:
    rows = call.hub.events_of.all(call.issue().id)
    return call.listed(rows, lambda hub, row: event_form(hub, row))


def list_repository_events(call: Call) -> Answer:
    mine = {row.id for row in call.hub.issues_of.all(call.here.id)}
    rows = [row for row in call.hub.events if row.issue in mine][::-1]
    return call.listed(rows, lambda hub, row: issue_event_form(hub, row))


def list_timeline(call: Call) -> Answer:
    return call.listed(timeline_of(call.hub, call.issue()), lambda _, form: form)


def react_to_issue(call: Call) -> Answer:
    return _react(call, "issue", call.issue().id)


def react_to_comment(call: Call) -> Answer:
    return _react(call, "comment", _comment(call).id)


def list_issue_reactions(call: Call) -> Answer:
    return call.listed(call.hub.reactions_on.all(("issue", call.issue().id)), reaction)


def list_comment_reactions(call: Call) -> Answer:
    return call.listed(call.hub.reactions_on.all(("comment", _comment(call).id)), reaction)


def reaction(hub: Hub, row: r.Reaction) -> dict[str, object]:
    return {
        "id": row.id,
        "node_id": forms.node_id("REA", row.id),
        "user": forms.user(hub, row.author),
        "content": row.content,
        "created_at": row.created_at,
    }


def _react(call: Call, subject: str, id_: int) -> Answer:
    content = call.read(Content).content
    if content not in forms.REACTIONS:
        raise Invalid(errors=[field_error("Reaction", "content")])
    held = call.hub.reactions_on.all((subject, id_))
    twin = next((row for row in held if row.author == call.me.login and row.content == content), None)
    if twin is not None:
        return Answer(200, reaction(call.hub, twin))
    row = r.Reaction(
        id=call.hub.reactions.next_id(),
        subject="issue" if subject == "issue" else "comment",
        subject_id=id_,
        author=call.me.login,
        content=content,
        created_at=call.hub.now(),
    )
    return Answer(201, reaction(call.hub, call.hub.reactions.put(row)))


def _comment(call: Call) -> r.Comment:
    row = call.hub.comments.get(call.number("id"))
    if row is None or call.hub.issues[row.issue].repository != call.here.id:
        raise NotFound
    return row


def check_own(call: Call, author: str) -> None:
    """403 unless the comment is the actor's own or the actor may write."""
    if author != call.me.login and call.level() < Level.WRITE:
        raise Forbidden("Must have admin rights to Repository.")


def _assignable(call: Call, login: str) -> bool:
    return is_member(call.hub, call.here.owner, login) or is_collaborator(call.hub, call.here, login)


def _milestone_fits(row: r.Issue, wanted: str | None) -> bool:
    match wanted:
        case None:
            return True
        case "none":
            return row.milestone is None
        case "*":
            return row.milestone is not None
    return str(row.milestone) == wanted


_R = "/repos/{owner}/{repo}"
_I = _R + "/issues/{number}"
_READ = ("issues:read", "pull_requests:read")
_WRITE = ("issues:write", "pull_requests:write")
ROUTES = [
    Route("GET", _R + "/issues", list_issues, app=_READ),
    Route("POST", _R + "/issues", create_issue, app=("issues:write",)),
    Route("GET", _I, get_issue, app=_READ),
    Route("PATCH", _I, change_issue, app=_WRITE),
    Route("PUT", _I + "/lock", lock_issue, Level.WRITE, _WRITE),
    Route("DELETE", _I + "/lock", unlock_issue, Level.WRITE, _WRITE),
    Route("GET", _I + "/comments", list_comments, app=_READ),
    Route("POST", _I + "/comments", create_comment, app=_WRITE),
    Route("GET", _R + "/issues/comments", list_repository_comments, app=_READ),
    Route("GET", _R + "/issues/comments/{id}", get_comment, app=_READ),
    Route("PATCH", _R + "/issues/comments/{id}", change_comment, app=_WRITE),
    Route("DELETE", _R + "/issues/comments/{id}", delete_comment, app=_WRITE),
    Route("GET", _R + "/issues/comments/{id}/reactions", list_comment_reactions, app=_READ),
    Route("POST", _R + "/issues/comments/{id}/reactions", react_to_comment, app=_WRITE),
    Route("GET", _R + "/issues/events", list_repository_events, app=_READ),
    Route("POST", _I + "/assignees", add_assignees, Level.TRIAGE, _WRITE),
    Route("DELETE", _I + "/assignees", remove_assignees, Level.TRIAGE, _WRITE),
    Route("GET", _I + "/events", list_events, app=_READ),
    Route("GET", _I + "/timeline", list_timeline, app=_READ),
    Route("GET", _I + "/reactions", list_issue_reactions, app=_READ),
    Route("POST", _I + "/reactions", react_to_issue, app=_WRITE),
    Route("GET", _R + "/assignees", list_assignable, app=_READ),
    Route("GET", _R + "/assignees/{login}", check_assignable, app=_READ),
]
