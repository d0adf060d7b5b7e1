"""What tide keeps of its pools, read from the state bucket when somebody looks; all who look just then share it."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Generic, TypeVar

import msgspec
from msgspec import Struct

from cutwater.events.edges import Edges
from cutwater.events.pools import HISTORY, POOLS, Entry, Pool, branch_of
from cutwater.storage.store import Entry as Listed

T = TypeVar("T")

KEPT_SECONDS = 3.0
"""How old what is shown may be."""
SETTLED = timedelta(seconds=2)
"""Stores tell to the second when an object was written: what was read sooner after may have been written once more."""
AT_ONCE = 16


class Pools:
    """All pools and their histories. Every method raises Later, and Refused where this deck's key may not read them."""

    def __init__(self, edges: Edges, clock: Callable[[], float] = time.monotonic) -> None:
        self._pools = _Folder(edges, POOLS, msgspec.json.Decoder(_Kept).decode, clock)
        self._histories = _Folder(edges, HISTORY, msgspec.json.Decoder(tuple[Entry, ...]).decode, clock)

    async def all(self) -> list[Pool]:
        """The pools, by name."""
        found = [kept.pool for kept in (await self._pools.all()).values() if kept.pool is not None]
        return sorted(found, key=lambda pool: (pool.org, pool.repo, pool.branch))

    async def histories(self) -> dict[str, Sequence[Entry]]:
        """What was done in each pool (`org/repo:branch`), the newest first."""
        return {
            f"{org}/{repo}:{branch}": entries
            for (org, repo, branch), entries in sorted((await self._histories.all()).items())
        }


class _Kept(Struct, frozen=True):
    """Of what tide keeps of a pool, the part that is for people."""

    pool: Pool | None = None


class _Held(Struct, Generic[T], frozen=True):
    """An object as it was read; `read_at` by the store's clock."""

    value: T
    size: int
    modified: datetime | None
    read_at: datetime

    def is_still(self, listed: Listed) -> bool:
        """Whether it is the object of a listing."""
        if self.modified is None or (self.size, self.modified) != (listed.size, listed.modified):
            return False
        return self.read_at - self.modified > SETTLED


class _Folder(Generic[T]):
    """The objects of one kind, one for each branch. Only those are read again that have changed."""

    def __init__(self, edges: Edges, kind: str, decode: Callable[[bytes], T], clock: Callable[[], float]) -> None:
        self._edges, self._kind, self._decode, self._clock = edges, kind, decode, clock
        self._looking = asyncio.Lock()
        self._held: dict[str, _Held[T]] = {}
        self._stale_at = 0.0

    async def all(self) -> Mapping[tuple[str, str, str], T]:
        """By organisation, repository and branch."""
        async with self._looking:
            if self._clock() >= self._stale_at:
                await self._look()
                self._stale_at = self._clock() + KEPT_SECONDS
            return {branch: held.value for key, held in self._held.items() if (branch := branch_of(self._kind, key))}

    async def _look(self) -> None:
        listed = {entry.key: entry async for entry in self._edges.state.list(self._kind)}
        held = {key: one for key, one in self._held.items() if key in listed and one.is_still(listed[key])}
        doors = asyncio.Semaphore(AT_ONCE)

        async def read(key: str) -> None:
            async with doors:
                stored = await self._edges.state.get(key)
            if stored is not None:
                held[key] = _Held(self._decode(stored.body), stored.size, listed[key].modified, stored.date)

        await asyncio.gather(*(read(key) for key in listed if key not in held))
        self._held = held
