"""What somebody names in `/override a "b c"`."""

import re
from collections.abc import Iterable

from functions.plugins.kit import Typed

_WORD = re.compile(r'(?:[^" ]|"[^"]*(?:"|$))+')
"""Blanks part words, except between quotes."""


def names_in(text: str) -> list[str]:
    """The names, without their quotes."""
    return [found.group().strip().strip('"') for found in _WORD.finditer(text)]


def named(typed: Iterable[Typed]) -> set[str] | None:
    """All names that commands have; None where one of them has none."""
    arguments = [one.groups[1] for one in typed]
    if not all(arguments):
        return None
    return {name for argument in arguments for name in names_in(argument or "")}
