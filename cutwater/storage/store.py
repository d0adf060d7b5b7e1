"""What cutwater asks of a bucket. Conditional puts are what keeps stateless functions apart."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Protocol

from msgspec import Struct, field


class Taken(Exception):
    """A conditional put lost: the object exists (if_absent), or is another one by now (if_match)."""


class Stored(Struct, frozen=True, kw_only=True):
    """An object as the store has it. `date` is the store's own clock at the moment of its answer.

    `size` is that of the whole object, also where `body` is a part of it.
    """

    key: str
    etag: str
    date: datetime
    body: bytes = b""
    size: int = 0
    modified: datetime | None = None
    content_type: str = ""
    content_encoding: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)


class Entry(Struct, frozen=True, kw_only=True):
    """One line of a listing. A folder (with `delimiter`) has a key that ends in `/`, and no size."""

    key: str
    size: int = 0
    modified: datetime | None = None


class Store(Protocol):
    """One bucket. Every method may raise Later (unreachable, 5xx, throttled) and Refused (no such bucket, no right)."""

    async def get(self, key: str, *, start: int | None = None, end: int | None = None) -> Stored | None:
        """The object, or None. Its bytes from `start` until before `end`; a negative `start` counts from the end."""

    async def head(self, key: str) -> Stored | None:
        """The object without its body, or None."""

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
        """Write the whole object. Raises Taken where the condition does not hold."""

    async def delete(self, key: str) -> None:
        """Remove the object; that it is gone already is no error."""

    def list(self, prefix: str, *, after: str = "", delimiter: str = "") -> AsyncIterator[Entry]:
        """The keys below `prefix` that sort behind `after`, in order."""

    async def link(self, key: str, *, seconds: int) -> str:
        """An address that reads the object for so long without credentials."""
