"""Which files of a repository say who owns it.

Source: sigs.k8s.io/prow pkg/repoowners (walkFunc, ParseSimpleConfig).
"""

import posixpath
from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct

Matches = Callable[[str, str], bool]
"""Whether a pattern (RE2) is found in a text; it is given, since patterns are read a layer above."""


class Naming(Struct, frozen=True, kw_only=True):
    """What a repository's files are called, and where they do not count.

    `aliases` is a path from the root. An empty name stands for no file. `reads_markdown`: Markdown files may begin
    with owners of their own. `denied`: patterns (RE2) of folders.
    """

    owners: str
    aliases: str
    reads_markdown: bool = False
    denied: tuple[str, ...] = ()

    def may_count(self, path: str) -> bool:
        """Whether a file has one of the names, wherever it lies."""
        return self.is_markdown(path) or posixpath.basename(path) in (self.owners, posixpath.basename(self.aliases))

    def is_markdown(self, path: str) -> bool:
        """Whether a file may begin with owners of its own."""
        return self.reads_markdown and path.endswith(".md")

    def place(self, path: str) -> str:
        """For what a file speaks: its folder ("" is the root), or itself where it is Markdown."""
        return path if self.is_markdown(path) else posixpath.dirname(path)


def counting(paths: Iterable[str], naming: Naming, matches: Matches) -> list[str]:
    """Those of the files that count, the aliases apart, in order.

    A folder that is denied is left out with all that is below it. In a folder that is denied by its absolute path
    ("/" is the root) the OWNERS file does not count, nor what comes behind it in the folder.
    """
    found = sorted(path for path in paths if posixpath.basename(path) == naming.owners or naming.is_markdown(path))
    denied = _Denied(naming, matches)
    cut = {
        posixpath.dirname(path)
        for path in found
        if not naming.is_markdown(path) and denied.is_absolutely(posixpath.dirname(path))
    }
    return [path for path in found if not denied.is_above(path) and not _is_behind(path, cut, naming.owners)]


class _Denied:
    """The folders that are denied, each looked at once."""

    def __init__(self, naming: Naming, matches: Matches) -> None:
        self._patterns, self._matches = naming.denied, matches
        self._known: dict[str, bool] = {}

    def is_above(self, path: str) -> bool:
        """Whether one of the folders that hold the file is denied; the root is called `.`."""
        return any(self._is_denied(folder or ".") for folder, _ in _steps(path))

    def is_absolutely(self, folder: str) -> bool:
        return self._is_denied(f"/{folder}")

    def _is_denied(self, folder: str) -> bool:
        if folder not in self._known:
            self._known[folder] = any(self._matches(pattern, folder) for pattern in self._patterns)
        return self._known[folder]


def _is_behind(path: str, cut: set[str], owners: str) -> bool:
    """Whether a file lies in one of the folders at its OWNERS file, or behind it by the name of what holds the file."""
    return any(folder in cut and name >= owners for folder, name in _steps(path))


def _steps(path: str) -> Iterator[tuple[str, str]]:
    """The folders that hold a file, from the root on, each with the name in it that leads to the file."""
    names = path.split("/")
    return (("/".join(names[:depth]), name) for depth, name in enumerate(names))
