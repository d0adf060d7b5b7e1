"""A log that is held here, and how much of logs is."""

from typing import IO

LARGEST_LIVE_LOG = 64 * 1024 * 1024
"""Bytes of a log that are fetched from who writes it. A kubelet keeps ten megabytes unless told otherwise."""
MOST_HELD = 256 * 1024 * 1024
"""Bytes of logs of one kind that are kept on disk, so that turning a page does not fetch them again."""


class HeldLog:
    """On disk, or in memory. A growing one has no `version`."""

    def __init__(self, file: IO[bytes], size: int, version: str) -> None:
        self._file = file
        self.size, self.version = size, version

    async def read(self, start: int, end: int) -> bytes:
        """The bytes from `start` until before `end`, or as far as there are any."""
        self._file.seek(start)  # no other read comes between: both lines block
        return self._file.read(max(min(end, self.size) - start, 0))
