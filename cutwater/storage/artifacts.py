"""What a role may write into a bucket of artifacts, beside what the pods write there themselves."""

from datetime import datetime
from typing import ClassVar, Protocol

from msgspec import Struct

from cutwater.storage.store import Store, Taken

TEXT = "text/plain; charset=utf-8"
JSON = "application/json"


class HasBuckets(Protocol):
    """What these effects need of the world."""

    def bucket(self, name: str) -> Store:
        """A bucket of artifacts."""


class WriteArtifact(Struct, frozen=True, kw_only=True, tag=True):
    """Write a file of JSON. The result says whether it was written, or another writer's stands.

    `over`: "any" replaces whatever is there, "nothing" writes only where there is no file, and an etag replaces that
    very version.
    """

    bucket: str
    key: str
    body: str
    over: str
    why: str
    visible: ClassVar[bool] = False

    async def apply(self, world: HasBuckets) -> bool:
        store, body = world.bucket(self.bucket), self.body.encode()
        try:
            if self.over == "any":
                await store.put(self.key, body, content_type=JSON)
            elif self.over == "nothing":
                await store.put(self.key, body, if_absent=True, content_type=JSON)
            else:
                await store.put(self.key, body, if_match=self.over, content_type=JSON)
        except Taken:
            return False
        return True

    async def stands(self, world: HasBuckets, since: datetime) -> bool | None:
        found = await world.bucket(self.bucket).get(self.key)
        return (found is not None and found.body == self.body.encode()) or None


class JoinLog(Struct, frozen=True, kw_only=True, tag=True):
    """Make one file of a log that lies in pieces, in this order, and remove the pieces.

    Where the file is there, or a piece is gone, its own writer was faster. The result says whether it was written.
    """

    bucket: str
    key: str
    pieces: tuple[str, ...]
    why: str
    visible: ClassVar[bool] = False

    async def apply(self, world: HasBuckets) -> bool:
        store, log = world.bucket(self.bucket), bytearray()
        for piece in self.pieces:
            found = await store.get(piece)
            if found is None:
                return False
            log += found.body
        try:
            await store.put(self.key, bytes(log), if_absent=True, content_type=TEXT)
        except Taken:
            return False
        for piece in self.pieces:
            await store.delete(piece)
        return True

    async def stands(self, world: HasBuckets, since: datetime) -> bool | None:
        return await world.bucket(self.bucket).head(self.key) is not None or None
