"""What goes wrong around the functions, at random: API server, storage, GitHub, events, and the functions' own deaths.

Every fault is one that the real thing has. An answer may be lost after the deed is done; then the caller does not know.
"""

import asyncio
import json
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cutwater.errors import Later
from cutwater.events.edges import Edges
from cutwater.events.effect import Effect
from cutwater.storage.memory import MemoryStore
from cutwater.storage.store import Entry, Stored
from tests import mortal

JSON = {"content-type": "application/json"}


class Faults:
    """Faults of all sorts, each with its share of the calls. The same `seed` gives the same faults in the same order.

    `happened` counts them by name: a run without some sort of fault has shown nothing of it.
    """

    def __init__(self, seed: int, *, share: float = 0.02) -> None:
        self._random = random.Random(seed)
        self._share = share
        self.happened: Counter[str] = Counter()
        self._later: set[asyncio.Task[None]] = set()

    def strikes(self, fault: str, share: float | None = None) -> bool:
        """Whether this fault happens now."""
        if self._random.random() >= (self._share if share is None else share):
            return False
        self.happened[fault] += 1
        return True

    # The API server

    def api_server(self, app: ASGIApp) -> ASGIApp:
        """The API server: it is too busy, fails before or after the deed, finds a conflict, and drops watches."""

        async def serve(scope: Scope, receive: Receive, send: Send) -> None:
            method, query = scope["method"], scope["query_string"].decode()
            if "watch=true" in query:
                await self._cut(app, scope, receive, send)
            elif self.strikes("API server 429"):
                await _answer(send, 429, _status(429, "TooManyRequests"), JSON | {"retry-after": "1"})
            elif self.strikes("API server 500"):
                await _answer(send, 500, _status(500, "InternalError"), JSON)
            elif method in {"PUT", "PATCH"} and self.strikes("API server 409"):
                await _answer(send, 409, _status(409, "Conflict"), JSON)
            elif method != "GET" and self.strikes("API server 500 after the deed"):
                await app(scope, receive, _nobody)
                await _answer(send, 500, _status(500, "InternalError"), JSON)
            else:
                await app(scope, receive, send)

        return mortal.through(serve)

    async def _cut(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """A watch that ends at a line's end, for no reason."""

        async def some(message: Message) -> None:
            await send(message)
            if message.get("body") and self.strikes("a watch is dropped"):
                raise _Cut

        try:
            await app(scope, receive, some)
        except _Cut:
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    # GitHub

    def github(self, app: ASGIApp) -> ASGIApp:
        """GitHub: a bad gateway before or after the deed, and a secondary rate limit that says when to come back."""

        async def serve(scope: Scope, receive: Receive, send: Send) -> None:
            if self.strikes("GitHub 502"):
                await _answer(send, 502, b"<html>Bad gateway</html>", {"content-type": "text/html"})
            elif self.strikes("GitHub 403 with retry-after"):
                body = json.dumps({"message": "You have exceeded a secondary rate limit."}).encode()
                await _answer(send, 403, body, JSON | {"retry-after": "3"})
            elif scope["method"] != "GET" and self.strikes("GitHub 502 after the deed"):
                await app(scope, receive, _nobody)
                await _answer(send, 502, b"<html>Bad gateway</html>", {"content-type": "text/html"})
            else:
                await app(scope, receive, send)

        return mortal.through(serve)

    # Storage

    def store(self, clock: Callable[[], datetime]) -> MemoryStore:
        return _Faulty(self, clock)

    async def storage(self, deed: str) -> None:
        """What may happen before storage does a deed. Raises Later."""
        if self.strikes("S3 is slow"):
            await asyncio.sleep(self._random.uniform(0.5, 8))
        if self.strikes("S3 500"):
            raise Later(f"S3 answers 500 to {deed}")

    # Events, and the functions that they wake

    def events(self, app: ASGIApp) -> ASGIApp:
        """A function to which events come late, twice, out of order, or never. Each invocation has its own life."""
        function = mortal.around(app)

        async def invoke(scope: Scope, receive: Receive, send: Send) -> None:
            if not any(name == b"ce-id" for name, _ in scope["headers"]):
                await function(scope, receive, send)
                return
            body = await _body_of(receive)
            if self.strikes("an event is lost"):
                await _answer(send, 204, b"", {})
                return
            if self.strikes("an event comes twice"):
                self._afterwards(lambda: function(scope, _again(body), _nobody), self._random.uniform(0, 90))
            if self.strikes("an event is overtaken", 0.1):
                await asyncio.sleep(self._random.uniform(0, 20))
            await function(scope, _again(body), send)

        return invoke

    def _afterwards(self, invoke: Callable[[], Awaitable[None]], seconds: float) -> None:
        async def wait() -> None:
            await asyncio.sleep(seconds)
            try:
                await invoke()
            except mortal.Died:
                return

        task = asyncio.ensure_future(wait())
        self._later.add(task)
        task.add_done_callback(self._later.discard)

    async def stop(self) -> None:
        """Nothing comes afterwards any more."""
        for task in self._later:
            task.cancel()
        await asyncio.gather(*self._later, return_exceptions=True)

    async def apply(self, effect: Effect[object], edges: Edges) -> object:
        """Carry an effect out, or die before or after it."""
        if self.strikes("killed before an effect", self._share / 4):
            mortal.die()
        result = await effect.apply(edges)
        if self.strikes("killed after an effect", self._share / 4):
            mortal.die()
        return result


class _Cut(Exception):
    """The connection is closed here."""


class _Faulty(mortal.MortalStore):
    """A bucket that is slow, fails, and sometimes has done what it says it could not."""

    def __init__(self, faults: Faults, clock: Callable[[], datetime]) -> None:
        super().__init__(clock)
        self._faults = faults

    async def get(self, key: str, *, start: int | None = None, end: int | None = None) -> Stored | None:
        await self._faults.storage("a GET")
        return await super().get(key, start=start, end=end)

    async def put(self, key: str, body: bytes, **how: Any) -> Stored:
        await self._faults.storage("a PUT")
        stored = await super().put(key, body, **how)
        if self._faults.strikes("S3 500 after the deed"):
            raise Later("S3 answers 500 to a PUT")
        return stored

    async def list(self, prefix: str, *, after: str = "", delimiter: str = "") -> AsyncIterator[Entry]:
        await self._faults.storage("a listing")
        async for entry in super().list(prefix, after=after, delimiter=delimiter):
            yield entry


def _status(code: int, reason: str) -> bytes:
    """An error as a Kubernetes API server words it."""
    body = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": reason, "reason": reason}
    return json.dumps(body | {"code": code}).encode()


async def _answer(send: Send, status: int, body: bytes, headers: Mapping[str, str]) -> None:
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})


async def _nobody(message: Message) -> None:
    """Hears an answer that is lost."""


async def _body_of(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return bytes(body)


def _again(body: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive
