"""A commit written in a few words: base, files, author. The objects are written here, no git is run."""

from collections import defaultdict
from collections.abc import Mapping

from infra.local.github.git import Entry, Git
from infra.local.github.records import Person

Files = Mapping[str, str | bytes | None]
"""Path to content; None removes the file."""


def write_files(git: Git, files: Files, *, base: str | None, message: str, author: Person) -> str:
    """The SHA of a new commit on top of `base` (None for a first one) that has these files; no ref moves."""
    old = git.commit(base) if base else None
    contents = {path: body.encode() if isinstance(body, str) else body for path, body in files.items()}
    tree = _write_tree(git, old.tree if old else None, contents) or git.write("tree", b"")
    return git.write_commit(tree, [base] if base else [], message, author=author, committer=author)


def _write_tree(git: Git, old: str | None, changes: Mapping[str, bytes | None]) -> str | None:
    """The SHA of the folder with its changes, by paths within it; None when nothing is left in it."""
    found = git.tree(old) if old else None
    entries = {entry.name: entry for entry in found[1]} if found else {}
    below: dict[str, dict[str, bytes | None]] = defaultdict(dict)
    for path, body in changes.items():
        name, slash, rest = path.partition("/")
        if slash:
            below[name][rest] = body
        elif body is None:
            entries.pop(name, None)
        else:
            mode = entries[name].mode if name in entries and entries[name].kind == "blob" else "100644"
            entries[name] = Entry(mode, name, git.write("blob", body))
    for name, inner in below.items():
        known = entries.pop(name, None)
        sha = _write_tree(git, known.sha if known and known.kind == "tree" else None, inner)
        if sha is not None:
            entries[name] = Entry("40000", name, sha)
    return git.write_tree(list(entries.values())) if entries else None
