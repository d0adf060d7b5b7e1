"""Reading what tests wrote: no place is read before the configuration has been asked whether it may be."""

import zlib
from collections.abc import AsyncIterator
from typing import Any

import msgspec

from cutwater.config.configuration import Configuration
from cutwater.events.edges import Edges
from cutwater.storage.store import Entry, Store, Stored
from functions.deck.places import (
    Allowed,
    NotServed,
    Place,
    allowed,
    build_of_pointer,
    is_reserved,
    place,
    pointer_target,
)

BLOCK = 1024 * 1024
"""Bytes that are read of a large file at once."""
SMALL = 4 * 1024 * 1024
"""Bytes of a status file that are read, packed and unpacked."""
MOST_FILES = 2000
"""Files of one run that are listed."""
DIRECTORY = "/directory/"
LATEST = "latest-build.txt"


class Storage:
    """The buckets of artifacts. Every method checks its place, and raises NotServed, Later and Refused."""

    def __init__(self, edges: Edges) -> None:
        self._edges = edges
        self._config: Configuration | None = None
        self._allowed = Allowed({}, {})

    async def check(self, wanted: Place) -> Place:
        """The place under its bucket's own name. Raises NotServed."""
        config = await self._edges.configuration()
        if config is not self._config:
            self._allowed, self._config = allowed(config), config
        return self._allowed.check(wanted)

    async def follow(self, wanted: Place) -> Place:
        """The run that is meant, where the place is one that only points to a run. Each step is checked anew."""
        found = await self.check(wanted)
        if found.name == LATEST:
            build = build_of_pointer(await self._pointer(found))
            found = await self.check(found.parent.within(build))
        if DIRECTORY in f"/{found.key}":
            pointer = place(f"{found.path}.txt")
            found = await self.check(pointer_target(await self._pointer(pointer)))
            if DIRECTORY in f"/{found.key}":
                raise NotServed("the pointer to the run leads to another pointer")
        return found

    async def _pointer(self, pointer: Place) -> bytes:
        stored = await (await self.store(pointer)).get(pointer.key, start=0, end=4096)
        if stored is None:
            raise NotServed(f"there is no {pointer.key}")
        return stored.body

    async def store(self, wanted: Place) -> Store:
        """The bucket of a place that may be read."""
        found = await self.check(wanted)
        return self._edges.bucket(found.bucket)

    async def head(self, wanted: Place) -> Stored | None:
        """What the store says of the file, or None."""
        return await (await self.store(wanted)).head(wanted.key)

    async def small(self, wanted: Place) -> bytes | None:
        """A status file, or None. Of one that is larger than such files are, as much as is read of it."""
        stored = await (await self.store(wanted)).get(wanted.key, start=0, end=SMALL)
        if stored is None:
            return None
        if stored.content_encoding != "gzip":
            return stored.body
        try:
            return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(stored.body, SMALL)
        except zlib.error:
            return stored.body

    async def object(self, folder: Place, name: str) -> dict[str, Any]:
        """The object of JSON in a status file; an empty one where there is none, or it is none."""
        body = await self.small(folder.within(name))
        try:
            return msgspec.json.decode(body or b"{}", type=dict[str, Any])
        except msgspec.DecodeError:
            return {}

    async def blocks(self, wanted: Place, start: int, end: int) -> AsyncIterator[bytes]:
        """The bytes from `start` until before `end`, as they are stored."""
        store = await self.store(wanted)
        while start < end:
            stored = await store.get(wanted.key, start=start, end=min(start + BLOCK, end))
            if stored is None or not stored.body:
                return
            yield stored.body
            start += len(stored.body)

    async def files(self, folder: Place, *, below: bool) -> tuple[list[Entry], bool]:
        """What lies in a folder, or anywhere below it; and whether that is all of it."""
        store = await self.store(folder)
        found: list[Entry] = []
        async for entry in store.list(f"{folder.key}/", delimiter="" if below else "/"):
            if is_reserved(entry.key):
                continue
            if len(found) == MOST_FILES:
                return found, False
            found.append(entry)
        return found, True
