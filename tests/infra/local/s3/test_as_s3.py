"""What S3 answers: the same cases on our store and on moto's."""

import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.infra.local.s3.conftest import Client, Refused

LARGE = bytes(range(256)) * 1024  # more than what lies in the database


def keys(page: dict[str, Any]) -> list[str]:
    return [entry["Key"] for entry in page.get("Contents", ())]


def folders(page: dict[str, Any]) -> list[str]:
    return [entry["Prefix"] for entry in page.get("CommonPrefixes", ())]


@pytest.mark.parametrize("body", [b"", b"small", LARGE], ids=["empty", "small", "large"])
def test_what_is_put_is_got(s3: Client, bucket: str, body: bytes) -> None:
    put = s3.put_object(Bucket=bucket, Key="a/b.txt", Body=body)
    got = s3.get_object(Bucket=bucket, Key="a/b.txt")
    assert got["Body"].read() == body
    assert (got["ETag"], got["ContentLength"]) == (put["ETag"], len(body))
    assert got["ContentType"] == "binary/octet-stream"
    assert s3.head_object(Bucket=bucket, Key="a/b.txt")["ContentLength"] == len(body)


@pytest.mark.parametrize("key", ["a b", "ü/ö", "a//b", "a+b&c=d", "(1)~*'!", "a%2Fb", "x/"])
def test_keys_are_what_they_are(s3: Client, bucket: str, key: str) -> None:
    s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == key.encode()
    assert keys(s3.list_objects_v2(Bucket=bucket)) == [key]


def test_headers_are_kept(s3: Client, bucket: str) -> None:
    kept = {
        "ContentType": "text/plain; charset=utf-8",
        "ContentEncoding": "gzip",
        "CacheControl": "no-cache",
        "ContentDisposition": "inline",
        "Metadata": {"pull": "123", "repo-commit": "abc"},
    }
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", **kept)
    for answer in (s3.get_object(Bucket=bucket, Key="k"), s3.head_object(Bucket=bucket, Key="k")):
        assert {name: answer[name] for name in kept} == kept


def test_the_clock_of_the_store_is_told(s3: Client, bucket: str) -> None:
    put = s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    got = s3.get_object(Bucket=bucket, Key="k")
    assert "date" in put["ResponseMetadata"]["HTTPHeaders"]
    assert abs(got["LastModified"].timestamp() - time.time()) < 60


@pytest.mark.parametrize("body", [b"0123456789", LARGE], ids=["small", "large"])
@pytest.mark.parametrize(
    ("asked", "part"),
    [
        pytest.param("bytes=2-4", slice(2, 5), id="from to"),
        pytest.param("bytes=7-", slice(7, None), id="to the end"),
        pytest.param("bytes=-3", slice(-3, None), id="the last ones"),
        pytest.param("bytes=0-99999999", slice(None), id="beyond the end"),
    ],
)
def test_ranges(s3: Client, bucket: str, body: bytes, asked: str, part: slice) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=body)
    got = s3.get_object(Bucket=bucket, Key="k", Range=asked)
    assert got["Body"].read() == body[part]
    assert got["ResponseMetadata"]["HTTPStatusCode"] == 206
    start, end, _ = part.indices(len(body))
    assert got["ContentRange"] == f"bytes {start}-{end - 1}/{len(body)}"


def test_a_range_behind_the_end(s3: Client, bucket: str, refused: Refused) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"0123456789")
    assert refused(s3.get_object, Bucket=bucket, Key="k", Range="bytes=10-") == "416 InvalidRange"


class TestWhatIsMissing:
    @pytest.mark.parametrize(
        ("operation", "answer"),
        [("get_object", "404 NoSuchKey"), ("head_object", "404 404")],
    )
    def test_key(self, s3: Client, bucket: str, refused: Refused, operation: str, answer: str) -> None:
        assert refused(getattr(s3, operation), Bucket=bucket, Key="none") == answer

    @pytest.mark.parametrize(
        ("operation", "arguments"),
        [
            ("get_object", {"Key": "k"}),
            ("put_object", {"Key": "k", "Body": b"x"}),
            ("delete_object", {"Key": "k"}),
            ("list_objects_v2", {}),
            ("create_multipart_upload", {"Key": "k"}),
        ],
    )
    def test_bucket(self, s3: Client, refused: Refused, operation: str, arguments: dict[str, Any]) -> None:
        assert refused(getattr(s3, operation), Bucket="nowhere", **arguments) == "404 NoSuchBucket"

    def test_deleting_it_is_no_error(self, s3: Client, bucket: str) -> None:
        assert s3.delete_object(Bucket=bucket, Key="none")["ResponseMetadata"]["HTTPStatusCode"] == 204


