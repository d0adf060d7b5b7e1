"""A repository's files by GitHub's API, without a clone: what a commit holds, and what stands in it.

All of it is named by its SHA and never changes: it can be asked for again at any time, so that no receipt records it.
"""

import base64
import binascii
from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from cutwater.errors import Refused
from cutwater.github.client import Asks, Json
from cutwater.github.queries import texts
from cutwater.github.types import read

LINK = "120000"
"""The mode of a symbolic link."""
TEXTS_AT_ONCE = 50
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

    async def texts(self, org: str, repo: str, sha: str, paths: Sequence[str]) -> dict[str, bytes | None]:
        """Many small files of a commit, all in one question; None for one that GitHub does not give whole as text.

        Of more than TEXTS_AT_ONCE it would take too long to answer.
        """
        files = {f"file{number}": f"{sha}:{path}" for number, path in enumerate(paths)}
        answer = await self._asks.graphql(texts(len(files)), org, owner=org, name=repo, **files)
        found = answer["repository"] or {}
        return {path: _whole_text(found.get(name)) for name, path in zip(files, paths, strict=True)}

    async def merge_base(self, org: str, repo: str, base: str, head: str) -> str | None:
        """The best common ancestor of two commits; None where they have none, or one of them is not there."""
        found = await self._asks.get(_MERGE_BASE, org=org, repo=repo, base=base, head=head)
        return None if found is None else read(found, Comparison).merge_base_commit.sha


def _whole_text(blob: Json) -> bytes | None:
    """A file's content, unless it was cut off or has bytes that are no text: its size tells."""
    text: str | None = blob and blob.get("text")
    if text is None or blob["isBinary"]:
        return None
    content = text.encode()
    return content if len(content) == blob["byteSize"] else None


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
