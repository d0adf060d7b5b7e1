"""What GitHub's webhooks say, and the one shape that all of them have which carry somebody's text.

Source: sigs.k8s.io/prow pkg/github (types, helpers) and pkg/hook (events).
"""

import functools
from datetime import UTC, datetime
from typing import Any, Literal, TypeVar

import msgspec
from msgspec import Struct, field

from cutwater.errors import Refused
from cutwater.github.effects import Subject
from cutwater.github.types import (
    NOBODY,
    Issue,
    IssueComment,
    Label,
    PullRequest,
    Repository,
    Review,
    User,
    read,
)

T = TypeVar("T")
NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)
"""Where GitHub says none."""

WRITTEN: dict[str, Literal["created", "edited", "deleted"]] = {
    "created": "created",
    "opened": "created",
    "submitted": "created",
    "edited": "edited",
    "deleted": "deleted",
    "dismissed": "deleted",
}
"""What an action means for the text that the event carries. Other actions carry none."""


class Account(Struct, frozen=True, kw_only=True):
    """Whom an envelope names. Of an owner, a push says the `name`, too."""

    login: str = ""
    name: str = ""
    id: int = 0


NO_ACCOUNT = Account()


class Place(Struct, frozen=True, kw_only=True):
    """The repository of an envelope: only what says whom the webhook concerns."""

    name: str = ""
    full_name: str = ""
    default_branch: str = ""
    owner: Account = NO_ACCOUNT
    visibility: Literal["", "public", "private", "internal"] = ""


class Envelope(Struct, frozen=True, kw_only=True):
    """What every webhook may say of where it comes from. What it leaves out is empty, as upstream reads it."""

    action: str = ""
    sender: Account = NO_ACCOUNT
    organization: Account = NO_ACCOUNT
    repository: Place | None = None


class PullRequestEvent(Struct, frozen=True, kw_only=True):
    """`pull_request`. `changes` is left as GitHub sends it."""

    action: str
    number: int
    pull_request: PullRequest
    repository: Repository
    guid: str = ""
    sender: User = NOBODY
    label: Label = field(default_factory=lambda: Label(name=""))
    changes: dict[str, Any] = field(default_factory=dict)


class IssueEvent(Struct, frozen=True, kw_only=True):
    """`issues`."""

    action: str
    issue: Issue
    repository: Repository
    guid: str = ""
    sender: User = NOBODY
    label: Label = field(default_factory=lambda: Label(name=""))


class IssueCommentEvent(Struct, frozen=True, kw_only=True):
    """`issue_comment`."""

    action: str
    issue: Issue
    comment: IssueComment
    repository: Repository
    guid: str = ""


class ReviewEvent(Struct, frozen=True, kw_only=True):
    """`pull_request_review`."""

    action: str
    pull_request: PullRequest
    review: Review
    repository: Repository
    guid: str = ""


class ReviewCommentEvent(Struct, frozen=True, kw_only=True):
    """`pull_request_review_comment`."""

    action: str
    pull_request: PullRequest
    comment: IssueComment
    repository: Repository
    guid: str = ""


class PushedCommit(Struct, frozen=True, kw_only=True):
    """One commit of a push, with the files it touched."""

    id: str = ""
    message: str = ""
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    modified: tuple[str, ...] = ()


class PushEvent(Struct, frozen=True, kw_only=True):
    """`push`."""

    ref: str
    after: str
    repository: Repository
    guid: str = ""
    before: str = ""
    compare: str = ""
    created: bool = False
    deleted: bool = False
    forced: bool = False
    commits: tuple[PushedCommit, ...] = ()
    sender: User = NOBODY
    pusher: Account = NO_ACCOUNT

    @property
    def branch(self) -> str:
        """The branch or tag that was pushed."""
        return self.ref.removeprefix("refs/heads/").removeprefix("refs/tags/")


class StatusEvent(Struct, frozen=True, kw_only=True):
    """`status`."""

    sha: str
    state: str
    context: str
    repository: Repository
    guid: str = ""
    description: str = ""
    target_url: str = ""
    updated_at: datetime | None = None
    sender: User = NOBODY


class Text(Struct, frozen=True, kw_only=True):
    """What somebody wrote: a comment, a review, the body of an issue or pull request.

    `author` wrote it (they are not always who edited or deleted it); `issue_author` opened what it stands below. `time`
    is GitHub's.
    """

    action: Literal["created", "edited", "deleted"]
    subject: Subject
    author: User
    body: str
    url: str
    is_pull_request: bool
    issue_author: User
    issue_state: str
    issue_title: str
    issue_body: str
    issue_url: str
    issue_id: int = 0
    default_branch: str = ""
    time: datetime = NO_TIME
    assignees: tuple[User, ...] = ()
    comment_id: int | None = None
    node_id: str = ""
    guid: str = ""

    @property
    def stands_below(self) -> bool:
        """Whether it was written below the issue or pull request, and is not its own text."""
        return self.url != self.issue_url


