"""A table as it was a while ago: GitHub's search asks an index, which lags behind."""

from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from infra.local.github.records import Record

R = TypeVar("R", bound=Record)


class Journal(Generic[R]):
    """The changes of a table in the last `lag`. What changed before the lag was set is not in it."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.lag = timedelta()
        self._clock = clock
        self._changes: deque[tuple[datetime, int, R | None]] = deque()

    def changed(self, old: R | None, new: R | None) -> None:
        """Called by the table: `old` goes, `new` comes; either may be None."""
        record = old or new
        if not self.lag or record is None:
            return
        now = self._clock()
        self._changes.append((now, record.id, old))
        while self._changes[0][0] <= now - self.lag:
            self._changes.popleft()

    def before(self) -> Mapping[int, R | None]:
        """What the records that have changed since then were, by id; None for one that there was not."""
        if not self._changes:
            return {}
        since = self._clock() - self.lag
        return {id_: old for moment, id_, old in reversed(self._changes) if moment > since}
