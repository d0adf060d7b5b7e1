"""The shape of a world in JSON; unknown keys are errors, so that a misspelt one is noticed."""

from datetime import datetime

from msgspec import Struct

from infra.local.github import records as r


class _Part(Struct, frozen=True, forbid_unknown_fields=True):
    """A part of a seed."""


class User(_Part, frozen=True):
    login: str
    name: str | None = None
    email: str | None = None
    is_busy: bool = False


class Organisation(_Part, frozen=True):
    login: str
    members: tuple[str, ...] = ()
    admins: tuple[str, ...] = ()
    base_permission: str = "read"


class Team(_Part, frozen=True):
    organisation: str
    slug: str
    id: int | None = None
    name: str | None = None
    members: tuple[str, ...] = ()
    repositories: dict[str, str] = {}


class App(_Part, frozen=True):
    slug: str
    installed_in: tuple[str, ...]
    hook_url: str | None = None
    hook_secret: str = ""


class Hook(_Part, frozen=True):
    url: str
    secret: str = ""
    events: tuple[str, ...] = ("*",)


class Milestone(_Part, frozen=True):
    title: str
    number: int | None = None
    state: str = "open"


class Branch(_Part, frozen=True):
    """`sha` is needed in a described repository, and given by git in a real one."""

    files: dict[str, str] = {}
    sha: str | None = None
    is_protected: bool = False
    required_contexts: tuple[str, ...] | None = None


class Commit(_Part, frozen=True):
    sha: str
    message: str = "A change"
    author: str | None = None
    author_name: str = ""
    author_email: str = ""
    tree_sha: str | None = None
    parents: tuple[str, ...] | None = None
    date: datetime | None = None


class File(_Part, frozen=True):
    filename: str
    status: str = "modified"
    additions: int = 1
    deletions: int = 0
    patch: str | None = None
    previous_filename: str | None = None
    head_content: str | None = None


class Comment(_Part, frozen=True):
    author: str
    body: str
    id: int | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


class Review(_Part, frozen=True):
    author: str
    state: r.ReviewState
    body: str = ""
    id: int | None = None
    submitted_at: datetime | None = None
    commit: str | None = None


class ReviewComment(_Part, frozen=True):
    author: str
    body: str
    path: str
    id: int | None = None
    created_at: datetime | None = None


class Event(_Part, frozen=True):
    actor: str
    event: str
    label: str | None = None
    created_at: datetime | None = None


class Status(_Part, frozen=True):
    context: str
    state: str
    description: str | None = None
    target_url: str | None = None
    creator: str | None = None
    created_at: datetime | None = None


class CheckRun(_Part, frozen=True):
    name: str
    status: str = "completed"
    conclusion: str | None = None
    id: int | None = None
    app_slug: str | None = None
    details_url: str | None = None
    completed_at: datetime | None = None


class WorkflowRun(_Part, frozen=True):
    name: str
    status: str = "completed"
    conclusion: str | None = None
    event: str = "pull_request"
    id: int | None = None


class Pull(_Part, frozen=True):
    base_ref: str
    head_ref: str
    head_sha: str
    base_sha: str | None = None
    head_owner: str | None = None
    head_repo: str | None = None
    draft: bool = False
    merged: bool = False
    merge_commit_sha: str | None = None
    mergeable: bool | None = None
    can_be_rebased: bool | None = None
    merge_state_status: str | None = None
    review_decision: str | None = None
    requested_reviewers: tuple[str, ...] = ()
    requested_teams: tuple[str, ...] = ()
    commits: tuple[Commit, ...] = ()
    files: tuple[File, ...] = ()
    reviews: tuple[Review, ...] = ()
    review_comments: tuple[ReviewComment, ...] = ()
    statuses: tuple[Status, ...] = ()
    check_runs: tuple[CheckRun, ...] = ()
    workflow_runs: tuple[WorkflowRun, ...] = ()


class Issue(_Part, frozen=True):
    number: int
    title: str
    author: str
    body: str | None = None
    author_association: str | None = None
    state: r.PullState = "open"
    state_reason: str | None = None
    labels: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()
    milestone: str | None = None
    is_locked: bool = False
    created_at: datetime | None = None
    updated_at: datetime | None = None
    comments: tuple[Comment, ...] = ()
    events: tuple[Event, ...] = ()
    pull_request: Pull | None = None


class Repository(_Part, frozen=True):
    """`name` is "owner/name"."""

    name: str
    is_described: bool = False
    is_private: bool = False
    is_archived: bool = False
    default_branch: str = "main"
    parent: str | None = None
    merge_methods: tuple[str, ...] = ("merge", "squash", "rebase")
    branches: dict[str, Branch] = {}
    commits: tuple[Commit, ...] = ()
    collaborators: dict[str, str] = {}
    labels: tuple[str, ...] = ()
    milestones: tuple[Milestone, ...] = ()
    hooks: tuple[Hook, ...] = ()
    issues: tuple[Issue, ...] = ()


class Seed(_Part, frozen=True):
    """The whole file."""

    users: tuple[User, ...] = ()
    organisations: tuple[Organisation, ...] = ()
    repositories: tuple[Repository, ...] = ()
    teams: tuple[Team, ...] = ()
    apps: tuple[App, ...] = ()
