"""Where the objects lie: every version in SQLite, the newest ones and the recent changes in memory.

One revision counter runs over all kinds, as in etcd; an object's resourceVersion is the revision of its last write. The
changes of the recent past are kept, so that a watch can go on where it stopped, also after a restart, and a list can be
read to its end as it was at its beginning. What is older is compacted: only the newest version of each object stays.

One process owns the file and writes in one thread; each write is committed before it is seen.
"""

import asyncio
import sqlite3
from bisect import bisect_left, bisect_right, insort
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import msgspec

from infra.local.kube.statuses import JsonObject

ChangeType = Literal["ADDED", "MODIFIED", "DELETED"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS revisions (
  revision INTEGER PRIMARY KEY, resource TEXT NOT NULL, key TEXT NOT NULL, type TEXT NOT NULL, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS compaction (revision INTEGER NOT NULL);
"""


class _Metadata(msgspec.Struct):
    labels: dict[str, str] = {}


class _Labelled(msgspec.Struct):
    metadata: _Metadata


class Version:
    """One object as it was written once.

    `key` is namespace/name (/name where there are no namespaces); `body` the object's JSON without kind and apiVersion,
    which begins with its metadata.
    """

    __slots__ = ("_labels", "body", "cells", "key", "revision", "selectable")

    def __init__(self, key: str, revision: int, body: bytes) -> None:
        self.key = key
        self.revision = revision
        self.body = body
        # What lists and watches compute of it, kept since a version never changes.
        self._labels: dict[str, str] | None = None
        self.selectable: dict[str, str] | None = None
        self.cells: object = None

    @property
    def namespace(self) -> str:
        return self.key.partition("/")[0]

    @property
    def name(self) -> str:
        return self.key.partition("/")[2]

    @property
    def labels(self) -> dict[str, str]:
        if self._labels is None:
            self._labels = msgspec.json.decode(self.body, type=_Labelled).metadata.labels
        return self._labels

    def parsed(self) -> JsonObject:
        """A fresh copy that may be changed."""
        parsed: JsonObject = msgspec.json.decode(self.body)
        return parsed


@dataclass(frozen=True, slots=True)
class Change:
    """One write as a watch sees it. `version` of a deletion is the last state under the deletion's revision."""

    type: ChangeType
    resource: str
    version: Version
    previous: Version | None

    @property
    def revision(self) -> int:
        return self.version.revision


@dataclass(slots=True)
class _Collection:
    """The objects of one resource, and what lately happened to them."""

    versions: dict[str, Version] = field(default_factory=dict)
    keys: list[str] = field(default_factory=list)  # sorted
    changes: list[Change] = field(default_factory=list)
    watchers: set[asyncio.Event] = field(default_factory=set)


class Store:
    """All objects of one API server. `database` None keeps them in memory; `history` is how many changes are kept."""

    def __init__(self, database: Path | None, *, history: int = 10_000) -> None:
        self._connection = sqlite3.connect(database or ":memory:", timeout=1, isolation_level=None)
        # The lock is the first thing a second server on the same file meets.
        for pragma in ("locking_mode=EXCLUSIVE", "journal_mode=WAL", "synchronous=NORMAL"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._connection.executescript(_SCHEMA)
        self._history = history
        self._log: deque[Change] = deque()
        self._collections: dict[str, _Collection] = {}
        self.revision = 0
        self.compacted = 0
        self._load()

    def close(self) -> None:
        self._connection.close()

    def get(self, resource: str, key: str) -> Version | None:
        return self._collection(resource).versions.get(key)

    def resources(self) -> list[str]:
        return list(self._collections)

    def newest(self, resource: str, prefix: str = "", after: str = "") -> Iterator[Version]:
        """The newest versions in the order of their keys: those that begin with `prefix` and come after `after`."""
        collection = self._collection(resource)
        start = bisect_right(collection.keys, after) if after >= prefix else bisect_left(collection.keys, prefix)
        for position in range(start, len(collection.keys)):
            key = collection.keys[position]
            if not key.startswith(prefix):
                return
            yield collection.versions[key]

    def at(self, resource: str, revision: int, prefix: str = "", after: str = "") -> Iterator[Version]:
        """The same as it was at `revision`, which must not be compacted."""
        changes = self.changes(resource, revision)
        if not changes:
            yield from self.newest(resource, prefix, after)
            return
        versions = dict(self._collection(resource).versions)
        for change in reversed(changes):
            if change.previous is None:
                del versions[change.version.key]
            else:
                versions[change.previous.key] = change.previous
        for key in sorted(versions):
            if key.startswith(prefix) and key > after:
                yield versions[key]

    def put(self, resource: str, key: str, content: JsonObject) -> Version:
        """Write an object, new or changed; its resourceVersion is set."""
        collection = self._collection(resource)
        previous = collection.versions.get(key)
        return self._write("MODIFIED" if previous else "ADDED", resource, key, content, previous)

    def delete(self, resource: str, key: str, content: JsonObject) -> Version:
        """Remove an object; `content` is its last state, which watches see."""
        return self._write("DELETED", resource, key, content, self._collection(resource).versions[key])

    def changes(self, resource: str, after: int) -> list[Change]:
        """What happened to a resource's objects after the revision `after`."""
        changes = self._collection(resource).changes
        return changes[bisect_right(changes, after, key=lambda change: change.revision) :]

    @contextmanager
    def watched(self, resource: str) -> Iterator[asyncio.Event]:
        """An event that is set at each change of a resource, for as long as the context lasts."""
        watchers = self._collection(resource).watchers
        changed = asyncio.Event()
        watchers.add(changed)
        try:
            yield changed
        finally:
            watchers.discard(changed)

    def wake(self) -> None:
        """Wake every watch, so that it looks whether the server still runs."""
        for collection in self._collections.values():
            for changed in collection.watchers:
                changed.set()

    def compact(self, revision: int) -> None:
        """Forget what was before `revision`, save the newest version of each object."""
        dead: list[tuple[int]] = []
        while self._log and self._log[0].revision <= revision:
            change = self._log.popleft()
            dead += [(change.previous.revision,)] if change.previous else []
            dead += [(change.revision,)] if change.type == "DELETED" else []
        self.compacted = max(self.compacted, revision)
        for collection in self._collections.values():
            kept = bisect_right(collection.changes, revision, key=lambda change: change.revision)
            del collection.changes[:kept]
        with self._connection:
            self._connection.execute("BEGIN")
            self._connection.executemany("DELETE FROM revisions WHERE revision = ?", dead)
            self._connection.execute("DELETE FROM compaction")
            self._connection.execute("INSERT INTO compaction VALUES (?)", (self.compacted,))

    def _write(
        self, kind: ChangeType, resource: str, key: str, content: JsonObject, previous: Version | None
    ) -> Version:
        revision = self.revision + 1
        content["metadata"]["resourceVersion"] = str(revision)
        version = Version(key, revision, msgspec.json.encode(content))
        row = (revision, resource, key, kind, version.body)
        self._connection.execute("INSERT INTO revisions VALUES (?, ?, ?, ?, ?)", row)
        self.revision = revision
        change = Change(kind, resource, version, previous)
        self._apply(change)
        if len(self._log) > 2 * self._history:
            self.compact(self._log[self._history].revision)
        for changed in self._collection(resource).watchers:
            changed.set()
        return version

    def _apply(self, change: Change) -> None:
        collection = self._collection(change.resource)
        key = change.version.key
        if change.type == "DELETED":
            del collection.versions[key]
            del collection.keys[bisect_left(collection.keys, key)]
        else:
            if key not in collection.versions:
                insort(collection.keys, key)
            collection.versions[key] = change.version
        collection.changes.append(change)
        self._log.append(change)

    def _load(self) -> None:
        (self.compacted,) = self._connection.execute("SELECT coalesce(max(revision), 0) FROM compaction").fetchone()
        self.revision = self.compacted
        rows = self._connection.execute("SELECT revision, resource, key, type, body FROM revisions ORDER BY revision")
        for revision, resource, key, kind, body in rows:
            self.revision = max(self.revision, revision)
            previous = self._collection(resource).versions.get(key)
            self._apply(Change(kind, resource, Version(key, revision, body), previous))
        while self._log and self._log[0].revision <= self.compacted:
            self._log.popleft()
        for collection in self._collections.values():
            collection.changes = [change for change in collection.changes if change.revision > self.compacted]

    def _collection(self, resource: str) -> _Collection:
        return self._collections.setdefault(resource, _Collection())
