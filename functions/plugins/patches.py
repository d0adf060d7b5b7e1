"""Patches as GitHub shows them: without the names of the files.

Source: sigs.k8s.io/prow pkg/plugins/golint (AddedLines).
"""

import re

_HUNK = re.compile(r"@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@", re.ASCII)


def positions(patch: str) -> dict[int, int]:
    """Where the lines that a patch adds stand in it, by their numbers in the new file; those above what is no patch."""
    found: dict[int, int] = {}
    number = old = new = 0
    for position, line in enumerate(patch.split("\n")):
        if line.startswith("\\"):
            continue
        if old or new:
            if line[:1] not in (" ", "-", "+"):
                break
            found |= {number: position} if line.startswith("+") else {}
            number, old, new = number + (line[0] != "-"), old - (line[0] != "+"), new - (line[0] != "-")
            continue
        hunk = _HUNK.match(line)
        if hunk is None:
            break
        old, number, new = int(hunk[1] or 1), int(hunk[2]), int(hunk[3] or 1)
    return found
