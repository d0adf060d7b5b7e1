"""What a GitHub App's token is made for: what everybody reads, and what the effects need that a caller may have.

Each effect on GitHub names in `writes` what it must be permitted to write: a plugin that declares its effects has
declared its token by that. Source: docs.github.com, on the permissions that GitHub Apps need.
"""

from collections.abc import Iterable, Mapping

from cutwater.errors import Refused

Permissions = Mapping[str, str]
"""Levels by the names that GitHub has: `{"issues": "write"}`."""
LEVELS = ("read", "write", "admin")
READS = ("actions", "checks", "contents", "issues", "members", "metadata", "pull_requests", "statuses")
"""What any decision may look at."""


def reading_and(writes: Iterable[str], *, reads: Iterable[str] = ()) -> dict[str, str]:
    """The permissions of a caller that writes these, and reads more than everybody does."""
    return dict.fromkeys((*READS, *reads), "read") | dict.fromkeys(writes, "write")


def needed_by(effects: Iterable[type], *, reads: Iterable[str] = ()) -> dict[str, str]:
    """The permissions of a caller that may have effects of these kinds. Those on Kubernetes need none."""
    return reading_and((name for kind in effects for name in getattr(kind, "writes", ())), reads=reads)


def within(wanted: Permissions, granted: Permissions) -> dict[str, str]:
    """What is wanted, as far as it is granted: GitHub makes no token at all for more."""
    return {name: min(level, granted[name], key=LEVELS.index) for name, level in wanted.items() if name in granted}


def permissions_of(text: str) -> dict[str, str]:
    """As in `contents=read,issues=write`. Raises Refused for what is no level."""
    found: dict[str, str] = {}
    for pair in filter(None, map(str.strip, text.split(","))):
        name, _, level = pair.partition("=")
        if level not in LEVELS:
            raise Refused(f'"{pair}" is not NAME=LEVEL, with one of the levels {", ".join(LEVELS)}')
        found[name] = level
    return found
