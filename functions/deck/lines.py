"""A window on a log: its lines from one byte to another, each with its colours. Pure.

A log may have fifty megabytes, or a single line of them. A window is found by its bytes alone, so that the end of a log
opens at once; the numbers of its lines are given where they are known.
"""

import re
from collections.abc import Iterator

from msgspec import Struct

from functions.deck.ansi import PLAIN, Span, Style, spans

WINDOW = 96 * 1024
"""Bytes of a window."""
LONGEST_LINE = 16 * 1024
"""Bytes of one line that are shown."""
HIGHLIGHT = (
    r"timed out|ERROR:|(FAIL|Failure \[)\b|panic\b|^E\d{4} \d\d:\d\d:\d\d\.\d\d\d]"
    r"|\b(error|fatal)\b:|Traceback \(most recent call last\)"
)
"""Lines that probably say why a test failed. Source: the build log lens of sigs.k8s.io/prow, and then some."""


class Line(Struct, frozen=True):
    """One line. `offset`: its first byte in the log; `left_out`: bytes at its end that are not shown."""

    offset: int
    spans: tuple[Span, ...]
    number: int | None = None
    left_out: int = 0

    @property
    def text(self) -> str:
        return "".join(span.text for span in self.spans)


class Window(Struct, frozen=True, kw_only=True):
    """The lines from the byte `start` until before the byte `end`; `style` is the one in which they end."""

    start: int
    end: int
    lines: tuple[Line, ...]
    style: Style = PLAIN


def whole_lines_before(body: bytes, *, is_beginning: bool, is_end: bool) -> tuple[int, int]:
    """The part of these bytes that is whole lines. `is_beginning`, `is_end`: they begin or end the log.

    A line that is longer than the bytes is taken as it is.
    """
    first = 0 if is_beginning else body.find(b"\n") + 1
    if first == len(body):
        first = 0
    last = len(body) if is_end else (body.rfind(b"\n") + 1 or len(body))
    return (first, last) if first < last else (0, len(body))


def window(body: bytes, start: int, *, number: int | None = None, style: Style = PLAIN) -> Window:
    """The lines of these bytes, which begin at the byte `start` of the log in a line of this number, in this style."""
    lines: list[Line] = []
    offset = start
    for raw in _split(body):
        shown, style = spans(_overwritten(raw[:LONGEST_LINE]), style)
        left_out = max(len(raw) - LONGEST_LINE, 0)
        lines.append(Line(offset, tuple(shown), None if number is None else number + len(lines), left_out))
        offset += len(raw) + 1
    return Window(start=start, end=start + len(body), lines=tuple(lines), style=style)


def _split(body: bytes) -> Iterator[bytes]:
    if body:
        yield from body.removesuffix(b"\n").split(b"\n")


def _overwritten(raw: bytes) -> str:
    """The text that a terminal would show in the end: what comes after a carriage return covers what was there."""
    return re.split(r"\r+", raw.decode(errors="replace").rstrip("\r"))[-1]
