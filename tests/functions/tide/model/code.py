"""Commits as the model has them: whole files that are merged as git merges files of one line."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from cutwater.git.stacks import Change, Layer, Method, Stack

Files = Mapping[str, str]
"""Path to content."""


class Commit(Struct, frozen=True, kw_only=True):
    """A commit. `before`: all commits that it stands on, itself included; `age`: how many there were before it."""

    sha: str
    parents: tuple[str, ...]
    files: Files
    message: str
    before: frozenset[str]
    age: int

    @property
    def tree(self) -> str:
        return tree_of(self.files)


class Code:
    """The commits of a repository and of its forks."""

    def __init__(self, files: Files) -> None:
        self.commits: dict[str, Commit] = {}
        self.first = self.commit(files, parents=(), message="First commit")

    def commit(self, files: Files, *, parents: Sequence[str], message: str) -> str:
        """The SHA of this commit; the same one has the same SHA."""
        sha = _sha("commit", tree_of(files), *parents, message)
        if sha not in self.commits:
            before = frozenset({sha}).union(*(self.commits[parent].before for parent in parents))
            self.commits[sha] = Commit(
                sha=sha, parents=tuple(parents), files=files, message=message, before=before, age=len(self.commits)
            )
        return sha

    def change(self, sha: str, files: Files, message: str) -> str:
        """A commit on top of another, with these files written."""
        return self.commit({**self.commits[sha].files, **files}, parents=(sha,), message=message)

    def combine(self, base: str, head: str, method: Method, message: str) -> str | None:
        """What a branch is after the merge of `head`; None where they conflict."""
        if method == "rebase":
            return self.rebased(base, head, message)
        files = self.merged(base, head)
        if files is None:
            return None
        return self.commit(files, parents=(base, head) if method == "merge" else (base,), message=message)

    def merged(self, base: str, head: str) -> Files | None:
        """The files with both; None where they conflict."""
        return _merged(self.commits[self.merge_base(base, head)].files, self._files(base), self._files(head))

    def rebased(self, base: str, head: str, by: str = "") -> str | None:
        """The commits of `head`, one by one on top of `base`; None where one conflicts or is a merge. `by`: what tells
        them from the same commits put there by others."""
        top = base
        for commit in self.between(base, head):
            if len(commit.parents) != 1:
                return None
            files = _merged(self._files(commit.parents[0]), self._files(top), commit.files)
            if files is None:
                return None
            top = self.commit(files, parents=(top,), message=f"{commit.message}, {by}")
        return top

    def between(self, base: str, head: str) -> list[Commit]:
        """The commits that `head` has and `base` has not, oldest first."""
        new = self.commits[head].before - self.commits[base].before
        return sorted((self.commits[sha] for sha in new), key=lambda commit: commit.age)

    def merge_base(self, one: str, other: str) -> str:
        """The newest commit of both."""
        common = self.commits[one].before & self.commits[other].before
        return max(common, key=lambda sha: self.commits[sha].age)

    def changed(self, base: str, head: str) -> list[str]:
        """The files that a pull request changes."""
        old, new = self._files(self.merge_base(base, head)), self._files(head)
        return sorted(path for path in {*old, *new} if old.get(path) != new.get(path))

    def holds(self, sha: str, other: str) -> bool:
        """Whether a commit stands on another one."""
        return other in self.commits[sha].before

    def stack(self, base: str, changes: Iterable[Change], limit: int = 0) -> Stack:
        """The changes one upon the other, as `cutwater.git.stacks` has them."""
        layers: list[Layer] = []
        left_out: dict[int, str] = {}
        top = base
        for change in changes:
            if 0 < limit <= len(layers):
                break
            made = self.combine(top, change.head, change.method, f"stack with #{change.number}")
            if made is None:
                left_out[change.number] = "CONFLICT (content)"
                continue
            top = made
            layers.append(Layer(number=change.number, head=change.head, tree=self.commits[top].tree, commit=top))
        return Stack(base=base, base_tree=self.commits[base].tree, layers=tuple(layers), left_out=left_out)

    def _files(self, sha: str) -> Files:
        return self.commits[sha].files


def _merged(old: Files, one: Files, other: Files) -> Files | None:
    """Three-way: what one side has changed is as that side has it; what both have changed differently conflicts."""
    files: dict[str, str] = {}
    for path in {*one, *other}:
        was, here, there = old.get(path), one.get(path), other.get(path)
        if here != there and was not in (here, there):
            return None
        found = there if here == was else here
        if found is not None:
            files[path] = found
    return files


def tree_of(files: Files) -> str:
    """The name of a tree: the same files have the same one."""
    return _sha("tree", *(f"{path}:{files[path]}" for path in sorted(files)))


def _sha(*parts: str) -> str:
    return hashlib.sha1("\n".join(parts).encode(), usedforsecurity=False).hexdigest()
