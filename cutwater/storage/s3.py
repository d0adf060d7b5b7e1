"""A bucket of any S3-compatible service, by boto3's own core, botocore: boto3 adds nothing to a client but start-up.

It blocks: its calls run in threads, here alone.
"""

import asyncio
import functools
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from cutwater.errors import Later, Refused
from cutwater.storage.store import Entry, Stored, Taken

CALL_SECONDS = 15
"""No call to the store lasts longer: a lease of 60 seconds must outlive it."""


class S3Store:
    """One bucket. `options` go to its client (endpoint_url, region_name, keys); the rest is boto3's own chain."""

    def __init__(self, bucket: str, **options: str) -> None:
        self.bucket = bucket
        self._options = options

    @functools.cached_property
    def _client(self) -> Any:
        from botocore.config import Config  # a fifth of a second: only where storage is used
        from botocore.session import get_session

        from cutwater.storage.models import Models

        config = Config(
            signature_version="s3v4",
            connect_timeout=5,
            read_timeout=CALL_SECONDS,
            retries={"total_max_attempts": 2},
            s3={"addressing_style": "path" if "endpoint_url" in self._options else "auto"},
            max_pool_connections=32,
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        session = get_session()
        session.register_component("data_loader", Models())
        return session.create_client("s3", config=config, **self._options)

    async def _call(self, operation: str, **arguments: Any) -> Any:
        return await asyncio.to_thread(self._ask, operation, arguments)

    def _ask(self, operation: str, arguments: Mapping[str, Any]) -> Any:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return getattr(self._client, operation)(Bucket=self.bucket, **arguments)
        except ClientError as error:
            raise _no(error.response, self.bucket, arguments) from error
        except BotoCoreError as error:
            raise Later(f"bucket {self.bucket} does not answer: {type(error).__name__}") from error

    async def get(self, key: str, *, start: int | None = None, end: int | None = None) -> Stored | None:
        try:
            answer = await asyncio.to_thread(self._read, key, _range(start, end))
        except _Absent:
            return None
        return answer

    def _read(self, key: str, span: str) -> Stored:
        try:
            answer = self._ask("get_object", {"Key": key} | ({"Range": span} if span else {}))
        except _BeyondEnd:
            return _stored(key, self._ask("head_object", {"Key": key}), b"")
        return _stored(key, answer, answer["Body"].read())

    async def head(self, key: str) -> Stored | None:
        try:
            return _stored(key, await self._call("head_object", Key=key), b"")
        except _Absent:
            return None

    async def put(
        self,
        key: str,
        body: bytes,
        *,
        if_absent: bool = False,
        if_match: str | None = None,
        content_type: str = "application/octet-stream",
        content_encoding: str = "",
        metadata: Mapping[str, str] | None = None,
    ) -> Stored:
        arguments: dict[str, Any] = {"Key": key, "Body": body, "ContentType": content_type}
        if if_absent:
            arguments["IfNoneMatch"] = "*"
        if if_match is not None:
            arguments["IfMatch"] = if_match
        if content_encoding:
            arguments["ContentEncoding"] = content_encoding
        if metadata:
            arguments["Metadata"] = dict(metadata)
        try:
            answer = await self._call("put_object", **arguments)
        except _Absent as error:  # what if_match names is gone
            raise Taken(key) from error
        return Stored(key=key, etag=answer["ETag"], date=_date(answer), body=body, size=len(body))

    async def delete(self, key: str) -> None:
        await self._call("delete_object", Key=key)

    async def list(self, prefix: str, *, after: str = "", delimiter: str = "") -> AsyncIterator[Entry]:
        arguments = {"Prefix": prefix} | ({"StartAfter": after} if after else {})
        if delimiter:
            arguments["Delimiter"] = delimiter
        while True:
            page = await self._call("list_objects_v2", **arguments)
            folders = [Entry(key=found["Prefix"]) for found in page.get("CommonPrefixes", ())]
            files = [Entry(key=o["Key"], size=o["Size"], modified=o["LastModified"]) for o in page.get("Contents", ())]
            for entry in sorted(folders + files, key=lambda e: e.key):
                yield entry
            if not page.get("IsTruncated"):
                return
            arguments["ContinuationToken"] = page["NextContinuationToken"]

    async def link(self, key: str, *, seconds: int) -> str:
        def sign() -> str:
            address: str = self._client.generate_presigned_url(
                "get_object", Params={"Bucket": self.bucket, "Key": key}, ExpiresIn=seconds
            )
            return address

        return await asyncio.to_thread(sign)


class _Absent(Exception):
    """There is no such object."""


class _BeyondEnd(Exception):
    """The range lies behind the end of the object."""


def _no(answer: Mapping[str, Any], bucket: str, arguments: Mapping[str, Any]) -> Exception:
    """What the service's refusal means to us."""
    status, error = answer["ResponseMetadata"]["HTTPStatusCode"], answer.get("Error", {})
    code = error.get("Code", "")
    key = arguments.get("Key", "")
    if code == "NoSuchBucket":
        return Refused(f"bucket {bucket} does not exist")
    if status == 412 or code in {"PreconditionFailed", "ConditionalRequestConflict"}:
        return Taken(key)
    if status == 404:
        return _Absent(key)
    if status == 416:
        return _BeyondEnd(key)
    if status in {408, 409, 429} or status >= 500:
        return Later(f"bucket {bucket} answers {status} {code}")
    return Refused(f"bucket {bucket} refuses {key}: {status} {code} {error.get('Message', '')}".strip())


def _stored(key: str, answer: Mapping[str, Any], body: bytes) -> Stored:
    span = answer.get("ContentRange", "")
    return Stored(
        key=key,
        etag=answer["ETag"],
        date=_date(answer),
        body=body,
        size=int(span.rpartition("/")[2]) if span else answer["ContentLength"],
        modified=answer.get("LastModified"),
        content_type=answer.get("ContentType", ""),
        content_encoding=answer.get("ContentEncoding", ""),
        metadata=answer.get("Metadata", {}),
    )


def _date(answer: Mapping[str, Any]) -> datetime:
    """The store's clock, from the Date header that every S3 answer has. Whole seconds, always UTC."""
    return parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"]).replace(tzinfo=UTC)


def _range(start: int | None, end: int | None) -> str:
    if start is None and end is None:
        return ""
    if start is not None and start < 0:
        return f"bytes={start}"
    return f"bytes={start or 0}-{'' if end is None else end - 1}"
