"""kill -9 in process: a function that dies does nothing more, not even what its `finally` would.

Every invocation has a life. When its life ends, whatever it still tries (an API call, a write to the ledger, giving a
Lease back) ends at once, and the broker sees a connection that broke.
"""

from collections.abc import AsyncIterator
from contextvars import ContextVar
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from cutwater.events.edges import Edges
from cutwater.events.effect import Effect
from cutwater.storage.memory import MemoryStore
from cutwater.storage.store import Entry, Stored


class Died(BaseException):
    """The process is gone."""


class Life:
    """One invocation of a function."""

    def __init__(self) -> None:
        self.is_over = False


_life: ContextVar[Life | None] = ContextVar("life", default=None)


def breathe() -> None:
    """Raises Died in an invocation whose life is over."""
    life = _life.get()
    if life is not None and life.is_over:
        raise Died


def is_function() -> bool:
    """Whether a function asks: parts and tests have no life to lose."""
    return _life.get() is not None


def die() -> None:
    """End the life of the invocation that asks for it."""
    life = _life.get()
    assert life is not None, "only functions die"
    life.is_over = True
    raise Died


def begin() -> None:
    """The task that says so is an invocation of a function from now on, with a life of its own."""
    _life.set(Life())


def around(app: ASGIApp) -> ASGIApp:
    """A function each of whose invocations has a life of its own."""

    async def live(scope: Scope, receive: Receive, send: Send) -> None:
        begin()
        await app(scope, receive, send)
        breathe()

    return live


def through(app: ASGIApp) -> ASGIApp:
    """An application that hears nothing from the dead."""

    async def heard(scope: Scope, receive: Receive, send: Send) -> None:
        breathe()
        await app(scope, receive, send)

    return heard


class MortalStore(MemoryStore):
    """A bucket that takes nothing from the dead."""

    async def get(self, key: str, *, start: int | None = None, end: int | None = None) -> Stored | None:
        breathe()
        return await super().get(key, start=start, end=end)

    async def put(self, key: str, body: bytes, **how: Any) -> Stored:
        breathe()
        return await super().put(key, body, **how)

    async def delete(self, key: str) -> None:
        breathe()
        await super().delete(key)

    async def list(self, prefix: str, *, after: str = "", delimiter: str = "") -> AsyncIterator[Entry]:
        breathe()
        async for entry in super().list(prefix, after=after, delimiter=delimiter):
            yield entry


class Killer:
    """Kills the function that carries out the `nth` effect of all, before it does or just after. It kills once.

    `done` are the kinds of the effects so far.
    """

    def __init__(self, nth: int, *, after: bool) -> None:
        self._nth, self._after = nth, after
        self.done: list[str] = []

    async def apply(self, effect: Effect[object], edges: Edges) -> object:
        number = len(self.done)
        self.done.append(type(effect).__name__)
        if number == self._nth and not self._after:
            die()
        result = await effect.apply(edges)
        if number == self._nth:
            die()
        return result
