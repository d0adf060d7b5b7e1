"""Globs over paths, as upstream's configuration has them.

`*` stands for anything but a slash, `**/` for any folders or none, `{a,b}` for either; without a `*` a pattern is the
path itself. Source: github.com/mattn/go-zglob, which upstream uses.
"""

import functools
import posixpath
import re


def matches(pattern: str, path: str) -> bool:
    """Whether the glob covers this path."""
    if "*" not in pattern:
        return pattern == path
    before = pattern[: pattern.index("*")].rpartition("/")
    root = posixpath.normpath(before[0] or before[1] or ".")
    return len(path) > len(root) and _expression(posixpath.normpath(pattern)).fullmatch(path) is not None


@functools.cache
def _expression(pattern: str) -> re.Pattern[str]:
    parts = re.split(r"(\*\*/|\*|\{[^{}]+\})", pattern)
    return re.compile("".join(map(_part, parts)), re.DOTALL)


def _part(part: str) -> str:
    if part == "**/":
        return "(?:.*/)?"
    if part == "*":
        return "[^/]*"
    if part.startswith("{") and part.endswith("}"):
        return f"(?:{'|'.join(map(re.escape, part[1:-1].split(',')))})"
    return re.escape(part)
