"""Globs over paths, as upstream's configuration has them.

`*` stands for anything but a slash, `**/` for any folders or none, `{a,b}` for either; without a `*` a pattern is the
path itself. Source: github.com/mattn/go-zglob, which upstream uses.
"""

import functools
import posixpath
import re

from cutwater.config.patterns import compiled


def matches(pattern: str, path: str) -> bool:
    """Whether the glob covers this path."""
    if "*" not in pattern:
        return pattern == path
    before = pattern[: pattern.index("*")].rpartition("/")
    root = posixpath.normpath(before[0] or before[1] or ".")
    if len(path) <= len(root):
        return False
    text = path.encode(errors="replace").decode()  # the bytes of a name need not be text, and RE2 takes nothing else
    return compiled(_expression(posixpath.normpath(pattern))).search(text) is not None


@functools.cache
def _expression(pattern: str) -> str:
    """RE2, as whoever opens a pull request chooses the paths."""
    parts = re.split(r"(\*\*/|\*|\{[^{}]+\})", pattern)
    return rf"(?s)\A{''.join(map(_part, parts))}\z"


def _part(part: str) -> str:
    if part == "**/":
        return "(?:.*/)?"
    if part == "*":
        return "[^/]*"
    if part.startswith("{") and part.endswith("}"):
        return f"(?:{'|'.join(map(re.escape, part[1:-1].split(',')))})"
    return re.escape(part)
