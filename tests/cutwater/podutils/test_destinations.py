"""Buckets and folders, and how often an upload is tried."""

import gzip
import json
import random
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import BinaryIO

import pytest

from cutwater.errors import Refused
from cutwater.podutils.censor import Readable
from cutwater.podutils.destinations import Content, Folder, S3Bucket, S3Credentials, destination
from cutwater.podutils.files import TEXT
from cutwater.podutils.jobspec import JobSpec
from cutwater.podutils.log import Log
from cutwater.podutils.options import UploadOptions
from cutwater.podutils.uploads import NotUploaded, Uploader
from tests.cutwater.podutils.conftest import Bucket

PERIODIC = JobSpec(type="periodic", job="job", buildid="7")


@pytest.fixture
def s3(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> S3Bucket:
    for name in ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"):
        monkeypatch.setenv(name, bucket.environment[name])
    return S3Bucket(bucket.name)


LONG = b"line\n" * 1000


@pytest.mark.slow
@pytest.mark.parametrize(
    ("key", "content", "compress", "kind", "encoding", "stored"),
    [
        pytest.param("started.json", b"{}", False, "text/plain; charset=utf-8", "", b"{}", id="the type is found out"),
        pytest.param("a", b"\x00\x01", False, "application/octet-stream", "", b"\x00\x01", id="by content"),
        pytest.param("a.log", LONG, True, "text/plain; charset=utf-8", "gzip", LONG, id="compressed"),
        pytest.param("a.json", LONG, True, "application/json", "gzip", LONG, id="compressed, with the name's type"),
        pytest.param("a.log", b"short", True, "text/plain; charset=utf-8", "", b"short", id="too short to compress"),
        pytest.param("a#b", b"x", False, "text/plain; charset=utf-8", "", b"x", id="a sign that targets escape"),
        pytest.param("empty", b"", False, "text/plain; charset=utf-8", "", b"", id="empty"),
    ],
)
def test_an_object(
    bucket: Bucket, s3: S3Bucket, key: str, content: bytes, compress: bool, kind: str, encoding: str, stored: bytes
) -> None:
    s3.write(key.replace("#", "%23"), Content(source=content), compress=compress)
    head = bucket.head(key)
    assert (head["ContentType"], head.get("ContentEncoding", "")) == (kind, encoding)
    body = bucket.read(key)
    assert (gzip.decompress(body) if encoding else body) == stored


def test_what_is_compressed_already_stays_so(bucket: Bucket, s3: S3Bucket) -> None:
    packed = gzip.compress(bytes(range(256)) * 20, compresslevel=0)
    s3.write("a.bin", Content(source=packed), compress=True)
    assert bucket.read("a.bin") == packed


@pytest.mark.slow
@pytest.mark.parametrize("compress", [False, True], ids=["as it is", "compressed"])
def test_a_large_file_goes_up_in_parts(bucket: Bucket, s3: S3Bucket, tmp_path: Path, compress: bool) -> None:
    body = random.Random(7).randbytes(12_000_000)
    large = tmp_path / "large"
    large.write_bytes(body)
    content = Content(source=large, content_type="text/x", metadata={"a": "s3://b/c"})
    s3.write("large.dat", content, compress=compress)
    head = bucket.head("large.dat")
    assert head["ETag"].strip('"').endswith("-3"), "three parts"
    stored = bucket.read("large.dat")
    assert (gzip.decompress(stored) if compress else stored) == body
    assert (head["ContentType"], head.get("ContentEncoding")) == ((TEXT, "gzip") if compress else ("text/x", None))
    assert head["Metadata"] == {"a": "s3:%2F%2Fb%2Fc"}


def test_an_upload_in_parts_that_fails_leaves_none(
    bucket: Bucket, s3: S3Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def torn(file: BinaryIO) -> AbstractContextManager[Readable]:
        return nullcontext(Torn(file, good=12_000_000))

    large = tmp_path / "large"
    large.write_bytes(b"x" * 20_000_000)
    with pytest.raises(OSError, match="the disk is torn"):
        s3.write("large.dat", Content(source=large, through=torn))
    assert bucket.list() == set()
    assert "Uploads" not in bucket.client.list_multipart_uploads(Bucket=bucket.name)


class Torn:
    """A file of which only the beginning can be read."""

    def __init__(self, file: Readable, good: int) -> None:
        self._file = file
        self._good = good

    def read(self, size: int = -1, /) -> bytes:
        self._good -= size
        if self._good < 0:
            raise OSError("the disk is torn")
        return self._file.read(size)


def test_a_bucket_that_is_not_there_refuses(s3: S3Bucket) -> None:
    with pytest.raises(Refused, match="NoSuchBucket"):
        S3Bucket("no-such-bucket").write("key", Content(source=b""))


def test_deleting_what_is_gone_is_no_error(s3: S3Bucket) -> None:
    s3.delete("never-was")


def test_credentials_of_a_secret(bucket: Bucket, tmp_path: Path) -> None:
    """The environment says nothing: everything stands in the file."""
    file = tmp_path / "service-account.json"
    secret = {
        "region": "us-east-1",
        "endpoint": bucket.environment["AWS_ENDPOINT_URL"],
        "s3_force_path_style": True,
        "access_key": "key",
        "secret_key": "secret",
    }
    file.write_text(json.dumps(secret))
    options = UploadOptions(bucket=f"gs://{bucket.name}/in/here", s3_credentials_file=str(file))
    destination(options, {}).write("a/b", Content(source=b"x"))
    assert bucket.list() == {"in/here/a/b"}


@pytest.mark.parametrize(
    ("bucket_name", "environment", "why"),
    [
        ("gs://b", {}, "gs://b is written through an S3-compatible endpoint: name one in"),
        ("azblob://b", {}, 'unsupported provider: "azblob"'),
        ("s3://", {}, 'could not find bucket in storagePath "s3://"'),
    ],
)
def test_what_cannot_be_reached(bucket_name: str, environment: dict[str, str], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        destination(UploadOptions(bucket=bucket_name), environment)


@pytest.mark.parametrize("text", ["{", "[]", '{"region": 1}'])
def test_credentials_that_cannot_be_read(tmp_path: Path, text: str) -> None:
    file = tmp_path / "secret"
    file.write_text(text)
    with pytest.raises(ValueError, match="error getting S3 credentials from JSON"):
        destination(UploadOptions(bucket="s3://b", s3_credentials_file=str(file)), {})


def test_an_endpoint_that_is_none() -> None:
    with pytest.raises(ValueError, match="not an endpoint"):
        S3Bucket("b", credentials=S3Credentials(endpoint="http://not an endpoint")).connect()


class Moody:
    """A store that fails as often as it is told to."""

    def __init__(self, problems: list[Exception]) -> None:
        self.problems = problems
        self.written: list[str] = []

    def write(self, key: str, content: Content, *, compress: bool = False) -> None:
        if key.endswith("finished.json") and self.problems:
            raise self.problems.pop()
        self.written.append(key)

    def connect(self) -> None:
        pass

    def delete(self, key: str) -> None:
        raise NotImplementedError


@pytest.mark.parametrize(
    ("problems", "waits", "succeeds"),
    [
        pytest.param([RuntimeError("503")], [1], True, id="once"),
        pytest.param([RuntimeError("503")] * 4, [1, 4, 9], False, id="always"),
        pytest.param([Refused("403")], [], False, id="refused, which does not change"),
        pytest.param([OSError("no such file")], [], False, id="a file that is not there"),
    ],
)
def test_tries(log: Log, problems: list[Exception], waits: list[float], succeeds: bool) -> None:
    waited: list[float] = []
    store = Moody(problems)
    options = UploadOptions(bucket="s3://b", path_strategy="explicit")
    uploader = Uploader(destination=store, options=options, log=log, sleep=waited.append)
    act: Callable[[], None] = lambda: uploader.upload(PERIODIC, {"finished.json": b"{}", "build-log.txt": b""})  # noqa: E731
    if succeeds:
        act()
    else:
        with pytest.raises(NotUploaded, match=r"encountered errors during upload: \[logs/job/7/finished.json: ") as no:
            act()
        assert set(no.value.keys) == {"logs/job/7/finished.json"}
    assert waited == waits
    assert {"logs/job/latest-build.txt", "logs/job/7/build-log.txt"} <= set(store.written), "the others are written"


def test_a_dry_run_writes_nothing(log: Log) -> None:
    store = Moody([])
    options = UploadOptions(bucket="b", path_strategy="explicit", dry_run=True)
    Uploader(destination=store, options=options, log=log).upload(PERIODIC, {"a": b""})
    assert store.written == []


def test_a_folder(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "out")
    folder.write("a/b.txt", Content(source=b"1"))
    folder.write("a/b.txt", Content(source=b"2"))
    assert (tmp_path / "out/a/b.txt").read_text() == "2"
    folder.delete("a/b.txt")
    folder.delete("a/b.txt")
    assert not (tmp_path / "out/a/b.txt").exists()
