"""Which files git will look into when it merges: it can say so by the trees alone, and have them fetched all at once.

A file that only one side has changed is taken as it is, unseen. Where files may be called otherwise now, git looks into
more of them; these it fetches by itself.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from cutwater.git.attributes import NAME as ATTRIBUTES
from cutwater.git.command import Git

_FILES = (b"100644", b"100755", b"120000")


class _Changed(NamedTuple):
    """A file before and after a change, by its blobs; "" where there is none."""

    before: str
    after: str


def needed(git: Git, base: str, heads: Iterable[str]) -> list[str]:
    """The blobs that are not here of those that merging the heads into the base, and one another, takes."""
    there = dict(_listed(git, base))
    changed = defaultdict[bytes, list[_Changed]](list)
    for head in heads:
        for path, change in _changes(git, base, head):
            changed[path].append(change)
    wanted = {sha for path, sha in there.items() if path.rsplit(b"/", 1)[-1] == ATTRIBUTES.encode()}
    for path, changes in changed.items():
        at_base = there.get(path, "")
        if len(changes) > 1 or at_base != changes[0].before:
            wanted |= {at_base, *(sha for change in changes for sha in change)}
    return _missing(git, sorted(wanted - {""}))


def _listed(git: Git, commit: str) -> Iterator[tuple[bytes, str]]:
    """All files of a commit."""
    for line in git.run("ls-tree", "-r", "-z", "--full-tree", commit).split(b"\0")[:-1]:
        entry, path = line.split(b"\t", 1)
        mode, _, sha = entry.split()
        if mode in _FILES:
            yield path, sha.decode()


def _changes(git: Git, base: str, head: str) -> Iterator[tuple[bytes, _Changed]]:
    """What has changed from where the head has left the branch."""
    start = git.attempt("merge-base", base, head).output.decode().strip()
    if not start:
        return
    command = ("diff-tree", "-r", "-z", "--raw", "--no-abbrev", "--no-renames", start, head)
    entries = git.run(*command).split(b"\0")[:-1]
    for entry, path in zip(entries[::2], entries[1::2], strict=True):
        modes_and_shas = entry.removeprefix(b":").split()
        before, after = (
            sha.decode() if mode in _FILES else ""
            for mode, sha in zip(modes_and_shas[:2], modes_and_shas[2:4], strict=True)
        )
        yield path, _Changed(before, after)


def _missing(git: Git, shas: Sequence[str]) -> list[str]:
    """Those that are not here. git is told not to get them."""
    if not shas:
        return []
    command = ("rev-list", "--objects", "--no-walk", "--ignore-missing", "--missing=allow-any", "--stdin")
    here = set(git.run(*command, stdin="".join(f"{sha}\n" for sha in shas).encode()).decode().split())
    return [sha for sha in shas if sha not in here]
