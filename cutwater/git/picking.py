"""A pull request's change on top of another branch: what `git am --3way` makes of it, pushed to a branch of its own.

There is no clone. Fetched are the trees of the commit that it goes on, those of the change, and of the files only
those that the change touches; the work tree holds what git writes there, which is the same few files. Nothing that a
repository holds can run here: no hooks, no filters, no merge drivers, no links, no submodules.

Source: sigs.k8s.io/prow cmd/external-plugins/cherrypicker (which clones).
"""

import re
import tempfile
import time
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path, PurePosixPath

from msgspec import Struct

from cutwater.git.command import Ended, Git
from cutwater.git.fetching import REPOSITORY, Unreachable, configuration, fetch, may_pass, shown
from cutwater.git.remotes import Remote

SECONDS = 240.0
"""How long all of it may take."""
MOST_COMMITS = 250
"""GitHub's patch has no more."""
CONFIGURATION = {"core.symlinks": "false", "advice.detachedHead": "false", "merge.renameLimit": "64"}
"""What git is told besides. Where a file is gone, the limit keeps it from fetching all that a large repository holds to
see whether it is called otherwise now: among four thousand others it looks, and for one of the same name always.
"""
PLAIN = "* -text -filter -ident -working-tree-encoding\n"
"""Attributes before all others: files are the bytes that they are."""
ABSENT = "0" * 40
SHALLOW = "shallow update not allowed"


class NotApplied(Exception):
    """The change does not fit there; the text is what git says of it."""


class NotPushed(Exception):
    """The branch was not taken; the text says why."""


class Committer(Struct, frozen=True):
    """Who puts the change there, and when: for the same time the same commits are made."""

    name: str
    email: str
    at: datetime


class Change(Struct, frozen=True):
    """What a pull request changes: its number, how many commits it has, and the mails of `git format-patch`."""

    number: int
    commits: int
    patch: bytes


def pick(
    change: Change,
    *,
    onto: str,
    source: Remote,
    target: Remote,
    branch: str,
    committer: Committer,
    seconds: float = SECONDS,
) -> str:
    """Put the change on top of the commit `onto` of `source`, and make that the branch of `target`. Gives its SHA.

    Raises NotApplied, NotPushed, Unreachable, and GitError for what there is not. Takes as long as the network does.
    """
    with tempfile.TemporaryDirectory(prefix="pick-", ignore_cleanup_errors=True) as folder:
        work = _Work(Path(folder), source, target, until=time.monotonic() + seconds)
        work.fetch(onto, change)
        sha = work.apply(onto, change.patch, committer)
        work.push(sha, branch, below=onto)
        return sha


