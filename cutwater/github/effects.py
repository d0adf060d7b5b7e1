"""What a role may do on GitHub. Each effect carries its reason, and knows when it already stands.

`slot` names what an effect sets on its pull request: of two effects for one slot the later event's wins (protocols,
part 4). `visible` ones are marked as started before they are carried out: people would see a repetition. `writes`
names the permissions that an App's token must have (`cutwater.github.permissions`).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar, Literal, Protocol

from msgspec import Struct

from cutwater.errors import Refused
from cutwater.github.client import GitHub, NotFound, Unprocessable
from cutwater.github.read import Reader

StatusState = Literal["pending", "success", "failure", "error"]
DESCRIPTION = 140
"""The longest description that GitHub takes, in characters."""


class HasGitHub(Protocol):
    """What these effects need of the world."""

    @property
    def github(self) -> GitHub:
        """GitHub under the bot's identity."""


class Subject(Struct, frozen=True, order=True):
    """An issue or a pull request."""

    org: str
    repo: str
    number: int

    def __str__(self) -> str:
        return f"{self.org}/{self.repo}#{self.number}"

    @classmethod
    def read(cls, text: str) -> "Subject":
        """The one of which `str` is the text. Raises ValueError."""
        place, _, number = text.rpartition("#")
        org, _, repo = place.partition("/")
        return cls(org, repo, int(number))

    @property
    def parts(self) -> dict[str, str | int]:
        """The parts of a path template."""
        return {"org": self.org, "repo": self.repo, "number": self.number}


ISSUE = "/repos/{org}/{repo}/issues/{number}"
ISSUES_AND_PULLS = ("issues", "pull_requests")
"""For what GitHub takes at an issue's address: on an issue it asks for the one, on a pull request for the other."""


class Label(Struct, frozen=True, kw_only=True, tag=True):
    """A label is to be there, or not."""

    subject: Subject
    name: str
    present: bool
    why: str
    visible: ClassVar[bool] = False
    writes: ClassVar[tuple[str, ...]] = ISSUES_AND_PULLS

    @property
    def slot(self) -> str:
        return f"label:{self.name.lower()}"

    async def apply(self, world: HasGitHub) -> None:
        if self.present:
            await world.github.send("POST", f"{ISSUE}/labels", {"labels": [self.name]}, **self.subject.parts)
            return
        try:
            await world.github.send("DELETE", f"{ISSUE}/labels/{{name}}", name=self.name, **self.subject.parts)
        except NotFound:
            pass  # it is absent: that is what was wanted

    async def stands(self, world: HasGitHub, since: datetime) -> bool | None:
        subject = self.subject
        labels = await Reader(world.github).labels(subject.org, subject.repo, subject.number)
        return (self.name.lower() in {label.lower() for label in labels}) == self.present or None


class AddComment(Struct, frozen=True, kw_only=True, tag=True):
    """Say something below an issue or a pull request. The result is the comment's id."""

    subject: Subject
    body: str
    why: str
    visible: ClassVar[bool] = True
    writes: ClassVar[tuple[str, ...]] = ISSUES_AND_PULLS

    async def apply(self, world: HasGitHub) -> int:
        answer = await world.github.send("POST", f"{ISSUE}/comments", {"body": self.body}, **self.subject.parts)
        return int(answer["id"])

    async def stands(self, world: HasGitHub, since: datetime) -> int | None:
        """Our own comment with this very body, made since the claim."""
        read, subject = Reader(world.github), self.subject
        bot = await read.bot()
        for comment in reversed(await read.comments(subject.org, subject.repo, subject.number)):
            recent = comment.created_at is None or comment.created_at.timestamp() >= int(since.timestamp())
            if recent and comment.body == self.body and bot.is_me(comment.user.login):
                return comment.id
        return None


def _comment(subject: Subject, comment: int) -> dict[str, str | int]:
    return {"org": subject.org, "repo": subject.repo, "id": comment}


