"""Virtual time: what happens next happens at once, and nothing waits."""

import heapq
import itertools
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

Event = Callable[[], Awaitable[None]]
BEGINNING = datetime(2026, 3, 2, tzinfo=UTC)
"""When a simulation begins: the midnight before a Monday."""


class Clock:
    """What is to happen, and when. Of two events at the same moment the one that was said first comes first."""

    def __init__(self) -> None:
        self.now = 0.0
        """Seconds since the beginning."""
        self._due: list[tuple[float, int, Event]] = []
        self._numbers = itertools.count()

    @property
    def time(self) -> datetime:
        return BEGINNING + timedelta(seconds=self.now)

    def after(self, seconds: float, event: Event) -> None:
        """Have the event happen so much later."""
        heapq.heappush(self._due, (self.now + seconds, next(self._numbers), event))

    async def run(self, until: float) -> None:
        """Let happen all that happens before then, in seconds since the beginning."""
        while self._due and self._due[0][0] <= until:
            self.now, _, event = heapq.heappop(self._due)
            await event()
        self.now = until
