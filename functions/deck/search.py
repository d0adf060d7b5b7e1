"""Finding lines in a log, however long it is. Nothing is held but a block and what was found."""

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Protocol

from msgspec import Struct

from cutwater.config.patterns import compiled
from functions.deck import ansi

MOST_FOUND = 500
"""Lines that are given. All that there are are counted."""
LONGEST_WORDS = 500
"""Characters of what is looked for."""
LONGEST_LINE = 4 * 1024 * 1024
"""Bytes of a line that is searched as one."""
SHOWN = 240
"""Characters of a line that stand in the list of what was found."""


class Found(Struct, frozen=True):
    """A line in which it was found: its number, where it begins, and what it says."""

    number: int
    offset: int
    text: str


class Result(Struct, frozen=True, kw_only=True):
    """What was found: the first lines, and how many there are. `searched`: bytes; `is_all`: of the whole log."""

    lines: tuple[Found, ...]
    count: int
    searched: int
    is_all: bool


Match = Callable[[bytes], Iterator[int]]
"""Where, in a block of whole lines, lines that match lie: a position in each of them, in order."""


def words(wanted: str) -> Match:
    """Lines that hold these words: in either case, unless there is a capital letter among them."""
    needle = wanted[:LONGEST_WORDS].encode()
    any_case = wanted == wanted.lower()

    def match(block: bytes) -> Iterator[int]:
        searched = block.lower() if any_case else block
        position = searched.find(needle)
        while needle and position >= 0:
            yield position
            line_end = searched.find(b"\n", position)
            position = searched.find(needle, line_end) if line_end >= 0 else -1

    return match


def pattern(wanted: str) -> Match:
    """Lines that match a pattern (RE2). Raises ValueError for what is none."""
    expression = _of_lines(wanted[:LONGEST_WORDS])

    def match(block: bytes) -> Iterator[int]:
        position = 0
        while 0 <= position < len(block) and (hit := expression.search(block, position)) is not None:
            yield hit.start()
            line_end = block.find(b"\n", hit.start())
            position = line_end + 1 or -1

    return match


class _Hit(Protocol):
    def start(self) -> int: ...


class _Expression(Protocol):
    def search(self, block: bytes, position: int) -> _Hit | None: ...


def _of_lines(wanted: str) -> _Expression:
    """The pattern as it is tried on many lines at once, ten times as fast as on one after the other."""
    import re2

    compiled(wanted)  # raises ValueError, in words for people
    options = re2.Options()
    options.never_nl, options.log_errors = True, False
    expression: _Expression = re2.compile(f"(?m){wanted}", options=options)
    return expression


async def find(blocks: AsyncIterator[bytes], match: Match, may_go_on: Callable[[], bool]) -> Result:
    """Look through a log, until `may_go_on` says no."""
    found: list[Found] = []
    count = lines = searched = 0
    async for block in _of_whole_lines(blocks):
        plain = ansi.without(block)
        offsets = _Offsets(block)
        ended = position = 0
        for hit in match(plain):
            ended += plain.count(b"\n", position, hit)
            position = hit
            count += 1
            if len(found) < MOST_FOUND:
                found.append(Found(lines + ended + 1, searched + offsets.of_line(ended), _line_at(plain, hit)))
        lines += block.count(b"\n")
        searched += len(block)
        if not may_go_on():
            return Result(lines=tuple(found), count=count, searched=searched, is_all=False)
    return Result(lines=tuple(found), count=count, searched=searched, is_all=True)


class _Offsets:
    """Where the lines of a block begin. Found as far as they are asked for, in order."""

    def __init__(self, block: bytes) -> None:
        self._block, self._line, self._offset = block, 0, 0

    def of_line(self, line: int) -> int:
        while self._line < line:
            self._offset = self._block.find(b"\n", self._offset) + 1
            self._line += 1
        return self._offset


def _line_at(block: bytes, position: int) -> str:
    begin = block.rfind(b"\n", 0, position) + 1
    end = block.find(b"\n", position)
    line = block[begin : len(block) if end < 0 else end]
    first = max(position - begin - SHOWN // 2, 0) if len(line) > SHOWN else 0
    return ansi.visible(line[first : first + SHOWN].decode(errors="replace").strip("\r"))


async def _of_whole_lines(blocks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same bytes, cut where lines end. A line that is longer than several blocks is cut."""
    rest = b""
    async for block in blocks:
        cut = block.rfind(b"\n") + 1
        if not cut and len(rest) < LONGEST_LINE:
            rest += block
            continue
        whole, rest = (rest + block[:cut], block[cut:]) if cut else (rest + block, b"")
        yield whole
    if rest:
        yield rest
