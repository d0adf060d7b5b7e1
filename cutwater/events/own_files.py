"""What repositories bring along at a commit, or at a merge that nobody has made yet: read by trees and blobs.

Prow checks out the base commit, merges the heads into it, and reads `.prow` there. The same files come of a merge of
these files alone; where only one side has changed them there is nothing to merge, which is nearly always.
docs/decisions/in-repository-configuration.md has the rules and what they cost.
Source: sigs.k8s.io/prow pkg/config (inrepoconfig.go) and pkg/git/v2 (MergeAndCheckout).
"""

import asyncio
import hashlib
from collections.abc import Sequence

import msgspec
from msgspec import Struct

from cutwater.config.findings import ConfigError, Finding, Source
from cutwater.config.inrepo import FILE, FOLDER, ROOT, OwnFile, check_sizes, matters, sources_of
from cutwater.errors import Refused
from cutwater.events.remembered import Remembered
from cutwater.git.merging import Conflict, File, merged
from cutwater.github.trees import LINK, Entry, Trees

PAUSES = (0, 2, 4)
"""Seconds before each try: GitHub does not know a commit everywhere at once."""
AT_ONCE = 8
"""Blobs that are asked for side by side."""
MOST_COMMITS = 20_000
"""What so many commits bring is kept by a process."""


class Brought(Struct, frozen=True, tag=True):
    """What stands at the root of a commit, of that which counts: two commits with the same bring the same."""

    entries: tuple[Entry, ...] = ()


class Merge(Struct, frozen=True, tag=True):
    """What becomes of `base` by the changes of both sides, each of which has changed it."""

    base: Brought
    ours: "Brought | Merge"
    theirs: Brought


OwnFiles = Brought | Merge


def identity(files: OwnFiles) -> str:
    """A name for what they are; "" for nothing at all."""
    return "" if files == Brought() else hashlib.sha256(msgspec.json.encode(files)).hexdigest()


def combined(*, base: Brought, ours: OwnFiles, theirs: Brought) -> OwnFiles:
    """A merge, or the one side that it comes to."""
    if theirs in (base, ours):
        return ours
    return theirs if base == ours else Merge(base, ours, theirs)


class Repository:
    """One repository on GitHub. What was read of it is kept below `name`."""

    def __init__(self, trees: Trees, remembered: Remembered, org: str, repo: str, name: str) -> None:
        self._trees, self._remembered, self._org, self._repo, self._name = trees, remembered, org, repo, name
        self._at_once = asyncio.Semaphore(AT_ONCE)

    async def merged(self, base: str, heads: Sequence[str]) -> OwnFiles:
        """What a commit brings along once the heads are merged into it, in this order. Raises Refused and Later."""
        files: OwnFiles = await self._at(base)
        for head in heads:
            theirs = await self._at(head)
            if theirs != files:
                common = await self._at(await self._merge_base(base, head))
                files = combined(base=common, ours=files, theirs=theirs)
        return files

    async def _at(self, sha: str) -> Brought:
        """What a commit brings along. Raises Refused where GitHub does not have it."""

        async def ask() -> Brought:
            for pause in PAUSES:
                if pause:
                    await asyncio.sleep(pause)
                tree = await self._trees.tree(self._org, self._repo, sha)
                if tree is not None:
                    return Brought(tuple(entry for name in ROOT if (entry := tree.entry(name)) is not None))
            raise Refused(f"GitHub has no commit {sha} in {self._org}/{self._repo}")

        return await self._remembered.once(f"{self._name}/commits/{sha}", Brought, ask, most=MOST_COMMITS)

    async def _merge_base(self, base: str, head: str) -> str:
        """Where two commits have parted. Raises Refused where they have nothing in common."""

        async def ask() -> str:
            found = await self._trees.merge_base(self._org, self._repo, base, head)
            if found is None:
                raise Refused(f"failed to merge: GitHub knows no common ancestor of {base} and {head}")
            return found

        return await self._remembered.once(f"{self._name}/merge-bases/{base}-{head}", str, ask, most=MOST_COMMITS)

    async def sources(self, files: OwnFiles) -> list[Source]:
        """The files with jobs. Raises ConfigError for what cannot be read or merged, Refused, and Later."""
        has_folder = _has_folder(files)
        if isinstance(files, Brought) and has_folder:
            files = Brought(tuple(entry for entry in files.entries if entry.path != FILE))
        found = await self._files(files)
        own = {path: OwnFile(file.content, is_link=file.mode == LINK) for path, file in found.items()}
        return sources_of(own, has_folder=has_folder or any(path.startswith(f"{FOLDER}/") for path in own))

    async def _files(self, files: OwnFiles) -> dict[str, File]:
        """All that matter, by path."""
        if isinstance(files, Brought):
            return await self._brought(files)
        base, theirs = await self._brought(files.base), await self._brought(files.theirs)
        try:
            return merged(base=base, ours=await self._files(files.ours), theirs=theirs)
        except Conflict as conflict:
            raise ConfigError([Finding("", 0, "", f"failed to merge: {conflict}")]) from conflict

    async def _brought(self, brought: Brought) -> dict[str, File]:
        blobs: dict[str, Entry] = {}
        for entry in brought.entries:
            _check_kind(entry)
            if entry.path == FOLDER:
                blobs |= await self._in_folder(entry)
            else:
                blobs[entry.path] = entry
        check_sizes({path: entry.size for path, entry in blobs.items()})
        contents = await asyncio.gather(*(self._blob(entry.sha) for entry in blobs.values()))
        return {path: File(content, entry.mode) for (path, entry), content in zip(blobs.items(), contents, strict=True)}

    async def _blob(self, sha: str) -> bytes:
        async with self._at_once:
            return await self._remembered.once(
                f"{self._name}/blobs/{sha}", bytes, lambda: self._trees.blob(self._org, self._repo, sha), most=0
            )

    async def _in_folder(self, folder: Entry) -> dict[str, Entry]:
        tree = await self._trees.tree(self._org, self._repo, folder.sha, recursive=True)
        if tree is None:
            raise Refused(f"GitHub has no tree {folder.sha} in {self._org}/{self._repo}")
        if tree.truncated:
            raise ConfigError([Finding(FOLDER, 0, "", "has more files than GitHub lists")])
        paths = {f"{FOLDER}/{entry.path}": entry for entry in tree.tree if entry.type == "blob"}
        return {path: entry for path, entry in paths.items() if matters(path)}


def _has_folder(files: OwnFiles) -> bool:
    """Whether there is a folder of jobs, even one without any: the file does not count then."""
    if isinstance(files, Brought):
        return any(entry.path == FOLDER for entry in files.entries)
    return _has_folder(files.ours) and _has_folder(files.theirs)


def _check_kind(entry: Entry) -> None:
    """Raises ConfigError where something of the name is there, but not what it should be."""
    wanted = "tree" if entry.path == FOLDER else "blob"
    if entry.type == wanted and not (entry.is_link and entry.path == FILE):
        return
    kinds = {"tree": "a folder", "commit": "a submodule", "blob": "a file"}
    found = "a symbolic link, which is not followed" if entry.is_link else kinds[entry.type]
    raise ConfigError([Finding(entry.path, 0, "", f"is {found}")])
