"""What tide's searches find: pull requests, in an index that lags behind. Nothing is done because of what it says: it
only tells where tide must look.
"""

import asyncio
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct, field

from cutwater.errors import Later, Refused
from cutwater.events.look import Look
from cutwater.github.queries import FIND_POOLS
from functions.tide.pull_requests import TIDE
from functions.tide.sight import PoolName

PAGE = 50
"""Pull requests a page, each with what stands on its head."""
AT_ONCE = 4
"""Searches side by side."""


class Change(Struct, frozen=True):
    """A pull request that a search has found: its pool, and when it changed."""

    pool: PoolName
    number: int
    updated_at: datetime


class _Login(Struct, frozen=True):
    login: str


class _Repository(Struct, frozen=True):
    name: str
    owner: _Login


class _Contexts(Struct, frozen=True):
    nodes: tuple[Mapping[str, str | None] | None, ...] = ()


class _Rollup(Struct, frozen=True):
    contexts: _Contexts = field(default_factory=_Contexts)


class Found(Struct, frozen=True, kw_only=True, rename="camel"):
    """A pull request as a search finds it."""

    number: int
    updated_at: datetime
    base_ref_name: str
    repository: _Repository
    head_ref_oid: str = ""
    base_ref: Any = None
    status_check_rollup: _Rollup | None = None

    @property
    def brief(self) -> Change:
        pool = PoolName(self.repository.owner.login, self.repository.name, self.base_ref_name)
        return Change(pool, self.number, self.updated_at)

    @property
    def likeness(self) -> object:
        """What of it makes a difference: not what tide itself says of it."""
        contexts = self.status_check_rollup.contexts.nodes if self.status_check_rollup else ()
        others = sorted(str(sorted(one.items())) for one in contexts if one and one.get("context") != TIDE)
        return self.number, self.updated_at, self.head_ref_oid, self.base_ref, others


class Finding:
    """The searches of one sweep. `failed`: by organisation, why GitHub does not answer now; `answered`: how many it
    has answered."""

    def __init__(self, look: Look) -> None:
        self._look, self._at_once = look, asyncio.Semaphore(AT_ONCE)
        self.failed: dict[str, Later] = {}
        self.answered = 0

    async def all(self, searches: Iterable[tuple[str, str]]) -> list[tuple[str, list[Found]]]:
        """What those find that GitHub answers, each beside its organisation."""
        found = await asyncio.gather(*(self._one(org, search) for org, search in searches))
        return [one for one in found if one is not None]

    async def _one(self, org: str, search: str) -> tuple[str, list[Found]] | None:
        """None where GitHub does not answer now. Where it does not let us search nothing is found, and what cannot be
        read is passed over: no pool is held back by it.
        """
        async with self._at_once:
            try:
                nodes = await self._look.github.search(search, FIND_POOLS, org=org, first=PAGE, may_lack=True)
            except Refused:
                nodes = []
            except Later as later:
                self.failed[org] = later
                return None
        self.answered += 1
        return org, [pull for node in nodes if (pull := _as_found(node)) is not None]


def _as_found(node: Any) -> Found | None:
    try:
        return msgspec.convert(node, Found) if node else None
    except msgspec.ValidationError:
        return None
