"""The files that a pull request changes, read once for each of its heads.

What was read is kept in the state bucket for the day, and in the process.
"""

from datetime import datetime, timedelta

from msgspec import Struct

from cutwater.events.look import Look
from cutwater.events.remembered import Remembered

CHANGED_FILES = "changed-files/"
"""The prefix of what is kept."""
MOST = 2_000
"""The files of so many heads are kept by a process."""
SETTLED = timedelta(minutes=2)
"""So long after a push GitHub may still answer with the files of the head before."""


class _Paths(Struct, frozen=True):
    paths: tuple[str, ...]


async def changed_files(
    look: Look, org: str, repo: str, number: int, *, base_ref: str, head: str, updated_at: datetime | None
) -> tuple[str, ...]:
    """The paths of the files that the pull request changes with this head. `updated_at`: when it was changed itself.

    Raises Refused and Later. Source: sigs.k8s.io/prow pkg/tide (tide.go, changedFilesAgent).
    """

    async def ask() -> _Paths:
        return _Paths(tuple(file.filename for file in await look.github.files(org, repo, number)))

    if updated_at is None or look.now - updated_at < SETTLED:
        return (await ask()).paths
    remembered = Remembered(CHANGED_FILES, look.state, look.known, look.now)
    name = f"{org}/{repo}/{number}/{head}/{base_ref}"
    return (await remembered.once(name, _Paths, ask, most=MOST)).paths
