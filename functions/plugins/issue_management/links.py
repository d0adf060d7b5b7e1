"""The line `Fixes #1 #2` in the text of a pull request, and how people name the issues in it.

Source: sigs.k8s.io/prow pkg/plugins/issue-management (link-issue).
"""

import re
from collections.abc import Iterable

from msgspec import Struct

from cutwater.config.patterns import compiled

FIXES = r"(?i)^fixes\s+(.*)$"
_NUMBER = re.compile(r"[+-]?[0-9]{1,18}")


class Reference(Struct, frozen=True):
    """An issue, as somebody has named it; it need not be there."""

    org: str
    repo: str
    number: int

    @property
    def full_name(self) -> str:
        return f"{self.org}/{self.repo}"

    def seen_from(self, org: str, repo: str) -> str:
        """Its short name where that is enough."""
        return f"#{self.number}" if (self.org, self.repo) == (org, repo) else f"{self.full_name}#{self.number}"


def reference(word: str, org: str, repo: str) -> Reference | None:
    """The issue that a word names in this repository: `123`, or `org/repo#123`. None for anything else."""
    if _NUMBER.fullmatch(word):
        return Reference(org, repo, int(word))
    name, *numbers = word.split("#")
    parts = name.split("/")
    if len(numbers) != 1 or len(parts) != 2 or not _NUMBER.fullmatch(numbers[0]):
        return None
    return Reference(parts[0], parts[1], int(numbers[0]))


def relinked(body: str, *, link: Iterable[str], unlink: Iterable[str]) -> str:
    """A text whose first line `Fixes …` names these issues too, and those no longer.

    A line that names none goes; a text without such a line gets one at its end.
    """
    lines = body.split("\n")
    at = next((number for number, line in enumerate(lines) if compiled(FIXES).search(line)), None)
    found = None if at is None else compiled(FIXES).search(lines[at])
    named = set((found.groups()[0] or "").split()) if found else set()
    named = (named - set(unlink)) | set(link)
    line = [f"Fixes {' '.join(sorted(named))}"] if named else []
    if at is not None:
        return "\n".join([*lines[:at], *line, *lines[at + 1 :]])
    return "\n".join([*lines, *([""] if line and lines[-1] else []), *line])
