"""What the local GitHub remembers: one frozen record a thing, each kept as one row of SQLite.

A record never holds another record: it names accounts by login, and everything else by id, as GitHub's own data does.
A change is a new record put in the old one's place, so a request that fails half-way is undone by putting the old
ones back.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from msgspec import Struct

AccountKind = Literal["User", "Organization", "Bot"]
MemberRole = Literal["admin", "member"]
PullState = Literal["open", "closed"]
ReviewState = Literal["APPROVED", "CHANGES_REQUESTED", "COMMENTED", "DISMISSED", "PENDING"]
StatusState = Literal["error", "failure", "pending", "success"]
Json = Mapping[str, object]


class Record(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The base of all records: `id` is unique within a kind."""

    id: int


class Account(Record, frozen=True, kw_only=True):
    """A user, an organisation, or the bot of an App; organisations add what their members may do by default."""

    login: str
    kind: AccountKind = "User"
    name: str | None = None
    email: str | None = None
    created_at: datetime
    is_busy: bool = False
    base_permission: str = "read"
    description: str | None = None


class Membership(Record, frozen=True, kw_only=True):
    """One account's place in an organisation."""

    organisation: str
    login: str
    role: MemberRole = "member"
    state: Literal["active", "pending"] = "active"
    is_public: bool = True


class Team(Record, frozen=True, kw_only=True):
    """A team of an organisation; `repositories` maps "org/repo" to the permission the team has there."""

    organisation: str
    slug: str
    name: str
    description: str | None = None
    privacy: Literal["closed", "secret"] = "closed"
    created_at: datetime
    members: Mapping[str, Literal["member", "maintainer"]]
    repositories: Mapping[str, str] = {}
    parent: int | None = None


class App(Record, frozen=True, kw_only=True):
    """A GitHub App; it signs in with an RS256 JWT whose issuer is its id, and its bot is `<slug>[bot]`."""

    slug: str
    name: str
    owner: str
    public_key: str
    permissions: Mapping[str, str]
    events: tuple[str, ...] = ("*",)
    created_at: datetime


class Installation(Record, frozen=True, kw_only=True):
    """An App in one account; `repositories` is None when it sees them all."""

    app: int
    account: str
    permissions: Mapping[str, str]
    repositories: tuple[int, ...] | None = None
    created_at: datetime


class Token(Record, frozen=True, kw_only=True):
    """What somebody signs in with: a user's token, or an installation's for an hour."""

    secret: str
    login: str
    scopes: tuple[str, ...] = ("repo", "admin:org", "admin:repo_hook", "workflow")
    installation: int | None = None
    permissions: Mapping[str, str] | None = None
    repositories: tuple[int, ...] | None = None
    expires_at: datetime | None = None


class Repository(Record, frozen=True, kw_only=True):
    """A repository. A *described* one has no git behind it: its branches, commits and files are stored facts."""

    owner: str
    name: str
    is_described: bool = False
    is_private: bool = False
    is_archived: bool = False
    description: str | None = None
    default_branch: str = "main"
    parent: int | None = None
    network: int | None = None
    has_issues: bool = True
    allow_merge_commit: bool = True
    allow_squash_merge: bool = True
    allow_rebase_merge: bool = True
    created_at: datetime
    pushed_at: datetime

    @property
    def full_name(self) -> str:
        return f"{self.owner}/{self.name}"


class Collaborator(Record, frozen=True, kw_only=True):
    """A direct grant. The permission "none" denies what a public repository or an organisation would give."""

    repository: int
    login: str
    permission: str


class Invitation(Record, frozen=True, kw_only=True):
    """A grant that its account has not accepted yet."""

    repository: int
    invitee: str
    inviter: str
    permission: str
    created_at: datetime


class Ref(Record, frozen=True, kw_only=True):
    """A branch or tag and where it points; for a real repository a copy of what git says, to notice pushes."""

    repository: int
    name: str
    sha: str


class Person(Struct, frozen=True):
    """Who wrote a commit, as git has it."""

    name: str
    email: str
    date: datetime


