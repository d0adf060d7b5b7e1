"""What can be done to an issue or pull request: each function changes the record, notes the event, tells the hooks.

They are called by the REST API, by GraphQL, by the pages and by worlds alike. `by` is who does it.
"""

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from infra.local.github import access, forms, pull_forms
from infra.local.github import records as r
from infra.local.github.errors import Invalid, Refusal, field_error
from infra.local.github.hub import Hub
from infra.local.github.webhooks import emit

BODY_LIMIT = 65_536
"""Characters that a body or comment may have. Source: GitHub's answer to longer ones."""


def tell(hub: Hub, issue: r.Issue, action: str, by: r.Account, **extra: object) -> None:
    """The `issues` or `pull_request` webhook for an action."""
    here = hub.repositories[issue.repository]

    def payload() -> r.Json:
        if issue.pull is None:
            return {"issue": forms.issue(hub, issue), **extra}
        return {"number": issue.number, "pull_request": pull_forms.full_pull(hub, issue, is_settled=False), **extra}

    emit(hub, "issues" if issue.pull is None else "pull_request", action, sender=by, repository=here, payload=payload)


def note(hub: Hub, issue: r.Issue, kind: str, by: r.Account, **extra: object) -> None:
    """A line in the issue's history."""
    line = r.Event(id=hub.events.next_id(), issue=issue.id, actor=by.login, kind=kind, created_at=hub.now())
    hub.events.put(replace(line, **extra))


def open_issue(
    hub: Hub,
    here: r.Repository,
    *,
    by: r.Account,
    title: str,
    body: str | None = None,
    labels: Sequence[str] = (),
    assignees: Sequence[str] = (),
    milestone: int | None = None,
    pull: r.Pull | None = None,
) -> r.Issue:
    """A new issue or pull request, with its webhook; labels and assignees come with webhooks of their own."""
    check_text("title", title, 256)
    check_text("body", body, BODY_LIMIT)
    now = hub.now()
    issue = hub.issues.put(
        r.Issue(
            id=hub.issues.next_id(),
            repository=here.id,
            number=hub.next_number(here),
            title=title,
            body=body,
            author=by.login,
            milestone=checked_milestone(hub, here, milestone),
            created_at=now,
            updated_at=now,
            pull=pull,
        )
    )
    tell(hub, issue, "opened", by)
    if labels:
        issue = add_labels(hub, issue, labels, by)
    if assignees:
        issue = assign(hub, issue, assignees, by)
    return issue


def touch(hub: Hub, issue: r.Issue) -> r.Issue:
    """Keep the issue as given, updated now."""
    return hub.issues.put(replace(issue, updated_at=hub.now()))


def edit(hub: Hub, issue: r.Issue, by: r.Account, *, title: str | None = None, body: str | None = None) -> r.Issue:
    """Change title, body or both; nothing happens where nothing differs."""
    changes: dict[str, object] = {}
    before = issue
    if title is not None and title != issue.title:
        check_text("title", title, 256)
        changes["title"] = {"from": issue.title}
        issue = replace(issue, title=title)
    if body is not None and body != issue.body:
        check_text("body", body, BODY_LIMIT)
        changes["body"] = {"from": issue.body or ""}
        issue = replace(issue, body=body)
    if not changes:
        return issue
    issue = touch(hub, issue)
    if issue.title != before.title:
        note(hub, issue, "renamed", by, rename_from=before.title, rename_to=issue.title)
    tell(hub, issue, "edited", by, changes=changes)
    return issue


def close(hub: Hub, issue: r.Issue, by: r.Account, reason: str | None = "completed") -> r.Issue:
    if issue.state == "closed":
        return issue
    reason = None if issue.pull else reason
    now = hub.now()
    issue = touch(hub, replace(issue, state="closed", state_reason=reason, closed_at=now, closed_by=by.login))
    note(hub, issue, "closed", by)
    tell(hub, issue, "closed", by)
    return issue


def reopen(hub: Hub, issue: r.Issue, by: r.Account) -> r.Issue:
    """Open it again; a pull request that was merged, or whose branch is gone or taken, cannot be."""
    if issue.state == "open":
        return issue
    if issue.pull:
        _check_reopening(hub, issue, issue.pull)
    reason = None if issue.pull else "reopened"
    issue = touch(hub, replace(issue, state="open", state_reason=reason, closed_at=None, closed_by=None))
    note(hub, issue, "reopened", by)
    tell(hub, issue, "reopened", by)
    return issue


def add_labels(hub: Hub, issue: r.Issue, names: Iterable[str], by: r.Account) -> r.Issue:
    """Put labels on; one that the repository does not know is made, as GitHub does."""
    here = hub.repositories[issue.repository]
    for name in names:
        if not name.strip() or len(name) > 50:
            raise Invalid(errors=[field_error("Label", "name", "missing_field" if not name.strip() else "too_long")])
        label = hub.label(here, name) or make_label(hub, here, name, by)
        if _held_label(hub, issue, name) is not None:
            continue
        issue = touch(hub, replace(issue, labels=(*issue.labels, label.id)))
        note(hub, issue, "labeled", by, label=label.name, color=label.color)
        tell(hub, issue, "labeled", by, label=forms.label(hub, label))
    return issue