class EditComment(Struct, frozen=True, kw_only=True, tag=True):
    """Replace the text of a comment."""

    subject: Subject
    comment: int
    body: str
    why: str
    visible: ClassVar[bool] = False
    writes: ClassVar[tuple[str, ...]] = ISSUES_AND_PULLS

    async def apply(self, world: HasGitHub) -> int:
        parts = _comment(self.subject, self.comment)
        await world.github.send("PATCH", "/repos/{org}/{repo}/issues/comments/{id}", {"body": self.body}, **parts)
        return self.comment

    async def stands(self, world: HasGitHub, since: datetime) -> int | None:
        parts = _comment(self.subject, self.comment)
        found = await world.github.get("/repos/{org}/{repo}/issues/comments/{id}", **parts)
        return self.comment if found and found["body"] == self.body else None


class DeleteComment(Struct, frozen=True, kw_only=True, tag=True):
    """Remove a comment of ours."""

    subject: Subject
    comment: int
    why: str
    visible: ClassVar[bool] = False
    writes: ClassVar[tuple[str, ...]] = ISSUES_AND_PULLS

    async def apply(self, world: HasGitHub) -> None:
        parts = _comment(self.subject, self.comment)
        try:
            await world.github.send("DELETE", "/repos/{org}/{repo}/issues/comments/{id}", **parts)
        except NotFound:
            pass  # somebody was faster

    async def stands(self, world: HasGitHub, since: datetime) -> bool | None:
        parts = _comment(self.subject, self.comment)
        return await world.github.get("/repos/{org}/{repo}/issues/comments/{id}", **parts) is None or None


class Assign(Struct, frozen=True, kw_only=True, tag=True):
    """Somebody is to be an assignee, or not. Raises Refused where GitHub leaves them out."""

    subject: Subject
    login: str
    present: bool
    why: str
    visible: ClassVar[bool] = False
    writes: ClassVar[tuple[str, ...]] = ISSUES_AND_PULLS

    @property
    def slot(self) -> str:
        return f"assignee:{self.login.lower()}"

    async def apply(self, world: HasGitHub) -> None:
        method = "POST" if self.present else "DELETE"
        body = {"assignees": [self.login]}
        issue = await world.github.send(method, f"{ISSUE}/assignees", body, **self.subject.parts)
        if self.present and not self._among(issue):
            raise Refused(f"could not assign the following person(s): {self.login}")

    async def stands(self, world: HasGitHub, since: datetime) -> bool | None:
        issue = await world.github.get(ISSUE, **self.subject.parts)
        return (issue is not None and self._among(issue)) == self.present or None

    def _among(self, issue: Any) -> bool:
        return self.login.lower() in {user["login"].lower() for user in issue.get("assignees") or ()}


class RequestReview(Struct, frozen=True, kw_only=True, tag=True):
    """Ask people, and teams (`org/slug`), for a review. Raises Refused with those whom GitHub will not ask.

    The others are asked all the same.
    """

    subject: Subject
    reviewers: tuple[str, ...]
    why: str
    visible: ClassVar[bool] = False
    writes: ClassVar[tuple[str, ...]] = ("pull_requests",)

    async def apply(self, world: HasGitHub) -> None:
        try:
            await self._ask(world, self.reviewers)
        except Unprocessable as error:
            if len(self.reviewers) == 1:
                raise Refused(f"could not request a review from {self.reviewers[0]}: {error}") from error
            await self._ask_each(world)

    async def _ask_each(self, world: HasGitHub) -> None:
        """One that cannot be asked spoils the request for all."""
        refused = []
        for login in self.reviewers:
            try:
                await self._ask(world, (login,))
            except Unprocessable:
                refused.append(login)
        if refused:
            raise Refused(f"could not request a review from {', '.join(refused)}")

    async def _ask(self, world: HasGitHub, reviewers: Sequence[str]) -> None:
        """Raises Unprocessable, also for a team of another organisation."""
        body: dict[str, list[str]] = {}
        for login in reviewers:
            org, _, team = login.rpartition("/")
            if org and org != self.subject.org:
                raise Unprocessable(422, f"team {login} is not part of {self.subject.org} org")
            body.setdefault("team_reviewers" if org else "reviewers", []).append(team)
        path = "/repos/{org}/{repo}/pulls/{number}/requested_reviewers"
        await world.github.send("POST", path, body, **self.subject.parts)

    async def stands(self, world: HasGitHub, since: datetime) -> bool | None:
        found = await world.github.get("/repos/{org}/{repo}/pulls/{number}", **self.subject.parts) or {}
        people = {user["login"].lower() for user in found.get("requested_reviewers") or ()}
        teams = {f"{self.subject.org}/{team['slug']}".lower() for team in found.get("requested_teams") or ()}
        return {login.lower() for login in self.reviewers} <= people | teams or None


