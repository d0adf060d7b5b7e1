"""Virtual time: asyncio's sleeps and time-outs pass at once, and the clock with them."""

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any

import looptime

BEGINNING = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def run(test: Coroutine[Any, Any, None]) -> None:
    """Run to the end on a loop whose time is virtual."""
    loop = looptime.new_event_loop(start=0)
    try:
        loop.run_until_complete(test)
        loop.run_until_complete(loop.shutdown_asyncgens())
    finally:
        loop.close()


def clock() -> datetime:
    """What time it is on the running loop."""
    return BEGINNING + timedelta(seconds=asyncio.get_running_loop().time())