def remove_label(hub: Hub, issue: r.Issue, name: str, by: r.Account) -> r.Issue:
    """Take a label off; 404 where the issue has none of this name."""
    label = _held_label(hub, issue, name)
    if label is None:
        raise Refusal(404, "Label does not exist")
    issue = touch(hub, replace(issue, labels=tuple(id_ for id_ in issue.labels if id_ != label.id)))
    note(hub, issue, "unlabeled", by, label=label.name, color=label.color)
    tell(hub, issue, "unlabeled", by, label=forms.label(hub, label))
    return issue


def _held_label(hub: Hub, issue: r.Issue, name: str) -> r.Label | None:
    """The label of this name that the issue has; names are alike in any case."""
    held = (hub.labels[id_] for id_ in issue.labels)
    return next((label for label in held if label.name.lower() == name.lower()), None)


def set_labels(hub: Hub, issue: r.Issue, names: Sequence[str], by: r.Account) -> r.Issue:
    """Exactly these labels from now on."""
    wanted = {name.lower() for name in names}
    for id_ in issue.labels:
        label = hub.labels[id_]
        if label.name.lower() not in wanted:
            issue = remove_label(hub, issue, label.name, by)
    return add_labels(hub, issue, names, by)


def make_label(
    hub: Hub, here: r.Repository, name: str, by: r.Account, *, color: str = "ededed", description: str | None = None
) -> r.Label:
    if hub.label(here, name):
        raise Invalid(errors=[field_error("Label", "name", "already_exists")])
    label = r.Label(
        id=hub.labels.next_id(), repository=here.id, name=name, color=color.lstrip("#"), description=description
    )
    hub.labels.put(label)
    emit(hub, "label", "created", sender=by, repository=here, payload=lambda: {"label": forms.label(hub, label)})
    return label


def can_be_assigned(hub: Hub, issue: r.Issue, login: str) -> bool:
    """Collaborators, members, the author and who commented; GitHub leaves others out without a word."""
    here = hub.repositories[issue.repository]
    if hub.account(login) is None:
        return False
    known = {issue.author.lower(), *(row.author.lower() for row in hub.comments_of.all(issue.id))}
    return (
        login.lower() in known or access.is_member(hub, here.owner, login) or access.is_collaborator(hub, here, login)
    )


def assign(hub: Hub, issue: r.Issue, logins: Iterable[str], by: r.Account) -> r.Issue:
    for wanted in logins:
        account = hub.account(wanted)
        if account is None or account.login in issue.assignees or not can_be_assigned(hub, issue, wanted):
            continue
        if len(issue.assignees) >= 10:
            break
        issue = touch(hub, replace(issue, assignees=(*issue.assignees, account.login)))
        note(hub, issue, "assigned", by, login=account.login)
        tell(hub, issue, "assigned", by, assignee=forms.user(hub, account.login))
    return issue


def unassign(hub: Hub, issue: r.Issue, logins: Iterable[str], by: r.Account) -> r.Issue:
    for unwanted in logins:
        login = next((name for name in issue.assignees if name.lower() == unwanted.lower()), None)
        if login is None:
            continue
        issue = touch(hub, replace(issue, assignees=tuple(name for name in issue.assignees if name != login)))
        note(hub, issue, "unassigned", by, login=login)
        tell(hub, issue, "unassigned", by, assignee=forms.user(hub, login))
    return issue


def set_assignees(hub: Hub, issue: r.Issue, logins: Sequence[str], by: r.Account) -> r.Issue:
    wanted = {login.lower() for login in logins}
    issue = unassign(hub, issue, [login for login in issue.assignees if login.lower() not in wanted], by)
    return assign(hub, issue, logins, by)


def set_milestone(hub: Hub, issue: r.Issue, number: int | None, by: r.Account) -> r.Issue:
    here = hub.repositories[issue.repository]
    checked_milestone(hub, here, number)
    if issue.milestone == number:
        return issue
    old = hub.milestone(here, issue.milestone) if issue.milestone else None
    issue = touch(hub, replace(issue, milestone=number))
    if old is not None:
        note(hub, issue, "demilestoned", by, milestone=old.title)
        tell(hub, issue, "demilestoned", by, milestone=forms.milestone(hub, old))
    new = hub.milestone(here, number) if number else None
    if new is not None:
        note(hub, issue, "milestoned", by, milestone=new.title)
        tell(hub, issue, "milestoned", by, milestone=forms.milestone(hub, new))
    return issue


