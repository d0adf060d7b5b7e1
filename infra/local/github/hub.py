"""The hub: the tables of the local GitHub with the look-ups that everything else needs, its clock and its addresses."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from infra.local.github import records as r
from infra.local.github.errors import NotFound
from infra.local.github.journal import Journal
from infra.local.github.store import Index, Store

if TYPE_CHECKING:
    from infra.local.github.code import Code

DEFAULT_ADDRESS = "http://github.local"
NO_REPLY = "@users.noreply.github.com"


def utc_now() -> datetime:
    return datetime.now(UTC)


class Pending(NamedTuple):
    """A webhook whose delivery is stored and not yet sent."""

    delivery: int
    hook: int


class Hub:
    """All that is known, in one place. Reading is free; writing happens inside `store.transaction()`."""

    def __init__(self, store: Store, *, clock: Callable[[], datetime], address: str, repositories: Path) -> None:
        self.store = store
        self.address = address.rstrip("/")
        self.repositories_folder = repositories
        self.pending: list[Pending] = []
        self.code: dict[int, Code] = {}
        self.rendered: dict[tuple[str, int], tuple[object, msgspec.Raw]] = {}
        self._clock = clock

        self._account_login: Index[r.Account, str] = Index(lambda row: row.login.lower())
        self._account_email: Index[r.Account, str] = Index(lambda row: row.email.lower() if row.email else None)
        self.accounts = store.table(r.Account, self._account_login, self._account_email)
        self._membership: Index[r.Membership, tuple[str, str]] = Index(
            lambda row: (row.organisation.lower(), row.login.lower())
        )
        self.memberships_of: Index[r.Membership, str] = Index(lambda row: row.organisation.lower())
        self.memberships = store.table(r.Membership, self._membership, self.memberships_of)
        self._team_slug: Index[r.Team, tuple[str, str]] = Index(lambda row: (row.organisation.lower(), row.slug))
        self.teams_of: Index[r.Team, str] = Index(lambda row: row.organisation.lower())
        self.teams = store.table(r.Team, self._team_slug, self.teams_of)
        self.apps = store.table(r.App)
        self.installations = store.table(r.Installation)
        self._token: Index[r.Token, str] = Index(lambda row: row.secret)
        self.tokens = store.table(r.Token, self._token)

        self._repository_name: Index[r.Repository, str] = Index(lambda row: row.full_name.lower())
        self.repositories_of: Index[r.Repository, str] = Index(lambda row: row.owner.lower())
        self.forks_of: Index[r.Repository, int] = Index(lambda row: row.parent)
        self.repositories = store.table(r.Repository, self._repository_name, self.repositories_of, self.forks_of)
        self.collaborators_of: Index[r.Collaborator, int] = Index(lambda row: row.repository)
        self._collaborator: Index[r.Collaborator, tuple[int, str]] = Index(
            lambda row: (row.repository, row.login.lower())
        )
        self.collaborators = store.table(r.Collaborator, self.collaborators_of, self._collaborator)
        self.invitations_of: Index[r.Invitation, int] = Index(lambda row: row.repository)
        self.invitations = store.table(r.Invitation, self.invitations_of)
        self.refs_of: Index[r.Ref, int] = Index(lambda row: row.repository)
        self._ref: Index[r.Ref, tuple[int, str]] = Index(lambda row: (row.repository, row.name))
        self.refs = store.table(r.Ref, self.refs_of, self._ref)
        self.described_commit: Index[r.DescribedCommit, tuple[int, str]] = Index(
            lambda row: (row.repository, row.commit.sha)
        )
        self.described_commits = store.table(r.DescribedCommit, self.described_commit)
        self.described_tree: Index[r.DescribedTree, tuple[int, str]] = Index(lambda row: (row.repository, row.sha))
        self.described_trees = store.table(r.DescribedTree, self.described_tree)
        self.protection_of: Index[r.Protection, tuple[int, str]] = Index(lambda row: (row.repository, row.branch))
        self.protections = store.table(r.Protection, self.protection_of)

        self.labels_of: Index[r.Label, int] = Index(lambda row: row.repository)
        self._label: Index[r.Label, tuple[int, str]] = Index(lambda row: (row.repository, row.name.lower()))
        self.labels = store.table(r.Label, self.labels_of, self._label)
        self.milestones_of: Index[r.Milestone, int] = Index(lambda row: row.repository)
        self.milestones = store.table(r.Milestone, self.milestones_of)
        self.issues_of: Index[r.Issue, int] = Index(lambda row: row.repository)
        self.open_issues_of: Index[r.Issue, int] = Index(lambda row: row.repository if row.state == "open" else None)
        self._issue: Index[r.Issue, tuple[int, int]] = Index(lambda row: (row.repository, row.number))
        self.pulls_with_head: Index[r.Issue, tuple[int | None, str]] = Index(
            lambda row: (row.pull.head_repository, row.pull.head_ref) if row.pull and row.state == "open" else None
        )
        self.pulls_at: Index[r.Issue, str] = Index(lambda row: row.pull.head_sha if row.pull else None)
        self.merged_by: Index[r.Issue, tuple[int, str]] = Index(
            lambda row: (row.repository, row.author) if row.pull and row.pull.merged_at else None
        )
        self.recent_issues: Journal[r.Issue] = Journal(clock)
        self.issues = store.table(
            r.Issue,
            self.issues_of,
            self.open_issues_of,
            self._issue,
            self.pulls_with_head,
            self.pulls_at,
            self.merged_by,
            self.recent_issues,
        )
        self.comments_of: Index[r.Comment, int] = Index(lambda row: row.issue)
        self.comments = store.table(r.Comment, self.comments_of)
        self.reviews_of: Index[r.Review, int] = Index(lambda row: row.issue)
        self.reviews = store.table(r.Review, self.reviews_of)
        self.review_comments_of: Index[r.ReviewComment, int] = Index(lambda row: row.issue)
        self.review_comments = store.table(r.ReviewComment, self.review_comments_of)
        self.reactions_on: Index[r.Reaction, tuple[str, int]] = Index(lambda row: (row.subject, row.subject_id))
        self.reactions = store.table(r.Reaction, self.reactions_on)
        self.events_of: Index[r.Event, int] = Index(lambda row: row.issue)
        self.events = store.table(r.Event, self.events_of)
        self.statuses_of: Index[r.Status, tuple[int, str]] = Index(lambda row: (row.repository, row.sha))
        self.statuses = store.table(r.Status, self.statuses_of)
        self.check_runs_of: Index[r.CheckRun, tuple[int, str]] = Index(lambda row: (row.repository, row.sha))
        self.check_runs = store.table(r.CheckRun, self.check_runs_of)

        self.workflow_runs_of: Index[r.WorkflowRun, int] = Index(lambda row: row.repository)
        self.workflow_runs = store.table(r.WorkflowRun, self.workflow_runs_of)

        self.hooks_of_repository: Index[r.Hook, int] = Index(lambda row: row.repository)
        self.hooks_of_organisation: Index[r.Hook, str] = Index(
            lambda row: row.organisation and row.organisation.lower()
        )
        self.hook_of_app: Index[r.Hook, int] = Index(lambda row: row.app)
        self.hooks = store.table(r.Hook, self.hooks_of_repository, self.hooks_of_organisation, self.hook_of_app)
        self.deliveries_of: Index[r.Delivery, int] = Index(lambda row: row.hook)
        self.deliveries = store.table(r.Delivery, self.deliveries_of)
        self.pending = [Pending(row.id, row.hook) for row in self.deliveries if row.delivered_at is None]

    def now(self) -> datetime:
        """The time, in whole seconds as GitHub writes it."""
        return self._clock().replace(microsecond=0)

    @property
    def api(self) -> str:
        """The address below which the REST API lies."""
        return f"{self.address}/api/v3"

    def account(self, login: str) -> r.Account | None:
        return self._account_login.one(login.lower())

    def account_of_email(self, email: str) -> r.Account | None:
        """The account that commits with this address are by: its own one, or GitHub's "no reply" for it."""
        email = email.lower()
        found = self._account_email.one(email)
        if found is None and email.endswith(NO_REPLY):
            found = self.account(email.removesuffix(NO_REPLY).rpartition("+")[2])
        return found

    def token(self, secret: str) -> r.Token | None:
        """The token with this secret, unless its time is over."""
        token = self._token.one(secret)
        return None if token is None or (token.expires_at and token.expires_at <= self._clock()) else token

    def repository(self, full_name: str) -> r.Repository | None:
        return self._repository_name.one(full_name.lower())

    def membership(self, organisation: str, login: str) -> r.Membership | None:
        return self._membership.one((organisation.lower(), login.lower()))

    def team(self, organisation: str, slug: str) -> r.Team | None:
        return self._team_slug.one((organisation.lower(), slug))

    def collaborator(self, repository: r.Repository, login: str) -> r.Collaborator | None:
        return self._collaborator.one((repository.id, login.lower()))

    def ref(self, repository: r.Repository, name: str) -> r.Ref | None:
        """The ref with this full name, as "refs/heads/main"."""
        return self._ref.one((repository.id, name))

    def branch(self, repository: r.Repository, name: str) -> r.Ref | None:
        return self.ref(repository, f"refs/heads/{name}")

    def label(self, repository: r.Repository, name: str) -> r.Label | None:
        return self._label.one((repository.id, name.lower()))

    def milestone(self, repository: r.Repository, number: int) -> r.Milestone | None:
        return next((row for row in self.milestones_of.all(repository.id) if row.number == number), None)

    def issue(self, repository: r.Repository, number: int) -> r.Issue | None:
        return self._issue.one((repository.id, number))

    def pull(self, repository: r.Repository, number: int) -> tuple[r.Issue, r.Pull]:
        """The pull request with this number; raises NotFound."""
        issue = self.issue(repository, number)
        if issue is None or issue.pull is None:
            raise NotFound
        return issue, issue.pull

    def next_number(self, repository: r.Repository) -> int:
        """The number of the repository's next issue or pull request."""
        return max((row.number for row in self.issues_of.all(repository.id)), default=0) + 1
