"""A bucket in memory: for tests, and for the functions of one process that need no restart."""

import hashlib
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import datetime

import msgspec

from cutwater.storage.store import Entry, Stored, Taken


class MemoryStore:
    """A Store that forgets when the process ends. Its clock is the one it is given."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._objects: dict[str, Stored] = {}
        self._writes = 0

    async def get(self, key: str, *, start: int | None = None, end: int | None = None) -> Stored | None:
        found = self._objects.get(key)
        if found is None:
            return None
        return msgspec.structs.replace(found, body=found.body[start:end], date=self._clock())

    async def head(self, key: str) -> Stored | None:
        found = self._objects.get(key)
        return found and msgspec.structs.replace(found, body=b"", date=self._clock())

    async def put(
        self,
        key: str,
        body: bytes,
        *,
        if_absent: bool = False,
        if_match: str | None = None,
        content_type: str = "application/octet-stream",
        content_encoding: str = "",
        metadata: Mapping[str, str] | None = None,
    ) -> Stored:
        standing = self._objects.get(key)
        if if_absent and standing is not None:
            raise Taken(key)
        if if_match is not None and (standing is None or standing.etag != if_match):
            raise Taken(key)
        self._writes += 1
        now = self._clock()
        self._objects[key] = stored = Stored(
            key=key,
            etag=f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"',
            date=now,
            body=body,
            size=len(body),
            modified=now,
            content_type=content_type,
            content_encoding=content_encoding,
            metadata=dict(metadata or {}),
        )
        return stored

    async def delete(self, key: str) -> None:
        self._objects.pop(key, None)

    async def list(self, prefix: str, *, after: str = "", delimiter: str = "") -> AsyncIterator[Entry]:
        folders = set()
        for key in sorted(k for k in self._objects if k.startswith(prefix) and k > after):
            rest = key[len(prefix) :]
            if delimiter and delimiter in rest:
                folder = prefix + rest[: rest.index(delimiter) + 1]
                if folder not in folders:
                    folders.add(folder)
                    yield Entry(key=folder)
                continue
            found = self._objects.get(key)
            if found is not None:
                yield Entry(key=key, size=found.size, modified=found.modified)

    async def link(self, key: str, *, seconds: int) -> str:
        return f"memory:{key}"
