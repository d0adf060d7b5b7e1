"""Issues that stop a branch: as long as one with the blocker label is open, nothing is merged.

Source: sigs.k8s.io/prow pkg/tide/blockers.
"""

import re
from collections.abc import Iterable

from msgspec import Struct

from cutwater.events.pools import Blocker

_BRANCHES = re.compile(r"\bbranch:[^\w-]*([\w\-./]+)\b", re.IGNORECASE | re.MULTILINE | re.ASCII)


class Issue(Struct, frozen=True):
    """An open issue with the blocker label."""

    number: int
    title: str
    url: str


def blockers_of(branch: str, issues: Iterable[Issue]) -> list[Blocker]:
    """The issues of its repository that block a branch, by number: those that name it, and those that name none.

    One that names it twice is there twice, as upstream has it.
    """
    found = []
    for issue in issues:
        branches = _BRANCHES.findall(issue.title)
        times = branches.count(branch) if branches else 1
        found += [Blocker(issue.number, _BRANCHES.sub("", issue.title), issue.url)] * times
    return sorted(found, key=lambda blocker: blocker.number)
