"""A repository's files by GitHub's API, without a clone: what a commit holds, and what stands in it.

All of it is named by its SHA and never changes: it can be asked for again at any time, so that no receipt records it.
"""

import base64
import binascii
from typing import Literal

from msgspec import Struct

from cutwater.errors import Refused
from cutwater.github.client import Asks
from cutwater.github.types import read

LINK = "120000"
"""The mode of a symbolic link."""
_MERGE_BASE = "/repos/{org}/{repo}/compare/{base}...{head}?per_page=1&page=2"
"""Its second page: GitHub lists the changed files, which nobody here wants, on the first."""


class Entry(Struct, frozen=True, kw_only=True):
    """One name in a tree. `type` is `commit` for a submodule. `size`: bytes of a blob."""

    path: str
    mode: str
    type: Literal["blob", "tree", "commit"]
    sha: str
    size: int = 0

    @property
    def is_link(self) -> bool:
        """A symbolic link; its blob is where it leads."""
        return self.mode == LINK


class Tree(Struct, frozen=True, kw_only=True):
    """A folder. `truncated`: GitHub has left some of it out (beyond 100,000 entries or 7 MB)."""

    sha: str
    tree: tuple[Entry, ...] = ()
    truncated: bool = False

    def entry(self, path: str) -> Entry | None:
        """What has this name in it."""
        return next((entry for entry in self.tree if entry.path == path), None)


class Trees:
    """The trees, blobs and ancestors in repositories. Methods raise Later (unreachable, throttled, 5xx) and Refused."""

    def __init__(self, asks: Asks) -> None:
        self._asks = asks

    async def tree(self, org: str, repo: str, sha: str, *, recursive: bool = False) -> Tree | None:
        """The tree of this SHA, or of the commit that has it; with all that is below it, or its own names only."""
        path = "/repos/{org}/{repo}/git/trees/{sha}" + ("?recursive=1" if recursive else "")
        found = await self._asks.get(path, org=org, repo=repo, sha=sha)
        return None if found is None else read(found, Tree)

    async def blob(self, org: str, repo: str, sha: str) -> bytes:
        """A file's content. GitHub gives 100 MB at most: ask for what a tree says is small enough."""
        found = await self._asks.get("/repos/{org}/{repo}/git/blobs/{sha}", org=org, repo=repo, sha=sha)
        if found is None:
            raise Refused(f"GitHub has no blob {sha} in {org}/{repo}")
        blob = read(found, Blob)
        try:
            return base64.b64decode(blob.content) if blob.encoding == "base64" else blob.content.encode()
        except binascii.Error as error:
            raise Refused(f"what GitHub sent as blob {sha} is not base64") from error

    async def merge_base(self, org: str, repo: str, base: str, head: str) -> str | None:
        """The best common ancestor of two commits; None where they have none, or one of them is not there."""
        found = await self._asks.get(_MERGE_BASE, org=org, repo=repo, base=base, head=head)
        return None if found is None else read(found, Comparison).merge_base_commit.sha


class Blob(Struct, frozen=True):
    """A file's content, in an encoding for JSON."""

    content: str
    encoding: str = "base64"


class Commit(Struct, frozen=True):
    """A commit's name."""

    sha: str


class Comparison(Struct, frozen=True):
    """Of two commits, where they have parted."""

    merge_base_commit: Commit
