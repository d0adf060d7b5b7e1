"""Patterns in configuration: RE2, searched for anywhere in the text, as Go does it.

RE2 is imported at first use. Source: Go's regexp (its syntax is RE2's).
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Protocol


class Match(Protocol):
    """Where a pattern was found: all of it, and its groups, None for one that took no part."""

    def group(self, index: int, /) -> str: ...

    def groups(self) -> tuple[str | None, ...]: ...

    def start(self, index: int, /) -> int: ...

    def end(self, index: int, /) -> int: ...


class Pattern(Protocol):
    """What is asked of a compiled pattern."""

    def search(self, text: str) -> Match | None: ...

    def finditer(self, text: str) -> Iterator[Match]: ...

    def sub(self, replacement: str, text: str) -> str: ...


@lru_cache(maxsize=16_384)
def compiled(pattern: str) -> Pattern:
    """Raises ValueError, in Go's words, for what it cannot read (look-around and back-references among it)."""
    import re2

    options = re2.Options()
    options.log_errors = False
    try:
        found: Pattern = re2.compile(pattern, options=options)
    except re2.error as error:
        reason = error.args[0] if error.args else ""
        raise ValueError(_as_go_says(reason.decode() if isinstance(reason, bytes) else str(reason))) from error
    return found


_GO_WORDS = {
    "missing ]": "missing closing ]",
    "missing )": "missing closing )",
    "trailing \\": "trailing backslash at end of expression",
    "no argument for repetition operator": "missing argument to repetition operator",
    "invalid repetition size": "invalid repeat count",
    "bad repetition operator": "invalid nested repetition operator",
    "invalid perl operator": "invalid or unsupported Perl syntax",
    "invalid named capture group": "invalid named capture",
}


def _as_go_says(reason: str) -> str:
    what, colon, part = reason.partition(": ")
    return f"error parsing regexp: {_GO_WORDS.get(what, what)}" + (f": `{part}`" if colon else "")


def matches(pattern: str, text: str) -> bool:
    """Whether the pattern occurs in the text. Raises ValueError as `compiled` does."""
    return compiled(pattern).search(text) is not None


def matches_any(patterns: Sequence[str], text: str) -> bool:
    """Whether one of several does; they are joined by `|`, as upstream joins the branches of a job."""
    return matches("|".join(patterns), text)
