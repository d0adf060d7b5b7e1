"""Waiting for what ought to become true, and saying whether it did."""

import asyncio
import time
from collections.abc import Awaitable, Callable

POLL = 0.1


class Missing(Exception):
    """What ought to have happened did not."""


async def until(what: str, holds: Callable[[], Awaitable[object]], *, seconds: float) -> object:
    """The first true answer of `holds`. Raises Missing after so many seconds."""
    deadline = time.monotonic() + seconds
    while True:
        answer = await holds()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise Missing(f"{what}: not within {seconds:g} s")
        await asyncio.sleep(POLL)
