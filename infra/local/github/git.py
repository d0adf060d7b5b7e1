"""A bare git repository on disk: what git itself answers about it, and the few things written into it.

Nothing here knows of pull requests or HTTP. Everything is done without a work tree. Short commands are waited for, a
few milliseconds each; objects are read through one `git cat-file --batch` that stays open, in microseconds.

Forks share their parent's object folder, as the repositories of one network do on GitHub: a pull request's head is
then there at once, and no objects are ever collected.
"""

import hashlib
import os
import re
import shutil
import subprocess
import weakref
import zlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Literal, NamedTuple

from infra.local.github.records import ChangedFile, Commit, Person

ENVIRONMENT = {
    "PATH": os.environ.get("PATH", os.defpath),
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "LC_ALL": "C.UTF-8",
}
CONFIG = """[core]
	repositoryformatversion = 0
	bare = true
[gc]
	auto = 0
[http]
	receivepack = true
[receive]
	autogc = false
	hideRefs = refs/pull
	shallowUpdate = true
[uploadpack]
	allowFilter = true
	allowAnySHA1InWant = true
[transfer]
	advertiseObjectInfo = false
"""
_STATUS: Mapping[str, Literal["added", "removed", "modified", "renamed", "copied", "changed"]] = {
    "A": "added",
    "D": "removed",
    "M": "modified",
    "R": "renamed",
    "C": "copied",
    "T": "changed",
}
_PERSON = re.compile(r"(?P<name>.*?) ?<(?P<email>.*?)> (?P<seconds>-?\d+) (?P<zone>[+-]\d{4})")
PATCH_LIMIT = 400_000


class GitError(Exception):
    """git refused; the text is its standard error."""


class Object(NamedTuple):
    """An object as `cat-file` gives it."""

    sha: str
    kind: str
    body: bytes


class Entry(NamedTuple):
    """One entry of a tree."""

    mode: str
    name: str
    sha: str

    @property
    def kind(self) -> str:
        return {"40000": "tree", "160000": "commit"}.get(self.mode, "blob")