class TestConditions:
    def test_put_if_absent(self, s3: Client, bucket: str, refused: Refused) -> None:
        s3.put_object(Bucket=bucket, Key="k", Body=b"1", IfNoneMatch="*")
        again = refused(s3.put_object, Bucket=bucket, Key="k", Body=b"2", IfNoneMatch="*")
        assert again == "412 PreconditionFailed"
        assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"1"

    def test_put_if_unchanged(self, s3: Client, bucket: str, refused: Refused) -> None:
        first = s3.put_object(Bucket=bucket, Key="k", Body=b"1")["ETag"]
        s3.put_object(Bucket=bucket, Key="k", Body=b"2", IfMatch=first)
        late = refused(s3.put_object, Bucket=bucket, Key="k", Body=b"3", IfMatch=first)
        assert late == "412 PreconditionFailed"
        assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"2"

    def test_put_if_unchanged_but_it_is_gone(self, s3: Client, bucket: str, refused: Refused) -> None:
        etag = s3.put_object(Bucket=bucket, Key="k", Body=b"1")["ETag"]
        s3.delete_object(Bucket=bucket, Key="k")
        assert refused(s3.put_object, Bucket=bucket, Key="k", Body=b"2", IfMatch=etag) == "404 NoSuchKey"

    def test_get_unless_known(self, s3: Client, bucket: str, refused: Refused) -> None:
        etag = s3.put_object(Bucket=bucket, Key="k", Body=b"1")["ETag"]
        assert refused(s3.get_object, Bucket=bucket, Key="k", IfNoneMatch=etag).startswith("304")
        assert refused(s3.get_object, Bucket=bucket, Key="k", IfMatch='"other"') == "412 PreconditionFailed"


class TestListing:
    @pytest.fixture(autouse=True)
    def objects(self, s3: Client, bucket: str) -> None:
        for key in ("a", "b/1", "b/2", "b/c/3", "d/4", "e"):
            s3.put_object(Bucket=bucket, Key=key, Body=b"x")

    @pytest.mark.parametrize(
        ("asked", "found", "beside"),
        [
            pytest.param({}, ["a", "b/1", "b/2", "b/c/3", "d/4", "e"], [], id="all"),
            pytest.param({"Prefix": "b/"}, ["b/1", "b/2", "b/c/3"], [], id="below a prefix"),
            pytest.param({"Delimiter": "/"}, ["a", "e"], ["b/", "d/"], id="one level"),
            pytest.param({"Prefix": "b/", "Delimiter": "/"}, ["b/1", "b/2"], ["b/c/"], id="one level below"),
            pytest.param({"StartAfter": "b/2"}, ["b/c/3", "d/4", "e"], [], id="after a key"),
            pytest.param({"Prefix": "zz"}, [], [], id="nothing"),
        ],
    )
    def test_v2(self, s3: Client, bucket: str, asked: dict[str, str], found: list[str], beside: list[str]) -> None:
        page = s3.list_objects_v2(Bucket=bucket, **asked)
        assert (keys(page), folders(page), page["IsTruncated"]) == (found, beside, False)
        assert page["KeyCount"] == len(found) + len(beside)

    @pytest.mark.parametrize("delimiter", ["", "/"])
    @pytest.mark.parametrize("size", [1, 2, 3, 4])
    def test_pages(self, s3: Client, bucket: str, delimiter: str, size: int) -> None:
        options = {"Delimiter": delimiter} if delimiter else {}
        pages = list(
            s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, PaginationConfig={"PageSize": size}, **options)
        )
        whole = s3.list_objects_v2(Bucket=bucket, **options)
        assert [key for page in pages for key in keys(page)] == keys(whole)
        assert [folder for page in pages for folder in folders(page)] == folders(whole)
        assert all(page["KeyCount"] == size for page in pages[:-1])

    def test_v1(self, s3: Client, bucket: str) -> None:
        page = s3.list_objects(Bucket=bucket, Delimiter="/")
        assert (keys(page), folders(page), page["IsTruncated"]) == (["a", "e"], ["b/", "d/"], False)

    def test_entries(self, s3: Client, bucket: str) -> None:
        entry = s3.list_objects_v2(Bucket=bucket)["Contents"][0]
        head = s3.head_object(Bucket=bucket, Key="a")
        assert (entry["ETag"], entry["Size"], entry["LastModified"]) == (head["ETag"], 1, head["LastModified"])


