"""The state in SQLite: every record in memory, every change in a row, all changes of a request in one transaction.

Reading is a dict look-up and costs microseconds; SQLite is what a restart finds again. A kill between two requests
loses nothing that was answered.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import msgspec

from infra.local.github.records import Record

R = TypeVar("R", bound=Record)
K = TypeVar("K")
Followed = TypeVar("Followed", bound=Record, contravariant=True)


class Follows(Protocol[Followed]):
    """What a table tells of its changes."""

    def changed(self, old: Followed | None, new: Followed | None) -> None: ...


class Index(Generic[R, K]):
    """The records of a table by some key; a record whose key is None is left out."""

    def __init__(self, key: Callable[[R], K | None]) -> None:
        self._key = key
        self._ids: dict[K, dict[int, R]] = {}

    def all(self, key: K) -> list[R]:
        """All records with this key, in the order in which they came."""
        return list(self._ids.get(key, {}).values())

    def count(self, key: K) -> int:
        return len(self._ids.get(key, {}))

    def one(self, key: K) -> R | None:
        """The record with this key, or None."""
        found = self._ids.get(key)
        return next(iter(found.values())) if found else None

    def changed(self, old: R | None, new: R | None) -> None:
        """Called by the table: `old` goes, `new` comes; either may be None."""
        before = self._key(old) if old is not None else None
        after = self._key(new) if new is not None else None
        if old is not None and before is not None and before != after:
            self._ids[before].pop(old.id, None)
        if new is not None and after is not None:
            self._ids.setdefault(after, {})[new.id] = new


class Table(Generic[R]):
    """The records of one kind by id."""

    def __init__(self, store: "Store", kind: type[R], indexes: tuple[Follows[R], ...]) -> None:
        self.name = kind.__name__.lower()
        self._store = store
        self._decode = msgspec.json.Decoder(kind).decode
        self._indexes = indexes
        self._rows: dict[int, R] = {}
        self._last = 0

    def __iter__(self) -> Iterator[R]:
        return iter(list(self._rows.values()))

    def __len__(self) -> int:
        return len(self._rows)

    def get(self, id_: int) -> R | None:
        return self._rows.get(id_)

    def __getitem__(self, id_: int) -> R:
        return self._rows[id_]

    def next_id(self) -> int:
        """An id that no record of this kind has had."""
        self._last += 1
        return self._last

    def put(self, record: R) -> R:
        """Keep this record, in place of the one with its id, if any."""
        self._last = max(self._last, record.id)
        self._replace(record.id, record)
        return record

    def remove(self, record: R) -> None:
        self._replace(record.id, None)

    def load(self, row: bytes) -> None:
        """Take in a row that SQLite has already."""
        record = self._decode(row)
        self._last = max(self._last, record.id)
        self._set(record.id, record)

    def undo(self, id_: int, old: Record | None) -> None:
        """Put back what stood at `id_` before the transaction; only what this table held comes back to it."""
        self._set(id_, old)  # type: ignore[arg-type]

    def row(self, id_: int) -> bytes | None:
        """The row to write for `id_`, or None when it is gone."""
        record = self._rows.get(id_)
        return None if record is None else msgspec.json.encode(record)

    def _replace(self, id_: int, new: R | None) -> None:
        self._store.note(self, id_, self._rows.get(id_))
        self._set(id_, new)

    def _set(self, id_: int, new: R | None) -> None:
        old = self._rows.get(id_)
        for index in self._indexes:
            index.changed(old, new)
        if new is None:
            self._rows.pop(id_, None)
        else:
            self._rows[id_] = new


class Store:
    """One SQLite file, or memory when `file` is None."""

    def __init__(self, file: Path | None) -> None:
        self._sql = sqlite3.connect(file or ":memory:", isolation_level=None, check_same_thread=False)
        if file:
            self._sql.execute("PRAGMA journal_mode = WAL")
            self._sql.execute("PRAGMA synchronous = NORMAL")
        self._tables: dict[str, Table[Record]] = {}
        self._before: dict[tuple[str, int], Record | None] = {}
        self._depth = 0

    def table(self, kind: type[R], *indexes: Follows[R]) -> Table[R]:
        """The table of this kind, filled with what the file has."""
        table = Table(self, kind, indexes)
        self._tables[table.name] = table  # type: ignore[assignment]
        self._sql.execute(f"CREATE TABLE IF NOT EXISTS {table.name} (id INTEGER PRIMARY KEY, record BLOB NOT NULL)")
        for (row,) in self._sql.execute(f"SELECT record FROM {table.name} ORDER BY id"):  # noqa: S608
            table.load(row)
        return table

    def note(self, table: Table[R], id_: int, old: Record | None) -> None:
        """Called by a table before it changes: outside a transaction the change is one of its own."""
        if self._depth == 0:
            raise RuntimeError("a record is changed outside a transaction")
        self._before.setdefault((table.name, id_), old)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside is kept when it ends, or undone when it raises; transactions nest into one."""
        self._depth += 1
        try:
            yield
        except BaseException:
            if self._depth == 1:
                self._undo()
            raise
        else:
            if self._depth == 1:
                self._commit()
        finally:
            self._depth -= 1

    def close(self) -> None:
        self._sql.close()

    def _commit(self) -> None:
        if not self._before:
            return
        self._sql.execute("BEGIN IMMEDIATE")
        for name, id_ in self._before:
            row = self._tables[name].row(id_)
            if row is None:
                self._sql.execute(f"DELETE FROM {name} WHERE id = ?", (id_,))  # noqa: S608
            else:
                self._sql.execute(f"INSERT OR REPLACE INTO {name} VALUES (?, ?)", (id_, row))  # noqa: S608
        self._sql.execute("COMMIT")
        self._before.clear()

    def _undo(self) -> None:
        for (name, id_), old in reversed(self._before.items()):
            self._tables[name].undo(id_, old)
        self._before.clear()
