"""The store: transactions that hold or are undone, and a file that survives."""

from pathlib import Path

import pytest

from infra.local.github.records import Label
from infra.local.github.store import Index, Store, Table


def open_store(file: Path | None) -> tuple[Store, Table[Label], Index[Label, str]]:
    store = Store(file)
    by_name: Index[Label, str] = Index(lambda row: row.name)
    return store, store.table(Label, by_name), by_name


def test_what_was_written_is_there_after_a_restart(tmp_path: Path) -> None:
    store, labels, _ = open_store(tmp_path / "db")
    with store.transaction():
        labels.put(Label(id=labels.next_id(), repository=1, name="a"))
        labels.put(Label(id=labels.next_id(), repository=1, name="b"))
    with store.transaction():
        labels.remove(labels[1])
    _, labels, by_name = open_store(tmp_path / "db")
    assert [row.name for row in labels] == ["b"]
    assert by_name.one("a") is None
    assert labels.next_id() == 3


def test_a_transaction_that_fails_is_undone(tmp_path: Path) -> None:
    store, labels, by_name = open_store(tmp_path / "db")
    with store.transaction():
        labels.put(Label(id=1, repository=1, name="a"))
    with pytest.raises(ZeroDivisionError), store.transaction():
        labels.put(Label(id=1, repository=1, name="changed"))
        with store.transaction():
            labels.put(Label(id=2, repository=1, name="new"))
        raise ZeroDivisionError
    assert [row.name for row in labels] == ["a"]
    assert (by_name.one("a"), by_name.all("new"), by_name.count("changed")) == (labels[1], [], 0)
    _, labels, _ = open_store(tmp_path / "db")
    assert [row.name for row in labels] == ["a"]


def test_nothing_changes_outside_a_transaction() -> None:
    _, labels, _ = open_store(None)
    with pytest.raises(RuntimeError):
        labels.put(Label(id=1, repository=1, name="a"))
    assert list(labels) == []
