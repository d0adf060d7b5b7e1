"""Project boards of GitHub's first kind ("classic"): columns of cards. github.com has removed them, older servers not.

See effects.py for what `visible` and `writes` mean. Source: sigs.k8s.io/prow pkg/github (projects).
"""

from datetime import datetime
from typing import ClassVar, Literal

from msgspec import Struct

from cutwater.github.client import GitHub
from cutwater.github.effects import HasGitHub, Subject
from cutwater.github.read import Reader
from cutwater.github.types import read

CARDS = "/projects/columns/{column}/cards"
CARD = "/projects/columns/cards/{card}"
ContentType = Literal["Issue", "PullRequest"]
WRITES = ("organization_projects", "repository_projects")


class Board(Struct, frozen=True, kw_only=True):
    """A project."""

    id: int
    name: str


class Column(Struct, frozen=True, kw_only=True):
    """A column of a board."""

    id: int
    name: str


class Card(Struct, frozen=True, kw_only=True):
    """What stands in a column. `content_url`: the issue's or pull request's address in the API."""

    id: int
    content_url: str = ""

    def is_of(self, subject: Subject) -> bool:
        """Whether it is of this issue or pull request."""
        return self.content_url.endswith(f"/repos/{subject.org}/{subject.repo}/issues/{subject.number}")


class AddCard(Struct, frozen=True, kw_only=True, tag=True):
    """An issue or pull request is to stand in a column. `content`: its id."""

    subject: Subject
    column: int
    content: int
    content_type: ContentType
    why: str
    visible: ClassVar[bool] = False
    writes: ClassVar[tuple[str, ...]] = WRITES

    async def apply(self, world: HasGitHub) -> int:
        body = {"content_id": self.content, "content_type": self.content_type}
        answer = await world.github.send("POST", CARDS, body, org=self.subject.org, column=self.column)
        return read(answer, Card).id

    async def stands(self, world: HasGitHub, since: datetime) -> int | None:
        return await _card_in(world.github, self.subject, self.column)


class MoveCard(Struct, frozen=True, kw_only=True, tag=True):
    """A card is to stand in another column of its board, above the others."""

    subject: Subject
    card: int
    column: int
    why: str
    visible: ClassVar[bool] = False
    writes: ClassVar[tuple[str, ...]] = WRITES

    async def apply(self, world: HasGitHub) -> None:
        body = {"position": "top", "column_id": self.column}
        await world.github.send("POST", f"{CARD}/moves", body, org=self.subject.org, card=self.card)

    async def stands(self, world: HasGitHub, since: datetime) -> int | None:
        return await _card_in(world.github, self.subject, self.column)


class RemoveCard(Struct, frozen=True, kw_only=True, tag=True):
    """A card is to go from its board."""

    subject: Subject
    card: int
    why: str
    visible: ClassVar[bool] = False
    writes: ClassVar[tuple[str, ...]] = WRITES

    async def apply(self, world: HasGitHub) -> None:
        await world.github.send("DELETE", CARD, org=self.subject.org, card=self.card)

    async def stands(self, world: HasGitHub, since: datetime) -> bool | None:
        return await world.github.get(CARD, org=self.subject.org, card=self.card) is None or None


async def _card_in(github: GitHub, subject: Subject, column: int) -> int | None:
    """The card of an issue in a column."""
    found = await Reader(github).pages(CARDS, org=subject.org, column=column)
    return next((card.id for card in (read(one, Card) for one in found) if card.is_of(subject)), None)
