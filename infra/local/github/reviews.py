"""Reviews, comments on lines, and asking people for a review."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from msgspec.structs import replace

from infra.local.github import access, forms, issues, pull_forms
from infra.local.github import records as r
from infra.local.github.errors import Invalid, field_error
from infra.local.github.hub import Hub
from infra.local.github.webhooks import emit

STATES: dict[str, r.ReviewState] = {
    "APPROVE": "APPROVED",
    "REQUEST_CHANGES": "CHANGES_REQUESTED",
    "COMMENT": "COMMENTED",
}


class Remark(NamedTuple):
    """A comment on a line, not yet kept."""

    path: str
    body: str
    position: int | None = None
    line: int | None = None
    side: Literal["LEFT", "RIGHT"] = "RIGHT"
    start_line: int | None = None


def submit(
    hub: Hub,
    issue: r.Issue,
    by: r.Account,
    event: str,
    body: str = "",
    remarks: Sequence[Remark] = (),
    commit: str | None = None,
) -> r.Review:
    """A whole review at once; its author is no longer among the requested."""
    change = issue.pull
    assert change is not None
    if event not in STATES:
        raise Invalid(errors=[field_error("PullRequestReview", "event")])
    if event != "COMMENT" and by.login == issue.author:
        word = "approve" if event == "APPROVE" else "request changes on"
        raise Invalid("Unprocessable Entity", [f"Can not {word} your own pull request"])
    if event == "REQUEST_CHANGES" and not body:
        raise Invalid("Unprocessable Entity", ["You need to leave a comment indicating the requested changes."])
    review = hub.reviews.put(
        r.Review(
            id=hub.reviews.next_id(),
            issue=issue.id,
            author=by.login,
            body=body,
            state=STATES[event],
            commit=commit or change.head_sha,
            submitted_at=hub.now(),
        )
    )
    waiting = tuple(login for login in change.requested_reviewers if login != by.login)
    issue = issues.touch(hub, replace(issue, pull=replace(change, requested_reviewers=waiting)))
    tell(hub, review, "submitted", by)
    for remark in remarks:
        remember(hub, issue, review, remark, by)
    return review


def remember(
    hub: Hub, issue: r.Issue, review: r.Review, remark: Remark, by: r.Account, in_reply_to: int | None = None
) -> r.ReviewComment:
    """Keep a comment on a line and tell of it."""
    now = hub.now()
    row = hub.review_comments.put(
        r.ReviewComment(
            id=hub.review_comments.next_id(),
            issue=issue.id,
            review=review.id,
            author=by.login,
            body=remark.body,
            path=remark.path,
            commit=review.commit,
            position=remark.position,
            line=remark.line,
            start_line=remark.start_line,
            side=remark.side,
            in_reply_to=in_reply_to,
            created_at=now,
            updated_at=now,
        )
    )
    tell_comment(hub, row, "created", by)
    return row


def edit_comment(hub: Hub, row: r.ReviewComment, body: str, by: r.Account) -> r.ReviewComment:
    old = row.body
    row = hub.review_comments.put(replace(row, body=body, updated_at=hub.now()))
    tell_comment(hub, row, "edited", by, changes={"body": {"from": old}})
    return row


def delete_comment(hub: Hub, row: r.ReviewComment, by: r.Account) -> None:
    tell_comment(hub, row, "deleted", by)
    hub.review_comments.remove(row)


def edit(hub: Hub, review: r.Review, body: str, by: r.Account) -> r.Review:
    old = review.body
    review = hub.reviews.put(replace(review, body=body))
    tell(hub, review, "edited", by, changes={"body": {"from": old}})
    return review


def dismiss(hub: Hub, review: r.Review, message: str, by: r.Account) -> r.Review:
    if review.state not in ("APPROVED", "CHANGES_REQUESTED"):
        raise Invalid("Unprocessable Entity", ["Can not dismiss a commented pull request review"])
    review = hub.reviews.put(replace(review, state="DISMISSED"))
    issues.note(hub, hub.issues[review.issue], "review_dismissed", by)
    tell(hub, review, "dismissed", by)
    return review


def request(hub: Hub, issue: r.Issue, logins: Sequence[str], slugs: Sequence[str], by: r.Account) -> r.Issue:
    """Ask people and teams; all or none: 422 where one is no collaborator, or wrote the pull request."""
    here = hub.repositories[issue.repository]
    accounts = [account for login in logins if (account := hub.account(login)) is not None]
    teams = [team for slug in slugs if (team := hub.team(here.owner, slug)) is not None]
    if any(account.login == issue.author for account in accounts):
        raise Invalid("Review cannot be requested from pull request author.")
    strangers = [account for account in accounts if not access.is_collaborator(hub, here, account.login)]
    if strangers or len(accounts) < len(logins) or len(teams) < len(slugs):
        raise Invalid(
            "Reviews may only be requested from collaborators. One or more of the users or teams you specified is "
            f"not a collaborator of the {here.full_name} repository."
        )
    for account in accounts:
        change = hub.issues[issue.id].pull
        assert change is not None
        if account.login not in change.requested_reviewers:
            asked = replace(change, requested_reviewers=(*change.requested_reviewers, account.login))
            issue = issues.touch(hub, replace(hub.issues[issue.id], pull=asked))
            issues.note(hub, issue, "review_requested", by, login=account.login)
            issues.tell(hub, issue, "review_requested", by, requested_reviewer=forms.user(hub, account.login))
    for asked_team in teams:
        change = hub.issues[issue.id].pull
        assert change is not None
        if asked_team.id not in change.requested_teams:
            asked = replace(change, requested_teams=(*change.requested_teams, asked_team.id))
            issue = issues.touch(hub, replace(hub.issues[issue.id], pull=asked))
            issues.note(hub, issue, "review_requested", by, team=asked_team.id)
            issues.tell(hub, issue, "review_requested", by, requested_team=forms.team(hub, asked_team))
    return hub.issues[issue.id]


def unrequest(hub: Hub, issue: r.Issue, logins: Sequence[str], slugs: Sequence[str], by: r.Account) -> r.Issue:
    """Stop asking people and teams; who was not asked is passed over."""
    here = hub.repositories[issue.repository]
    change = issue.pull
    assert change is not None
    unwanted = {login.lower() for login in logins}
    gone = {team.id for slug in slugs if (team := hub.team(here.owner, slug)) is not None}
    for login in change.requested_reviewers:
        if login.lower() in unwanted:
            left = tuple(name for name in change.requested_reviewers if name != login)
            change = replace(change, requested_reviewers=left)
            issue = issues.touch(hub, replace(issue, pull=change))
            issues.note(hub, issue, "review_request_removed", by, login=login)
            issues.tell(hub, issue, "review_request_removed", by, requested_reviewer=forms.user(hub, login))
    for id_ in change.requested_teams:
        if id_ in gone:
            change = replace(change, requested_teams=tuple(one for one in change.requested_teams if one != id_))
            issue = issues.touch(hub, replace(issue, pull=change))
            issues.note(hub, issue, "review_request_removed", by, team=id_)
            form = forms.team(hub, hub.teams[id_])
            issues.tell(hub, issue, "review_request_removed", by, requested_team=form)
    return issue


def tell(hub: Hub, review: r.Review, action: str, by: r.Account, **extra: object) -> None:
    """The `pull_request_review` webhook; states are in lower case there."""
    issue = hub.issues[review.issue]

    def payload() -> r.Json:
        form = pull_forms.review(hub, review)
        form |= {"state": review.state.lower(), "updated_at": review.submitted_at}
        return {"review": form, "pull_request": pull_forms.pull(hub, issue), **extra}

    here = hub.repositories[issue.repository]
    emit(hub, "pull_request_review", action, sender=by, repository=here, payload=payload)


def tell_comment(hub: Hub, row: r.ReviewComment, action: str, by: r.Account, **extra: object) -> None:
    """The `pull_request_review_comment` webhook."""
    issue = hub.issues[row.issue]

    def payload() -> r.Json:
        return {
            "comment": pull_forms.review_comment(hub, row),
            "pull_request": pull_forms.pull(hub, issue),
            **extra,
        }

    here = hub.repositories[issue.repository]
    emit(hub, "pull_request_review_comment", action, sender=by, repository=here, payload=payload)