class _Work:
    """The folder in which it is done."""

    def __init__(self, folder: Path, source: Remote, target: Remote, *, until: float) -> None:
        told = {**configuration(source, target), **CONFIGURATION}
        self._git = Git(folder, told, until=until)
        self._forgetful = Git(folder, {**told, "fetch.negotiationAlgorithm": "noop"}, until=until)
        self._target = target
        self._wanted: list[str] = []
        self._others: list[str] = []
        self._git.run("init", "--quiet", "--template=")
        (folder / ".git/config").write_text(REPOSITORY.format(url=source.url, bare="false"))
        information = folder / ".git/info"
        information.mkdir()
        (information / "attributes").write_text(PLAIN)

    def fetch(self, onto: str, change: Change) -> None:
        """Have here what the change is put on and what it was made of, as far as git will ask for it."""
        fetch(self._git, "--depth=1", onto)
        depth = min(change.commits or MOST_COMMITS, MOST_COMMITS) + 1
        head = "refs/changes/head"
        fetch(self._git, f"--depth={depth}", f"+refs/pull/{change.number}/head:{head}")
        before, paths = self._touched(head, change.patch)
        there = self._listed(onto)
        self._wanted, self._others = sorted(paths & there.keys()), sorted(there.keys() - paths)
        needed = (there[path] for path in {*paths, *_attributes_of(paths)} & there.keys())
        if files := {*before, *needed}:
            # It does not say what is here already: with a commit that we have, the other side takes its files for here.
            fetch(self._forgetful, "--stdin", stdin="".join(f"{sha}\n" for sha in sorted(files)).encode())

    def apply(self, onto: str, patch: bytes, committer: Committer) -> str:
        """Apply the patches on top of a commit. Gives the SHA of the last one's commit. Raises NotApplied."""
        self._check_out(onto)
        mails = self._git.folder / ".git/change.patch"
        mails.write_bytes(patch)
        who = {
            "GIT_COMMITTER_NAME": committer.name,
            "GIT_COMMITTER_EMAIL": committer.email,
            "GIT_COMMITTER_DATE": f"{int(committer.at.timestamp())} +0000",
        }
        ended = self._git.attempt("am", "--3way", str(mails), environment=who, is_joined=True)
        if ended.code:
            raise NotApplied(shown(ended.output, self._git.folder))
        return self._git.run("rev-parse", "HEAD").decode().strip()

    def _check_out(self, onto: str) -> None:
        """Stand at a commit, with those of its files that the change touches. git is told to leave the others be."""
        self._git.run("update-ref", "HEAD", onto)
        self._git.run("read-tree", onto)
        skip = ("update-index", "--skip-worktree", "-z", "--stdin")
        self._git.run(*skip, stdin=_lines(self._others))
        self._git.run("checkout-index", "--index", "-z", "--stdin", stdin=_lines(self._wanted))

    def push(self, sha: str, branch: str, *, below: str) -> None:
        """Make a commit the branch's, whatever that was before; `below` is what it lies on.

        Raises NotPushed and Unreachable.
        """
        ended = self._push(sha, branch)
        if ended.code and SHALLOW in ended.words:
            # A fork that is behind needs to be told what lies below. The commits are enough.
            fetch(self._git, "--unshallow", "--filter=tree:0", below)
            ended = self._push(sha, branch)
        if ended.code:
            words = shown(ended.errors, self._git.folder)
            raise Unreachable(words) if may_pass(words) else NotPushed(words)

    def _push(self, sha: str, branch: str) -> Ended:
        where = f"{sha}:refs/heads/{branch}"
        return self._git.attempt("push", "--quiet", "--force", self._target.url, where)

    def _touched(self, head: str, patch: bytes) -> tuple[set[str], set[str]]:
        """The files that the commits of the patch have changed, as they were before, and their paths."""
        own = {found.decode() for found in re.findall(rb"(?m)^From ([0-9a-f]{40}) ", patch)}
        known = set(self._git.run("rev-list", head).decode().split())
        commits = "".join(f"{sha}\n" for sha in sorted(own & known)).encode()
        command = ("diff-tree", "--stdin", "-r", "-z", "--raw", "--no-abbrev", "--no-renames", "--no-commit-id")
        entries = self._git.run(*command, stdin=commits).split(b"\0")[:-1]
        shas = {entry.split()[2].decode() for entry in entries[::2]} - {ABSENT}
        return shas, {_text(path) for path in entries[1::2]}

    def _listed(self, onto: str) -> dict[str, str]:
        """All files of a commit, by their paths."""
        listed = self._git.run("ls-tree", "-r", "-z", "--full-tree", onto).split(b"\0")[:-1]
        entries = (line.split(b"\t", 1) for line in listed)
        return {_text(path): entry.split()[2].decode() for entry, path in entries if entry.split()[1] == b"blob"}


def _attributes_of(paths: Iterable[str]) -> Iterator[str]:
    """The files of attributes that git reads for these paths."""
    for folder in {folder for path in paths for folder in PurePosixPath(path).parents}:
        yield str(folder / ".gitattributes")


def _text(path: bytes) -> str:
    return path.decode(errors="surrogateescape")


def _lines(paths: Iterable[str]) -> bytes:
    """Paths as git reads them where it is told `-z`."""
    return "".join(f"{path}\0" for path in paths).encode(errors="surrogateescape")
