"""Project boards of GitHub's first kind, read: those of repositories and organisations, their columns and cards.

github.com has removed them, and answers 404 or 410; GitHub Enterprise Server had them for longer.
"""

from typing import TypeVar

from cutwater.events.look import Look
from cutwater.github.boards import CARDS, Board, Card, Column
from cutwater.github.client import NotFound
from cutwater.github.effects import Subject
from cutwater.github.types import read

T = TypeVar("T")


async def boards_of(look: Look, org: str, repo: str = "") -> list[Board]:
    """Those of a repository, or of the organisation itself.

    Raises NotFound where GitHub has none any more, and Refused where they are switched off.
    """
    path = "/repos/{org}/{repo}/projects" if repo else "/orgs/{org}/projects"
    return await _all(look, path, Board, org=org, **({"repo": repo} if repo else {}))


async def columns_of(look: Look, org: str, board: Board) -> list[Column]:
    """A board's columns, from left to right."""
    return await _all(look, "/projects/{board}/columns", Column, org=org, board=board.id)


async def card_of(look: Look, subject: Subject, columns: list[Column]) -> tuple[Card, Column] | None:
    """The card of an issue or pull request in these columns, and where it stands."""
    for column in columns:
        for card in await _all(look, CARDS, Card, org=subject.org, column=column.id):
            if card.is_of(subject):
                return card, column
    return None


async def _all(look: Look, path: str, type_: type[T], **parts: str | int) -> list[T]:
    found = await look.github.pages(path, **parts)
    if not found and await look.github.get(path, **parts) is None:
        raise NotFound(f"GitHub answers 404: Not Found, for {path.format(**parts)}: it has no project boards (classic)")
    return [read(one, type_) for one in found]