class Webhook(Struct, frozen=True, kw_only=True, dict=True):
    """A webhook, opened as far as hook needs to see whom it concerns. `payload` is what GitHub sent.

    What it says is read once, though each plugin is asked whether it wants it.
    """

    event: str
    guid: str
    envelope: Envelope
    payload: Any

    @property
    def action(self) -> str:
        return self.envelope.action

    @property
    def org(self) -> str:
        """Whose plugins it concerns. A push names its owner twice, and upstream goes by the name."""
        repository = self.envelope.repository
        if repository is None:
            return self.envelope.organization.login
        by_name = repository.owner.name if self.event == "push" else ""
        return by_name or repository.owner.login

    @property
    def place(self) -> tuple[str, str]:
        """Organisation and repository by the repository's full name; empty where it is of none."""
        full_name = self.envelope.repository.full_name if self.envelope.repository else ""
        org, _, repo = full_name.partition("/")
        return org, repo

    @property
    def repo(self) -> str:
        return self.envelope.repository.name if self.envelope.repository else ""

    @property
    def default_branch(self) -> str:
        """The repository's."""
        return self.envelope.repository.default_branch if self.envelope.repository else ""

    @property
    def number(self) -> int:
        """The issue or pull request that it is about; 0 where it is about none."""
        for name in ("pull_request", "issue"):
            found = self.payload.get(name)
            if isinstance(found, dict) and isinstance(found.get("number"), int):
                return int(found["number"])
        return 0

    @property
    def subject(self) -> str:
        """`org/repo#number`, or `org/repo`."""
        where = f"{self.org}/{self.repo}" if self.repo else self.org
        return f"{where}#{self.number}" if self.number else where

    @property
    def time(self) -> datetime:
        """GitHub's time of what happened; the beginning of time where it says none."""
        for name in ("comment", "review", "pull_request", "issue"):
            found = self.payload.get(name)
            if isinstance(found, dict):
                for key in ("updated_at", "submitted_at", "created_at"):
                    if isinstance(found.get(key), str):
                        return _time(found[key])
        return NO_TIME

    def read(self, type_: type[T]) -> T:
        """The payload as one of the event types. Raises Refused for a payload of another shape."""
        if type_ not in self._read:
            self._read[type_] = read(self.payload | {"guid": self.guid}, type_)
        found: T = self._read[type_]
        return found

    @functools.cached_property
    def _read(self) -> dict[type, Any]:
        return {}

    @functools.cached_property
    def text(self) -> Text | None:
        """What somebody wrote by it; None where it carries no text. Raises Refused for a payload of another shape."""
        action = WRITTEN.get(self.action)
        return _TEXTS[self.event](self, action) if action and self.event in _TEXTS else None


def open_webhook(event: str, guid: str, body: bytes) -> Webhook:
    """Read a webhook's body. Raises Refused for one that is no JSON object with GitHub's envelope."""
    try:
        payload = msgspec.json.decode(body)
    except (ValueError, RecursionError) as error:  # bytes that are no UTF-8 are no DecodeError
        raise Refused(f"the payload is no JSON: {error}") from error
    if not isinstance(payload, dict):
        raise Refused("the payload is no JSON object")
    return Webhook(event=event, guid=guid, envelope=read(payload, Envelope), payload=payload)


def _time(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return NO_TIME


def _of_issue(hook: Webhook, issue: Issue, author: User, body: str, url: str, **more: Any) -> Text:
    return Text(
        subject=Subject(hook.org, hook.repo, issue.number),
        author=author,
        body=body,
        url=url,
        issue_author=issue.user,
        issue_state=issue.state,
        issue_title=issue.title,
        issue_body=issue.body,
        issue_url=issue.html_url,
        issue_id=issue.id,
        default_branch=hook.default_branch,
        assignees=issue.assignees,
        is_pull_request=issue.pull_request is not None,
        time=hook.time,
        guid=hook.guid,
        **more,
    )


def _of_pull(hook: Webhook, pull: PullRequest, author: User, body: str, url: str, **more: Any) -> Text:
    return Text(
        subject=Subject(hook.org, hook.repo, pull.number),
        author=author,
        body=body,
        url=url,
        issue_author=pull.user,
        issue_state=pull.state,
        issue_title=pull.title,
        issue_body=pull.body,
        issue_url=pull.html_url,
        issue_id=pull.id,
        default_branch=hook.default_branch,
        assignees=pull.assignees,
        is_pull_request=True,
        time=hook.time,
        guid=hook.guid,
        **more,
    )


def _issue_text(hook: Webhook, action: str) -> Text:
    issue = hook.read(IssueEvent).issue
    return _of_issue(hook, issue, issue.user, issue.body, issue.html_url, action=action, node_id=issue.node_id)


def _issue_comment_text(hook: Webhook, action: str) -> Text:
    found = hook.read(IssueCommentEvent)
    said = found.comment
    more = {"action": action, "comment_id": said.id, "node_id": found.issue.node_id}
    return _of_issue(hook, found.issue, said.user, said.body, said.html_url, **more)


def _pull_text(hook: Webhook, action: str) -> Text:
    pull = hook.read(PullRequestEvent).pull_request
    return _of_pull(hook, pull, pull.user, pull.body, pull.html_url, action=action, node_id=pull.node_id)


def _review_text(hook: Webhook, action: str) -> Text:
    found = hook.read(ReviewEvent)
    said = found.review
    return _of_pull(hook, found.pull_request, said.user, said.body, said.html_url, action=action, node_id=said.node_id)


def _review_comment_text(hook: Webhook, action: str) -> Text:
    found = hook.read(ReviewCommentEvent)
    said = found.comment
    more = {"action": action, "comment_id": said.id, "node_id": said.node_id}
    return _of_pull(hook, found.pull_request, said.user, said.body, said.html_url, **more)


_TEXTS = {
    "issues": _issue_text,
    "issue_comment": _issue_comment_text,
    "pull_request": _pull_text,
    "pull_request_review": _review_text,
    "pull_request_review_comment": _review_comment_text,
}
