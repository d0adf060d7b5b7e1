"""What a role may change of an issue or a pull request itself: title, text, state, milestone, reviewers; and branches.

GitHub takes these for both at the issue's address. See effects.py for what `slot`, `visible` and `writes` mean.
"""

from datetime import datetime
from typing import Any, ClassVar, Literal
from urllib.parse import quote

from msgspec import Struct

from cutwater.errors import Refused
from cutwater.github.client import Unprocessable
from cutwater.github.effects import ISSUE, ISSUES_AND_PULLS, HasGitHub, Subject
from cutwater.github.read import Reader

Reaction = Literal["+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes"]
Reason = Literal["", "completed", "not_planned"]
"""Why an issue is closed; "" says nothing."""


class SetTitle(Struct, frozen=True, kw_only=True, tag=True):
    """Call it otherwise."""

    subject: Subject
    title: str
    why: str
    visible: ClassVar[bool] = False
    writes: ClassVar[tuple[str, ...]] = ISSUES_AND_PULLS
    slot: ClassVar[str] = "title"

    async def apply(self, world: HasGitHub) -> None:
        await world.github.send("PATCH", ISSUE, {"title": self.title}, **self.subject.parts)

    async def stands(self, world: HasGitHub, since: datetime) -> bool | None:
        return await _has(world, self.subject, "title", self.title)


class SetBody(Struct, frozen=True, kw_only=True, tag=True):
    """Give it another text."""

    subject: Subject
    body: str
    why: str
    visible: ClassVar[bool] = False
    writes: ClassVar[tuple[str, ...]] = ISSUES_AND_PULLS
    slot: ClassVar[str] = "body"

    async def apply(self, world: HasGitHub) -> None:
        await world.github.send("PATCH", ISSUE, {"body": self.body}, **self.subject.parts)

    async def stands(self, world: HasGitHub, since: datetime) -> bool | None:
        return await _has(world, self.subject, "body", self.body)


class SetState(Struct, frozen=True, kw_only=True, tag=True):
    """Close it, or open it again. `reason` is why an issue is closed; pull requests have none."""

    subject: Subject
    state: Literal["open", "closed"]
    why: str
    reason: Reason = ""
    visible: ClassVar[bool] = False
    writes: ClassVar[tuple[str, ...]] = ISSUES_AND_PULLS
    slot: ClassVar[str] = "state"

    async def apply(self, world: HasGitHub) -> None:
        body = {"state": self.state} | ({"state_reason": self.reason} if self.reason else {})
        await world.github.send("PATCH", ISSUE, body, **self.subject.parts)

    async def stands(self, world: HasGitHub, since: datetime) -> bool | None:
        return await _has(world, self.subject, "state", self.state)


class SetMilestone(Struct, frozen=True, kw_only=True, tag=True):
    """Put it into a milestone, by the milestone's number; None takes it out of any."""

    subject: Subject
    number: int | None
    why: str
    visible: ClassVar[bool] = False
    writes: ClassVar[tuple[str, ...]] = ISSUES_AND_PULLS
    slot: ClassVar[str] = "milestone"

    async def apply(self, world: HasGitHub) -> None:
        await world.github.send("PATCH", ISSUE, {"milestone": self.number}, **self.subject.parts)

    async def stands(self, world: HasGitHub, since: datetime) -> bool | None:
        issue = await world.github.get(ISSUE, **self.subject.parts)
        held = (issue or {}).get("milestone") or {}
        return held.get("number") == self.number or None


async def _has(world: HasGitHub, subject: Subject, key: str, value: str) -> bool | None:
    issue = await world.github.get(ISSUE, **subject.parts)
    return (issue is not None and (issue.get(key) or "") == value) or None


class Reviewer(Struct, frozen=True, kw_only=True, tag=True):
    """Somebody, or a team (`org/slug`), is to be asked for a review, or not. Raises Refused where GitHub will not."""

    subject: Subject
    login: str
    present: bool
    why: str
    visible: ClassVar[bool] = False
    writes: ClassVar[tuple[str, ...]] = ("pull_requests",)

    @property
    def slot(self) -> str:
        return f"reviewer:{self.login.lower()}"

    async def apply(self, world: HasGitHub) -> None:
        org, _, team = self.login.rpartition("/")
        if team != self.login and org != self.subject.org:
            raise Refused(f"team {self.login} is not part of {self.subject.org} org")
        path = "/repos/{org}/{repo}/pulls/{number}/requested_reviewers"
        body = {"team_reviewers": [team]} if org else {"reviewers": [self.login]}
        await world.github.send("POST" if self.present else "DELETE", path, body, **self.subject.parts)

    async def stands(self, world: HasGitHub, since: datetime) -> bool | None:
        found = await world.github.get("/repos/{org}/{repo}/pulls/{number}", **self.subject.parts)
        return (found is not None and self._is_asked(found)) == self.present or None

    def _is_asked(self, pull: Any) -> bool:
        people = {user["login"].lower() for user in pull.get("requested_reviewers") or ()}
        teams = {f"{self.subject.org}/{team['slug']}".lower() for team in pull.get("requested_teams") or ()}
        return self.login.lower() in people | teams


