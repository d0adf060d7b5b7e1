"""Which line a byte lies in, and where a line begins: for links to lines of a log whose end was opened first."""

from bisect import bisect_left
from collections import OrderedDict
from itertools import accumulate

from msgspec import Struct

from functions.deck.logs import Log, blocks
from functions.deck.storage import BLOCK

MOST_KEPT = 64
"""Logs whose numbering is kept. It is small: eight bytes for each megabyte."""


class Numbering(Struct, frozen=True):
    """How many lines have ended before each block of a log."""

    ended: tuple[int, ...]

    @property
    def last(self) -> int:
        """How many lines have ended."""
        return self.ended[-1]


class Numberings:
    """The numbering of each log, counted when it is first asked for."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Numbering] = OrderedDict()

    async def of(self, log: Log) -> Numbering:
        """Counts all of the log, unless that has been done."""
        if log.version and log.version in self._kept:
            self._kept.move_to_end(log.version)
            return self._kept[log.version]
        found = Numbering(tuple(accumulate([block.count(b"\n") async for block in blocks(log)], initial=0)))
        if log.version:
            self._kept[log.version] = found
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return found

    async def line_at(self, log: Log, byte: int) -> int:
        """The number, from 1, of the line that this byte belongs to."""
        byte = max(min(byte, log.size), 0)
        block = byte // BLOCK
        before = await log.read(block * BLOCK, byte)
        return (await self.of(log)).ended[block] + before.count(b"\n") + 1

    async def byte_of(self, log: Log, line: int) -> int:
        """The first byte of the line of this number; of the last line where there are not so many."""
        numbering = await self.of(log)
        ended = max(min(line - 1, numbering.last), 0)
        block = max(bisect_left(numbering.ended, ended) - 1, 0)
        return await self._behind(log, block, ended - numbering.ended[block])

    async def _behind(self, log: Log, block: int, newlines: int) -> int:
        start = block * BLOCK
        body, position = await log.read(start, start + BLOCK), 0
        for _ in range(newlines):
            position = body.find(b"\n", position) + 1
        return start + position
