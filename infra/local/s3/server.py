"""The S3 API over buckets on disk: path-style addresses, what cutwater and the usual clients call."""

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import IO
from urllib.parse import parse_qsl, unquote

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from infra.local.s3 import wire
from infra.local.s3.body import Incoming
from infra.local.s3.disk import Condition, Disk, Refusal, Stored, after
from infra.local.s3.signature import UNSIGNED, Asked, Key, identify

PAGE = 1000
CHUNK = 256 * 1024
LARGEST_DOCUMENT = 4 * 1024 * 1024
"""Bytes of XML that a request may bring."""

DEMO_KEY = Key(access="cutwater", secret="cutwater-local")  # noqa: S106 - for one machine's loopback


def utc_now() -> datetime:
    return datetime.now(UTC)


class S3:
    """An ASGI application: the buckets below `root`, for who holds one of `keys`."""

    def __init__(
        self, root: Path, keys: Iterable[Key] = (DEMO_KEY,), *, clock: Callable[[], datetime] = utc_now
    ) -> None:
        self.disk = Disk(root)
        self._keys = {key.access: key for key in keys}
        self._clock = clock

    def make_bucket(self, name: str) -> None:
        """Make the bucket unless it is there."""
        self.disk.make_bucket(name, self._now())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        is_read = False

        async def read() -> Message:
            nonlocal is_read
            message = await receive()
            is_read = not message.get("more_body")
            return message

        request = Request(scope, read)
        try:
            answer = await self._answer(request)
        except ClientDisconnect:
            return
        except Refusal as refusal:
            body = b"" if request.method == "HEAD" else wire.error(refusal, scope["path"])
            answer = Response(body, refusal.status, media_type="application/xml")
            if request.method in {"PUT", "POST"} and not is_read:
                answer.headers["Connection"] = "close"  # a body that nobody read must not pass for the next request
        answer.headers["Date"] = wire.http_date(self._now())
        await answer(scope, receive, send)

    def _now(self) -> float:
        return self._clock().timestamp()

    async def _answer(self, request: Request) -> Response:
        bucket, _, key = request.scope["path"].lstrip("/").partition("/")
        query = parse_qsl(request.scope["query_string"].decode(), keep_blank_values=True)
        asked = Asked(
            method=request.method,
            path=request.scope["raw_path"].decode().partition("?")[0],
            query=tuple(query),
            headers=request.headers,
        )
        who = identify(asked, self._keys, self._clock())
        call = Call(self.disk, request, who, bucket, key, dict(query), self._now())
        if not bucket:
            return call.list_buckets([(name, made) for name, made in self.disk.buckets() if who.opens(name)])
        call.check_right(bucket)
        subresource = next((name for name in SUBRESOURCES if name in call.query), "")
        handler = (OBJECT_CALLS if key else BUCKET_CALLS).get((request.method, subresource))
        if handler is None:
            words = "A header or query you provided implies functionality that is not implemented"
            raise Refusal("NotImplemented", words, 501)
        return await handler(call)


