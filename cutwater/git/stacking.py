"""A stack is made: each pull request is merged, squashed or rebased on top of those before it, without a work tree.

The trees are those that git makes of them where all is checked out, and so those that a test pod tests. The commits are
the same wherever and whenever they are made: nothing in them is of here or now.

Source: sigs.k8s.io/prow pkg/git/v2 (interactor.go), which does it in a clone.
"""

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from cutwater.git import commits, wording
from cutwater.git.attributes import Attributes
from cutwater.git.command import Git
from cutwater.git.commits import Commit
from cutwater.git.merging import Conflict, merge_trees
from cutwater.git.stacks import Change, Layer, Stack

NO_CHANGE = "it changes nothing on top of the others"
NO_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
"""The tree without files."""
_US = commits.ours(0)


class _Tip(Struct, frozen=True):
    """What the branch is by now."""

    sha: str
    commit: Commit


def make(git: Git, base: str, changes: Sequence[Change], *, limit: int = 0) -> Stack:
    """Put the changes on top of the commit `base`, in order; what conflicts is left out.

    `git` is at work in a folder that is the repository's work tree, and empty. The repository has all commits and
    trees, or knows where they are to be had. Raises GitError.
    """
    stacking = _Stacking(git)
    tip = _Tip(base, commits.read(git, [base])[0])
    base_tree, layers, left_out = tip.commit.tree, list[Layer](), dict[int, str]()
    for change in changes:
        if limit and len(layers) == limit:
            break
        try:
            tip = stacking.put(change, tip)
        except Conflict as conflict:
            left_out[change.number] = str(conflict)
        else:
            layers.append(Layer(number=change.number, head=change.head, tree=tip.commit.tree, commit=tip.sha))
    return Stack(base=base, base_tree=base_tree, layers=tuple(layers), left_out=left_out)


class _Stacking:
    """The repository in which it is done."""

    def __init__(self, git: Git) -> None:
        self._git, self._attributes = git, Attributes(git)

    def put(self, change: Change, tip: _Tip) -> _Tip:
        """The branch with the change. Raises Conflict."""
        match change.method:
            case "merge":
                return self._merged(change, tip)
            case "squash":
                return self._squashed(change, tip)
            case "rebase":
                return self._rebased(change, tip)

    def _merged(self, change: Change, tip: _Tip) -> _Tip:
        tree = self._merge(change, tip, tip.sha, change.head)
        if tree == tip.commit.tree and self._has(tip, change.head):
            return tip  # where nothing is left to be merged, git makes no commit
        us = commits.ours(max(tip.commit.time, commits.read(self._git, [change.head])[0].time))
        parents = (tip.sha, change.head)
        message = wording.of_merge(change)
        return self._committed(Commit(tree=tree, parents=parents, author=us, committer=us, message=message))

    def _squashed(self, change: Change, tip: _Tip) -> _Tip:
        tree = self._merge(change, tip, tip.sha, change.head)
        if tree == tip.commit.tree:
            raise Conflict(NO_CHANGE)
        theirs = commits.read(self._git, self._listed(f"{tip.sha}..{change.head}"))
        written = [commit for commit in theirs if len(commit.parents) < 2] or theirs
        return self._committed(
            Commit(
                tree=tree,
                parents=(tip.sha,),
                author=written[0].author_line.encode(),
                committer=commits.ours(max(commit.time for commit in (tip.commit, *theirs))),
                message=wording.of_squash(change, written),
            )
        )

    def _rebased(self, change: Change, tip: _Tip) -> _Tip:
        """Each of its commits but merges once more, on top.

        git leaves out beforehand what the branch has already. Here that becomes empty, or it conflicts, and only then
        is it looked for: comparing all with all may take thousands of files that are not here.
        """
        theirs = self._listed("--no-merges", f"{tip.sha}..{change.head}")
        try:
            return self._replayed(change, tip, theirs)
        except Conflict:
            new = self._listed("--no-merges", "--cherry-pick", "--right-only", f"{tip.sha}...{change.head}")
            if new == theirs:
                raise
            return self._replayed(change, tip, new)

    def _replayed(self, change: Change, tip: _Tip, shas: Sequence[str]) -> _Tip:
        for sha, pick in zip(shas, commits.read(self._git, shas), strict=True):
            stand_in = Commit(tree=tip.commit.tree, parents=pick.parents, author=_US, committer=_US, message=b"")
            # With the parent of the commit for its own parent, exactly the commit's change is merged into it.
            ours = commits.write(self._git, stand_in)
            tree = self._merge(change, tip, ours, sha, *(() if pick.parents else ("--allow-unrelated-histories",)))
            if tree == tip.commit.tree and not self._is_empty(pick):
                continue
            committer = commits.ours(max(tip.commit.time, pick.time))
            tip = self._committed(replace(pick, tree=tree, parents=(tip.sha,), committer=committer))
        return tip

    def _merge(self, change: Change, tip: _Tip, ours: str, theirs: str, *options: str) -> str:
        """The tree of both. Raises Conflict, which calls them by names."""
        self._attributes.become(tip.commit.tree)
        try:
            return merge_trees(self._git, ours, theirs, *options)
        except Conflict as conflict:
            words = str(conflict).replace(ours, "the branch").replace(theirs, f"#{change.number}")
            raise Conflict(words) from conflict

    def _committed(self, commit: Commit) -> _Tip:
        return _Tip(commits.write(self._git, commit), commit)

    def _listed(self, *what: str) -> list[str]:
        """Commits, the oldest first."""
        return self._git.run("rev-list", "--topo-order", "--reverse", *what).decode().split()

    def _has(self, tip: _Tip, sha: str) -> bool:
        return self._git.attempt("merge-base", "--is-ancestor", sha, tip.sha).code == 0

    def _is_empty(self, commit: Commit) -> bool:
        """Whether the commit itself changes nothing: such a one is kept."""
        before = commits.read(self._git, commit.parents[:1])
        return commit.tree == (before[0].tree if before else NO_TREE)
