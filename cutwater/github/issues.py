"""What a role may do with an issue as such: pin it, or move it to another repository. GitHub has both in GraphQL alone.

See effects.py for what `slot`, `visible` and `writes` mean.
"""

from datetime import datetime
from typing import ClassVar

from msgspec import Struct

from cutwater.errors import Refused
from cutwater.github import queries
from cutwater.github.effects import HasGitHub, Subject


class PinIssue(Struct, frozen=True, kw_only=True, tag=True):
    """It is to stand above the others of its repository, or not. `node`: its node id."""

    subject: Subject
    node: str
    is_pinned: bool
    why: str
    visible: ClassVar[bool] = False
    writes: ClassVar[tuple[str, ...]] = ("issues",)
    slot: ClassVar[str] = "pinned"

    async def apply(self, world: HasGitHub) -> None:
        text = queries.PIN_ISSUE if self.is_pinned else queries.UNPIN_ISSUE
        await world.github.graphql(text, self.subject.org, issue=self.node)

    async def stands(self, world: HasGitHub, since: datetime) -> bool | None:
        found = (await world.github.graphql(queries.ISSUE, self.subject.org, issue=self.node))["node"] or {}
        return bool(found.get("isPinned")) == self.is_pinned or None


class TransferIssue(Struct, frozen=True, kw_only=True, tag=True):
    """Move it to another repository of its owner. `node` and `repository` are node ids. The result is its address."""

    subject: Subject
    node: str
    repository: str
    why: str
    visible: ClassVar[bool] = True
    writes: ClassVar[tuple[str, ...]] = ("issues",)

    async def apply(self, world: HasGitHub) -> str:
        answer = await world.github.graphql(
            queries.TRANSFER_ISSUE, self.subject.org, issue=self.node, repository=self.repository
        )
        return str(answer["transferIssue"]["issue"]["url"])

    async def stands(self, world: HasGitHub, since: datetime) -> str | None:
        """Where an issue can no longer be found, it is elsewhere by now."""
        try:
            found = (await world.github.graphql(queries.ISSUE, self.subject.org, issue=self.node))["node"] or {}
        except Refused:
            return ""
        is_there = (found.get("repository") or {}).get("id") == self.repository
        return str(found["url"]) if is_there else None
