"""What a role may open on GitHub: pull requests, issues, forks. See effects.py for what `visible` and `writes` mean."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, ClassVar, Protocol

from msgspec import Struct

from cutwater.errors import Later, Refused
from cutwater.github.client import Forbidden, GitHub
from cutwater.github.effects import HasGitHub
from cutwater.github.read import Reader

REPOSITORY = "/repos/{org}/{repo}"
SETTLING = timedelta(seconds=30)
"""How old a fork must be before its code is counted on: GitHub copies it after it has answered."""


class HasTime(Protocol):
    """What a fork needs of the world."""

    @property
    def github(self) -> GitHub:
        """GitHub under the bot's identity."""

    @property
    def clock(self) -> Callable[[], datetime]:
        """What time it is."""


class OpenPullRequest(Struct, frozen=True, kw_only=True, tag=True):
    """Propose a branch (`source`: `branch`, or `owner:branch` of a fork). The result is the pull request's number."""

    org: str
    repo: str
    source: str
    base: str
    title: str
    body: str
    why: str
    visible: ClassVar[bool] = True
    writes: ClassVar[tuple[str, ...]] = ("pull_requests",)

    async def apply(self, world: HasGitHub) -> int:
        told: dict[str, Any] = {"title": self.title, "body": self.body, "head": self.source, "base": self.base}
        told |= {"maintainer_can_modify": True}
        answer = await world.github.send("POST", f"{REPOSITORY}/pulls", told, org=self.org, repo=self.repo)
        return int(answer["number"])

    async def stands(self, world: HasGitHub, since: datetime) -> int | None:
        """An open one of ours from the same branch to the same one."""
        read = Reader(world.github)
        head = self.source if ":" in self.source else f"{self.org}:{self.source}"
        bot = await read.bot()
        found = await read.pull_requests(self.org, self.repo, head=head, base=self.base)
        return next((pull.number for pull in found if bot.is_me(pull.user.login)), None)


class OpenIssue(Struct, frozen=True, kw_only=True, tag=True):
    """Open an issue. The result is its number."""

    org: str
    repo: str
    title: str
    body: str
    why: str
    assignees: tuple[str, ...] = ()
    visible: ClassVar[bool] = True
    writes: ClassVar[tuple[str, ...]] = ("issues",)

    async def apply(self, world: HasGitHub) -> int:
        told = {"title": self.title, "body": self.body, "assignees": list(self.assignees)}
        answer = await world.github.send("POST", f"{REPOSITORY}/issues", told, org=self.org, repo=self.repo)
        return int(answer["number"])

    async def stands(self, world: HasGitHub, since: datetime) -> int | None:
        """One of ours with this very title and text, opened since the claim."""
        bot = await Reader(world.github).bot()
        login = f"{bot.login}[bot]" if bot.is_app else bot.login
        path = f"{REPOSITORY}/issues?state=all&creator={{creator}}&since={{since}}"
        changed = await world.github.pages(
            path, org=self.org, repo=self.repo, creator=login, since=f"{since:%Y-%m-%dT%H:%M:%SZ}"
        )
        for one in changed:
            is_new = datetime.fromisoformat(one["created_at"]).timestamp() >= int(since.timestamp())
            if is_new and (one["title"], one.get("body") or "") == (self.title, self.body):
                return int(one["number"])
        return None


class Fork(Struct, frozen=True, kw_only=True, tag=True):
    """A repository is to have a fork of ours. The result is the fork's name, which need not be the repository's.

    It is empty where GitHub forbids forks. `until`: how long a fork is waited for that GitHub is about to make.
    """

    org: str
    repo: str
    owner: str
    until: datetime
    why: str
    visible: ClassVar[bool] = False
    writes: ClassVar[tuple[str, ...]] = ("contents",)  # of people's accounts: an App has none that could hold a fork

    async def apply(self, world: HasTime) -> str:
        """Raises Later until it is there, and Refused where it does not come."""
        try:
            made = await world.github.send("POST", f"{REPOSITORY}/forks", {}, org=self.org, repo=self.repo)
        except Forbidden:
            return ""
        name = str(made["name"])
        if await self._is_there(world, name):
            return name
        if world.clock() > self.until:
            raise Refused(f"timed out waiting for {self.owner}/{name} to appear on GitHub")
        raise Later(f"{self.owner}/{name} is being made", seconds=SETTLING.total_seconds())

    async def stands(self, world: HasTime, since: datetime) -> str | None:
        return self.repo if await self._is_there(world, self.repo) else None

    async def _is_there(self, world: HasTime, name: str) -> bool:
        found = await world.github.get(REPOSITORY, org=self.owner, repo=name)
        if found is None or not is_fork_of(found, self.org, self.repo):
            return False
        return datetime.fromisoformat(found["created_at"]) + SETTLING <= world.clock()


def is_fork_of(repository: Any, org: str, repo: str) -> bool:
    """Whether a repository, as GitHub sends it in full, was forked from another."""
    parent = repository.get("parent") or {}
    return bool(repository.get("fork")) and str(parent.get("full_name", "")).lower() == f"{org}/{repo}".lower()