class SetStatus(Struct, frozen=True, kw_only=True, tag=True):
    """What a context says of a commit."""

    org: str
    repo: str
    sha: str
    context: str
    state: StatusState
    description: str
    target_url: str
    why: str
    visible: ClassVar[bool] = False
    writes: ClassVar[tuple[str, ...]] = ("statuses",)

    async def apply(self, world: HasGitHub) -> None:
        body: dict[str, str] = {
            "state": self.state,
            "context": self.context,
            "description": self.description[:DESCRIPTION],
        }
        body |= {"target_url": self.target_url} if self.target_url else {}
        path = "/repos/{org}/{repo}/statuses/{sha}"
        await world.github.send("POST", path, body, org=self.org, repo=self.repo, sha=self.sha)

    async def stands(self, world: HasGitHub, since: datetime) -> bool | None:
        for status in await Reader(world.github).statuses(self.org, self.repo, self.sha):
            if status.context == self.context:
                said = (status.state, status.description or "", status.target_url or "")
                return said == (self.state, self.description[:DESCRIPTION], self.target_url) or None
        return None


class PassCheck(Struct, frozen=True, kw_only=True, tag=True):
    """A check run of ours that has passed, beside those of the same name that others made. Apps alone may."""

    org: str
    repo: str
    sha: str
    name: str
    title: str
    summary: str
    why: str
    visible: ClassVar[bool] = False
    writes: ClassVar[tuple[str, ...]] = ("checks",)

    async def apply(self, world: HasGitHub) -> None:
        body = {
            "name": self.name,
            "head_sha": self.sha,
            "status": "completed",
            "conclusion": "success",
            "output": {"title": self.title, "summary": self.summary},
        }
        await world.github.send("POST", "/repos/{org}/{repo}/check-runs", body, org=self.org, repo=self.repo)

    async def stands(self, world: HasGitHub, since: datetime) -> bool | None:
        runs = await Reader(world.github).check_runs(self.org, self.repo, self.sha)
        return any(run.name == self.name and run.conclusion == "success" for run in runs) or None


class Merge(Struct, frozen=True, kw_only=True, tag=True):
    """Merge a pull request at exactly this head. The result is the SHA that the branch then has."""

    subject: Subject
    head: str
    method: Literal["merge", "squash", "rebase"]
    why: str
    title: str = ""
    message: str | None = None
    visible: ClassVar[bool] = True
    writes: ClassVar[tuple[str, ...]] = ("contents", "pull_requests", "workflows")

    async def apply(self, world: HasGitHub) -> str:
        body: dict[str, str] = {"sha": self.head, "merge_method": self.method}
        body |= {"commit_title": self.title} if self.title else {}
        body |= {"commit_message": self.message} if self.message is not None else {}
        path = "/repos/{org}/{repo}/pulls/{number}/merge"
        try:
            answer = await world.github.send("PUT", path, body, **self.subject.parts)
        except Unprocessable:
            merged = await self.stands(world, datetime.min)
            if merged is None:
                raise
            return merged  # it was merged, and the answer was lost
        return str(answer["sha"])

    async def stands(self, world: HasGitHub, since: datetime) -> str | None:
        found = await world.github.get("/repos/{org}/{repo}/pulls/{number}", **self.subject.parts)
        return str(found["merge_commit_sha"]) if found and found.get("merged") else None
