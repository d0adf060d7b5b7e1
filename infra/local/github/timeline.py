"""An issue's history: the events of the REST API, and everything that happened in one line of time."""

from infra.local.github import forms, pull_forms
from infra.local.github import records as r
from infra.local.github.hub import Hub
from infra.local.github.mergeability import pull_commits


def event_form(hub: Hub, row: r.Event) -> dict[str, object]:
    """One event as an issue's own list has it."""
    here = hub.repositories[hub.issues[row.issue].repository]
    api = forms.api_of(hub, here)
    form: dict[str, object] = {
        "id": row.id,
        "node_id": forms.node_id("EV", row.id),
        "url": f"{api}/issues/events/{row.id}",
        "actor": forms.user(hub, row.actor),
        "event": row.kind,
        "commit_id": row.commit,
        "commit_url": f"{api}/commits/{row.commit}" if row.commit else None,
        "created_at": row.created_at,
        "performed_via_github_app": None,
    }
    return form | _details(hub, row)


def issue_event_form(hub: Hub, row: r.Event) -> dict[str, object]:
    """One event as the repository's list has it: with its issue."""
    return event_form(hub, row) | {"issue": forms.issue(hub, hub.issues[row.issue])}


def timeline_of(hub: Hub, issue: r.Issue) -> list[dict[str, object]]:
    """Commits, comments, reviews and events in the order in which they happened."""
    here = hub.repositories[issue.repository]
    commits = pull_commits(hub, issue) if issue.pull else []
    parts = [
        *((row.committer.date, _commit(hub, here, row)) for row in commits),
        *((row.created_at, _comment(hub, row)) for row in hub.comments_of.all(issue.id)),
        *((row.submitted_at, _review(hub, row)) for row in hub.reviews_of.all(issue.id)),
        *((row.created_at, event_form(hub, row)) for row in hub.events_of.all(issue.id)),
    ]
    return [form for _, form in sorted(parts, key=lambda part: part[0])]


def _commit(hub: Hub, here: r.Repository, row: r.Commit) -> dict[str, object]:
    return pull_forms.git_commit(hub, here, row) | {"event": "committed"}


def _comment(hub: Hub, row: r.Comment) -> dict[str, object]:
    return forms.comment(hub, row) | {"event": "commented", "actor": forms.user(hub, row.author)}


def _review(hub: Hub, row: r.Review) -> dict[str, object]:
    return pull_forms.review(hub, row) | {"event": "reviewed", "state": row.state.lower()}


def _details(hub: Hub, row: r.Event) -> dict[str, object]:
    details: dict[str, object] = {}
    if row.label is not None:
        details["label"] = {"name": row.label, "color": row.color}
    if row.kind in ("assigned", "unassigned"):
        details |= {"assignee": forms.user(hub, row.login), "assigner": forms.user(hub, row.actor)}
    if row.kind in ("review_requested", "review_request_removed"):
        details["review_requester"] = forms.user(hub, row.actor)
        if row.login is not None:
            details["requested_reviewer"] = forms.user(hub, row.login)
        team = hub.teams.get(row.team) if row.team is not None else None
        if team is not None:
            details["requested_team"] = forms.team(hub, team)
    if row.milestone is not None:
        details["milestone"] = {"title": row.milestone}
    if row.rename_from is not None and row.kind == "renamed":
        details["rename"] = {"from": row.rename_from, "to": row.rename_to}
    return details
