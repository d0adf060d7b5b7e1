"""What was read of things that never change, kept for the day: in the state bucket, and in the process.

Losing it costs only time. What cannot be read any more, or not be written, is read in the world again.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, TypeVar
from weakref import WeakValueDictionary

import msgspec

from cutwater.errors import Later, Refused
from cutwater.storage.store import Store, Taken

V = TypeVar("V")


class Known:
    """What a process knows: the values that were asked for last, by their type and name."""

    def __init__(self) -> None:
        self._kinds: dict[type, OrderedDict[str, Any]] = {}
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def get(self, name: str, kind: type[V]) -> V | None:
        values = self._kinds.setdefault(kind, OrderedDict())
        if name not in values:
            return None
        values.move_to_end(name)
        value: V = values[name]
        return value

    def lock(self, name: str) -> asyncio.Lock:
        """Whoever finds out what has this name holds it; others wait for what is found."""
        return self._locks.setdefault(name, asyncio.Lock())

    def put(self, name: str, value: V, *, most: int) -> V:
        """Keep a value, and no more than so many of its type."""
        values = self._kinds.setdefault(type(value), OrderedDict())
        values[name] = value
        values.move_to_end(name)
        if len(values) > most:
            values.popitem(last=False)
        return value


class Remembered:
    """Things by their names, below `prefix`. The day follows it in a key, so that old days go as they are."""

    def __init__(self, prefix: str, state: Store, known: Known, now: datetime) -> None:
        self._state, self._known = state, known
        self._prefix = f"{prefix}{now:%Y-%m-%d}/"

    async def once(self, name: str, kind: type[V], ask: Callable[[], Awaitable[V]], *, most: int) -> V:
        """What has this name; where nobody knows, it is asked for. `most`: how many of its kind a process keeps."""
        key = self._prefix + name
        known = self._known.get(key, kind)
        if known is not None:
            return known
        async with self._known.lock(key):
            value = self._known.get(key, kind) or await self._stored(key, kind)
            if value is None:
                value = await ask()
                await self._store(key, value)
            return self._known.put(key, value, most=most)

    async def _stored(self, key: str, kind: type[V]) -> V | None:
        try:
            found = await self._state.get(key)
            return None if found is None else msgspec.json.decode(found.body, type=kind)
        except (Later, Refused, msgspec.DecodeError):
            return None

    async def _store(self, key: str, value: object) -> None:
        try:
            await self._state.put(key, msgspec.json.encode(value), if_absent=True, content_type="application/json")
        except (Taken, Later, Refused):
            return
