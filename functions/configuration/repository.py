"""Sources on a branch of a repository, read by trees and blobs: a blob is asked for once, and kept while it counts."""

import asyncio
import zlib
from collections.abc import Mapping
from typing import Final

import msgspec

from cutwater.config.findings import ConfigError, Finding
from cutwater.config.prowignore import NAME as PROWIGNORE
from cutwater.config.sources import Sources
from cutwater.errors import Later, Refused
from cutwater.events.configuration import VERSION, YAML
from cutwater.events.origin import Repository
from cutwater.github.client import GitHub
from cutwater.github.read import Reader
from cutwater.github.trees import Entry, Tree, Trees
from cutwater.storage.store import Store
from functions.configuration.files import sources_in

AT_ONCE = 8
"""Blobs that are asked for side by side."""
MOST: Final = 64 * 1024 * 1024
"""Bytes of YAML: ten times Kubernetes' own."""
_ENDINGS = (*YAML, PROWIGNORE)


class InRepository:
    """The sources in a repository on GitHub. The blobs of the last look are kept in the state bucket."""

    def __init__(self, places: Repository, github: GitHub, state: Store) -> None:
        self._places, self._github, self._state = places, github, state
        self._trees = Trees(github)
        self._org, self._repo = places.org, places.repo

    async def version(self) -> str:
        """The commit that the branch points to. Raises Refused where there is no such branch."""
        found = await Reader(self._github).branch_sha(self._org, self._repo, self._places.branch)
        if found is None:
            raise Refused(f"{self._places.name} has no branch {self._places.branch}, or it cannot be read")
        return found

    async def read(self, version: str) -> Sources:
        """The files at that commit."""
        places = self._places
        root = await self._tree(version)
        paths = [places.config, _beside(places.config, VERSION), places.plugins]
        wanted: dict[str, Entry] = {}
        for path in (*paths, *places.jobs, *places.supplemental, *places.supplemental_plugins):
            if path:
                wanted |= await self._below(path.strip("/"), root)
        size = sum(entry.size for entry in wanted.values())
        if size > MOST:
            raise ConfigError([Finding(places.name, 0, "", f"has {size} bytes of YAML, more than {MOST}")])
        return await asyncio.to_thread(sources_in, await self._contents(wanted), places)

    async def _below(self, path: str, root: Tree) -> dict[str, Entry]:
        """The files at or below a path, by their paths; none where nothing is there, which whoever reads finds."""
        tree, (*folders, last) = root, path.split("/")
        for name in folders:
            entry = tree.entry(name)
            if entry is None or entry.type != "tree":
                return {}
            tree = await self._tree(entry.sha)
        entry = tree.entry(last)
        if entry is None or entry.is_link or entry.type == "commit":
            return {}
        if entry.type == "blob":
            return {path: entry}
        whole = await self._tree(entry.sha, recursive=True)
        if whole.truncated:
            raise ConfigError([Finding(path, 0, "", "has more files than GitHub lists")])
        files = (one for one in whole.tree if one.type == "blob" and not one.is_link and one.path.endswith(_ENDINGS))
        return {f"{path}/{one.path}": one for one in files}

    async def _tree(self, sha: str, *, recursive: bool = False) -> Tree:
        found = await self._trees.tree(self._org, self._repo, sha, recursive=recursive)
        if found is None:
            raise Later(f"GitHub has no tree {sha} in {self._places.name} yet")
        return found

    async def _contents(self, wanted: Mapping[str, Entry]) -> dict[str, bytes]:
        """The files themselves, by path."""
        kept = await self._kept()
        at_once = asyncio.Semaphore(AT_ONCE)

        async def blob(sha: str) -> bytes:
            if sha in kept:
                return kept[sha]
            async with at_once:
                return await self._trees.blob(self._org, self._repo, sha)

        shas = sorted({entry.sha for entry in wanted.values()})
        contents = dict(zip(shas, await asyncio.gather(*map(blob, shas)), strict=True))
        if contents.keys() != kept.keys():
            await self._keep(contents)
        return {path: contents[entry.sha] for path, entry in wanted.items()}

    @property
    def _key(self) -> str:
        return f"sources/{self._places.name}"

    async def _kept(self) -> dict[str, bytes]:
        try:
            found = await self._state.get(self._key)
            return {} if found is None else msgspec.msgpack.decode(zlib.decompress(found.body), type=dict[str, bytes])
        except (Later, Refused, zlib.error, msgspec.DecodeError):
            return {}

    async def _keep(self, contents: Mapping[str, bytes]) -> None:
        try:
            await self._state.put(self._key, zlib.compress(msgspec.msgpack.encode(contents)))
        except (Later, Refused):
            return  # they are asked for again


def _beside(path: str, name: str) -> str:
    folder, slash, _ = path.rpartition("/")
    return f"{folder}{slash}{name}"
