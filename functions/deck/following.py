"""A log while it grows: what is new, in whole lines, until it ends or somebody else may have a turn."""

import asyncio
from collections.abc import AsyncIterator

from cutwater.errors import Later, Refused
from functions.deck.logs import Log, Logs, PodLog
from functions.deck.places import NotServed
from functions.deck.storage import BLOCK

LOOK_SECONDS = 1.0
"""Between two looks at a log that grows in storage, where a piece is written every two seconds."""
ASKED_AFTER = 5
"""Looks after which the API server is asked whether the run has ended."""
LONGEST_SECONDS = 240.0
"""How long one request follows. The browser then asks again: Knative ends a request after five minutes."""
LONGEST_LINE = 256 * 1024
"""Bytes of a line that are waited for before it is shown unfinished."""


async def follow(logs: Logs, path: str, start: int) -> AsyncIterator[bytes | None]:
    """The bytes after `start`, in whole lines, as they come; None, last of all, when the log has ended."""
    clock = asyncio.get_running_loop().time
    deadline = clock() + LONGEST_SECONDS
    quiet = ASKED_AFTER
    while clock() < deadline:
        # Asked before the log is read, so that what was written until then is read; and seldom, while there is news.
        is_over = quiet >= ASKED_AFTER and not await logs.is_growing(path)
        quiet = 0 if quiet >= ASKED_AFTER else quiet + 1
        log = await _opened(logs, path)
        is_whole = is_over or (log is not None and bool(log.version))
        while log is not None and (body := await log.read(start, start + BLOCK)):
            if not (is_whole and start + len(body) == log.size):
                body = _whole_lines(body)
            if not body:
                break
            start += len(body)
            yield body
        if is_whole:
            yield None
            return
        if isinstance(log, PodLog):
            async for body in _as_it_comes(log, start, deadline):
                start += len(body)
                yield body
            quiet = ASKED_AFTER
        await asyncio.sleep(LOOK_SECONDS)


async def _opened(logs: Logs, path: str) -> Log | None:
    try:
        return await logs.open(path)
    except NotServed:
        return None


async def _as_it_comes(log: PodLog, start: int, deadline: float) -> AsyncIterator[bytes]:
    """Whole lines of a pod's log, until its container ends."""
    rest, chunks = b"", log.follow(start)
    clock = asyncio.get_running_loop().time
    while (left := deadline - clock()) > 0:
        try:
            rest += await asyncio.wait_for(anext(chunks), left)
        except (StopAsyncIteration, TimeoutError, Later, Refused):
            return
        body = _whole_lines(rest)
        rest = rest[len(body) :]
        if body:
            yield body


def _whole_lines(body: bytes) -> bytes:
    end = body.rfind(b"\n") + 1
    return body if not end and len(body) > LONGEST_LINE else body[:end]