def checked_milestone(hub: Hub, here: r.Repository, number: int | None) -> int | None:
    if number is not None and hub.milestone(here, number) is None:
        raise Invalid(errors=[field_error("Issue", "milestone")])
    return number


def lock(hub: Hub, issue: r.Issue, by: r.Account, reason: str | None = None) -> r.Issue:
    if not issue.is_locked:
        issue = touch(hub, replace(issue, is_locked=True, lock_reason=reason))
        note(hub, issue, "locked", by)
        tell(hub, issue, "locked", by)
    return issue


def unlock(hub: Hub, issue: r.Issue, by: r.Account) -> r.Issue:
    if issue.is_locked:
        issue = touch(hub, replace(issue, is_locked=False, lock_reason=None))
        note(hub, issue, "unlocked", by)
        tell(hub, issue, "unlocked", by)
    return issue


def set_pinned(hub: Hub, issue: r.Issue, by: r.Account, *, is_pinned: bool) -> r.Issue:
    if issue.is_pinned != is_pinned:
        issue = touch(hub, replace(issue, is_pinned=is_pinned))
        note(hub, issue, "pinned" if is_pinned else "unpinned", by)
        tell(hub, issue, "pinned" if is_pinned else "unpinned", by)
    return issue


def transfer(hub: Hub, issue: r.Issue, there: r.Repository, by: r.Account) -> r.Issue:
    """Move an issue to another repository under a new number; labels come along by name."""
    old = issue
    names = [hub.labels[id_].name for id_ in issue.labels]
    moved = replace(issue, repository=there.id, number=hub.next_number(there), labels=(), milestone=None)
    moved = touch(hub, moved)
    tell(
        hub,
        old,
        "transferred",
        by,
        changes={"new_issue": forms.issue(hub, moved), "new_repository": forms.repository(hub, there)},
    )
    note(hub, moved, "transferred", by)
    known = [name for name in names if hub.label(there, name)]
    return add_labels(hub, moved, known, by)


def comment(hub: Hub, issue: r.Issue, body: str, by: r.Account) -> r.Comment:
    check_comment(body)
    now = hub.now()
    row = r.Comment(
        id=hub.comments.next_id(), issue=issue.id, author=by.login, body=body, created_at=now, updated_at=now
    )
    hub.comments.put(row)
    tell_comment(hub, touch(hub, issue), row, "created", by)
    return row


def edit_comment(hub: Hub, row: r.Comment, body: str, by: r.Account) -> r.Comment:
    check_comment(body)
    old = row.body
    row = hub.comments.put(replace(row, body=body, updated_at=hub.now()))
    tell_comment(hub, touch(hub, hub.issues[row.issue]), row, "edited", by, changes={"body": {"from": old}})
    return row


def delete_comment(hub: Hub, row: r.Comment, by: r.Account) -> None:
    hub.comments.remove(row)
    issue = touch(hub, hub.issues[row.issue])
    note(hub, issue, "comment_deleted", by)
    tell_comment(hub, issue, row, "deleted", by)


def tell_comment(hub: Hub, issue: r.Issue, row: r.Comment, action: str, by: r.Account, **extra: object) -> None:
    here = hub.repositories[issue.repository]

    def payload() -> r.Json:
        return {"issue": forms.issue(hub, issue), "comment": forms.comment(hub, row), **extra}

    emit(hub, "issue_comment", action, sender=by, repository=here, payload=payload)


def check_comment(body: str) -> None:
    if not body.strip():
        raise Invalid(errors=[field_error("IssueComment", "body", "missing_field")])
    check_text("body", body, BODY_LIMIT)


def check_text(field: str, text: str | None, limit: int) -> None:
    """422 where a text is longer than GitHub takes."""
    if text is not None and len(text) > limit:
        message = f"{field} is too long (maximum is {limit} characters)"
        raise Invalid(errors=[field_error("Issue", field, "custom", message)])


def _check_reopening(hub: Hub, issue: r.Issue, change: r.Pull) -> None:
    here = hub.repositories[issue.repository]
    home = hub.repositories.get(change.head_repository) if change.head_repository is not None else None
    head = hub.branch(home, change.head_ref) if home else None
    twins = hub.pulls_with_head.all((change.head_repository, change.head_ref))
    why = None
    if change.merged_at is not None:
        why = "The pull request cannot be reopened."
    elif home is None or (head is None and not here.is_described):
        why = f"state cannot be changed. The {change.head_ref} branch has been deleted."
    elif any(
        twin.pull and twin.repository == issue.repository and twin.pull.base_ref == change.base_ref for twin in twins
    ):
        head_label = f"{change.head_owner}:{change.head_ref}"
        why = f"state cannot be changed. There is already an open pull request from {head_label}."
    elif head is not None and head.sha != change.head_sha and not here.is_described:
        why = f"state cannot be changed. The {change.head_ref} branch was force-pushed or recreated."
    if why:
        raise Invalid(errors=[field_error("PullRequest", "state", "invalid", why)])
