"""What our store promises beyond S3's answers: it survives a kill, and asks who calls."""

import contextlib
import http.client
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from infra.local.s3.disk import Refusal
from infra.local.s3.server import DEMO_KEY
from infra.local.s3.signature import Asked, Key, identify
from infra.local.s3.wire import unchunked
from tests.infra.local.s3.conftest import Client, Refused, client, serve

LARGE = bytes(range(256)) * 4096


class Store:
    """The store as a process of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        words = ["-m", "infra.local.s3", "--port", str(self.port), "--root", str(self.root), "--bucket", "state"]
        self._process = subprocess.Popen([sys.executable, *words])
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            assert self._process.poll() is None
            time.sleep(0.01)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path)
    store.start()
    yield store
    store.kill()


def test_a_kill_loses_nothing_and_leaves_no_half_object(store: Store, refused: Refused) -> None:
    s3 = client(store.address)
    s3.put_object(Bucket="state", Key="old", Body=LARGE, Metadata={"a": "b"})
    link = s3.generate_presigned_url("put_object", Params={"Bucket": "state", "Key": "old"})
    half = http.client.HTTPConnection("127.0.0.1", store.port)
    half.putrequest("PUT", link.removeprefix(store.address))
    half.putheader("Content-Length", str(len(LARGE)))
    half.endheaders(LARGE[: len(LARGE) // 2])
    while len(list((store.root / "bodies").iterdir())) < 2:
        time.sleep(0.01)
    store.kill()
    store.start()
    got = s3.get_object(Bucket="state", Key="old")
    assert (got["Body"].read(), got["Metadata"]) == (LARGE, {"a": "b"})
    assert len(list((store.root / "bodies").iterdir())) == 1


def test_who_hangs_up_has_put_nothing(store: Store, refused: Refused) -> None:
    s3 = client(store.address)
    link = s3.generate_presigned_url("put_object", Params={"Bucket": "state", "Key": "k"})
    half = http.client.HTTPConnection("127.0.0.1", store.port)
    half.putrequest("PUT", link.removeprefix(store.address))
    half.putheader("Content-Length", "1000")
    half.endheaders(b"half")
    half.close()
    assert refused(s3.get_object, Bucket="state", Key="k") == "404 NoSuchKey"


def put_after(address: str, etag: str, number: int) -> bool:
    from botocore.exceptions import ClientError

    try:
        own = client.__wrapped__(address)  # a connection that another process began is not to be used
        own.put_object(Bucket="state", Key="k", Body=str(number).encode(), IfMatch=etag)
    except ClientError:
        return False
    return True


def test_of_several_processes_one_wins(store: Store) -> None:
    etag = client(store.address).put_object(Bucket="state", Key="k", Body=b"first")["ETag"]
    with ProcessPoolExecutor(3) as processes:
        won = list(processes.map(put_after, [store.address] * 6, [etag] * 6, range(6)))
    assert won.count(True) == 1


class TestWhoAsks:
    @pytest.fixture
    def address(self, tmp_path: Path) -> Iterator[str]:
        tests = Key(access="tests", secret="hidden", buckets=frozenset({"artifacts"}))
        keys = [DEMO_KEY, tests, Key(access="reader", secret="hidden", only_reads=True)]
        with serve(tmp_path, keys=keys) as address:
            for name in ("state", "artifacts"):
                client(address).create_bucket(Bucket=name)
            yield address

    @pytest.mark.parametrize(
        ("access", "secret", "bucket", "answer"),
        [
            pytest.param("tests", "hidden", "artifacts", "404 NoSuchKey", id="its own bucket"),
            pytest.param("tests", "hidden", "state", "403 AccessDenied", id="another bucket"),
            pytest.param("tests", "guessed", "artifacts", "403 SignatureDoesNotMatch", id="a wrong secret"),
            pytest.param("nobody", "hidden", "artifacts", "403 InvalidAccessKeyId", id="an unknown key"),
        ],
    )
    def test_keys(self, address: str, refused: Refused, access: str, secret: str, bucket: str, answer: str) -> None:
        s3 = client(address, access, secret)
        assert refused(s3.get_object, Bucket=bucket, Key="k") == answer

    def test_a_key_that_only_reads(self, address: str, refused: Refused) -> None:
        client(address).put_object(Bucket="state", Key="k", Body=b"x")
        s3 = client(address, "reader", "hidden")
        assert s3.get_object(Bucket="state", Key="k")["Body"].read() == b"x"
        assert refused(s3.put_object, Bucket="state", Key="k", Body=b"y") == "403 AccessDenied"
        assert refused(s3.delete_object, Bucket="state", Key="k") == "403 AccessDenied"

    def test_nobody(self, address: str) -> None:
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(f"{address}/artifacts/k")

    def test_a_key_does_not_copy_out_of_another_bucket(self, address: str, refused: Refused) -> None:
        client(address).put_object(Bucket="state", Key="k", Body=b"x")
        s3 = client(address, "tests", "hidden")
        source = {"Bucket": "state", "Key": "k"}
        assert refused(s3.copy_object, Bucket="artifacts", Key="k", CopySource=source) == "403 AccessDenied"

    def test_a_link_is_for_one_object(self, address: str) -> None:
        link = client(address).generate_presigned_url("get_object", Params={"Bucket": "artifacts", "Key": "k"})
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(link.replace("/artifacts/k", "/state/k"))


class TestWhereMotoIsWrong:
    """What S3 does and moto does not: a page of the old listing that ends with a folder, an upload given up."""

    @pytest.fixture
    def s3(self, on_disk: str) -> Client:
        s3 = client(on_disk)
        s3.create_bucket(Bucket="other")
        return s3

    def test_old_listing(self, s3: Client) -> None:
        for key in ("a", "b/1", "b/2", "c/1", "d"):
            s3.put_object(Bucket="other", Key=key, Body=b"x")
        pages = list(
            s3.get_paginator("list_objects").paginate(Bucket="other", Delimiter="/", PaginationConfig={"PageSize": 2})
        )
        assert [[entry["Key"] for entry in page.get("Contents", ())] for page in pages] == [["a"], ["d"]]
        assert [[entry["Prefix"] for entry in page["CommonPrefixes"]] for page in pages] == [["b/"], ["c/"]]

    def test_upload_given_up(self, s3: Client, refused: Refused) -> None:
        upload = s3.create_multipart_upload(Bucket="other", Key="k")
        name = {"Bucket": "other", "Key": "k", "UploadId": upload["UploadId"]}
        s3.upload_part(**name, PartNumber=1, Body=b"x")
        s3.abort_multipart_upload(**name)
        assert refused(s3.upload_part, **name, PartNumber=2, Body=b"x") == "404 NoSuchUpload"
        assert refused(s3.get_object, Bucket="other", Key="k") == "404 NoSuchKey"

    def test_parts_that_never_came(self, s3: Client, refused: Refused) -> None:
        upload = s3.create_multipart_upload(Bucket="other", Key="k")
        name = {"Bucket": "other", "Key": "k", "UploadId": upload["UploadId"]}
        parts = {"Parts": [{"PartNumber": 1, "ETag": '"0"'}]}
        assert refused(s3.complete_multipart_upload, **name, MultipartUpload=parts) == "400 InvalidPart"


def test_a_link_ends() -> None:
    now = datetime(2026, 11, 25, tzinfo=UTC)
    query = {
        "X-Amz-Date": "20261124T235800Z",
        "X-Amz-Expires": "60",
        "X-Amz-Credential": "cutwater/20261124/us-east-1/s3/aws4_request",
        "X-Amz-SignedHeaders": "host",
        "X-Amz-Signature": "0",
    }
    asked = Asked(method="GET", path="/b/k", query=tuple(query.items()), headers={"host": "x"})
    keys = {DEMO_KEY.access: DEMO_KEY}
    with pytest.raises(Refusal, match="expired"):
        identify(asked, keys, now)
    with pytest.raises(Refusal, match="does not match"):
        identify(asked, keys, now - timedelta(minutes=2))


@pytest.mark.parametrize("size", [1, 3, 1000])
async def test_a_chunked_body_is_taken_apart(size: int) -> None:
    whole = b"5;chunk-signature=aa\r\nhello\r\n3\r\n\r\nx\r\n0;chunk-signature=bb\r\nx-amz-checksum-crc32:AAAA\r\n\r\n"

    async def arriving() -> AsyncIterator[bytes]:
        for start in range(0, len(whole), size):
            yield whole[start : start + size]

    assert b"".join([piece async for piece in unchunked(arriving())]) == b"hello\r\nx"
