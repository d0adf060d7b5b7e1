"""What a tree says of how its files are merged (`.gitattributes`: `merge=union`, `binary`), without a work tree.

git reads such files from a work tree alone. So there is one, which holds them and nothing else: git then merges as it
does where all of the repository is checked out. Which programs they name is of no matter: none is configured.
"""

import shutil
from pathlib import Path

from cutwater.git.command import Git
from cutwater.git.objects import contents

NAME = ".gitattributes"
_FILES = {b"100644", b"100755", b"100664"}
"""Modes of plain files: git follows no link to attributes."""


class Attributes:
    """The files of attributes that stand in git's folder."""

    def __init__(self, git: Git) -> None:
        self._git, self._tree = git, ""

    def become(self, tree: str) -> None:
        """Have those of a tree there, and no others. Raises GitError."""
        if self._tree and not self._differ(self._tree, tree):
            return
        wanted, self._tree = self._of(tree), tree
        for old in self._git.folder.iterdir():
            shutil.rmtree(old) if old.is_dir() else old.unlink()
        for path, content in zip(wanted, contents(self._git, list(wanted.values())), strict=True):
            file = self._git.folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)

    def _differ(self, one: str, other: str) -> bool:
        """Whether two trees have other files of attributes: git looks at the folders alone that differ."""
        return bool(self._git.run("diff-tree", "-r", "--name-only", one, other, "--", f":(glob)**/{NAME}"))

    def _of(self, tree: str) -> dict[str, str]:
        """The blobs, by path."""
        found = {}
        for line in self._git.run("ls-tree", "-r", "-z", "--full-tree", tree).split(b"\0")[:-1]:
            entry, path = line.split(b"\t", 1)
            if path.rsplit(b"/", 1)[-1] == NAME.encode() and entry.split()[0] in _FILES:
                found[path.decode(errors="surrogateescape")] = entry.split()[2].decode()
        return {path: sha for path, sha in found.items() if _is_within(path)}


def _is_within(path: str) -> bool:
    """A tree may have been written by anybody: no part of its paths leads out of the folder, or into git's own."""
    return not {part.lower() for part in Path(path).parts} & {"..", "/", ".git"}
