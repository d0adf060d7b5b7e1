"""REST: reviews of pull requests, comments on their lines, and who is asked for a review."""

from typing import Literal

from msgspec import Struct

from infra.local.github import pull_forms, reviews
from infra.local.github import records as r
from infra.local.github.access import Level
from infra.local.github.errors import Invalid, NotFound
from infra.local.github.rest.calls import Answer, Call, Route
from infra.local.github.rest.issues import Body, check_own


class NewRemark(Struct):
    path: str
    body: str
    position: int | None = None
    line: int | None = None
    side: Literal["LEFT", "RIGHT"] = "RIGHT"
    start_line: int | None = None

    def as_remark(self) -> reviews.Remark:
        return reviews.Remark(self.path, self.body, self.position, self.line, self.side, self.start_line)


class NewComment(Struct):
    body: str
    path: str | None = None
    commit_id: str | None = None
    position: int | None = None
    line: int | None = None
    side: Literal["LEFT", "RIGHT"] = "RIGHT"
    start_line: int | None = None
    in_reply_to: int | None = None


class NewReview(Struct):
    event: str = "PENDING"
    body: str = ""
    commit_id: str | None = None
    comments: list[NewRemark] = []


class Dismissal(Struct):
    message: str
    event: str | None = None


class Reviewers(Struct):
    reviewers: list[str] = []
    team_reviewers: list[str] = []


def list_reviews(call: Call) -> Answer:
    return call.listed(call.hub.reviews_of.all(call.pull().id), pull_forms.review)


def create_review(call: Call) -> Answer:
    new, issue = call.read(NewReview), call.pull()
    remarks = [remark.as_remark() for remark in new.comments]
    row = reviews.submit(call.hub, issue, call.me, new.event, new.body, remarks, new.commit_id)
    return Answer(200, pull_forms.review(call.hub, row))


def get_review(call: Call) -> Answer:
    return Answer(200, pull_forms.review(call.hub, _review(call)))


def change_review(call: Call) -> Answer:
    row = reviews.edit(call.hub, _review(call), call.read(Body).body, call.me)
    return Answer(200, pull_forms.review(call.hub, row))


def dismiss_review(call: Call) -> Answer:
    row = reviews.dismiss(call.hub, _review(call), call.read(Dismissal).message, call.me)
    return Answer(200, pull_forms.review(call.hub, row))


def list_review_comments(call: Call) -> Answer:
    return call.listed(call.hub.review_comments_of.all(call.pull().id), pull_forms.review_comment)


def create_review_comment(call: Call) -> Answer:
    """A comment on a line, or an answer to one; it comes in a review of its own."""
    new, issue = call.read(NewComment), call.pull()
    parent = call.hub.review_comments.get(new.in_reply_to) if new.in_reply_to is not None else None
    path = parent.path if parent else new.path
    if path is None:
        raise Invalid("Invalid request.\n\nObject missing required field `path`.")
    review = call.hub.reviews.get(parent.review) if parent else None
    if review is None:
        review = reviews.submit(call.hub, issue, call.me, "COMMENT", commit=new.commit_id)
    remark = reviews.Remark(path, new.body, new.position, new.line, new.side, new.start_line)
    row = reviews.remember(call.hub, call.hub.issues[issue.id], review, remark, call.me, parent.id if parent else None)
    return Answer(201, pull_forms.review_comment(call.hub, row))


def get_review_comment(call: Call) -> Answer:
    return Answer(200, pull_forms.review_comment(call.hub, _review_comment(call)))


def change_review_comment(call: Call) -> Answer:
    row = _review_comment(call)
    check_own(call, row.author)
    row = reviews.edit_comment(call.hub, row, call.read(Body).body, call.me)
    return Answer(200, pull_forms.review_comment(call.hub, row))


def delete_review_comment(call: Call) -> Answer:
    row = _review_comment(call)
    check_own(call, row.author)
    reviews.delete_comment(call.hub, row, call.me)
    return Answer(204)


def get_requested(call: Call) -> Answer:
    form = pull_forms.pull(call.hub, call.pull())
    return Answer(200, {"users": form["requested_reviewers"], "teams": form["requested_teams"]})


def request_reviewers(call: Call) -> Answer:
    asked, issue = call.read(Reviewers), call.pull()
    issue = reviews.request(call.hub, issue, asked.reviewers, asked.team_reviewers, call.me)
    return Answer(201, pull_forms.pull(call.hub, issue))


def unrequest_reviewers(call: Call) -> Answer:
    asked, issue = call.read(Reviewers), call.pull()
    issue = reviews.unrequest(call.hub, issue, asked.reviewers, asked.team_reviewers, call.me)
    return Answer(200, pull_forms.pull(call.hub, issue))


def _review_comment(call: Call) -> r.ReviewComment:
    row = call.hub.review_comments.get(call.number("id"))
    if row is None or call.hub.issues[row.issue].repository != call.here.id:
        raise NotFound
    return row


def _review(call: Call) -> r.Review:
    row = call.hub.reviews.get(call.number("id"))
    if row is None or row.issue != call.pull().id:
        raise NotFound
    return row


_R = "/repos/{owner}/{repo}"
_P = _R + "/pulls/{number}"
_READ = ("pull_requests:read",)
_WRITE = ("pull_requests:write",)
ROUTES = [
    Route("GET", _P + "/reviews", list_reviews, app=_READ),
    Route("POST", _P + "/reviews", create_review, app=_WRITE),
    Route("GET", _P + "/reviews/{id}", get_review, app=_READ),
    Route("PUT", _P + "/reviews/{id}", change_review, app=_WRITE),
    Route("PUT", _P + "/reviews/{id}/dismissals", dismiss_review, Level.WRITE, _WRITE),
    Route("GET", _P + "/comments", list_review_comments, app=_READ),
    Route("POST", _P + "/comments", create_review_comment, app=_WRITE),
    Route("GET", _R + "/pulls/comments/{id}", get_review_comment, app=_READ),
    Route("PATCH", _R + "/pulls/comments/{id}", change_review_comment, app=_WRITE),
    Route("DELETE", _R + "/pulls/comments/{id}", delete_review_comment, app=_WRITE),
    Route("GET", _P + "/requested_reviewers", get_requested, app=_READ),
    Route("POST", _P + "/requested_reviewers", request_reviewers, Level.TRIAGE, _WRITE),
    Route("DELETE", _P + "/requested_reviewers", unrequest_reviewers, Level.TRIAGE, _WRITE),
]