class Call:
    """One request to a bucket or to an object in it."""

    def __init__(
        self, disk: Disk, request: Request, who: Key, bucket: str, key: str, query: Mapping[str, str], now: float
    ) -> None:
        self.disk, self.request, self.bucket, self.key, self.query, self.now = disk, request, bucket, key, query, now
        self.who, self.headers = who, request.headers

    def check_right(self, bucket: str) -> None:
        """Raises Refusal where the key does not open the bucket, or not for this."""
        if not (self.who.opens(bucket) and self.who.may(self.request.method)):
            raise Refusal("AccessDenied", "Access Denied", 403)

    # -- buckets

    def list_buckets(self, found: Iterable[tuple[str, float]]) -> Response:
        return _xml(wire.buckets(found))

    async def make_bucket(self) -> Response:
        self.disk.make_bucket(self.bucket, self.now)
        return Response(headers={"Location": f"/{self.bucket}"})

    async def head_bucket(self) -> Response:
        self.disk.check_bucket(self.bucket)
        return Response()

    async def delete_bucket(self) -> Response:
        self.disk.delete_bucket(self.bucket)
        return Response(status_code=204)

    async def location(self) -> Response:
        self.disk.check_bucket(self.bucket)
        return _xml(wire.document("LocationConstraint"))

    async def versioning(self) -> Response:
        self.disk.check_bucket(self.bucket)
        return _xml(wire.document("VersioningConfiguration"))

    async def list_objects(self) -> Response:
        query, prefix, delimiter = self.query, self.query.get("prefix", ""), self.query.get("delimiter", "")
        limit = min(_number(query.get("max-keys", str(PAGE)), "max-keys"), PAGE)
        page = self.disk.page(self.bucket, prefix, delimiter, _start(query, prefix, delimiter), limit)
        if query.get("list-type") == "2":
            token = base64.urlsafe_b64encode(page.following.encode()).decode()
        else:
            token = max([*page.folders[-1:], *(found.key for found in page.objects[-1:])], default="")
        return _xml(wire.listing(self.bucket, query, page, limit=limit, token=token))

    async def delete_objects(self) -> Response:
        answers = []
        for (key,) in wire.texts(await self._document(), "Object", "Key"):
            self.disk.delete(self.bucket, key)
            answers.append(f"<Deleted>{wire.element('Key', key)}</Deleted>")
        return _xml(wire.document("DeleteResult", *answers))

    # -- objects

    async def get_object(self) -> Response:
        found = self.disk.get(self.bucket, self.key)
        headers = {"content-type": "binary/octet-stream", **found.headers, **_identity(found), "accept-ranges": "bytes"}
        headers |= {
            name: self.query[f"response-{name}"] for name in wire.KEPT_HEADERS if f"response-{name}" in self.query
        }
        if _is_unchanged(self.headers, found):
            return Response(status_code=304, headers=_identity(found))
        span = wire.span(self.headers.get("range", ""), found.size)
        start, end = span or (0, found.size)
        headers["content-length"] = str(end - start)
        if span:
            headers["content-range"] = f"bytes {start}-{end - 1}/{found.size}"
        status = 206 if span else 200
        if self.request.method == "HEAD":
            return Response(status_code=status, headers=headers)
        if (file := found.open()) is not None:
            return StreamingResponse(_pieces(file, start, end), status, headers=headers)
        return Response((found.body or b"")[start:end], status, headers=headers)

    async def put_object(self) -> Response:
        if "x-amz-copy-source" in self.headers:
            return await self._copy_object()
        body = await self._body()
        etag = self.disk.put(
            self.bucket, self.key, body, _kept(self.headers), self.now, condition=_condition(self.headers)
        )
        return Response(headers={"ETag": etag})

    async def delete_object(self) -> Response:
        self.disk.delete(self.bucket, self.key, condition=Condition(if_match=self.headers.get("if-match", "")))
        return Response(status_code=204)

    async def _copy_object(self) -> Response:
        source, name = unquote(self.headers["x-amz-copy-source"]).lstrip("/").partition("/")[::2]
        self.check_right(source)
        found = self.disk.get(source, name)
        body = self.disk.incoming()
        if (file := found.open()) is not None:
            async for piece in _pieces(file, 0, found.size):
                body.write(piece)
        else:
            body.write(found.body or b"")
        is_new = self.headers.get("x-amz-metadata-directive", "COPY") == "REPLACE"
        kept = _kept(self.headers) if is_new else found.headers
        etag = self.disk.put(self.bucket, self.key, body, kept, self.now, condition=_condition(self.headers))
        parts = wire.element("LastModified", wire.iso(self.now)), wire.element("ETag", etag)
        return _xml(wire.document("CopyObjectResult", *parts))

    # -- objects in parts

    async def begin_upload(self) -> Response:
        upload = self.disk.begin(self.bucket, self.key, _kept(self.headers))
        return _xml(wire.document("InitiateMultipartUploadResult", *self._name(), wire.element("UploadId", upload)))

    async def add_part(self) -> Response:
        number = _number(self.query.get("partNumber", ""), "partNumber")
        body = await self._body()
        etag = self.disk.add_part(self.bucket, self.key, self.query["uploadId"], number, body)
        return Response(headers={"ETag": etag})

    async def complete_upload(self) -> Response:
        upload = self.query["uploadId"]
        chosen = wire.texts(await self._document(), "Part", "PartNumber", "ETag")
        numbered = [(_number(number, "PartNumber"), etag) for number, etag in chosen]
        assembly, headers = self.disk.chosen(self.bucket, self.key, upload, numbered)
        body = self.disk.incoming()
        await asyncio.to_thread(body.join, assembly.files)
        condition = _condition(self.headers)
        etag = self.disk.put(self.bucket, self.key, body, headers, self.now, condition=condition, etag=assembly.etag)
        self.disk.abort(self.bucket, self.key, upload)
        return _xml(wire.document("CompleteMultipartUploadResult", *self._name(), wire.element("ETag", etag)))

    async def abort_upload(self) -> Response:
        self.disk.abort(self.bucket, self.key, self.query["uploadId"])
        return Response(status_code=204)

    # -- bodies

    def _name(self) -> tuple[str, str]:
        return wire.element("Bucket", self.bucket), wire.element("Key", self.key)

    async def _body(self) -> Incoming:
        """The whole body, checked against what the request says of it. Raises Refusal."""
        self.disk.check_bucket(self.bucket)
        digest = self.headers.get("x-amz-content-sha256", UNSIGNED)
        stream: AsyncIterator[bytes] = self.request.stream()
        if digest.startswith("STREAMING-") or "aws-chunked" in self.headers.get("content-encoding", ""):
            stream = wire.unchunked(stream)
        body = self.disk.incoming()
        try:
            async for chunk in stream:
                body.write(chunk)
            if len(digest) == 64 and body.sha256.hexdigest() != digest:
                words = "The provided 'x-amz-content-sha256' header does not match what was computed."
                raise Refusal("XAmzContentSHA256Mismatch", words, 400)
            wanted = self.headers.get("content-md5")
            if wanted is not None and base64.b64encode(body.md5.digest()).decode() != wanted:
                words = "The Content-MD5 you specified did not match what we received."
                raise Refusal("BadDigest", words, 400)
        except BaseException:
            body.throw_away()
            raise
        return body

    async def _document(self) -> bytes:
        pieces = bytearray()
        async for chunk in self.request.stream():
            pieces += chunk
            if len(pieces) > LARGEST_DOCUMENT:
                raise Refusal("MaxMessageLengthExceeded", "Your request was too large.", 400)
        return bytes(pieces)


