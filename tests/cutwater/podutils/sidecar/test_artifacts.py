"""Censoring on the way to storage: plain files, archives, and what fails without sparing the rest."""

import bz2
import gzip
import io
import lzma
import os
import random
import socket
import subprocess
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from cutwater.podutils import uploads
from cutwater.podutils.log import Log
from cutwater.podutils.sidecar import artifacts
from cutwater.podutils.sidecar.artifacts import Gate, Secrets

KNOWN = Secrets(forms=(b"hunter2", b"correct-horse"), chunk=100_000)
SAID, CENSORED = b"the password is hunter2\n", b"the password is XXXXXXX\n"
RANDOM = random.Random(4711).randbytes(50_000)


class Sent:
    """What of an item would be uploaded, by its place, and what is said of it."""

    def __init__(self, item: Path, known: Secrets = KNOWN) -> None:
        self.problems: list[str] = []
        heard = io.BytesIO()
        gate = Gate(known=known, tell=self.problems.append)
        self.files = {}
        for place, content in uploads.contents(str(item), Log("test", heard), gate):
            with content.opened() as opened:
                self.files[place.removeprefix(f"{item.name}/")] = opened.read()
        self.log = heard.getvalue().decode()


def gz(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)


def tar(members: Mapping[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def zipped(members: Mapping[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", how) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, how)
    return packed.getvalue()


def test_files_below_an_item(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "log").write_bytes(SAID)
    (tmp_path / "link").symlink_to("a/b/log")
    sent = Sent(tmp_path, Secrets(forms=KNOWN.forms, chunk=5))
    assert (sent.files, sent.problems) == ({"a/b/log": CENSORED, "link": CENSORED}, [])
    assert (tmp_path / "a/b/log").read_bytes() == SAID, "what the test left stays as it is: it may still be written"


def test_what_is_no_file_is_left_out(tmp_path: Path) -> None:
    """A pipe, a socket, links to a folder, to nowhere and out of the item: none holds up or shows anything."""
    item, elsewhere = tmp_path / "artifacts", tmp_path / "credentials"
    item.mkdir()
    elsewhere.write_bytes(b"of the bucket")
    os.mkfifo(item / "pipe")
    (item / "folder").symlink_to(tmp_path)
    (item / "nowhere").symlink_to("none")
    (item / "out").symlink_to(elsewhere)
    (item / "loop").symlink_to("loop")
    (item / "plain").write_bytes(b"x")
    with socket.socket(socket.AF_UNIX) as listening, tempfile.TemporaryDirectory() as short:
        listening.bind(f"{short}/s")
        Path(f"{short}/s").rename(item / "socket")
        sent = Sent(item)
    assert sent.files == {"plain": b"x"}
    for name in ("pipe", "folder", "nowhere", "out", "loop", "socket"):
        assert f"Left out {item}/{name}: neither a plain file nor a link to one" in sent.log


def test_an_item_that_a_test_has_replaced_by_a_link(tmp_path: Path) -> None:
    (tmp_path / "credentials").mkdir()
    (tmp_path / "credentials" / "key").write_bytes(b"of the bucket")
    (tmp_path / "artifacts").symlink_to("credentials")
    assert Sent(tmp_path / "artifacts").files == {}


def test_a_file_that_becomes_a_link_before_it_is_read(tmp_path: Path) -> None:
    item = tmp_path / "artifacts"
    item.mkdir()
    (item / "a").write_bytes(b"x")
    ((_, content),) = uploads.contents(str(item), Log("test", io.BytesIO()))
    (item / "a").unlink()
    (item / "a").symlink_to(tmp_path / "credentials")
    (tmp_path / "credentials").write_bytes(b"of the bucket")
    with pytest.raises(PermissionError, match="it leads out of"), content.opened():
        pass


def test_names(tmp_path: Path) -> None:
    """A name that no bucket takes, and one that tells a secret (a short one would spoil too many)."""
    for name in (b"\xff.txt", b"correct-horse", b"hunter2", b"new\nline", b"per%20cent?"):
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_bytes(b"x")
    assert set(Sent(tmp_path).files) == {"\ufffd.txt", "X" * 13, "hunter2", "new\nline", "per%20cent?"}


PACKED: dict[str, Callable[[bytes], bytes]] = {
    "gz": gz,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "tar.gz": lambda said: gz(tar({"a/b": RANDOM, "log": said})),
    "tar.bz2": lambda said: bz2.compress(tar({"a/b": RANDOM, "log": said})),
    "tar.xz": lambda said: lzma.compress(tar({"log": said})),
    "tar": lambda said: tar({"log": said}),
    "zip": lambda said: zipped({"a/b": RANDOM, "log": said}),
    "zip, stored": lambda said: zipped({"log": said}, zipfile.ZIP_STORED),
    "zip in tar.gz": lambda said: gz(tar({"x": b"y", "inside.zip": zipped({"log": said}), "z": b"y"})),
    "gz in zip": lambda said: zipped({"log.gz": gz(said)}),
    "tar.gz in tar": lambda said: tar({"layer": gz(tar({"log": said})), "manifest": b"{}"}),
    "gz in gz": lambda said: gz(gz(said)),
    "two gz, one after the other": lambda said: gz(b"first") + gz(said),
}


def unpacked(content: bytes) -> bytes:
    """All that is in it, one after the other."""
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            assert archive.testzip() is None
            return b"".join(unpacked(archive.read(name)) for name in archive.namelist())
    if content[257:262] == b"ustar":
        with tarfile.open(fileobj=io.BytesIO(content)) as packed:
            return b"".join(unpacked(file.read()) for member in packed if (file := packed.extractfile(member)))
    for magic, unpack in ((b"\x1f\x8b", gzip.decompress), (b"BZh", bz2.decompress), (b"\xfd7z", lzma.decompress)):
        if content.startswith(magic):
            return unpacked(unpack(content))
    return content


@pytest.mark.parametrize("pack", PACKED.values(), ids=PACKED)
def test_archives(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    (tmp_path / "with").write_bytes(pack(SAID))
    (tmp_path / "without").write_bytes(pack(b"nothing"))
    sent = Sent(tmp_path)
    assert sent.problems == []
    assert unpacked(sent.files["with"]) == unpacked(pack(CENSORED))
    assert sent.files["without"] == pack(b"nothing"), "to the byte"


def test_a_tar_keeps_all_but_its_secrets(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as archive:
        member = tarfile.TarInfo("folder/" + "long" * 100)
        member.size, member.mtime, member.mode, member.uname = len(SAID), 1_000_000, 0o640, "alice"
        archive.addfile(member, io.BytesIO(SAID))
        link = tarfile.TarInfo("folder/link")
        link.type, link.linkname = tarfile.SYMTYPE, "log"
        archive.addfile(link)
        hard = tarfile.TarInfo("folder/hard")
        hard.type, hard.linkname = tarfile.LNKTYPE, member.name
        archive.addfile(hard)
    with tarfile.open(fileobj=io.BytesIO(Sent(tmp_path).files["a.tar.gz"])) as archive:
        found = archive.getmember(member.name)
        content = archive.extractfile(found)
        assert content is not None
        assert content.read() == CENSORED
        assert (found.mtime, found.mode, found.uname) == (1_000_000, 0o640, "alice")
        assert archive.getmember("folder/link").linkname == "log"
        assert archive.getmember("folder/hard").linkname == member.name


@pytest.mark.parametrize("form", ["posix", "gnu", "oldgnu"])
def test_a_sparse_file_in_a_tar(tmp_path: Path, form: str) -> None:
    sparse = tmp_path / "sparse"
    with sparse.open("wb") as file:
        file.seek(1_000_000)
        file.write(SAID)
    item = tmp_path / "artifacts"
    item.mkdir()
    command = ["tar", "--sparse", f"--format={form}", "-C", str(tmp_path), "-czf", str(item / "a.tar.gz"), "sparse"]
    subprocess.run(command, check=True)
    with tarfile.open(fileobj=io.BytesIO(Sent(item).files["a.tar.gz"])) as archive:
        content = archive.extractfile("sparse")
        assert content is not None
        assert content.read() == bytes(1_000_000) + CENSORED


@pytest.mark.parametrize(
    "torn",
    [
        pytest.param(b"\x1f\x8b\x08 no gzip " + SAID, id="no gzip at all"),
        pytest.param(b"PK\x03\x04 no zip " + SAID, id="no zip at all"),
        pytest.param(b"BZh no bzip2 " + SAID, id="no bzip2 at all"),
        pytest.param(b"x" * 257 + b"ustar" + SAID, id="no tar at all"),
        pytest.param(SAID + zipped({"a": RANDOM})[:-100], id="no zip any more"),
    ],
)
def test_an_archive_that_cannot_be_unpacked_is_censored_as_it_is(tmp_path: Path, torn: bytes) -> None:
    (tmp_path / "a").write_bytes(torn)
    (tmp_path / "b").write_bytes(SAID)
    sent = Sent(tmp_path)
    named = [f"could not censor archive {tmp_path}/a"] if not torn.startswith(SAID) else []
    assert [problem.partition(": ")[0] for problem in sent.problems] == named
    assert sent.files == {"a": torn.replace(SAID, CENSORED), "b": CENSORED}


@pytest.mark.slow
@pytest.mark.parametrize("pack", [gz, bz2.compress, lzma.compress], ids=["gz", "bz2", "xz"])
def test_a_log_whose_writer_was_killed(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    """It can be read up to where it is torn, so it is censored up to there."""
    large = random.Random(4711).randbytes(1_000_000)
    (tmp_path / "with").write_bytes(pack(SAID + large)[:-1000])
    (tmp_path / "tar").write_bytes(pack(tar({"a": SAID, "b": large}))[:-1000])
    (tmp_path / "without").write_bytes(pack(RANDOM)[:-1000])
    sent = Sent(tmp_path)
    assert len(sent.problems) == 3
    unpack = {gz: gzip.decompress, bz2.compress: bz2.decompress, lzma.compress: lzma.decompress}[pack]
    assert unpack(sent.files["with"]).startswith(CENSORED + large[:100_000])
    assert CENSORED in unpack(sent.files["tar"])
    assert sent.files["without"] == pack(RANDOM)[:-1000]


def test_an_encrypted_zip_is_named(tmp_path: Path) -> None:
    plain = bytearray(zipped({"a": SAID}))
    for place in (6, plain.index(b"PK\x01\x02") + 8):  # the flag of a member that is encrypted
        plain[place] |= 1
    (tmp_path / "a.zip").write_bytes(plain)
    assert "is encrypted" in str(Sent(tmp_path).problems)


def test_nothing_is_done_where_nothing_is_secret(tmp_path: Path) -> None:
    (tmp_path / "torn.gz").write_bytes(b"\x1f\x8b\x08 no gzip")
    sent = Sent(tmp_path, Secrets())
    assert (sent.files, sent.problems) == ({"torn.gz": b"\x1f\x8b\x08 no gzip"}, [])


def test_a_full_disk_is_no_reason_to_upload_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(io.BytesIO):
        def write(self, chunk: object, /) -> int:
            raise OSError(28, "No space left on device")

    (tmp_path / "a.zip").write_bytes(zipped({"a": SAID}))
    monkeypatch.setattr(tempfile, "SpooledTemporaryFile", lambda *_: Full())
    with pytest.raises(OSError, match="No space left"):
        Sent(tmp_path)


def test_what_is_not_there(tmp_path: Path) -> None:
    assert artifacts.unreadable([tmp_path / "log"], [str(tmp_path / "x")]) == [
        f"could not open file for censoring: open {tmp_path}/log: no such file or directory",
        f"lstat {tmp_path}/x: no such file or directory",
    ]
