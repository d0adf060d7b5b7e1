"""Commits: read from git, and written into it, as the bytes that they are."""

import re
from collections.abc import Sequence

from msgspec import Struct

from cutwater.git.command import Git
from cutwater.git.objects import contents

US = b"cutwater <cutwater@localhost>"
_TIME = re.compile(rb"> *(\d+) [-+]\d+$")


class Commit(Struct, frozen=True, kw_only=True):
    """A commit. `author` and `committer` are whole lines: name, address, time and zone; as `message` in `encoding`."""

    tree: str
    parents: tuple[str, ...] = ()
    author: bytes
    committer: bytes
    message: bytes
    encoding: str = ""

    @property
    def time(self) -> int:
        """When it was committed: seconds since 1970; 0 where it does not say so."""
        found = _TIME.search(self.committer)
        return int(found[1]) if found else 0

    @property
    def words(self) -> str:
        return self._decoded(self.message).strip()

    @property
    def author_line(self) -> str:
        return self._decoded(self.author)

    @property
    def author_name(self) -> str:
        """Who wrote it: `name <address>`."""
        return self.author_line.rpartition(">")[0] + ">"

    def _decoded(self, raw: bytes) -> str:
        try:
            return raw.decode(self.encoding or "utf-8", errors="replace")
        except LookupError:  # no encoding that is known here
            return raw.decode(errors="replace")


def ours(time: int) -> bytes:
    """The line of an author or committer who is nobody but us."""
    return b"%b %d +0000" % (US, time)


def read(git: Git, shas: Sequence[str]) -> list[Commit]:
    """The commits of these SHAs. Raises GitError."""
    return [_parsed(body) for body in contents(git, shas)]


def write(git: Git, commit: Commit) -> str:
    """Have the commit there. Gives its SHA."""
    lines = [b"tree " + commit.tree.encode(), *(b"parent " + parent.encode() for parent in commit.parents)]
    lines += [b"author " + commit.author, b"committer " + commit.committer]
    lines += [b"encoding " + commit.encoding.encode()] if commit.encoding else []
    whole = b"\n".join([*lines, b"", commit.message])
    return git.run("hash-object", "-t", "commit", "-w", "--stdin", stdin=whole).decode().strip()


def _parsed(body: bytes) -> Commit:
    head, _, message = body.partition(b"\n\n")
    lines = [line.split(b" ", 1) for line in head.split(b"\n") if not line.startswith(b" ")]  # those go on: signatures
    known = {key: value for key, value in lines if key != b"parent"}
    return Commit(
        tree=known[b"tree"].decode(),
        parents=tuple(value.decode() for key, value in lines if key == b"parent"),
        author=known[b"author"],
        committer=known[b"committer"],
        message=message,
        encoding=known.get(b"encoding", b"").decode(errors="replace"),
    )