Handler = Callable[[Call], Awaitable[Response]]

SUBRESOURCES = (
    *("uploadId", "uploads", "delete", "location", "versioning", "lifecycle"),
    *("acl", "cors", "encryption", "object-lock", "policy", "retention", "tagging", "versions", "website"),
)
"""What a query may name beside the bucket or object itself; those without a call below are refused."""

BUCKET_CALLS: Mapping[tuple[str, str], Handler] = {
    ("PUT", ""): Call.make_bucket,
    ("HEAD", ""): Call.head_bucket,
    ("GET", ""): Call.list_objects,
    ("DELETE", ""): Call.delete_bucket,
    ("GET", "location"): Call.location,
    ("GET", "versioning"): Call.versioning,
    ("POST", "delete"): Call.delete_objects,
}
OBJECT_CALLS: Mapping[tuple[str, str], Handler] = {
    ("GET", ""): Call.get_object,
    ("HEAD", ""): Call.get_object,
    ("PUT", ""): Call.put_object,
    ("DELETE", ""): Call.delete_object,
    ("POST", "uploads"): Call.begin_upload,
    ("PUT", "uploadId"): Call.add_part,
    ("POST", "uploadId"): Call.complete_upload,
    ("DELETE", "uploadId"): Call.abort_upload,
}


def _xml(body: bytes) -> Response:
    return Response(body, media_type="application/xml")


def _number(text: str, name: str) -> int:
    if not text.isdecimal():
        raise Refusal("InvalidArgument", f"{name} is not a whole number", 400)
    return int(text)


def _start(query: Mapping[str, str], prefix: str, delimiter: str) -> str:
    """The first key that a listing may show."""
    if token := query.get("continuation-token"):
        try:
            return base64.urlsafe_b64decode(token).decode()
        except ValueError:
            raise Refusal("InvalidArgument", "The continuation token provided is incorrect", 400) from None
    marker = query.get("start-after" if query.get("list-type") == "2" else "marker", "")
    if "marker" in query and delimiter and marker.startswith(prefix) and marker.endswith(delimiter):
        return after(marker)  # the page before ended with this folder
    return marker and marker + "\0"


def _kept(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers of a put that a get gives back."""
    kept = {
        name: value for name, value in headers.items() if name in wire.KEPT_HEADERS or name.startswith("x-amz-meta-")
    }
    encodings = [part.strip() for part in kept.pop("content-encoding", "").split(",")]
    encoding = ",".join(part for part in encodings if part and part != "aws-chunked")
    return kept | ({"content-encoding": encoding} if encoding else {})


def _condition(headers: Mapping[str, str]) -> Condition:
    return Condition(if_none_match=headers.get("if-none-match", ""), if_match=headers.get("if-match", ""))


def _identity(found: Stored) -> dict[str, str]:
    return {"etag": found.etag, "last-modified": wire.http_date(found.modified)}


def _is_unchanged(headers: Mapping[str, str], found: Stored) -> bool:
    """Whether the reader has this object already. Raises Refusal where it asks for another one."""
    Condition(if_match=headers.get("if-match", "")).check(found.etag)
    if known := headers.get("if-none-match"):
        return known == "*" or found.etag in {tag.strip() for tag in known.split(",")} or known == found.etag.strip('"')
    since = _moment(headers.get("if-modified-since"))
    return since is not None and int(found.modified) <= since


def _moment(header: str | None) -> float | None:
    try:
        return parsedate_to_datetime(header).timestamp() if header else None
    except ValueError:
        return None


async def _pieces(file: IO[bytes], start: int, end: int) -> AsyncIterator[bytes]:
    with file:
        file.seek(start)
        while start < end and (piece := file.read(min(CHUNK, end - start))):
            start += len(piece)
            yield piece
