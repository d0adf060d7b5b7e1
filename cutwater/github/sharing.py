"""Questions that are asked several times at once are asked once."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar
from weakref import WeakValueDictionary

V = TypeVar("V")


class Shared(Generic[V]):
    """Whoever asks while the same question is on its way shares the next one with others who wait for it.

    The one on its way is not good enough: what made somebody ask may have happened after it was answered.
    """

    def __init__(self) -> None:
        self._next: dict[str, asyncio.Future[V]] = {}
        self._under_way: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def once(self, question: str, ask: Callable[[], Awaitable[V]]) -> V:
        """The answer to a question that had not been sent when this was called."""
        waiting = self._next.get(question)
        if waiting is None:
            waiting = self._next[question] = asyncio.ensure_future(self._ask(question, ask))
            waiting.add_done_callback(_nobody_need_wait)
        return await asyncio.shield(waiting)

    async def _ask(self, question: str, ask: Callable[[], Awaitable[V]]) -> V:
        lock = self._under_way.setdefault(question, asyncio.Lock())
        async with lock:
            del self._next[question]
            return await ask()


def _nobody_need_wait(answered: asyncio.Future[V]) -> None:
    """Whoever asked may be gone by now: an error is nobody's then."""
    if not answered.cancelled():
        answered.exception()
