"""Which files of job configuration a `.prowignore` leaves out: patterns as in .gitignore, in any folder.

Source: sigs.k8s.io/prow pkg/config (ProwIgnoreFileName).
"""

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

NAME = ".prowignore"
_ENGINE = "re2"
"""Patterns come from strangers' pull requests: none may take for ever."""


class Ignored:
    """What some `.prowignore` files leave out. `texts`: what stands in them, by folder ("" is the root).

    As in git, a line that is no pattern means nothing. Raises ValueError for more patterns than can be matched.
    """

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._specs = {folder: _spec(text.splitlines()) for folder, text in texts.items()}

    def __contains__(self, path: str) -> bool:
        """Whether a file, or a folder that it lies in, is left out."""
        names = path.split("/")
        folders = ["/".join(names[:depth]) + "/" for depth in range(1, len(names))]
        return bool(self._specs) and any(self._is_left_out(one) for one in (*folders, path))

    def _is_left_out(self, path: str) -> bool:
        """What the nearest file says that says anything."""
        names = path.rstrip("/").split("/")
        for depth in range(len(names) - 1, -1, -1):
            folder = "/".join(names[:depth])
            spec = self._specs.get(folder)
            verdict = spec.check_file(path[len(folder) + 1 if folder else 0 :]).include if spec else None
            if verdict is not None:
                return verdict
        return False


def _spec(lines: Sequence[str]) -> "GitIgnoreSpec":
    """The patterns; without those lines that are none, where there are such."""
    try:
        return _compiled(lines)
    except ValueError:
        return _compiled([line for line in lines if _is_pattern(line)])


def _is_pattern(line: str) -> bool:
    try:
        _compiled([line])
    except ValueError:
        return False
    return True


def _compiled(lines: Sequence[str]) -> "GitIgnoreSpec":
    """Raises ValueError."""
    import re2
    from pathspec import GitIgnoreSpec

    try:
        return GitIgnoreSpec.from_lines(lines, backend=_ENGINE)
    except (re.error, re2.error) as error:
        raise ValueError(f"{NAME} has patterns that cannot be used: {error}") from error
