"""A bare clone that has commits and trees, and of the files only those for which git has asked.

In it stacks are made. What it has not, git gets from where it came from, as it needs it.
"""

import hashlib
import re
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from msgspec.structs import replace

from cutwater.git import stacking
from cutwater.git.command import Git, GitError
from cutwater.git.fetching import REPOSITORY, Unreachable, configuration, fetch, may_pass, shown
from cutwater.git.needed import needed
from cutwater.git.remotes import Remote
from cutwater.git.stacks import Change, Stack

LIMITS = {
    "core.packedGitWindowSize": "16m",
    "core.packedGitLimit": "128m",
    "core.deltaBaseCacheLimit": "32m",
    "pack.threads": "1",
    "pack.windowMemory": "32m",
}
"""So that git and all that it starts stay within some hundred MB."""
GONE = "its head is not to be had any more"
_IS_NOT_THERE = re.compile(r"not our ref|unadvertised object")


class NotThere(GitError):
    """The other side has no such commit."""


class NotPushed(GitError):
    """The ref was not taken; the text says why."""


class PartialClone:
    """The clone in a folder, of one repository. `until`: by when all must be done, in `time.monotonic()`.

    Every method raises Unreachable; and GitError for what is wrong with the repository there, or with what lies here.
    """

    def __init__(self, folder: Path, remote: Remote, *, until: float) -> None:
        self._folder, self._remote, self._until = folder, remote, until
        self.packs = folder / "objects/pack"

    def begin(self) -> None:
        """Make it, with nothing in it, whatever was there."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        Git(self._folder).run("init", "--quiet", "--bare", "--template=")
        (self._folder / "config").write_text(REPOSITORY.format(url=self._remote.url, bare="true"))

    def point(self, tips: Mapping[str, str]) -> None:
        """Let the other side be told that it has these commits, by branch."""
        lines = "".join(f"update {_tip(branch)} {sha}\n" for branch, sha in tips.items())
        self._git(self._folder).run("update-ref", "--stdin", stdin=lines.encode())

    def follow(self, branches: Sequence[str]) -> dict[str, str]:
        """Have what is on those of the branches that there are. Gives their commits."""
        git = self._git(self._folder)
        ended = git.attempt("ls-remote", "--quiet", "origin", *(f"refs/heads/{branch}" for branch in branches))
        if ended.code:
            words = shown(ended.errors, self._folder)
            raise Unreachable(words) if may_pass(words) else GitError(words)
        there = {ref: sha for sha, ref in (line.split("\t", 1) for line in ended.output.decode().splitlines())}
        tips = {branch: there[f"refs/heads/{branch}"] for branch in branches if f"refs/heads/{branch}" in there}
        self._get({_tip(branch): sha for branch, sha in tips.items()})
        return tips

    def stack(self, branch: str, base: str, changes: Sequence[Change], limit: int) -> Stack:
        """See `cutwater.git.stacks`. Raises NotThere for the base."""
        gone = self._fetch(branch, base, changes)
        with tempfile.TemporaryDirectory(prefix="stack-") as work:
            git = self._git(Path(work))
            try:
                stack = stacking.make(git, base, [one for one in changes if one.number not in gone], limit=limit)
            except GitError as error:
                words = shown(str(error).encode(), self._folder)
                raise Unreachable(words) if may_pass(words) else GitError(words) from error
        return replace(stack, left_out={**dict.fromkeys(gone, GONE), **stack.left_out})

    def push(self, commit: str, ref: str) -> None:
        """Have the other side hold a commit under a ref. Raises NotPushed."""
        if self._git(self._folder).attempt("cat-file", "-e", commit).code:
            raise NotPushed(f"{commit} is not here: its stack is to be made first")
        self._know(ref)
        git = self._git(self._folder, {"push.negotiate": "true"})
        ended = git.attempt("push", "--quiet", "--force", "--no-thin", "--no-verify", "origin", f"{commit}:{ref}")
        if ended.code:
            words = shown(ended.errors, self._folder)
            raise Unreachable(words) if may_pass(words) else NotPushed(words)

    def _know(self, ref: str) -> None:
        """Have here what the ref is now. Else git gets it when it pushes, with all that lies below."""
        try:
            fetch(self._git(self._folder), f"+{ref}:refs/cutwater/before")
        except Unreachable:
            raise
        except GitError as error:
            if "couldn't find remote ref" not in str(error):
                raise

    def _fetch(self, branch: str, base: str, changes: Iterable[Change]) -> set[int]:
        """Have the base and the heads here, and the files that they differ in. Gives the numbers of those that are not
        to be had.
        """
        heads = {_pull(one.number): one.head for one in changes}
        refs = self._refs()
        missing = {ref: sha for ref, sha in {_tip(branch): base, **heads}.items() if refs.get(ref) != sha}
        gone = self._get_each(missing)
        if _tip(branch) in gone:
            raise NotThere(f"{branch} has no commit {base}")
        if missing:
            self._get_files(base, [sha for ref, sha in heads.items() if ref not in gone])
        return {one.number for one in changes if _pull(one.number) in gone}

    def _get_files(self, base: str, heads: Sequence[str]) -> None:
        """Have the files here that git will ask for: it would do so once for each pull request."""
        files = needed(self._git(self._folder), base, heads)
        if files:
            # It does not say what is here already: with a commit that we have, the other side takes its files for here.
            forgetful = self._git(self._folder, {"fetch.negotiationAlgorithm": "noop"})
            fetch(forgetful, "--stdin", stdin="".join(f"{sha}\n" for sha in files).encode())

    def _get_each(self, wanted: Mapping[str, str]) -> set[str]:
        """Have those of the commits here that are to be had. Gives the refs of the others."""
        try:
            self._get(wanted)
        except NotThere:
            return {ref for ref, sha in wanted.items() if not self._is_had(ref, sha)}
        return set()

    def _is_had(self, ref: str, sha: str) -> bool:
        try:
            self._get({ref: sha})
        except NotThere:
            return False
        return True

    def _get(self, wanted: Mapping[str, str]) -> None:
        """Have commits here, under refs of ours. Raises NotThere where one of them is not to be had."""
        if not wanted:
            return
        try:
            fetch(self._git(self._folder), *(f"+{sha}:{ref}" for ref, sha in wanted.items()))
        except Unreachable:
            raise
        except GitError as error:
            raise NotThere(str(error)) if _IS_NOT_THERE.search(str(error)) else error from None

    def _refs(self) -> dict[str, str]:
        """Our own refs, and what they point to."""
        lines = self._git(self._folder).run("for-each-ref", "--format=%(refname) %(objectname)", "refs/cutwater")
        return dict(line.split(" ", 1) for line in lines.decode().splitlines())

    def _git(self, work: Path, told: Mapping[str, str] | None = None) -> Git:
        """git at work in a folder, where it finds nothing that it might take for the repository's files."""
        return Git(
            work,
            {**configuration(self._remote), **LIMITS, **(told or {})},
            environment={"GIT_DIR": str(self._folder), "GIT_WORK_TREE": str(work)},
            until=self._until,
        )


def _tip(branch: str) -> str:
    """Our ref for a branch. Branches that were there one after the other may be called `a` and `a/b`."""
    return f"refs/cutwater/branches/{hashlib.sha256(branch.encode()).hexdigest()}"


def _pull(number: int) -> str:
    return f"refs/cutwater/pulls/{number}"
