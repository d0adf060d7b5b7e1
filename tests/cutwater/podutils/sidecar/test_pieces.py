"""The log of a test that still runs."""

from pathlib import Path

import pytest

from cutwater.podutils.destinations import Content, Folder
from cutwater.podutils.log import Log
from cutwater.podutils.sidecar import pieces
from cutwater.podutils.sidecar.pieces import Follower, LiveLog


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "PIECE", 10)


class Store:
    """A folder that keeps count of what is written, and fails when it is told to."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.writes: list[str] = []
        self.fails: list[str] = []
        self._folder = Folder(root)

    def write(self, key: str, content: Content, *, compress: bool = False) -> None:
        if self.fails:
            raise RuntimeError(self.fails.pop())
        self.writes.append(key)
        self._folder.write(key, content, compress=compress)

    def connect(self) -> None:
        pass

    def delete(self, key: str) -> None:
        self._folder.delete(key)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "bucket")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return tmp_path / "process-log.txt"


def stored(store: Store) -> dict[int, str]:
    return {pieces.offset(path.name): path.read_text() for path in sorted(store.root.rglob("*")) if path.is_file()}


def live(source: Path, store: Store, *forms: bytes) -> LiveLog:
    return LiveLog(source, "logs/job/7", "build-log.txt", store, forms)


def test_names() -> None:
    folder = pieces.folder("logs/job/7", "build-log.txt")
    assert folder == "logs/job/7/.cutwater/build-log.txt/"
    assert pieces.key(folder, 1024) == folder + "000000001024"
    assert pieces.offset(pieces.key(folder, 1024)) == 1024


def test_the_last_piece_grows_until_it_is_full(source: Path, store: Store) -> None:
    log = live(source, store)
    log.look()
    assert store.writes == [], "no log yet"
    for text, expected in [
        ("12345", {0: "12345"}),
        ("678", {0: "12345678"}),
        ("9abcdefghijklmnopqrst", {0: "123456789a", 10: "bcdefghijk", 20: "lmnopqrst"}),
    ]:
        with source.open("a") as file:
            file.write(text)
        log.look()
        assert stored(store) == expected
    writes = len(store.writes)
    log.look()
    assert len(store.writes) == writes, "nothing new, nothing written"
    log.remove()
    assert stored(store) == {}


def test_a_secret_across_two_pieces_is_not_shown_at_any_time(source: Path, store: Store) -> None:
    log = live(source, store, b"hunter2")
    with source.open("a") as file:
        file.write("it is hun")
    log.look()
    assert stored(store) == {0: "it is "}
    with source.open("a") as file:
        file.write("ter2, really")
    log.look()
    assert stored(store) == {0: "it is XXXX", 10: "XXX, reall", 20: "y"}


def test_nothing_is_lost_where_storage_fails_for_a_while(source: Path, store: Store) -> None:
    log = live(source, store)
    source.write_text("0123456789abcdefghij!")
    for _ in range(3):
        store.fails.append("503")
        with pytest.raises(RuntimeError):
            log.look()
    log.look()
    assert stored(store) == {0: "0123456789", 10: "abcdefghij", 20: "!"}


def test_pieces_stay_of_a_log_that_could_not_be_written_whole(source: Path, store: Store, log: Log) -> None:
    lives = [LiveLog(source, "logs/job/7", name, store, ()) for name in ("a-build-log.txt", "b-build-log.txt")]
    source.write_text("0123456789abc")
    for live in lives:
        live.look()
    Follower(lives, log, prepare=lambda: None).remove({"logs/job/7/a-build-log.txt"})
    folder = store.root / "logs/job/7/.cutwater"
    assert sorted(str(path.relative_to(folder)) for path in folder.rglob("0*")) == [
        "a-build-log.txt/000000000000",
        "a-build-log.txt/000000000010",
    ]


def test_a_log_that_a_test_has_replaced_by_a_link(store: Store, tmp_path: Path) -> None:
    (tmp_path / "credentials").write_text("of the bucket")
    (tmp_path / "logs").mkdir()
    log = tmp_path / "logs" / "process-log.txt"
    log.symlink_to(tmp_path / "credentials")
    with pytest.raises(PermissionError):
        live(log, store).look()
    assert stored(store) == {}
