"""Windows on a log, their numbers, and what is found in it."""

from collections.abc import AsyncIterator

import pytest

from functions.deck import search
from functions.deck.lines import HIGHLIGHT, LONGEST_LINE, whole_lines_before, window
from functions.deck.log_view import IsBad
from functions.deck.numbering import Numberings


class Held:
    """A log in memory."""

    def __init__(self, body: bytes, version: str = "v") -> None:
        self.body, self.size, self.version, self.asked = body, len(body), version, 0

    async def read(self, start: int, end: int) -> bytes:
        self.asked += 1
        return self.body[start:end]


@pytest.mark.parametrize(
    "body, is_beginning, is_end, whole",
    [
        pytest.param(b"a\nb\n", True, True, b"a\nb\n", id="all of it"),
        pytest.param(b"tail\nb\n", False, True, b"b\n", id="the end of a line before"),
        pytest.param(b"a\nhead", True, False, b"a\n", id="the beginning of a line after"),
        pytest.param(b"a\nlast", True, True, b"a\nlast", id="a last line without an end"),
        pytest.param(b"longer", False, False, b"longer", id="a line that is longer than the window"),
        pytest.param(b"long end\n", False, True, b"long end\n", id="the end of such a line"),
        pytest.param(b"", True, True, b"", id="an empty log"),
    ],
)
def test_whole_lines(body: bytes, is_beginning: bool, is_end: bool, whole: bytes) -> None:
    first, last = whole_lines_before(body, is_beginning=is_beginning, is_end=is_end)
    assert body[first:last] == whole


def test_a_window() -> None:
    found = window(b"one\n\xfftwo\n 10%\r 99%\r100%\n\n", 100, number=7)
    assert [(line.number, line.offset, line.text) for line in found.lines] == [
        (7, 100, "one"),
        (8, 104, "\ufffdtwo"),
        (9, 109, "100%"),
        (10, 124, ""),
    ]
    assert found.end == 125


def test_an_endless_line_is_cut() -> None:
    [line] = window(b"x" * 50_000, 0).lines
    assert (len(line.text), line.left_out) == (LONGEST_LINE, 50_000 - LONGEST_LINE)


@pytest.mark.parametrize(
    "text, is_bad",
    [
        ("ERROR: no fuel", True),
        ("--- FAIL: TestLanding (0.00s)", True),
        ("panic: runtime error", True),
        ("E0302 12:00:00.123] gone", True),
        ("Traceback (most recent call last):", True),
        ("test timed out", True),
        ("0 errors, no failures", False),
        ("terror: none", False),
        ("", False),
    ],
)
def test_lines_that_look_like_failures(text: str, is_bad: bool) -> None:
    lines = window(text.encode() + b"\n", 0).lines
    assert IsBad(HIGHLIGHT)(lines[0]) is is_bad


async def test_numbers_of_lines() -> None:
    lines = [b"line %d" % number * (number % 50) for number in range(40_000)]
    body = b"\n".join(lines) + b"\n"
    log, numberings = Held(body), Numberings()
    assert log.size > 3 * 1024 * 1024, "it is longer than several blocks"
    offset = 0
    offsets = []
    for line in lines:
        offsets.append(offset)
        offset += len(line) + 1
    for number in (1, 2, 777, 20_000, 39_999, 40_000):
        assert await numberings.byte_of(log, number) == offsets[number - 1]
        assert await numberings.line_at(log, offsets[number - 1]) == number
    assert await numberings.byte_of(log, 10**9) == log.size
    assert await numberings.byte_of(log, 0) == 0
    asked = log.asked
    await numberings.line_at(log, log.size)
    assert log.asked == asked + 1, "it is counted once"


async def found(log: bytes, match: search.Match, *, block: int = 16) -> search.Result:
    async def blocks() -> AsyncIterator[bytes]:
        for start in range(0, len(log), block):
            yield log[start : start + block]

    return await search.find(blocks(), match, lambda: True)


@pytest.mark.parametrize("block", [1, 5, 16, 1000])
@pytest.mark.parametrize(
    "match, lines",
    [
        pytest.param(search.words("fuel"), [1, 3], id="words"),
        pytest.param(search.words("Fuel"), [3], id="a capital letter counts"),
        pytest.param(search.words("n\u00fctzt"), [4], id="other letters"),
        pytest.param(search.words("engine on"), [2], id="across a colour"),
        pytest.param(search.pattern(r"^\w+ \w+$"), [1, 3], id="a pattern"),
        pytest.param(search.pattern(r"on!\s*Fuel"), [], id="a pattern stays within a line"),
        pytest.param(search.pattern(r"q*"), [1, 2, 3, 4], id="a pattern of nothing"),
        pytest.param(search.words(""), [], id="nothing"),
    ],
)
async def test_search(block: int, match: search.Match, lines: list[int]) -> None:
    log = "no fuel\n\x1b[1mengine\x1b[0m on!\nFuel again\nwas n\u00fctzt\n".encode()
    starts = [0, *(i + 1 for i, byte in enumerate(log) if byte == 10)]
    result = await found(log, match, block=block)
    assert [line.number for line in result.lines] == lines
    assert all(line.offset == starts[line.number - 1] for line in result.lines)
    assert (result.searched, result.is_all) == (len(log), True)


async def test_search_is_bounded() -> None:
    result = await found(b"x\n" * 2000, search.words("x"), block=1000)
    assert (result.count, len(result.lines)) == (2000, search.MOST_FOUND)


async def test_search_gives_up_in_time() -> None:
    async def blocks() -> AsyncIterator[bytes]:
        while True:
            yield b"x\n"

    result = await search.find(blocks(), search.words("x"), lambda: False)
    assert (result.count, result.is_all) == (1, False)


def test_a_pattern_that_is_none() -> None:
    with pytest.raises(ValueError, match="missing closing"):
        search.pattern("(")
