"""The log of a test that still runs, in pieces beside the place where build-log.txt will be.

While a test runs, its log so far lies at `<run>/.cutwater/<log name>/<offset>`: the pieces in order are the log, and
the name of each, twelve digits, is the byte at which it begins. All but the last have grown to their full size and do
not change any more; the last is written again as it grows. So one listing says how long the log is and where each part
of it lies, and one read of the last piece brings what is new. A piece never holds the beginning of what may be a
secret: that waits for the next.

When build-log.txt is there the pieces are removed; where it never comes, joining them is the log. Whoever reads must
bear a piece that is gone: then build-log.txt is there.
"""

import threading
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cutwater.errors import Refused
from cutwater.podutils import files, opening, paths
from cutwater.podutils.censor import Censor
from cutwater.podutils.destinations import Content, Destination
from cutwater.podutils.log import Log

FOLDER = ".cutwater"
"""Reserved below a run: nothing in it is part of the run's results."""
PIECE = 1024 * 1024
"""Bytes at which a piece is full."""
EVERY = 2.0
"""Seconds between two looks at the log."""
AT_ONCE = 8
"""Pieces that are removed at a time."""
SOON = 0.3
"""Seconds until the first look: whoever opens a new run wants to see that it lives."""


def folder(run_path: str, log_name: str) -> str:
    """The prefix of a log's pieces; `run_path` as `paths.run_path` gives it. Ends in a slash."""
    return paths.join(run_path, FOLDER, log_name) + "/"


def key(folder: str, offset: int) -> str:
    """The piece that begins at this byte."""
    return f"{folder}{offset:012d}"


def offset(key: str) -> int:
    """The byte at which this piece begins. Raises ValueError for what is no piece."""
    return int(key.rpartition("/")[2])


class LiveLog:
    """One log that grows, and its pieces. Not for several threads."""

    def __init__(
        self, source: Path, run_path: str, name: str, destination: Destination, forms: Iterable[bytes]
    ) -> None:
        """`name`: that of the whole log, once it is there."""
        self.key = paths.join(run_path, name)
        self._source = source
        self._folder = folder(run_path, name)
        self._destination = destination
        self._censor = Censor(tuple(forms))
        self._read = 0
        self._begun_at = 0
        self._piece = b""
        self._pending = b""
        self._is_written = True
        self._written: list[str] = []

    def look(self) -> None:
        """Write what is new. Raises OSError or RuntimeError; the next look then goes on where this one stopped."""
        self._drain()
        try:
            file = opening.opened(self._source, self._source.parent)
        except FileNotFoundError:
            return
        with file:
            file.seek(self._read)
            while new := file.read(PIECE):
                self._read += len(new)
                self._pending += self._censor.feed(new)
                self._drain()

    def _drain(self) -> None:
        """Write all that is pending: the last piece grows until it is full, then the next begins."""
        while self._pending or not self._is_written:
            if self._pending and len(self._piece) < PIECE:
                room = PIECE - len(self._piece)
                self._piece, self._pending = self._piece + self._pending[:room], self._pending[room:]
                self._is_written = False
            self._put()
            if len(self._piece) == PIECE:
                self._begun_at, self._piece = self._begun_at + PIECE, b""

    def _put(self) -> None:
        place = key(self._folder, self._begun_at)
        self._destination.write(place, Content(source=self._piece, content_type=files.TEXT))
        self._is_written = True
        if place not in self._written[-1:]:
            self._written.append(place)

    def remove(self) -> None:
        """Take the pieces away. Raises OSError or RuntimeError."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for _ in pool.map(self._destination.delete, self._written):
                pass
        self._written = []


class Follower:
    """Looks at the logs every few seconds, in a thread of its own, until it is told to stop."""

    def __init__(
        self, logs: Iterable[LiveLog], log: Log, *, prepare: Callable[[], object], every: float = EVERY
    ) -> None:
        """`prepare` is called first: what has to be done before the first look, while nobody waits for it."""
        self._logs = tuple(logs)
        self._prepare = prepare
        self._log = log
        self._every = every
        self._said = ""
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="live-log", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def _follow(self) -> None:
        try:
            self._prepare()
        except ValueError as error:
            self._log.warning("The live log cannot be written", error=str(error))
            return
        pause = min(SOON, self._every)
        while not self._over.wait(pause):
            self._each(LiveLog.look)
            pause = self._every

    def stop(self) -> None:
        """Look no more. Waits for a write that is under way."""
        self._over.set()
        self._thread.join()

    def remove(self, lost: Collection[str] = ()) -> None:
        """Take the pieces away, but for those of the logs that could not be written whole. `lost`: their keys."""
        self._each(LiveLog.remove, lost)

    def _each(self, act: Callable[[LiveLog], None], but: Collection[str] = ()) -> None:
        for live in self._logs:
            if live.key in but:
                continue
            try:
                act(live)
            except (OSError, RuntimeError, Refused) as error:
                if str(error) != self._said:  # once is enough: it is tried again every few seconds
                    self._log.warning("The live log cannot be written", error=str(error))
                self._said = str(error)