class Remark(Struct, frozen=True, kw_only=True):
    """A comment on a changed file. `position`: the line of the file's patch below its first `@@`."""

    path: str
    position: int
    body: str


class AddReview(Struct, frozen=True, kw_only=True, tag=True):
    """Remarks on a pull request at a commit, without a verdict. The result is the review's id.

    Where GitHub finds no place for the remarks, they stand in the review's own text.
    """

    subject: Subject
    commit: str
    body: str
    remarks: tuple[Remark, ...]
    why: str
    visible: ClassVar[bool] = True
    writes: ClassVar[tuple[str, ...]] = ("pull_requests",)

    async def apply(self, world: HasGitHub) -> int:
        path = "/repos/{org}/{repo}/pulls/{number}/reviews"
        review = {"commit_id": self.commit, "event": "COMMENT", "body": self.body}
        try:
            remarks = [{"path": one.path, "position": one.position, "body": one.body} for one in self.remarks]
            answer = await world.github.send("POST", path, {**review, "comments": remarks}, **self.subject.parts)
        except Unprocessable:
            if not self.remarks:
                raise
            answer = await world.github.send("POST", path, review | {"body": self._text}, **self.subject.parts)
        return int(answer["id"])

    async def stands(self, world: HasGitHub, since: datetime) -> int | None:
        """Our own review with this very text, made since the claim."""
        read, subject = Reader(world.github), self.subject
        bot = await read.bot()
        for review in reversed(await read.reviews(subject.org, subject.repo, subject.number)):
            recent = review.submitted_at is None or review.submitted_at.timestamp() >= int(since.timestamp())
            if recent and review.body in (self.body, self._text) and bot.is_me(review.user.login):
                return review.id
        return None

    @property
    def _text(self) -> str:
        return "\n".join((self.body, "", *(f"- `{one.path}`: {one.body}" for one in self.remarks)))


class React(Struct, frozen=True, kw_only=True, tag=True):
    """A reaction of ours: to a comment, or to what it stands below. GitHub keeps one of each kind."""

    subject: Subject
    content: Reaction
    why: str
    comment: int | None = None
    visible: ClassVar[bool] = False
    writes: ClassVar[tuple[str, ...]] = ISSUES_AND_PULLS

    async def apply(self, world: HasGitHub) -> None:
        if self.comment is None:
            await world.github.send("POST", f"{ISSUE}/reactions", {"content": self.content}, **self.subject.parts)
            return
        path = "/repos/{org}/{repo}/issues/comments/{id}/reactions"
        org, repo = self.subject.org, self.subject.repo
        await world.github.send("POST", path, {"content": self.content}, org=org, repo=repo, id=self.comment)

    async def stands(self, world: HasGitHub, since: datetime) -> bool | None:
        return None  # a second one is the first


class DeleteBranch(Struct, frozen=True, kw_only=True, tag=True):
    """Remove a branch. Raises Refused where there is none by that name, or it is protected."""

    org: str
    repo: str
    branch: str
    why: str
    visible: ClassVar[bool] = False
    writes: ClassVar[tuple[str, ...]] = ("contents",)

    async def apply(self, world: HasGitHub) -> None:
        path = f"/repos/{{org}}/{{repo}}/git/refs/heads/{quote(self.branch)}"
        await world.github.send("DELETE", path, org=self.org, repo=self.repo)

    async def stands(self, world: HasGitHub, since: datetime) -> bool | None:
        path = f"/repos/{{org}}/{{repo}}/git/ref/heads/{quote(self.branch)}"
        return await world.github.get(path, org=self.org, repo=self.repo) is None or None


class NotFastForward(Unprocessable):
    """422: the branch has moved, and does not lie below the commit any more."""


class MoveBranch(Struct, frozen=True, kw_only=True, tag=True):
    """A branch is to be at this commit, which lies above it, and which GitHub has already. It is not forced.

    Raises NotFastForward where the branch has moved; Unprocessable and Forbidden, in GitHub's words, where its
    protection does not allow it.
    """

    org: str
    repo: str
    branch: str
    sha: str
    why: str
    visible: ClassVar[bool] = True
    writes: ClassVar[tuple[str, ...]] = ("contents", "workflows")

    async def apply(self, world: HasGitHub) -> None:
        path = f"/repos/{{org}}/{{repo}}/git/refs/heads/{quote(self.branch)}"
        try:
            await world.github.send("PATCH", path, {"sha": self.sha, "force": False}, org=self.org, repo=self.repo)
        except Unprocessable as error:
            if await self.stands(world, datetime.min):
                return  # it was moved, and the answer was lost
            if "not a fast forward" in str(error):
                raise NotFastForward(error.status, str(error)) from error
            raise

    async def stands(self, world: HasGitHub, since: datetime) -> bool | None:
        return await Reader(world.github).branch_sha(self.org, self.repo, self.branch) == self.sha or None
