"""Censoring in place: plain files, archives, and what fails without sparing the rest."""

import gzip
import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from cutwater.podutils.options import Censoring
from cutwater.podutils.sidecar import artifacts, globs
from cutwater.podutils.sidecar.artifacts import Secrets

KNOWN = Secrets(forms=(b"hunter2",), chunk=5)
SAID, CENSORED = b"the password is hunter2\n", b"the password is XXXXXXX\n"


def censor(item: Path, known: Secrets = KNOWN) -> list[str]:
    return artifacts.censor(known, {}, [str(item)], Censoring())


def test_files_below_an_item(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "log").write_bytes(SAID)
    (tmp_path / "link").symlink_to("a/b/log")
    assert censor(tmp_path) == []
    assert (tmp_path / "a" / "b" / "log").read_bytes() == CENSORED
    assert (tmp_path / "link").is_symlink()
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a", "b", "link", "log"], "nothing is left behind"


def test_a_tar_keeps_all_but_its_secrets(tmp_path: Path) -> None:
    path = tmp_path / "a.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        member = tarfile.TarInfo("folder/log")
        member.size, member.mtime, member.mode, member.uname = len(SAID), 1_000_000, 0o640, "alice"
        archive.addfile(member, io.BytesIO(SAID))
        link = tarfile.TarInfo("folder/link")
        link.type, link.linkname = tarfile.SYMTYPE, "log"
        archive.addfile(link)
    assert censor(tmp_path) == []
    with tarfile.open(path) as archive:
        member = archive.getmember("folder/log")
        content = archive.extractfile(member)
        assert content is not None
        assert content.read() == CENSORED
        assert (member.mtime, member.mode, member.uname) == (1_000_000, 0o640, "alice")
        assert archive.getmember("folder/link").linkname == "log"


def test_a_single_file_in_gzip(tmp_path: Path) -> None:
    path = tmp_path / "log.gz"
    path.write_bytes(gzip.compress(SAID))
    assert censor(tmp_path) == []
    assert gzip.decompress(path.read_bytes()) == CENSORED


def test_a_zip(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("folder/log", SAID)
    assert censor(tmp_path) == []
    with zipfile.ZipFile(path) as archive:
        assert archive.read("folder/log") == CENSORED
        assert archive.testzip() is None


@pytest.mark.parametrize(
    "torn",
    [
        pytest.param(b"\x1f\x8b\x08 no gzip " + SAID, id="no gzip at all"),
        pytest.param(b"PK\x03\x04 no zip " + SAID, id="no zip at all"),
    ],
)
def test_an_archive_that_cannot_be_unpacked_is_named_and_censored_as_it_is(tmp_path: Path, torn: bytes) -> None:
    path, other = tmp_path / "a", tmp_path / "b"
    path.write_bytes(torn)
    other.write_bytes(SAID)
    problems = censor(tmp_path)
    assert [problem.partition(": ")[0] for problem in problems] == [f"could not censor archive {path}"]
    assert path.read_bytes() == torn.replace(SAID, CENSORED)
    assert other.read_bytes() == CENSORED


def test_a_torn_archive_is_left_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    path.write_bytes(torn := gzip.compress(bytes(range(256)) * 50)[:200])
    assert len(censor(tmp_path)) == 1
    assert path.read_bytes() == torn


def test_nothing_is_written_where_nothing_is_secret(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(SAID)
    before = path.stat().st_ino
    assert censor(tmp_path, Secrets()) == []
    assert path.stat().st_ino == before


def test_what_is_not_there(tmp_path: Path) -> None:
    problems = artifacts.censor(
        KNOWN, {str(tmp_path / "log"): str(tmp_path / "log")}, [str(tmp_path / "x")], Censoring()
    )
    assert sorted(problems) == [
        f"could not open file for censoring: open {tmp_path}/log: no such file or directory",
        f"lstat {tmp_path}/x: no such file or directory",
    ]


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("**/exclude", "first/exclude", True),
        ("**/exclude", "exclude", True),
        ("usr/**/*", "usr/bin/bash", True),
        ("*.log", "a.log", True),
        ("*.log", "d/a.log", False),
        ("d/**", "d/e/a.log", False),
        ("d/**", "d/a.log", True),
        ("{a,b}*", "bc", True),
        ("a?c", "abc", False),
        ("*", "a", False),
        ("d", "d/x", False),
        ("[ab]*", "ax", False),
    ],
)
def test_globs(pattern: str, path: str, expected: bool) -> None:
    assert globs.matches(pattern, path) is expected
