"""Handles of a world's repositories and pull requests: what they are now, and what people do to them.

What is asked of a handle is looked up each time; what is done is told to the hooks, as when it is done over the API.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from infra.local.github import issues, pulls, pushes, reviews, statuses
from infra.local.github import records as r
from infra.local.github.code import git_of
from infra.local.github.commits import Files
from infra.local.github.mergeability import latest_statuses
from infra.local.github.people import account_of
from infra.local.github.server import GitHub


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository of the world."""

    github: GitHub
    id: int

    @property
    def record(self) -> r.Repository:
        return self.github.hub.repositories[self.id]

    @property
    def name(self) -> str:
        """As "acme/rocket"."""
        return self.record.full_name

    @property
    def labels(self) -> set[str]:
        return {row.name for row in self.github.hub.labels_of.all(self.id)}

    def head(self, branch: str = "main") -> str:
        """The SHA of a branch."""
        ref = self.github.hub.branch(self.record, branch)
        if ref is None:
            raise LookupError(f"{self.name} has no branch {branch}")
        return ref.sha

    def file(self, path: str, branch: str = "main") -> str:
        """The text of a file on a branch."""
        found = git_of(self.github.hub, self.record).run("show", f"{branch}:{path}")
        return found.decode()

    def issue(self, number: int) -> "Issue":
        """The issue or pull request with this number."""
        found = self.github.hub.issue(self.record, number)
        if found is None:
            raise LookupError(f"{self.name} has no #{number}")
        return Issue(self.github, found.id)


@dataclass(frozen=True, slots=True)
class Issue:
    """An issue or pull request of the world, as it stands now, and what people do to it."""

    github: GitHub
    id: int

    @property
    def record(self) -> r.Issue:
        return self.github.hub.issues[self.id]

    @property
    def pull(self) -> r.Pull:
        pull = self.record.pull
        if pull is None:
            raise LookupError(f"#{self.number} is not a pull request")
        return pull

    @property
    def repository(self) -> Repository:
        return Repository(self.github, self.record.repository)

    @property
    def number(self) -> int:
        return self.record.number

    @property
    def title(self) -> str:
        return self.record.title

    @property
    def state(self) -> str:
        return self.record.state

    @property
    def labels(self) -> set[str]:
        return {self.github.hub.labels[id_].name for id_ in self.record.labels}

    @property
    def assignees(self) -> set[str]:
        return set(self.record.assignees)

    @property
    def requested_reviewers(self) -> set[str]:
        return set(self.pull.requested_reviewers)

    @property
    def comments(self) -> list[tuple[str, str]]:
        """Author and text of each comment, oldest first."""
        return [(row.author, row.body) for row in self.github.hub.comments_of.all(self.id)]

    @property
    def head(self) -> str:
        """The SHA of the pull request's head."""
        return self.pull.head_sha

    @property
    def is_merged(self) -> bool:
        return self.pull.merged_at is not None

    @property
    def statuses(self) -> dict[str, tuple[str, str]]:
        """Context to (state, description) at the head."""
        rows = latest_statuses(self.github.hub, self.repository.record, self.head)
        return {row.context: (row.state, row.description or "") for row in rows}

    async def comment(self, author: str, text: str) -> int:
        """Say something; gives the comment's id."""
        with self.github.hub.store.transaction():
            row = issues.comment(self.github.hub, self.record, text, self._account(author))
        self.github.send_webhooks()
        return row.id

    async def label(self, *names: str, by: str) -> None:
        with self.github.hub.store.transaction():
            issues.add_labels(self.github.hub, self.record, names, self._account(by))
        self.github.send_webhooks()

    async def unlabel(self, name: str, by: str) -> None:
        with self.github.hub.store.transaction():
            issues.remove_label(self.github.hub, self.record, name, self._account(by))
        self.github.send_webhooks()

    async def review(self, author: str, event: str, text: str = "", remarks: Sequence[reviews.Remark] = ()) -> None:
        """Submit a review: APPROVE, REQUEST_CHANGES or COMMENT."""
        with self.github.hub.store.transaction():
            reviews.submit(self.github.hub, self.record, self._account(author), event, text, remarks)
        self.github.send_webhooks()

    async def push(self, files: Files, *, message: str = "Another commit", author: str | None = None) -> str:
        """Put a commit on the pull request's branch; gives its SHA."""
        home = self.pull.head_repository
        if home is None:
            raise LookupError("the head repository is gone")
        here = Repository(self.github, home)
        with self.github.hub.store.transaction():
            by = self._account(author or self.record.author)
            branch = self.pull.head_ref
            sha = pushes.push_files(self.github.hub, here.record, branch, files, by=by, message=message)
        self.github.send_webhooks()
        return sha

    async def close(self, by: str) -> None:
        with self.github.hub.store.transaction():
            issues.close(self.github.hub, self.record, self._account(by))
        self.github.send_webhooks()

    async def reopen(self, by: str) -> None:
        with self.github.hub.store.transaction():
            issues.reopen(self.github.hub, self.record, self._account(by))
        self.github.send_webhooks()

    async def set_draft(self, by: str, *, is_draft: bool) -> None:
        with self.github.hub.store.transaction():
            pulls.set_draft(self.github.hub, self.record, self._account(by), is_draft=is_draft)
        self.github.send_webhooks()

    async def edit(
        self, by: str, *, title: str | None = None, body: str | None = None, base: str | None = None
    ) -> None:
        with self.github.hub.store.transaction():
            issues.edit(self.github.hub, self.record, self._account(by), title=title, body=body)
            if base is not None:
                pulls.change_base(self.github.hub, self.record, base, self._account(by))
        self.github.send_webhooks()

    async def merge(self, by: str, method: str = "merge") -> str:
        """Merge it; raises errors.Refusal in GitHub's words."""
        with self.github.hub.store.transaction():
            sha = pulls.merge(self.github.hub, self.record, self._account(by), method=method)
        self.github.send_webhooks()
        return sha

    async def set_status(self, by: str, context: str, state: str, description: str = "", target_url: str = "") -> None:
        """A status on the head commit."""
        with self.github.hub.store.transaction():
            statuses.create(
                self.github.hub,
                self.repository.record,
                self.head,
                by=self._account(by),
                state=state,
                context=context,
                description=description,
                target_url=target_url or None,
            )
        self.github.send_webhooks()

    def _account(self, login: str) -> r.Account:
        return account_of(self.github.hub, login)
