"""What GitHub answered last: what has not changed since is answered by 304, which costs nothing.

The state bucket has it for all functions, the process for itself. Losing it costs only time and points.
"""

import asyncio
import hashlib
import re
import zlib
from collections import OrderedDict
from collections.abc import Callable
from typing import Protocol
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from cutwater.errors import Later, Refused

PLACES = 4
"""Digits of a name that say where in the bucket it lies: `etags/0f3a`.

So the bucket holds 65,536 answers at most; one puts out another that has its place.
"""
LEAST, MOST = 1024, 512 * 1024
"""Bytes of an answer worth keeping: each costs a request to the bucket, and small ones are many."""
IN_PROCESS = 8 * 1024 * 1024
"""Bytes that a process keeps."""
BUCKET_SECONDS = 2.0
"""How long the bucket may take, of the seconds that a call has."""
_NEVER_AGAIN = re.compile(r"/git/|/compare/|/search/|/commits/[0-9a-f]{40}$|/access_tokens$|/deliveries")
"""What is named by its SHA is kept under it elsewhere, or asked for once."""


class Kept(Struct, frozen=True):
    """An answer: its body, and the headers that tell its form and its next page."""

    name: str
    etag: str
    body: bytes
    content_type: str
    link: str = ""


class HasBody(Protocol):
    """An object of a bucket."""

    @property
    def body(self) -> bytes: ...


class Bucket(Protocol):
    """What is needed of the state bucket. Both may raise Later and Refused."""

    async def get(self, key: str) -> HasBody | None: ...

    async def put(self, key: str, body: bytes) -> object: ...


class ETags:
    """Answers by a name that holds who asked: what one may see is nothing to another."""

    def __init__(self, state: Callable[[], Bucket]) -> None:
        self._state = state
        self._here: OrderedDict[str, Kept] = OrderedDict()
        self._bytes = 0

    async def find(self, name: str) -> Kept | None:
        if name in self._here:
            self._here.move_to_end(name)
            return self._here[name]
        try:
            async with asyncio.timeout(BUCKET_SECONDS):
                found = await self._state().get(_key(name))
            kept = None if found is None else msgspec.msgpack.decode(zlib.decompress(found.body), type=Kept)
        except (Later, Refused, TimeoutError, zlib.error, msgspec.DecodeError):
            return None
        if kept is None or kept.name != name:
            return None
        self._keep_here(kept)
        return kept

    async def keep(self, kept: Kept) -> None:
        self._keep_here(kept)
        try:
            async with asyncio.timeout(BUCKET_SECONDS):
                await self._state().put(_key(kept.name), zlib.compress(msgspec.msgpack.encode(kept), 1))
        except (Later, Refused, TimeoutError):
            return  # it is asked for in full again

    def _keep_here(self, kept: Kept) -> None:
        before = self._here.pop(kept.name, None)
        self._bytes += len(kept.body) - (len(before.body) if before else 0)
        self._here[kept.name] = kept
        while self._bytes > IN_PROCESS:
            _, oldest = self._here.popitem(last=False)
            self._bytes -= len(oldest.body)


def _key(name: str) -> str:
    return f"etags/{name[:PLACES]}"


def name_of(who: str, url: str, accept: str) -> str:
    """What an answer is kept under."""
    return hashlib.sha256("\n".join((who, url, accept)).encode()).hexdigest()


def may_come_again(url: str) -> bool:
    """Whether the same question is likely to be asked again, with the same answer."""
    return _NEVER_AGAIN.search(urlsplit(url).path) is None


def is_worth_keeping(body: bytes) -> bool:
    return LEAST <= len(body) <= MOST
