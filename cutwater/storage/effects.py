"""What a role may do to the state bucket beside the ledger itself, which the runner keeps."""

from datetime import datetime
from typing import ClassVar, Protocol

from msgspec import Struct

from cutwater.errors import Later
from cutwater.storage.store import Store, Taken


class HasState(Protocol):
    """What these effects need of the world."""

    @property
    def state(self) -> Store:
        """The state bucket."""


class KeepState(Struct, frozen=True, kw_only=True, tag=True):
    """Write an object (JSON) in place of the one that was read, whose `etag` it was; "" where there was none.

    Raises Later where another function has written it meanwhile.
    """

    key: str
    body: str
    why: str
    etag: str = ""
    visible: ClassVar[bool] = False

    async def apply(self, world: HasState) -> None:
        body, kind = self.body.encode(), "application/json"
        try:
            if self.etag:
                await world.state.put(self.key, body, if_match=self.etag, content_type=kind)
            else:
                await world.state.put(self.key, body, if_absent=True, content_type=kind)
        except Taken as taken:
            raise Later(f"{self.key} was written meanwhile") from taken

    async def stands(self, world: HasState, since: datetime) -> bool | None:
        found = await world.state.get(self.key)
        return (found is not None and found.body == self.body.encode()) or None


class KeepArtifact(Struct, frozen=True, kw_only=True, tag=True):
    """Write an object whose key says what is in it. Where it is there already, it counts as new from now on."""

    key: str
    content: bytes
    why: str
    visible: ClassVar[bool] = False

    async def apply(self, world: HasState) -> None:
        await world.state.put(self.key, self.content)

    async def stands(self, world: HasState, since: datetime) -> bool | None:
        return await world.state.head(self.key) is not None or None


class DeleteState(Struct, frozen=True, kw_only=True, tag=True):
    """Remove objects that are old enough. That some are gone already is no error."""

    keys: tuple[str, ...]
    why: str
    visible: ClassVar[bool] = False

    async def apply(self, world: HasState) -> None:
        for key in self.keys:
            await world.state.delete(key)

    async def stands(self, world: HasState, since: datetime) -> bool | None:
        return None
