"""What a role may do in Jira."""

from datetime import datetime
from typing import ClassVar, Protocol

from msgspec import Struct

from cutwater.jira.client import Jira, RemoteLink, Target


class HasJira(Protocol):
    """What these effects need of the world."""

    @property
    def jira(self) -> Jira:
        """Jira under the bot's identity. Raises Refused where none is set up."""


class LinkIssue(Struct, frozen=True, kw_only=True, tag=True):
    """Have an issue link to a page, by a title. There is one link to a page. Raises Denied and Unanswered."""

    key: str
    url: str
    title: str
    why: str
    visible: ClassVar[bool] = False

    async def apply(self, world: HasJira) -> None:
        link, target = await self._link(world), Target(self.url, self.title)
        if link is None:
            await world.jira.add_link(self.key, target)
        elif link.object.title != self.title:
            await world.jira.change_link(self.key, link.id, target)

    async def stands(self, world: HasJira, since: datetime) -> bool | None:
        link = await self._link(world)
        return True if link is not None and link.object.title == self.title else None

    async def _link(self, world: HasJira) -> RemoteLink | None:
        """The first that leads there."""
        return next((link for link in await world.jira.links(self.key) if link.object.url == self.url), None)
