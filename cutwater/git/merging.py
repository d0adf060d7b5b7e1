"""A merge of a few files, by git itself: no clone, no work tree, only the three states of what matters.

Whatever git does with renames, with files and folders of one name, with both sides' changes of one file, happens here
as it would in the whole repository, as far as it happens among these files. Five short commands take some 30 ms, which
the caller waits for.
"""

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from msgspec import Struct

from cutwater.git.command import Git, GitError
from cutwater.git.objects import contents

_BASE, _OURS, _THEIRS = "merge-base", "base", "head"
"""The branches by the names that git's messages have for them."""
UNRELATED = "refusing to merge unrelated histories"
_AUTHOR = b"cutwater <cutwater@localhost> 0 +0000"


class Conflict(Exception):
    """Both sides changed the same lines, or one changed what the other removed. The text says where."""


class File(Struct, frozen=True):
    """A file's content. `mode` as git has it: 100644, 100755, or 120000 for a symbolic link."""

    content: bytes
    mode: str = "100644"


Files = Mapping[str, File]
"""By path, with slashes."""


def merged(*, base: Files, ours: Files, theirs: Files) -> dict[str, File]:
    """What becomes of `base` by the changes of both sides. Raises Conflict."""
    with tempfile.TemporaryDirectory(prefix="merge-") as folder:
        git = Git(Path(folder))
        git.run("init", "--quiet", "--bare")
        history = (*_commit(_BASE, base), *_commit(_OURS, ours, _BASE), *_commit(_THEIRS, theirs, _BASE))
        git.run("fast-import", "--quiet", stdin=b"".join(history))
        return _files(git, merge_trees(git, _OURS, _THEIRS))


def merge_trees(git: Git, ours: str, theirs: str, *options: str) -> str:
    """The tree that a merge of two commits has. Raises Conflict, and GitError."""
    done = git.attempt("merge-tree", "--write-tree", "--messages", "-z", *options, ours, theirs)
    tree, _, rest = done.output.partition(b"\0")
    if done.code == 1:
        raise Conflict(_where(rest))
    if done.code:
        raise Conflict(UNRELATED) if UNRELATED in done.words else GitError(f"git merge-tree: {done.words}")
    return tree.decode()


def _files(git: Git, tree: str) -> dict[str, File]:
    """All files of a tree."""
    lines = [line.split(b"\t", 1) for line in git.run("ls-tree", "-r", "-z", tree).split(b"\0") if line]
    shas = [line[0].split()[2].decode() for line in lines]
    return {
        path.decode(errors="surrogateescape"): File(content, entry.split()[0].decode())
        for (entry, path), content in zip(lines, contents(git, shas), strict=True)
    }


def _commit(branch: str, files: Files, parent: str = "") -> Iterator[bytes]:
    """A commit of exactly these files on a branch of its own, as `fast-import` reads it."""
    yield b"commit refs/heads/%b\ncommitter %b\ndata 0\n" % (branch.encode(), _AUTHOR)
    if parent:
        yield b"from refs/heads/%b\n" % parent.encode()
    yield b"deleteall\n"
    for path, file in sorted(files.items()):
        yield b"M %b inline %b\n" % (file.mode.encode(), _quoted(path))
        yield b"data %d\n%b\n" % (len(file.content), file.content)
    yield b"\n"


def _quoted(path: str) -> bytes:
    raw = path.encode(errors="surrogateescape")
    return b'"%b"' % raw.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n")


def _where(messages: bytes) -> str:
    """What git says of the conflicts. Behind the files that are in conflict stand the messages: paths, kind, text."""
    _, _, said = messages.partition(b"\0\0")
    texts = [part.decode(errors="replace").partition("  Version")[0].strip() for part in said.split(b"\0")]
    return "; ".join(text for text in texts if text.startswith("CONFLICT") and ": " in text)