class ChangedFile(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One file of a pull request, a commit or a comparison."""

    filename: str
    status: Literal["added", "removed", "modified", "renamed", "copied", "changed", "unchanged"] = "modified"
    additions: int = 0
    deletions: int = 0
    patch: str | None = None
    previous_filename: str | None = None
    sha: str | None = None


class Commit(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A commit; `author_login` and `committer_login` are what a described commit says, else found by e-mail."""

    sha: str
    tree: str
    parents: tuple[str, ...]
    author: Person
    committer: Person
    message: str
    author_login: str | None = None
    committer_login: str | None = None


class DescribedCommit(Record, frozen=True, kw_only=True):
    """A commit of a described repository."""

    repository: int
    commit: Commit
    files: tuple[ChangedFile, ...] = ()


class DescribedTree(Record, frozen=True, kw_only=True):
    """The whole content of a described repository at one commit, path to text."""

    repository: int
    sha: str
    files: Mapping[str, str]


class Label(Record, frozen=True, kw_only=True):
    """A label of a repository; names are compared without regard to case."""

    repository: int
    name: str
    color: str = "ededed"
    description: str | None = None


class Milestone(Record, frozen=True, kw_only=True):
    """A milestone of a repository."""

    repository: int
    number: int
    title: str
    state: Literal["open", "closed"] = "open"
    description: str | None = None
    creator: str
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None = None
    due_on: datetime | None = None


class Stated(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Facts of a pull request that a described world states outright where GitHub would work them out."""

    commits: tuple[Commit, ...] | None = None
    files: tuple[ChangedFile, ...] | None = None
    mergeable: bool | None = None
    can_be_rebased: bool | None = None
    merge_state: str | None = None
    review_decision: str | None = None


class Pull(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What makes an issue a pull request; `head_repository` is None when the fork is gone."""

    base_ref: str
    base_sha: str
    head_ref: str
    head_sha: str
    head_owner: str
    head_repository: int | None
    is_draft: bool = False
    maintainer_can_modify: bool = True
    requested_reviewers: tuple[str, ...] = ()
    requested_teams: tuple[int, ...] = ()
    merged_at: datetime | None = None
    merged_by: str | None = None
    merge_sha: str | None = None
    stated: Stated | None = None


class Issue(Record, frozen=True, kw_only=True):
    """An issue, or a pull request when `pull` is there. Labels are ids, assignees logins, in the order given."""

    repository: int
    number: int
    title: str
    body: str | None = None
    author: str
    state: PullState = "open"
    state_reason: str | None = None
    labels: tuple[int, ...] = ()
    assignees: tuple[str, ...] = ()
    milestone: int | None = None
    is_locked: bool = False
    lock_reason: str | None = None
    is_pinned: bool = False
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None = None
    closed_by: str | None = None
    association: str | None = None
    pull: Pull | None = None


class Comment(Record, frozen=True, kw_only=True):
    """A comment in the conversation of an issue or pull request."""

    issue: int
    author: str
    body: str
    created_at: datetime
    updated_at: datetime


class Review(Record, frozen=True, kw_only=True):
    """A review of a pull request, as it stood at `commit`."""

    issue: int
    author: str
    body: str = ""
    state: ReviewState
    commit: str
    submitted_at: datetime


class ReviewComment(Record, frozen=True, kw_only=True):
    """A comment on a line of a pull request's change."""

    issue: int
    review: int
    author: str
    body: str
    path: str
    commit: str
    position: int | None = None
    line: int | None = None
    start_line: int | None = None
    side: Literal["LEFT", "RIGHT"] = "RIGHT"
    in_reply_to: int | None = None
    diff_hunk: str = ""
    created_at: datetime
    updated_at: datetime


class Reaction(Record, frozen=True, kw_only=True):
    """An emoji on an issue, a comment or a review comment."""

    subject: Literal["issue", "comment", "review_comment"]
    subject_id: int
    author: str
    content: str
    created_at: datetime


class Event(Record, frozen=True, kw_only=True):
    """A line of an issue's history: labeled, assigned, closed, merged, renamed, head_ref_force_pushed…"""

    issue: int
    actor: str
    kind: str
    created_at: datetime
    label: str | None = None
    color: str | None = None
    login: str | None = None
    team: int | None = None
    milestone: str | None = None
    commit: str | None = None
    rename_from: str | None = None
    rename_to: str | None = None


class Status(Record, frozen=True, kw_only=True):
    """A commit status; the newest of a context counts."""

    repository: int
    sha: str
    context: str
    state: StatusState
    description: str | None = None
    target_url: str | None = None
    creator: str
    created_at: datetime
    updated_at: datetime


class CheckRun(Record, frozen=True, kw_only=True):
    """A check run of an App on a commit."""

    repository: int
    sha: str
    name: str
    status: str = "queued"
    conclusion: str | None = None
    app: int | None = None
    external_id: str = ""
    details_url: str | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    title: str | None = None
    summary: str | None = None
    text: str | None = None


class WorkflowRun(Record, frozen=True, kw_only=True):
    """A run of a GitHub Actions workflow; nothing runs here, worlds state it."""

    repository: int
    name: str
    sha: str
    branch: str
    event: str = "pull_request"
    status: str = "completed"
    conclusion: str | None = None
    attempt: int = 1
    created_at: datetime


class Protection(Record, frozen=True, kw_only=True):
    """What guards a branch; `push_users` and `push_teams` are None when anybody with write may push."""

    repository: int
    branch: str
    contexts: tuple[str, ...] | None = None
    is_strict: bool = False
    enforce_admins: bool = False
    approvals: int | None = None
    dismiss_stale: bool = False
    code_owners: bool = False
    push_users: tuple[str, ...] | None = None
    push_teams: tuple[str, ...] = ()
    push_apps: tuple[str, ...] = ()
    linear_history: bool = False
    allow_force_pushes: bool = False
    allow_deletions: bool = False


class Hook(Record, frozen=True, kw_only=True):
    """A webhook of a repository, of an organisation, or (both None) of the App in `app`."""

    repository: int | None = None
    organisation: str | None = None
    app: int | None = None
    url: str
    secret: str = ""
    events: tuple[str, ...] = ("*",)
    is_active: bool = True
    content_type: str = "json"
    insecure_ssl: str = "0"
    created_at: datetime
    updated_at: datetime


class Delivery(Record, frozen=True, kw_only=True):
    """One webhook sent, or about to be: `delivered_at` is None until the receiver has answered."""

    hook: int
    guid: str
    event: str
    action: str | None = None
    installation: int | None = None
    repository: int | None = None
    headers: Mapping[str, str]
    payload: str
    is_redelivery: bool = False
    created_at: datetime
    delivered_at: datetime | None = None
    seconds: float = 0.0
    status_code: int = 0
    answer: str = ""