class Git:
    """One bare repository; `create` makes it where it does not exist."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._reader: subprocess.Popen[bytes] | None = None

    def create(self, default_branch: str, shares: "Git | None" = None) -> None:
        """An empty repository, in the object folder of `shares` when one is given."""
        (self.folder / "refs" / "heads").mkdir(parents=True)
        if shares is None:
            (self.folder / "objects" / "pack").mkdir(parents=True)
        else:
            (self.folder / "objects").symlink_to((shares.folder / "objects").resolve())
        (self.folder / "config").write_text(CONFIG)
        (self.folder / "HEAD").write_text(f"ref: refs/heads/{default_branch}\n")

    def remove(self) -> None:
        self.close()
        shutil.rmtree(self.folder)

    def close(self) -> None:
        if self._reader is not None:
            _end(self._reader)
            self._reader = None

    def run(self, *command: str, input_: bytes = b"") -> bytes:
        """What git prints; raises GitError when it does not succeed."""
        done = self._attempt(*command, input_=input_)
        if done.returncode != 0:
            raise GitError(done.stderr.decode(errors="replace").strip() or f"git {command[0]}: {done.returncode}")
        return done.stdout

    def read(self, expression: str) -> Object | None:
        """The object that a SHA or an expression such as "main:docs/README.md" names."""
        if "\n" in expression:
            return None
        reader = self._open_reader()
        assert reader.stdin is not None and reader.stdout is not None
        reader.stdin.write(expression.encode() + b"\n")
        reader.stdin.flush()
        header = reader.stdout.readline().decode().rstrip("\n")
        words = header.rsplit(" ", 2)
        if len(words) != 3 or not words[2].isdigit():
            return None
        body = reader.stdout.read(int(words[2]))
        reader.stdout.read(1)
        return Object(words[0], words[1], body)

    def commit(self, expression: str) -> Commit | None:
        """The commit that the expression names, through tags too."""
        found = self.read(f"{expression}^{{commit}}")
        return None if found is None else _parse_commit(found)

    def tree(self, expression: str) -> tuple[str, list[Entry]] | None:
        """SHA and entries of the tree that the expression names."""
        found = self.read(expression if ":" in expression else f"{expression}^{{tree}}")
        if found is None or found.kind != "tree":
            return None
        return found.sha, _parse_tree(found.body)

    def refs(self) -> dict[str, str]:
        """All that can be pushed, by full name; an annotated tag stands for itself."""
        lines = self.run("for-each-ref", "--format=%(refname) %(objectname)").decode().splitlines()
        return dict(line.split(" ", 1) for line in lines if not line.startswith("refs/pull/"))

    def set_ref(self, name: str, new: str, old: str | None = None) -> None:
        """Move a ref; with `old` only if it still is there. Raises GitError."""
        self.run("update-ref", name, new, *([old] if old else []))

    def delete_ref(self, name: str) -> None:
        self.run("update-ref", "-d", name)

    def keep(self, name: str, sha: str) -> None:
        """Set a ref that nobody else writes, such as refs/pull/7/head, without the cost of a process."""
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        fresh = file.with_name(f"{file.name}.new")
        fresh.write_text(f"{sha}\n")
        fresh.replace(file)

    def merge_base(self, one: str, other: str) -> str | None:
        done = self._attempt("merge-base", one, other)
        return done.stdout.decode().strip() or None

    def is_ancestor(self, old: str, new: str) -> bool:
        return self._attempt("merge-base", "--is-ancestor", old, new).returncode == 0

    def between(self, base: str, head: str, *, limit: int | None = None, path: str | None = None) -> list[Commit]:
        """The commits of `head` that `base` does not have, oldest first; all of them with an empty base."""
        command = ["rev-list", "--topo-order", "--reverse", f"{base}..{head}" if base else head]
        if limit is not None:
            command.insert(1, f"--max-count={limit}")
        found = self.run(*command, *(["--", path] if path else [])).decode().split()
        return [commit for sha in found if (commit := self.commit(sha)) is not None]

    def diff(self, old: str, new: str) -> list[ChangedFile]:
        """The files that differ from `old` to `new`, with counts and patches as GitHub shows them."""
        listing = self.run("diff", "-M", "--raw", "--numstat", "-z", "--no-abbrev", old, new).decode(errors="replace")
        patches = self.run("diff", "-M", "--patch", "--no-color", "--full-index", old, new).decode(errors="replace")
        return _parse_diff(listing, _split_patches(patches))

    def diff_text(self, old: str, new: str) -> bytes:
        return self.run("diff", "-M", "--patch", "--no-color", old, new)

    def patch_text(self, old: str, new: str) -> bytes:
        return self.run("format-patch", "--stdout", f"{old}..{new}")

    def merge_trees(self, ours: str, theirs: str) -> str | None:
        """The tree of a merge of two commits, or None where they conflict."""
        done = self._attempt("merge-tree", "--write-tree", ours, theirs)
        return done.stdout.decode().split("\n", 1)[0] if done.returncode == 0 else None

    def write_commit(
        self, tree: str, parents: Sequence[str], message: str, *, author: Person, committer: Person
    ) -> str:
        """A new commit object; no ref moves."""
        lines = [f"tree {tree}", *(f"parent {parent}" for parent in parents)]
        lines += [f"author {_person_line(author)}", f"committer {_person_line(committer)}", "", message]
        return self.write("commit", "\n".join(lines).encode())

    def write_tree(self, entries: Sequence[Entry]) -> str:
        """A new tree object."""
        # Git sorts folders as if their names ended in a slash.
        ordered = sorted(entries, key=lambda one: f"{one.name}/".encode() if one.kind == "tree" else one.name.encode())
        parts = (b"%b %b\0%b" % (one.mode.encode(), one.name.encode(), bytes.fromhex(one.sha)) for one in ordered)
        return self.write("tree", b"".join(parts))

    def write(self, kind: str, body: bytes) -> str:
        """A new object, loose, as git itself would write it."""
        whole = b"%b %d\0%b" % (kind.encode(), len(body), body)
        sha = hashlib.sha1(whole, usedforsecurity=False).hexdigest()
        file = self.folder / "objects" / sha[:2] / sha[2:]
        if not file.exists():
            file.parent.mkdir(exist_ok=True)
            fresh = file.with_name(f"tmp_obj_{sha[2:]}")
            fresh.write_bytes(zlib.compress(whole, 1))
            fresh.replace(file)
        return sha

    def rebase(self, onto: str, commits: Sequence[Commit], committer: Person) -> str | None:
        """The commits put one by one on top of `onto`; the new head, or None where one conflicts or is a merge.

        A commit is carried over by merging it with a stand-in for the new base whose parent is the commit's own
        parent, so that exactly its change is applied (git before 2.40 cannot be told a merge base).
        """
        head = onto
        for commit in commits:
            if len(commit.parents) != 1:
                return None
            here = self.read(f"{head}^{{tree}}")
            assert here is not None
            stand_in = self.write_commit(
                here.sha, commit.parents, "stand-in", author=commit.author, committer=commit.committer
            )
            tree = self.merge_trees(stand_in, commit.sha)
            if tree is None:
                return None
            head = self.write_commit(tree, [head], commit.message, author=commit.author, committer=committer)
        return head

    def _attempt(self, *command: str, input_: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            ["git", "--git-dir", str(self.folder), *command],
            input=input_,
            capture_output=True,
            env=ENVIRONMENT,
            check=False,
        )

    def _open_reader(self) -> "subprocess.Popen[bytes]":
        if self._reader is None or self._reader.poll() is not None:
            self._reader = subprocess.Popen(
                ["git", "--git-dir", str(self.folder), "cat-file", "--batch"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=ENVIRONMENT,
            )
            weakref.finalize(self, _end, self._reader)
        return self._reader


def _end(reader: "subprocess.Popen[bytes]") -> None:
    for pipe in (reader.stdin, reader.stdout):
        if pipe is not None and not pipe.closed:
            pipe.close()
    reader.wait()


def _person_line(person: Person) -> str:
    offset = person.date.utcoffset() or timedelta()
    minutes = int(offset.total_seconds() // 60)
    sign = "-" if minutes < 0 else "+"
    zone = f"{sign}{abs(minutes) // 60:02}{abs(minutes) % 60:02}"
    return f"{person.name} <{person.email}> {int(person.date.timestamp())} {zone}"


def _parse_person(line: str) -> Person:
    found = _PERSON.fullmatch(line)
    if found is None:
        return Person(line, "", datetime.fromtimestamp(0, UTC))
    sign = -1 if found["zone"][0] == "-" else 1
    offset = timedelta(hours=int(found["zone"][1:3]), minutes=int(found["zone"][3:5])) * sign
    return Person(found["name"], found["email"], datetime.fromtimestamp(int(found["seconds"]), timezone(offset)))


def _parse_commit(found: Object) -> Commit:
    head, _, message = found.body.decode(errors="replace").partition("\n\n")
    tree, author, committer = "", "", ""
    parents: list[str] = []
    for line in head.split("\n"):
        key, _, value = line.partition(" ")
        match key:
            case "tree":
                tree = value
            case "parent":
                parents.append(value)
            case "author":
                author = value
            case "committer":
                committer = value
    return Commit(
        sha=found.sha,
        tree=tree,
        parents=tuple(parents),
        author=_parse_person(author),
        committer=_parse_person(committer),
        message=message.rstrip("\n"),
    )


def _parse_tree(body: bytes) -> list[Entry]:
    entries = []
    at = 0
    while at < len(body):
        space = body.index(b" ", at)
        end = body.index(b"\0", space)
        entries.append(
            Entry(
                body[at:space].decode(), body[space + 1 : end].decode(errors="replace"), body[end + 1 : end + 21].hex()
            )
        )
        at = end + 21
    return entries


def _split_patches(text: str) -> list[str]:
    """The hunks of each file in turn, "" where git shows none (binary, mode change, empty)."""
    patches = []
    for part in re.split(r"^diff --git .*\n", text, flags=re.MULTILINE)[1:]:
        start = re.search(r"^@@ ", part, flags=re.MULTILINE)
        patches.append(part[start.start() :].rstrip("\n") if start else "")
    return patches


def _parse_diff(listing: str, patches: Sequence[str]) -> list[ChangedFile]:
    """`git diff --raw --numstat -z`: first all raw records, then all counts, in the same order."""
    fields = listing.split("\0")
    raw: list[tuple[str, str, str | None, str]] = []
    counts: list[tuple[int, int]] = []
    at = 0
    while at < len(fields) and fields[at]:
        if fields[at].startswith(":"):
            _, _, _, sha, status = fields[at].split(" ")
            moved = status[0] in "RC"
            raw.append((status[0], fields[at + 2] if moved else fields[at + 1], fields[at + 1] if moved else None, sha))
            at += 3 if moved else 2
        else:
            added, deleted, path = fields[at].split("\t", 2)
            counts.append((int(added) if added != "-" else 0, int(deleted) if deleted != "-" else 0))
            at += 1 if path else 3
    return [
        ChangedFile(
            filename=path,
            previous_filename=previous,
            status=_STATUS[status],
            additions=added,
            deletions=deleted,
            sha=sha,
            patch=patch if patch and len(patch) < PATCH_LIMIT else None,
        )
        for (status, path, previous, sha), (added, deleted), patch in zip(raw, counts, patches, strict=True)
    ]
