"""Somebody's git working copy: what it says of itself, and a clone of it as it stands, uncommitted work included.

Nothing is written into it, neither objects nor its index. git is the machine's own, with the settings of whoever runs
it, for it is their files.
"""

import os
import re
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from cutwater.config import inrepo

SECONDS = 600
"""How long one git command may take."""
ROBOT = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "ci-robot"), ("EMAIL", "ci-robot@k8s.io"))
}
"""Who commits in a clone: whoever does so in a pod."""
_REMOTES = ("upstream", "origin")
"""Where the branches that everybody shares are looked for, in this order."""
_FULL_NAME = re.compile(r"[:/]([^/:]+/[^/]+?)(?:\.git)?/?$")


class NotUsable(Exception):
    """The folder is no working copy, or git says no; the message is for whoever gave it."""


class Cloned(Struct, frozen=True, kw_only=True):
    """The commits that a clone was made of. `base` is in the shared branch, `tip` is the work, uncommitted or not."""

    base: str
    tip: str
    final: str


class WorkingCopy:
    """The working copy that holds a folder. Raises NotUsable where there is none, as every method does for git's no."""

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise NotUsable(f"{folder} is no folder")
        self.root = folder
        self.root = Path(self._git("rev-parse", "--show-toplevel"))
        if self._attempt("rev-parse", "--verify", "--quiet", "HEAD").returncode:
            raise NotUsable(f"{self.root} has no commit yet")

    @property
    def head(self) -> str:
        return self._git("rev-parse", "HEAD")

    @property
    def branch(self) -> str:
        """The branch that is checked out, or "" where none is."""
        return self._attempt("symbolic-ref", "--short", "--quiet", "HEAD").stdout.strip()

    @property
    def uncommitted(self) -> int:
        """How many files are new, changed or gone since the last commit."""
        return len(self._git("status", "--porcelain").splitlines())

    @property
    def subject(self) -> str:
        """The first line of the last commit's message."""
        return self._git("show", "--no-patch", "--format=%s", "HEAD")

    @property
    def full_names(self) -> list[str]:
        """`org/repo`, as the addresses of its remotes have it; the shared one's first."""
        lines = [line.split() for line in self._git("remote", "--verbose").splitlines()]
        lines.sort(key=lambda line: _REMOTES.index(line[0]) if line[0] in _REMOTES else len(_REMOTES))
        found = [_FULL_NAME.search(line[1]) for line in lines]
        return list(dict.fromkeys(match[1] for match in found if match))

    @property
    def shared_branch(self) -> str:
        """The name of the branch that pull requests go to, as far as the working copy knows."""
        for remote in _REMOTES:
            named = self._attempt("symbolic-ref", "--short", "--quiet", f"refs/remotes/{remote}/HEAD").stdout.strip()
            if named:
                return named.removeprefix(f"{remote}/")
        known = (name for name in ("main", "master") if self._commit_of(name))
        return next(known, self.branch or "main")

    def fork_point(self, branch: str) -> str:
        """The last commit that the work shares with a branch: the shared one's where it is known, else HEAD."""
        commit = self._commit_of(branch)
        return (commit and self._attempt("merge-base", commit, "HEAD").stdout.strip()) or self.head

    def changed_since(self, reference: str) -> list[str]:
        """The files that a pull request onto `reference` would change, with what is not committed yet."""
        commit = (
            self._commit_of(reference)
            or self._attempt("rev-parse", "--verify", "--quiet", f"{reference}^{{commit}}").stdout.strip()
        )
        if not commit:
            raise NotUsable(f"{self.root} knows no {reference}")
        base = self._git("merge-base", commit, "HEAD")
        changed = self._git("diff", "--name-only", "-z", "--find-renames", base).split("\0")
        new = self._git("ls-files", "--others", "--exclude-standard", "-z").split("\0")
        return sorted({*changed, *new} - {""})

    def own_files(self) -> dict[str, inrepo.OwnFile]:
        """What of it its own jobs may depend on, by path."""
        listed = self._git("ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", *inrepo.ROOT)
        paths = [path for path in listed.split("\0") if path and inrepo.matters(path)]
        places = {path: self.root / path for path in paths if (self.root / path).exists()}
        return {path: inrepo.OwnFile(place.read_bytes(), place.is_symlink()) for path, place in places.items()}

    def export(self, revision: str, to: Path) -> Path:
        """Write the files of a revision to a new folder. Its path is given back."""
        to.mkdir(parents=True)
        archive = to.with_suffix(".tar")
        self._git("archive", "--output", str(archive), f"{revision}^{{tree}}")
        with tarfile.open(archive) as packed:
            packed.extractall(to, filter="data")
        archive.unlink()
        return to

    def clone(self, to: Path, branch: str, *, is_pull_request: bool) -> Cloned:
        """Clone it as it stands to a new folder, as clonerefs leaves the code: on `branch`, and that is all there is.

        A pull request's work is merged onto the commit at which it left the branch. A submodule is on no branch ("").
        """
        to.parent.mkdir(parents=True, exist_ok=True)
        self._git("clone", "--quiet", "--no-checkout", "--local", str(self.root), str(to))
        clone = _Clone(to)
        head = self.head
        tip = self._snapshot(clone, head)
        base = self.fork_point(branch) if is_pull_request else tip
        final = tip
        if is_pull_request and base != tip:
            final = clone.commit(tip, f"Merge commit '{tip}'", base, tip)
        clone.settle(branch, final)
        for path in clone.submodules():
            if (self.root / path / ".git").exists():
                WorkingCopy(self.root / path).clone(to / path, "", is_pull_request=False)
        return Cloned(base=base, tip=tip, final=final)

    def _snapshot(self, clone: "_Clone", head: str) -> str:
        """A commit of the working tree as it is; HEAD where nothing of it is uncommitted.

        The objects go to the clone. The index is a copy, which knows the files that have not changed.
        """
        with tempfile.TemporaryDirectory(prefix="cutwater-index-") as folder:
            index, own = Path(folder, "index"), Path(self._git("rev-parse", "--git-path", "index"))
            own = self.root / own
            if own.exists():
                shutil.copyfile(own, index)
            objects = self.root / self._git("rev-parse", "--git-path", "objects")
            apart = {
                "GIT_INDEX_FILE": str(index),
                "GIT_OBJECT_DIRECTORY": str(clone.folder / ".git" / "objects"),
                "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(objects.resolve()),
            }
            self._git("add", "--all", env=apart)
            tree = self._git("write-tree", env=apart)
        if tree == self._git("rev-parse", "HEAD^{tree}"):
            return head
        return clone.commit(tree, "What is not committed yet", head)

    def _commit_of(self, branch: str) -> str:
        """The commit of a branch that is shared, else of one's own; "" where there is neither."""
        for place in (*(f"refs/remotes/{remote}" for remote in _REMOTES), "refs/heads"):
            found = self._attempt("rev-parse", "--verify", "--quiet", f"{place}/{branch}^{{commit}}").stdout.strip()
            if found:
                return found
        return ""

    def _git(self, *command: str, env: Mapping[str, str] | None = None) -> str:
        done = self._attempt(*command, env=env)
        if done.returncode:
            words = done.stderr.strip().removeprefix("fatal: ")
            raise NotUsable(f"git {command[0]} in {self.root}: {words}")
        return done.stdout.removesuffix("\n")

    def _attempt(self, *command: str, env: Mapping[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
        return _git(self.root, command, env or {})


class _Clone:
    """A clone that is being made."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def commit(self, tree: str, message: str, *parents: str) -> str:
        whose = [word for parent in parents for word in ("-p", parent)]
        return self._git("commit-tree", f"{tree}^{{tree}}", "-m", message, *whose, env=ROBOT)

    def settle(self, branch: str, commit: str) -> None:
        """Check the commit out as the branch, and forget where all of this came from."""
        self._git("remote", "remove", "origin")
        self._git("config", "user.name", ROBOT["GIT_AUTHOR_NAME"])
        self._git("config", "user.email", ROBOT["GIT_AUTHOR_EMAIL"])
        on = ("-B", branch) if branch else ("--detach",)
        self._git("checkout", "--quiet", "--force", *on, commit)
        for other in self._git("for-each-ref", "--format=%(refname:short)", "refs/heads").splitlines():
            if other != branch:
                self._git("branch", "--quiet", "-D", other)

    def submodules(self) -> list[str]:
        entries = self._git("ls-files", "--stage", "-z").split("\0")
        return [entry.partition("\t")[2] for entry in entries if entry.startswith("160000 ")]

    def _git(self, *command: str, env: Mapping[str, str] | None = None) -> str:
        done = _git(self.folder, command, env or {})
        if done.returncode:
            raise NotUsable(f"git {command[0]}: {done.stderr.strip()}")
        return done.stdout.removesuffix("\n")


def _git(folder: Path, command: tuple[str, ...], env: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
    own = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return subprocess.run(
        ["git", *command],
        cwd=folder,
        env=own | {"LC_ALL": "C.UTF-8"} | dict(env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="surrogateescape",
        timeout=SECONDS,
        check=False,
    )
