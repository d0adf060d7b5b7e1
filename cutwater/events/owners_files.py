"""A repository's OWNERS files at a commit: which there are, and what stands in them. By trees and blobs.

Source: sigs.k8s.io/prow pkg/repoowners (cacheEntryFor), which has a clone instead.
"""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from cutwater.config.owners import header_of
from cutwater.errors import Refused
from cutwater.events.remembered import Remembered
from cutwater.github.trees import TEXTS_AT_ONCE, Entry, Tree, Trees
from cutwater.owners.listing import Naming

PAUSES = (0, 2, 4)
"""Seconds before each try: GitHub does not know a commit everywhere at once."""
AT_ONCE = 4
"""Questions that are asked side by side."""
MOST_COMMITS = 1_000
"""The files of so many commits are kept by a process."""


class File(Struct, frozen=True, array_like=True):
    """One file at a commit. `size`: bytes."""

    sha: str
    size: int


Files = Mapping[str, File]
"""Files by path."""


class _Listed(Struct, frozen=True):
    files: Files


class _Texts(Struct, frozen=True):
    texts: Mapping[str, bytes]


def digest(value: object) -> str:
    """A name for a value that is made of plain ones."""
    return hashlib.sha256(msgspec.json.encode(value)).hexdigest()


class OwnersFiles:
    """The OWNERS files of one repository on GitHub. What was read of them is kept below `name`."""

    def __init__(self, trees: Trees, remembered: Remembered, naming: Naming, *, org: str, repo: str, name: str) -> None:
        self._trees, self._remembered, self._naming = trees, remembered, naming
        self._org, self._repo, self._name = org, repo, name
        self._names = digest(replace(naming, denied=()))
        self._at_once = asyncio.Semaphore(AT_ONCE)

    async def at(self, sha: str) -> Files:
        """The files of a commit with one of the names, wherever they lie.

        Raises Refused where GitHub does not have the commit, and Later.
        """

        async def ask() -> _Listed:
            for pause in PAUSES:
                if pause:
                    await asyncio.sleep(pause)
                found = await self._below(sha)
                if found is not None:
                    return _Listed(found)
            raise Refused(f"GitHub has no commit {sha} in {self._org}/{self._repo}")

        name = f"{self._name}/commits/{self._names}/{sha}"
        return (await self._remembered.once(name, _Listed, ask, most=MOST_COMMITS)).files

    async def _below(self, sha: str) -> Files | None:
        """The same for a tree, by their paths from there; None where there is no such tree."""
        tree = await self._tree(sha, recursive=True)
        if tree is None:
            return None
        return await self._by_folders(sha) if tree.truncated else self._named(tree)

    async def _by_folders(self, sha: str) -> Files | None:
        """The same where GitHub does not list all at once. A folder is listed only once for what it holds."""
        tree = await self._tree(sha, recursive=False)
        if tree is None:
            return None
        folders = [entry for entry in tree.tree if entry.type == "tree"]
        found = self._named(tree)
        below = await asyncio.gather(*(self._in_folder(folder) for folder in folders))
        for folder, files in zip(folders, below, strict=True):
            found |= {f"{folder.path}/{path}": file for path, file in files.items()}
        return found

    async def _in_folder(self, folder: Entry) -> Files:
        async def ask() -> _Listed:
            found = await self._below(folder.sha)
            if found is None:
                raise Refused(f"GitHub has no tree {folder.sha} in {self._org}/{self._repo}")
            return _Listed(found)

        name = f"{self._name}/folders/{self._names}/{folder.sha}"
        return (await self._remembered.once(name, _Listed, ask, most=0)).files

    def _named(self, tree: Tree) -> dict[str, File]:
        """Links are not followed, and submodules are somebody else's."""
        files = (entry for entry in tree.tree if entry.type == "blob" and not entry.is_link)
        return {entry.path: File(entry.sha, entry.size) for entry in files if self._naming.may_count(entry.path)}

    async def _tree(self, sha: str, *, recursive: bool) -> Tree | None:
        async with self._at_once:
            return await self._trees.tree(self._org, self._repo, sha, recursive=recursive)

    async def texts(self, sha: str, files: Files) -> dict[str, bytes]:
        """What stands in files of a commit; of Markdown the header. Raises Refused and Later."""
        markdown = [path for path in files if self._naming.is_markdown(path)]
        others = [path for path in files if not self._naming.is_markdown(path)]
        parts = (*_parts(others), *_parts(markdown))
        found = await asyncio.gather(*(self._some(sha, {path: files[path] for path in part}) for part in parts))
        return {path: text for texts in found for path, text in texts.items()}

    async def _some(self, sha: str, files: Files) -> Mapping[str, bytes]:
        """The same for so many as one question has room for."""

        async def ask() -> _Texts:
            async with self._at_once:
                found = await self._trees.texts(self._org, self._repo, sha, list(files))
            return _Texts({path: await self._text(path, files[path], text) for path, text in found.items()})

        name = f"{self._name}/texts/{self._names}/{digest(files)}"
        return (await self._remembered.once(name, _Texts, ask, most=0)).texts

    async def _text(self, path: str, file: File, text: bytes | None) -> bytes:
        if text is None:
            text = await self._trees.blob(self._org, self._repo, file.sha)
        return header_of(text) if self._naming.is_markdown(path) else text


def _parts(paths: Sequence[str]) -> list[Sequence[str]]:
    return [paths[at : at + TEXTS_AT_ONCE] for at in range(0, len(paths), TEXTS_AT_ONCE)]
