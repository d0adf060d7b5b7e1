"""The files at a commit that become ConfigMaps: which blobs they are, and what is in them. Nothing is cloned.

A process keeps what it read last: one file often goes to several ConfigMaps.
"""

import asyncio
import posixpath
from collections.abc import Collection

from msgspec import Struct

from cutwater.errors import Refused
from cutwater.events.remembered import Known
from cutwater.github.trees import Entry, Tree, Trees

PAUSES = (0, 2, 4)
"""Seconds before each try: GitHub does not know a commit everywhere at once."""
LARGEST = 16 * 1024 * 1024
"""Bytes of a file. One that is larger fits no ConfigMap, however it is packed."""
MOST_LINKS = 8
"""How many symbolic links may lead from one to the next."""
MOST_TREES, MOST_CONTENTS = 2, 64
"""What is kept: the listings of so many commits, and what is in so many files, each no larger than SMALL."""
SMALL = 256 * 1024


class Content(Struct, frozen=True):
    """What is in a file."""

    content: bytes


class Repository:
    """One of GitHub's. Methods raise Refused and Later."""

    def __init__(self, trees: Trees, known: Known, *, org: str, repo: str) -> None:
        self._trees, self._known, self._org, self._repo = trees, known, org, repo
        self._folders: dict[str, Tree | None] = {}

    def __str__(self) -> str:
        return f"{self._org}/{self._repo}"

    async def entries(self, sha: str, paths: Collection[str]) -> dict[str, Entry]:
        """What has these paths at a commit; those are left out that are not there, or are no files.

        A symbolic link is what it leads to, inside the repository.
        """
        if not paths:
            return {}
        whole = await self._whole(sha)
        listed = {entry.path: entry for entry in whole.tree}
        found = {path: await self._entry(whole, listed, path) for path in paths}
        return {path: entry for path, entry in found.items() if entry is not None and entry.type == "blob"}

    async def content(self, path: str, entry: Entry) -> bytes:
        """What is in a file."""
        if entry.size > LARGEST:
            raise Refused(f"{path} is too large for a ConfigMap: {entry.size} bytes")
        name = f"{self}/{entry.sha}"
        known = self._known.get(name, Content)
        if known is None:
            known = Content(await self._trees.blob(self._org, self._repo, entry.sha))
            if len(known.content) <= SMALL:
                self._known.put(name, known, most=MOST_CONTENTS)
        return known.content

    async def is_ancestor(self, old: str, *, of: str) -> bool:
        """Whether a commit has another in its history; not so where it is not one of this repository."""
        return await self._trees.merge_base(self._org, self._repo, old, of) == old

    async def _whole(self, sha: str) -> Tree:
        """All that is in a commit, or as much of it as GitHub gives at once."""
        name = f"{self}/{sha}"
        known = self._known.get(name, Tree)
        if known is not None:
            return known
        for pause in PAUSES:
            await asyncio.sleep(pause)
            found = await self._trees.tree(self._org, self._repo, sha, recursive=True)
            if found is not None:
                return self._known.put(name, found, most=MOST_TREES)
        raise Refused(f"GitHub has no commit {sha} in {self}")

    async def _entry(self, whole: Tree, listed: dict[str, Entry], path: str) -> Entry | None:
        """What has a path, with the links behind which it lies followed."""
        for _ in range(MOST_LINKS):
            entry = listed.get(path)
            if entry is None and whole.truncated:
                entry = await self._walked(whole, path)
            if entry is None or not entry.is_link:
                return entry
            target = (await self.content(path, entry)).decode(errors="replace")
            path = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
        return None

    async def _walked(self, whole: Tree, path: str) -> Entry | None:
        """The same, from folder to folder."""
        sha, entry = whole.sha, None
        for name in path.split("/"):
            if sha not in self._folders:
                self._folders[sha] = await self._trees.tree(self._org, self._repo, sha)
            folder = self._folders[sha]
            entry = folder.entry(name) if folder else None
            if entry is None:
                return None
            sha = entry.sha
        return entry
