"""Worlds: users, organisations, repositories and pull requests in a few words, for tests and the demonstration.

    world = github.world()
    world.organisation("acme", members=["alice"])
    rocket = world.repository("acme/rocket", files={"README.md": "hello\\n"}, collaborators={"alice": "write"})
    change = await world.pull_request(rocket, author="bob", files={"main.py": "print()\\n"})
    await change.comment("alice", "/lgtm")
    assert change.labels == {"lgtm"}

What is asked of the handles (`change.labels`) is looked up each time.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from infra.local.github import access, issues, pulls, pushes, repositories
from infra.local.github import records as r
from infra.local.github.apps import App, new_app
from infra.local.github.code import git_of
from infra.local.github.commits import Files
from infra.local.github.handles import Issue, Repository
from infra.local.github.people import account_of, join, make_account, token_of
from infra.local.github.server import GitHub

__all__ = ["Files", "Issue", "Repository", "User", "World"]


@dataclass(frozen=True, slots=True)
class User:
    """An account that can sign in with `token`."""

    login: str
    token: str


class World:
    """Builds what there is. Whoever is named and not yet known is made a user."""

    def __init__(self, github: GitHub) -> None:
        self.github = github
        self._hub = github.hub

    def account(self, login: str) -> r.Account:
        """The account with this login, made if need be; a name ending in [bot] is a bot."""
        with self._hub.store.transaction():
            return account_of(self._hub, login)

    def user(self, login: str, *, name: str | None = None, email: str | None = None, is_busy: bool = False) -> User:
        """A user with a token."""
        with self._hub.store.transaction():
            account = self.account(login)
            account = self._hub.accounts.put(
                replace(account, name=name or account.name, email=email or account.email, is_busy=is_busy)
            )
            return User(account.login, self.token(account.login))

    def token(self, login: str) -> str:
        """The user's token, made when first asked for: `ghp_<login>`, so that it is easy to type."""
        with self._hub.store.transaction():
            return token_of(self._hub, login)

    def organisation(
        self, name: str, *, members: Iterable[str] = (), admins: Iterable[str] = (), base_permission: str = "read"
    ) -> None:
        """An organisation, or more people for one; `base_permission` is what members may do in each repository."""
        with self._hub.store.transaction():
            account = self._hub.account(name) or make_account(self._hub, name, "Organization")
            self._hub.accounts.put(replace(account, kind="Organization", base_permission=base_permission))
            for login in members:
                join(self._hub, name, login, "member")
            for login in admins:
                join(self._hub, name, login, "admin")

    def team(
        self,
        organisation: str,
        slug: str,
        *,
        members: Iterable[str] = (),
        repositories: Mapping[str, str] | None = None,
        id_: int | None = None,
        name: str | None = None,
        joins: bool = True,
    ) -> int:
        """A team with its permissions, "acme/rocket" to "push"; its people join the organisation. Gives its id."""
        with self._hub.store.transaction():
            if self._hub.account(organisation) is None:
                self.organisation(organisation)
            logins = [self.account(login).login for login in members]
            for login in logins:
                if joins and not access.is_member(self._hub, organisation, login):
                    join(self._hub, organisation, login, "member")
            team = r.Team(
                id=id_ or self._hub.teams.next_id(),
                organisation=organisation,
                slug=slug,
                name=name or slug,
                members=dict.fromkeys(logins, "member"),
                repositories=repositories or {},
                created_at=self._hub.now(),
            )
            return self._hub.teams.put(team).id

    def app(
        self,
        slug: str,
        *,
        installed_in: Iterable[str] = (),
        hook: tuple[str, str] | None = None,
        permissions: Mapping[str, str] | None = None,
        owner: str = "github",
    ) -> App:
        """A GitHub App with its private key, installed in these accounts; `hook` is (url, secret)."""
        with self._hub.store.transaction():
            self.account(owner)
            self.account(f"{slug}[bot]")
            return new_app(self._hub, slug, owner=owner, accounts=installed_in, hook=hook, permissions=permissions)

    def repository(
        self,
        full_name: str,
        *,
        files: Files | None = None,
        labels: Iterable[str] = (),
        collaborators: Mapping[str, str] | Iterable[str] = (),
        hook: tuple[str, str] | None = None,
        branches: Iterable[str] = (),
        is_private: bool = False,
        is_described: bool = False,
        default_branch: str = "main",
    ) -> Repository:
        """A repository with a first commit of `files`, further `branches` at it, and a webhook (url, secret).

        Collaborators without a level may write. The owner is made an organisation unless it is known. Nobody is told.
        """
        owner, _, name = full_name.partition("/")
        levels = collaborators if isinstance(collaborators, Mapping) else dict.fromkeys(collaborators, "write")
        with self._hub.store.transaction():
            if self._hub.account(owner) is None:
                self.organisation(owner)
            here = repositories.create(
                self._hub,
                owner,
                name,
                default_branch=default_branch,
                is_private=is_private,
                is_described=is_described,
            )
            by = self.account(owner)
            if files is not None:
                sha = pushes.commit_files(
                    self._hub, here, default_branch, files, base=None, by=by, message="First commit"
                )
                for branch in (default_branch, *branches):
                    self._branch(here, branch, sha)
            for label in labels:
                self._hub.labels.put(r.Label(id=self._hub.labels.next_id(), repository=here.id, name=label))
            for login, level in levels.items():
                self.collaborator(here.full_name, login, level)
        if hook is not None:
            self.hook(full_name, *hook)
        return Repository(self.github, here.id)

    def collaborator(self, full_name: str, login: str, level: str = "write") -> None:
        """Give an account a level of access; "none" denies it even what everybody has."""
        with self._hub.store.transaction():
            here = self._repository(full_name)
            known = self._hub.collaborator(here, login)
            id_ = known.id if known else self._hub.collaborators.next_id()
            login = self.account(login).login
            self._hub.collaborators.put(r.Collaborator(id=id_, repository=here.id, login=login, permission=level))

    def hook(self, full_name: str, url: str, secret: str = "", events: Sequence[str] = ("*",)) -> int:
        """A webhook of a repository; it is not pinged. Gives its id."""
        now = self._hub.now()
        with self._hub.store.transaction():
            hook = r.Hook(
                id=self._hub.hooks.next_id(),
                repository=self._repository(full_name).id,
                url=url,
                secret=secret,
                events=tuple(events),
                created_at=now,
                updated_at=now,
            )
            return self._hub.hooks.put(hook).id

    def protect(
        self,
        full_name: str,
        branch: str = "main",
        *,
        contexts: Sequence[str] | None = None,
        approvals: int | None = None,
        push_users: Sequence[str] | None = None,
        enforce_admins: bool = False,
        is_strict: bool = False,
        linear_history: bool = False,
    ) -> None:
        """Protect a branch."""
        with self._hub.store.transaction():
            here = self._repository(full_name)
            old = self._hub.protection_of.one((here.id, branch))
            self._hub.protections.put(
                r.Protection(
                    id=old.id if old else self._hub.protections.next_id(),
                    repository=here.id,
                    branch=branch,
                    contexts=None if contexts is None else tuple(contexts),
                    approvals=approvals,
                    push_users=None if push_users is None else tuple(push_users),
                    enforce_admins=enforce_admins,
                    is_strict=is_strict,
                    linear_history=linear_history,
                )
            )

    def workflow_run(
        self,
        full_name: str,
        name: str,
        *,
        sha: str,
        branch: str,
        event: str = "pull_request",
        status: str = "completed",
        conclusion: str | None = None,
        id_: int | None = None,
    ) -> int:
        """A run of a GitHub Actions workflow; gives its id."""
        with self._hub.store.transaction():
            run = r.WorkflowRun(
                id=id_ or self._hub.workflow_runs.next_id(),
                repository=self._repository(full_name).id,
                name=name,
                sha=sha,
                branch=branch,
                event=event,
                status=status,
                conclusion=conclusion,
                created_at=self._hub.now(),
            )
            return self._hub.workflow_runs.put(run).id

    def milestone(self, full_name: str, title: str, state: str = "open", *, number: int | None = None) -> int:
        """A milestone; gives its number."""
        with self._hub.store.transaction():
            here = self._repository(full_name)
            held = self._hub.milestones_of.all(here.id)
            now = self._hub.now()
            milestone = r.Milestone(
                id=self._hub.milestones.next_id(),
                repository=here.id,
                number=number or max((row.number for row in held), default=0) + 1,
                title=title,
                state="open" if state == "open" else "closed",
                creator=here.owner,
                created_at=now,
                updated_at=now,
            )
            return self._hub.milestones.put(milestone).number

    async def push(
        self, repository: Repository, branch: str, files: Files, *, author: str, message: str = "Another commit"
    ) -> str:
        """One commit on a branch, which begins at the default branch if it is new; gives the SHA."""
        with self._hub.store.transaction():
            here, by = repository.record, self.account(author)
            sha = pushes.push_files(self._hub, here, branch, files, by=by, message=message)
        self.github.send_webhooks()
        return sha

    async def force_push(self, repository: Repository, branch: str, sha: str, *, author: str) -> None:
        """Put a branch elsewhere."""
        with self._hub.store.transaction():
            pushes.move(self._hub, repository.record, f"refs/heads/{branch}", sha, self.account(author))
        self.github.send_webhooks()

    async def pull_request(
        self,
        repository: Repository,
        *,
        author: str,
        files: Files,
        title: str = "A change",
        body: str = "",
        branch: str = "topic",
        base: str = "main",
        labels: Sequence[str] = (),
        is_draft: bool = False,
        from_fork: bool = True,
        message: str | None = None,
    ) -> Issue:
        """One commit on a new branch of the author's fork (or of the repository itself), and a pull request of it."""
        with self._hub.store.transaction():
            here, by = repository.record, self.account(author)
            home = repositories.fork(self._hub, here, by.login) if from_fork and by.login != here.owner else here
            branch = self._free_branch(home, branch)
            sha = pushes.commit_files(
                self._hub, home, branch, files, base=repository.head(base), by=by, message=message or title
            )
            pushes.moved(self._hub, home, f"refs/heads/{branch}", sha, by)
            issue = pulls.open_pull(
                self._hub,
                here,
                by=by,
                title=title,
                body=body,
                head=f"{home.full_name}:{branch}",
                base=base,
                is_draft=is_draft,
                labels=labels,
            )
        self.github.send_webhooks()
        return Issue(self.github, issue.id)

    async def issue(
        self, repository: Repository, *, author: str, title: str, body: str = "", labels: Sequence[str] = ()
    ) -> Issue:
        with self._hub.store.transaction():
            row = issues.open_issue(
                self._hub, repository.record, by=self.account(author), title=title, body=body, labels=labels
            )
        self.github.send_webhooks()
        return Issue(self.github, row.id)

    def _repository(self, full_name: str) -> r.Repository:
        found = self._hub.repository(full_name)
        if found is None:
            raise LookupError(f"there is no repository {full_name}")
        return found

    def _branch(self, here: r.Repository, name: str, sha: str) -> None:
        ref = f"refs/heads/{name}"
        git_of(self._hub, here).keep(ref, sha)
        self._hub.refs.put(r.Ref(id=self._hub.refs.next_id(), repository=here.id, name=ref, sha=sha))

    def _free_branch(self, home: r.Repository, wanted: str) -> str:
        name, count = wanted, 1
        while self._hub.branch(home, name) is not None:
            count += 1
            name = f"{wanted}-{count}"
        return name
