"""What GitHub says, as far as cutwater reads it: the same values in REST answers and in webhooks.

Unknown keys are passed over, and a null is the empty value, as upstream's reader has it.
"""

from datetime import datetime
from typing import Any, TypeVar

import msgspec
from msgspec import Struct, field

from cutwater.errors import Refused


class User(Struct, frozen=True, kw_only=True):
    """A person or a bot. `type` is `User`, `Bot` or `Organization`; `name` is seldom told."""

    login: str
    id: int = 0
    type: str = ""
    name: str = ""
    html_url: str = ""


T = TypeVar("T")
NOBODY = User(login="")
DEEPEST = 100
"""Levels that an answer or a webhook may be nested: GitHub's have a dozen, and what is deeper is not read."""


class Repository(Struct, frozen=True, kw_only=True):
    """One repository."""

    name: str
    owner: User
    full_name: str = ""
    html_url: str = ""
    clone_url: str = ""
    default_branch: str = ""
    archived: bool = False
    private: bool = False


class Label(Struct, frozen=True, kw_only=True):
    """A label, of a repository or of an issue."""

    name: str
    color: str = ""
    description: str = ""


class Branch(Struct, frozen=True, kw_only=True):
    """One end of a pull request. `repo` is None where the fork is gone."""

    ref: str
    sha: str
    repo: Repository | None = None
    user: User | None = None


class Team(Struct, frozen=True, kw_only=True):
    """A team of an organisation."""

    slug: str = ""
    name: str = ""
    id: int = 0


class Milestone(Struct, frozen=True, kw_only=True):
    """A milestone."""

    title: str
    number: int
    state: str = ""


class PullRequest(Struct, frozen=True, kw_only=True):
    """A pull request. `mergeable` is None while GitHub has not found out; `commits` is how many it has."""

    number: int
    base: Branch
    head: Branch
    user: User
    state: str = "open"
    title: str = ""
    body: str = ""
    html_url: str = ""
    node_id: str = ""
    id: int = 0
    draft: bool = False
    merged: bool = False
    mergeable: bool | None = None
    merge_commit_sha: str = ""
    commits: int = 0
    labels: tuple[Label, ...] = ()
    assignees: tuple[User, ...] = ()
    requested_reviewers: tuple[User, ...] = ()
    milestone: Milestone | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


class Issue(Struct, frozen=True, kw_only=True):
    """An issue, or the issue side of a pull request (`pull_request` is there)."""

    number: int
    user: User
    state: str = "open"
    title: str = ""
    body: str = ""
    html_url: str = ""
    node_id: str = ""
    id: int = 0
    labels: tuple[Label, ...] = ()
    assignees: tuple[User, ...] = ()
    milestone: Milestone | None = None
    pull_request: dict[str, Any] | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


class IssueComment(Struct, frozen=True, kw_only=True):
    """A comment below an issue or a pull request."""

    id: int
    user: User = NOBODY
    body: str = ""
    html_url: str = ""
    node_id: str = ""
    created_at: datetime | None = None
    updated_at: datetime | None = None


class Review(Struct, frozen=True, kw_only=True):
    """A review. `state` is lower case in webhooks and upper case in answers."""

    id: int
    user: User = NOBODY
    body: str = ""
    state: str = ""
    html_url: str = ""
    node_id: str = ""
    commit_id: str = ""
    submitted_at: datetime | None = None


class Status(Struct, frozen=True, kw_only=True):
    """What one context says of a commit."""

    context: str
    state: str
    description: str = ""
    target_url: str = ""


class _Checks(Struct, frozen=True, kw_only=True):
    contexts: tuple[str, ...] = ()


class _Protection(Struct, frozen=True, kw_only=True):
    required_status_checks: _Checks = field(default_factory=_Checks)


class ProtectedBranch(Struct, frozen=True, kw_only=True):
    """A branch, by what it demands of what is merged to it: that much is told to everybody who may read it."""

    protection: _Protection = field(default_factory=_Protection)


class CombinedStatus(Struct, frozen=True, kw_only=True):
    """The newest status of each context of a commit."""

    sha: str
    state: str
    statuses: tuple[Status, ...] = ()


class CheckRun(Struct, frozen=True, kw_only=True):
    """What an application says of a commit. `conclusion` is "" until `status` is completed."""

    name: str = ""
    status: str = ""
    conclusion: str = ""


class CheckRuns(Struct, frozen=True, kw_only=True):
    """A page of the check runs of a commit."""

    check_runs: tuple[CheckRun, ...] = ()


class PullFile(Struct, frozen=True, kw_only=True):
    """One file that a pull request changes."""

    filename: str
    status: str = ""
    previous_filename: str = ""
    sha: str = ""
    additions: int = 0
    deletions: int = 0
    changes: int = 0
    patch: str = ""
    blob_url: str = ""


class CommitAuthor(Struct, frozen=True, kw_only=True):
    """Who wrote a commit, in git's words."""

    name: str = ""
    email: str = ""
    date: str = ""


class Tree(Struct, frozen=True, kw_only=True):
    """The tree of a commit, by name."""

    sha: str


class GitCommit(Struct, frozen=True, kw_only=True):
    """The git side of a commit."""

    message: str = ""
    tree: Tree = field(default_factory=lambda: Tree(sha=""))
    author: CommitAuthor = field(default_factory=CommitAuthor)


class Commit(Struct, frozen=True, kw_only=True):
    """One commit as the API lists it."""

    sha: str
    commit: GitCommit = field(default_factory=GitCommit)
    author: User | None = None
    parents: tuple[Tree, ...] = ()


def read(found: Any, type_: type[T]) -> T:
    """A value of `type_` from what GitHub sent. Raises Refused, naming the field that cannot be read."""
    try:
        return msgspec.convert(_without_nulls(found), type_)
    except msgspec.ValidationError as error:
        raise Refused(f"what GitHub sent is no {type_.__name__}: {error}") from error


def _without_nulls(found: Any, levels: int = DEEPEST) -> Any:
    if not levels:
        raise Refused("what GitHub sent is nested too deeply")
    if isinstance(found, dict):
        return {key: _without_nulls(value, levels - 1) for key, value in found.items() if value is not None}
    if isinstance(found, list):
        return [_without_nulls(value, levels - 1) for value in found]
    return found