class TestParts:
    def test_an_object_in_parts(self, s3: Client, bucket: str) -> None:
        first, second = b"1" * (5 * 1024 * 1024), b"2" * 1000
        upload = s3.create_multipart_upload(Bucket=bucket, Key="k", ContentType="text/plain", Metadata={"a": "b"})
        name = {"Bucket": bucket, "Key": "k", "UploadId": upload["UploadId"]}
        etags = [s3.upload_part(**name, PartNumber=n, Body=part)["ETag"] for n, part in ((1, first), (2, second))]
        parts = [{"PartNumber": n, "ETag": etag} for n, etag in enumerate(etags, 1)]
        done = s3.complete_multipart_upload(**name, MultipartUpload={"Parts": parts})
        got = s3.get_object(Bucket=bucket, Key="k")
        assert got["Body"].read() == first + second
        assert got["ETag"] == done["ETag"]
        assert done["ETag"].endswith('-2"')
        assert (got["ContentType"], got["Metadata"]) == ("text/plain", {"a": "b"})


def test_a_link_needs_no_credentials(s3: Client, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="a b/ü.txt", Body=b"hello", ContentType="text/plain")
    link = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "a b/ü.txt"}, ExpiresIn=60)
    with urllib.request.urlopen(link) as answer:
        assert (answer.read(), answer.headers["Content-Type"]) == (b"hello", "text/plain")


def test_a_link_may_name_headers(s3: Client, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"hello")
    wanted = {"Bucket": bucket, "Key": "k", "ResponseContentType": "text/html"}
    with urllib.request.urlopen(s3.generate_presigned_url("get_object", Params=wanted)) as answer:
        assert answer.headers["Content-Type"] == "text/html"


def test_copies(s3: Client, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="from/ü", Body=LARGE, Metadata={"a": "b"})
    s3.copy_object(Bucket=bucket, Key="to", CopySource={"Bucket": bucket, "Key": "from/ü"})
    got = s3.get_object(Bucket=bucket, Key="to")
    assert (got["Body"].read(), got["Metadata"]) == (LARGE, {"a": "b"})


def test_many_are_deleted_at_once(s3: Client, bucket: str) -> None:
    for key in ("a", "b&c", "d"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "a"}, {"Key": "b&c"}, {"Key": "none"}]})
    assert keys(s3.list_objects_v2(Bucket=bucket)) == ["d"]


def test_buckets(s3: Client, bucket: str, refused: Refused) -> None:
    assert bucket in [found["Name"] for found in s3.list_buckets()["Buckets"]]
    s3.head_bucket(Bucket=bucket)
    assert "Status" not in s3.get_bucket_versioning(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    assert refused(s3.delete_bucket, Bucket=bucket) == "409 BucketNotEmpty"
    s3.delete_object(Bucket=bucket, Key="k")
    s3.delete_bucket(Bucket=bucket)
    assert refused(s3.head_bucket, Bucket=bucket) == "404 404"


def test_one_of_many_wins(s3: Client, bucket: str) -> None:
    from botocore.exceptions import ClientError

    def put(number: int) -> int:
        try:
            s3.put_object(Bucket=bucket, Key="k", Body=str(number).encode(), IfNoneMatch="*")
        except ClientError:
            return -1
        return number

    with ThreadPoolExecutor(8) as threads:
        won = [number for number in threads.map(put, range(24)) if number >= 0]
    assert len(won) == 1
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == str(won[0]).encode()
