"""What is in a repository: branches' commits, files, comparisons, and whether two commits merge.

Two kinds answer alike: `RealCode` asks git, `DescribedCode` tells what a world stated. `code_of` gives the right one.
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple, Protocol

from infra.local.github import records as r
from infra.local.github.git import Entry, Git, GitError
from infra.local.github.hub import Hub


class Item(NamedTuple):
    """One entry of a folder or of a whole tree; `size` is in bytes, None for folders."""

    path: str
    kind: str
    mode: str
    sha: str
    size: int | None


class Comparison(NamedTuple):
    """How `head` stands to `base`."""

    merge_base: r.Commit
    ahead: list[r.Commit]
    behind: int
    files: list[r.ChangedFile]


class Code(Protocol):
    """The reading and writing that both kinds offer. Commits are named by SHA; `resolve` finds one by any name."""

    def resolve(self, name: str) -> str | None: ...
    def commit(self, sha: str) -> r.Commit | None: ...
    def changes(self, sha: str) -> list[r.ChangedFile]: ...
    def file(self, sha: str, path: str) -> tuple[str, bytes] | None: ...
    def folder(self, sha: str, path: str) -> list[Item] | None: ...
    def tree(self, name: str, *, recursive: bool) -> tuple[str, list[Item]] | None: ...
    def blob(self, sha: str) -> bytes | None: ...
    def history(self, sha: str, path: str | None, limit: int) -> list[r.Commit]: ...
    def compare(self, base: str, head: str) -> Comparison | None: ...
    def diff_text(self, base: str, head: str, form: str) -> bytes: ...
    def can_merge(self, base: str, head: str) -> bool: ...
    def can_rebase(self, base: str, head: str) -> bool: ...
    def is_ancestor(self, old: str, new: str) -> bool: ...
    def merge(self, base: str, head: str, message: str, *, author: r.Person, committer: r.Person) -> str | None: ...
    def squash(self, base: str, head: str, message: str, *, author: r.Person, committer: r.Person) -> str | None: ...
    def rebase(self, base: str, head: str, *, committer: r.Person) -> str | None: ...
    def set_ref(self, name: str, sha: str | None, old: str | None = None) -> None: ...
    def keep_head(self, number: int, sha: str) -> None: ...
    def close(self) -> None: ...


class RealCode:
    """A repository with git behind it."""

    def __init__(self, git: Git) -> None:
        self.git = git
        self._merged = lru_cache(maxsize=4096)(git.merge_trees)
        self.can_rebase = lru_cache(maxsize=4096)(self._can_rebase)
        self._compared = lru_cache(maxsize=2048)(self._compare)

    def resolve(self, name: str) -> str | None:
        for candidate in (f"refs/heads/{name}", f"refs/tags/{name}", f"refs/{name}", name):
            found = self.git.read(f"{candidate}^{{commit}}") if candidate else None
            if found is not None:
                return found.sha
        return None

    def commit(self, sha: str) -> r.Commit | None:
        return self.git.commit(sha)

    def changes(self, sha: str) -> list[r.ChangedFile]:
        commit = self.git.commit(sha)
        if commit is None:
            return []
        return self.git.diff(commit.parents[0] if commit.parents else self._empty_tree(), sha)

    def file(self, sha: str, path: str) -> tuple[str, bytes] | None:
        found = self.git.read(f"{sha}:{path}")
        return (found.sha, found.body) if found is not None and found.kind == "blob" else None

    def folder(self, sha: str, path: str) -> list[Item] | None:
        found = self.git.tree(f"{sha}:{path}" if path else sha)
        return None if found is None else [self._item(entry, path) for entry in found[1]]

    def tree(self, name: str, *, recursive: bool) -> tuple[str, list[Item]] | None:
        found = self.git.tree(name) or self.git.tree(f"refs/heads/{name}")
        if found is None:
            return None
        items: list[Item] = []
        self._walk(found[1], "", items, recursive=recursive)
        return found[0], items

    def blob(self, sha: str) -> bytes | None:
        found = self.git.read(sha)
        return found.body if found is not None and found.kind == "blob" else None

    def history(self, sha: str, path: str | None, limit: int) -> list[r.Commit]:
        command = ["rev-list", f"--max-count={limit}", sha, *(["--", path] if path else [])]
        found = self.git.run(*command).decode().split()
        return [commit for one in found if (commit := self.git.commit(one)) is not None]

    def compare(self, base: str, head: str) -> Comparison | None:
        return self._compared(base, head)

    def can_merge(self, base: str, head: str) -> bool:
        return self._merged(base, head) is not None

    def diff_text(self, base: str, head: str, form: str) -> bytes:
        start = self.git.merge_base(base, head) or base
        return self.git.patch_text(start, head) if form == "patch" else self.git.diff_text(start, head)

    def is_ancestor(self, old: str, new: str) -> bool:
        return self.git.is_ancestor(old, new)

    def merge(self, base: str, head: str, message: str, *, author: r.Person, committer: r.Person) -> str | None:
        return self._combine(base, head, [base, head], message, author=author, committer=committer)

    def squash(self, base: str, head: str, message: str, *, author: r.Person, committer: r.Person) -> str | None:
        return self._combine(base, head, [base], message, author=author, committer=committer)

    def rebase(self, base: str, head: str, *, committer: r.Person) -> str | None:
        return self.git.rebase(base, self.git.between(base, head), committer)

    def set_ref(self, name: str, sha: str | None, old: str | None = None) -> None:
        if sha is None:
            self.git.delete_ref(name)
        else:
            self.git.set_ref(name, sha, old)

    def keep_head(self, number: int, sha: str) -> None:
        self.git.keep(f"refs/pull/{number}/head", sha)

    def close(self) -> None:
        self.git.close()

    def _combine(
        self, base: str, head: str, parents: Sequence[str], message: str, *, author: r.Person, committer: r.Person
    ) -> str | None:
        tree = self._merged(base, head)
        return (
            None if tree is None else self.git.write_commit(tree, parents, message, author=author, committer=committer)
        )

    def _can_rebase(self, base: str, head: str) -> bool:
        commits = self.git.between(base, head)
        if not self.can_merge(base, head) or any(len(commit.parents) != 1 for commit in commits):
            return False
        return len(commits) <= 1 or self.git.rebase(base, commits, commits[-1].committer) is not None

    def _compare(self, base: str, head: str) -> Comparison | None:
        start = self.git.merge_base(base, head)
        merge_base = self.git.commit(start) if start else None
        if merge_base is None:
            return None
        behind = 0 if merge_base.sha == base else int(self.git.run("rev-list", "--count", f"{head}..{base}"))
        return Comparison(merge_base, self.git.between(base, head), behind, self.git.diff(merge_base.sha, head))

    def _item(self, entry: Entry, folder: str) -> Item:
        path = f"{folder}/{entry.name}" if folder else entry.name
        found = self.git.read(entry.sha) if entry.kind == "blob" else None
        return Item(path, entry.kind, entry.mode.zfill(6), entry.sha, None if found is None else len(found.body))

    def _walk(self, entries: Sequence[Entry], folder: str, items: list[Item], *, recursive: bool) -> None:
        for entry in entries:
            item = self._item(entry, folder)
            items.append(item)
            if recursive and entry.kind == "tree":
                below = self.git.tree(entry.sha)
                self._walk(below[1] if below else [], item.path, items, recursive=True)

    def _empty_tree(self) -> str:
        return self.git.write("tree", b"")


class DescribedCode:
    """A repository that is only told about. SHAs are names; content exists where a world gave it."""

    def __init__(self, hub: Hub, repository: r.Repository) -> None:
        self._hub = hub
        self._repository = repository

    def resolve(self, name: str) -> str | None:
        for candidate in (f"refs/heads/{name}", f"refs/tags/{name}", f"refs/{name}", name):
            ref = self._hub.ref(self._repository, candidate)
            if ref is not None:
                return ref.sha
        known = self.commit(name) is not None or self._files(name) is not None
        return name if known or any(self._mine(issue) for issue in self._hub.pulls_at.all(name)) else None

    def commit(self, sha: str) -> r.Commit | None:
        found = self._found(sha)
        if found is not None:
            return found.commit
        return next((commit for commit in self._pull_commits() if commit.sha == sha), None)

    def changes(self, sha: str) -> list[r.ChangedFile]:
        found = self._found(sha)
        return list(found.files) if found is not None else []

    def file(self, sha: str, path: str) -> tuple[str, bytes] | None:
        text = (self._files(sha) or {}).get(path)
        return None if text is None else (_blob_sha(text), text.encode())

    def folder(self, sha: str, path: str) -> list[Item] | None:
        items = {item.path: item for item in self._items(sha)}
        if path and (path not in items or items[path].kind != "tree"):
            return None
        if self._files(sha) is None:
            return None
        return [item for item in items.values() if item.path.rpartition("/")[0] == path]

    def tree(self, name: str, *, recursive: bool) -> tuple[str, list[Item]] | None:
        sha = self.resolve(name)
        sha = sha if sha is not None else self._commit_with_tree(name)
        if sha is None or self._files(sha) is None:
            return None
        return name, [item for item in self._items(sha) if recursive or "/" not in item.path]

    def blob(self, sha: str) -> bytes | None:
        texts = (text for tree in self._hub.described_trees for text in tree.files.values())
        return next((text.encode() for text in texts if _blob_sha(text) == sha), None)

    def history(self, sha: str, path: str | None, limit: int) -> list[r.Commit]:
        commits: list[r.Commit] = []
        at: str | None = sha
        while at is not None and len(commits) < limit:
            found = self._found(at)
            if found is None:
                break
            if path is None or any(file.filename == path for file in found.files):
                commits.append(found.commit)
            at = found.commit.parents[0] if found.commit.parents else None
        return commits

    def compare(self, base: str, head: str) -> Comparison | None:
        pull = next((row.pull for row in self._hub.pulls_at.all(head) if self._mine(row)), None)
        stated = pull.stated if pull else None
        start = self.commit(pull.base_sha if pull else base) or self.commit(base)
        if start is None:
            return None
        return Comparison(
            start, list(stated.commits or ()) if stated else [], 0, list(stated.files or ()) if stated else []
        )

    def diff_text(self, base: str, head: str, form: str) -> bytes:
        comparison = self.compare(base, head)
        files = comparison.files if comparison else []
        parts = (f"diff --git a/{file.filename} b/{file.filename}\n{file.patch or ''}\n" for file in files)
        return "".join(parts).encode()

    def can_merge(self, base: str, head: str) -> bool:
        return True

    def can_rebase(self, base: str, head: str) -> bool:
        return True

    def is_ancestor(self, old: str, new: str) -> bool:
        return any(commit.sha == old for commit in self.history(new, None, 1000))

    def merge(self, base: str, head: str, message: str, *, author: r.Person, committer: r.Person) -> str | None:
        return self._combine(base, head, (base, head), message, author=author, committer=committer)

    def squash(self, base: str, head: str, message: str, *, author: r.Person, committer: r.Person) -> str | None:
        return self._combine(base, head, (base,), message, author=author, committer=committer)

    def rebase(self, base: str, head: str, *, committer: r.Person) -> str | None:
        return self._combine(base, head, (base,), "rebased", author=committer, committer=committer)

    def set_ref(self, name: str, sha: str | None, old: str | None = None) -> None:
        """Nothing lies behind the ref record that the caller keeps."""

    def keep_head(self, number: int, sha: str) -> None:
        """There is no git that could be asked for the head."""

    def close(self) -> None:
        """Nothing is open."""

    def _combine(
        self, base: str, head: str, parents: tuple[str, ...], message: str, *, author: r.Person, committer: r.Person
    ) -> str:
        sha = hashlib.sha1("\n".join([*parents, head, message]).encode(), usedforsecurity=False).hexdigest()
        commit = r.Commit(sha=sha, tree=sha, parents=parents, author=author, committer=committer, message=message)
        comparison = self.compare(base, head)
        changed = comparison.files if comparison else []
        files = dict(self._files(base) or {})
        merged = self._files(head) or {}
        for file in changed:
            files.pop(file.previous_filename or file.filename, None)
            if file.filename in merged:
                files[file.filename] = merged[file.filename]
        described, trees = self._hub.described_commits, self._hub.described_trees
        described.put(
            r.DescribedCommit(
                id=described.next_id(), repository=self._repository.id, commit=commit, files=tuple(changed)
            )
        )
        trees.put(r.DescribedTree(id=trees.next_id(), repository=self._repository.id, sha=sha, files=files))
        return sha

    def _found(self, sha: str) -> r.DescribedCommit | None:
        return self._hub.described_commit.one((self._repository.id, sha))

    def _files(self, sha: str) -> Mapping[str, str] | None:
        tree = self._hub.described_tree.one((self._repository.id, sha))
        return None if tree is None else tree.files

    def _commit_with_tree(self, tree: str) -> str | None:
        rows = (*self._hub.described_commits,)
        known = (row.commit for row in rows if row.repository == self._repository.id)
        return next((commit.sha for commit in (*known, *self._pull_commits()) if commit.tree == tree), None)

    def _pull_commits(self) -> list[r.Commit]:
        pulls = (row.pull for row in self._hub.issues_of.all(self._repository.id) if row.pull and row.pull.stated)
        return [commit for pull in pulls if pull.stated for commit in pull.stated.commits or ()]

    def _mine(self, issue: r.Issue) -> bool:
        return issue.repository == self._repository.id

    def _items(self, sha: str) -> list[Item]:
        items: dict[str, Item] = {}
        for path, text in sorted((self._files(sha) or {}).items()):
            parts = path.split("/")
            for depth in range(1, len(parts)):
                folder = "/".join(parts[:depth])
                items.setdefault(folder, Item(folder, "tree", "040000", _blob_sha(f"{sha}:{folder}"), None))
            items[path] = Item(path, "blob", "100644", _blob_sha(text), len(text.encode()))
        return list(items.values())


def code_of(hub: Hub, repository: r.Repository) -> Code:
    """The code of a repository; a real one's git is opened once and kept."""
    found = hub.code.get(repository.id)
    if found is None:
        described = repository.is_described
        found = DescribedCode(hub, repository) if described else RealCode(git_of(hub, repository))
        hub.code[repository.id] = found
    return found


def git_of(hub: Hub, repository: r.Repository) -> Git:
    """The git repository on disk, which need not exist yet."""
    return Git(hub.repositories_folder / f"{repository.id}.git")


def moved_under_us(error: GitError) -> bool:
    """Whether git refused because the ref is no longer where we saw it."""
    return "but expected" in str(error) or "cannot lock ref" in str(error)


def in_base64(body: bytes) -> str:
    """Base64 in lines of 60, as GitHub writes it."""
    text = base64.b64encode(body).decode()
    return "".join(f"{text[at : at + 60]}\n" for at in range(0, len(text), 60))


def _blob_sha(text: str) -> str:
    body = text.encode()
    return hashlib.sha1(b"blob %d\0" % len(body) + body, usedforsecurity=False).hexdigest()
