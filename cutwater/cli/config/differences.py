"""A difference between two configurations as people read it: what many jobs share is said once."""

import difflib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import UNSET

from cutwater.config.comparing import Difference, JobChanges, Place
from cutwater.config.values_compared import Change

SHARED = 4
"""So many jobs with one and the same change are not listed one by one."""
WIDTH = 100
"""Letters of a value that are shown."""
FEW = 3
"""So many names are given where jobs are counted."""

Key = tuple[str, bytes]
"""A change, and whether it is in the jobs or in their pods."""


def lines(found: Difference) -> Iterator[str]:
    """The text, line by line; nothing where nothing is different."""
    if found.is_empty:
        return
    counts = [(found.added, "added"), (found.removed, "removed"), (found.moved, "moved"), (found.changed, "changed")]
    yield "jobs: " + ", ".join(f"{len(some):,} {what}" for some, what in counts)
    shared = _shared(found.changed)
    yield from _of_many(found.changed, shared)
    yield from _by_repository(found, shared)
    yield from _sections("what a pull request waits for", found.contexts)
    yield from _sections("what tide wants before it merges", _merged(found.tide))
    yield from _sections("config.yaml", found.settings)
    yield from _sections("plugins.yaml", found.plugins)


def _shared(changed: Iterable[JobChanges]) -> dict[Key, list[Place]]:
    """The changes that many jobs share, and those jobs."""
    holders: dict[Key, list[Place]] = defaultdict(list)
    for one in changed:
        for key, _ in _keyed(one):
            holders[key].append(one.job)
    return {key: jobs for key, jobs in holders.items() if len(jobs) >= SHARED}


def _keyed(one: JobChanges) -> Iterator[tuple[Key, Change]]:
    for what, found in (("jobs", one.fields), ("pods", one.pod)):
        yield from (((what, change.identity), change) for change in found)


def _of_many(changed: Sequence[JobChanges], shared: Mapping[Key, list[Place]]) -> Iterator[str]:
    """What many jobs share, together where they are the same jobs."""
    known = {key: change for one in changed for key, change in _keyed(one) if key in shared}
    blocks: dict[tuple[str, tuple[int, ...]], list[Change]] = defaultdict(list)
    jobs_of: dict[tuple[str, tuple[int, ...]], list[Place]] = {}
    for key, change in known.items():
        block = (key[0], tuple(id(job) for job in shared[key]))
        blocks[block].append(change)
        jobs_of[block] = shared[key]
    for block, found in sorted(blocks.items(), key=lambda item: -len(jobs_of[item[0]])):
        jobs = jobs_of[block]
        yield f"\nin {len(jobs):,} {block[0]} ({_few([job.name for job in jobs])})"
        for change in found:
            yield from _indented(_of_change(change), 2)


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:FEW]) + (", …" if len(names) > FEW else "")


def _by_repository(found: Difference, shared: Mapping[Key, list[Place]]) -> Iterator[str]:
    """Each job of which there is more to say than what many share."""
    entries: dict[str, list[tuple[str, str, list[str]]]] = defaultdict(list)

    def note(job: Place, sign: str, text: str, details: Iterable[str] = ()) -> None:
        branches = f" [{', '.join(job.branches)}]" if job.branches else ""
        line = f"  {sign} {job.kind} {job.name}{branches}  {text}"
        entries[job.repository or "periodics"].append((job.name, line, list(details)))

    for job in found.added:
        note(job, "+", f"{job.file}:{job.line}")
    for job in found.removed:
        note(job, "-", f"{job.file}:{job.line}")
    for move in found.moved:
        note(move.new, ">", _moved(move.old, move.new))
    for one in found.changed:
        own = [
            line
            for key, change in _keyed(one)
            if key not in shared
            for line in _indented(_of_change(change, "pod: " if key[0] == "pods" else ""), 6)
        ]
        if own:
            note(one.job, "~", f"{one.job.file}:{one.job.line}", own)
    for repository in sorted(entries):
        yield f"\n{repository}"
        for _, line, details in sorted(entries[repository]):
            yield line
            yield from details


def _moved(old: Place, new: Place) -> str:
    whose = f"{old.kind} of {old.repository}, " if (old.kind, old.repository) != (new.kind, new.repository) else ""
    return f"was {whose}{old.file}:{old.line}, is {new.file}:{new.line}"


def _merged(scopes: Mapping[str, Sequence[Change]]) -> dict[str, Sequence[Change]]:
    """What is the same for several repositories is said once, under all of their names."""
    together: dict[bytes, list[str]] = defaultdict(list)
    for scope, found in scopes.items():
        together[b"".join(change.identity for change in found)].append(scope)
    return {", ".join(names): scopes[names[0]] for names in together.values()}


def _sections(title: str, sections: Mapping[str, Sequence[Change]]) -> Iterator[str]:
    if sections:
        yield f"\n{title}"
    for name, found in sections.items():
        has_title = not all(change.path.startswith(name) for change in found)
        if has_title:
            yield f"  {name}"
        for change in found:
            yield from _indented(_of_change(change), 4 if has_title else 2)


def _of_change(change: Change, before: str = "") -> Iterator[str]:
    """One line; for text of several lines, the lines that differ."""
    old, new = change.old, change.new
    if isinstance(old, str) and isinstance(new, str) and "\n" in old + new:
        yield f"{before}{change.path}:"
        changed = difflib.unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=1)
        yield from (f"  {line}" for line in list(changed)[2:])
    elif old is UNSET:
        yield f"{before}+ {change.path}: {_shown(new)}"
    elif new is UNSET:
        yield f"{before}- {change.path}: {_shown(old)}"
    else:
        yield f"{before}{change.path}: {_shown(old)} → {_shown(new)}"


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) and value else msgspec.json.encode(value).decode()
    return text if len(text) <= WIDTH else f"{text[: WIDTH - 1]}…"


def _indented(text: Iterable[str], letters: int) -> Iterator[str]:
    return (" " * letters + line for line in text)
