"""Where the files of a run are written: a bucket of any S3-compatible service, or a folder.

botocore is imported when the first object is written: nothing else needs its time.
Source of the credentials' form: sigs.k8s.io/prow pkg/io/providers.
"""

import io
import os
import shutil
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, Protocol
from urllib.parse import quote

from msgspec import Struct, field

from cutwater.errors import Refused
from cutwater.podutils import files, gojson, opening, paths, sniffing
from cutwater.podutils.censor import Readable
from cutwater.podutils.options import UploadOptions

_PART = 5 * 1024 * 1024
"""Bytes up to which an object is written by one request. What is larger goes in parts of so many: S3's least."""
_CALL_SECONDS = 60


Through = Callable[[BinaryIO], AbstractContextManager[Readable]]
"""What a file passes through on its way: what this gives is read in its place. May raise OSError."""


class Content(Struct, frozen=True, kw_only=True):
    """What is written: bytes, or a file that is opened anew for each try. What is not said storage finds out.

    `root`: the folder in which the file must lie, where somebody else may have put a link in its place.
    """

    source: bytes | Path
    root: Path | None = None
    through: Through | None = None
    content_type: str = ""
    content_encoding: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)

    @contextmanager
    def opened(self) -> Iterator[Readable]:
        """Its bytes. Raises OSError."""
        if isinstance(self.source, bytes):
            yield io.BytesIO(self.source)
            return
        file = opening.opened(self.source, self.root) if self.root else self.source.open("rb")
        with file, self.through(file) if self.through else nullcontext(file) as source:
            yield source


class Destination(Protocol):
    """A place for objects. Every method may raise OSError, or RuntimeError where another try may help; else Refused."""

    def connect(self) -> None:
        """Do now what the first request would wait for, so that threads which follow share it. Raises ValueError."""

    def write(self, key: str, content: Content, *, compress: bool = False) -> None:
        """Write or replace an object. `compress`: gzip it where that pays."""

    def delete(self, key: str) -> None:
        """Remove an object; that it is gone already is no error."""


class Folder(Struct, frozen=True):
    """A local directory. Types, encodings and metadata have no place there; nothing is compressed."""

    root: Path

    def connect(self) -> None:
        """Nothing needs to be done."""

    def write(self, key: str, content: Content, *, compress: bool = False) -> None:
        path = Path(f"{self.root}/{key}")
        path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        with content.opened() as source, path.open("wb") as target:
            shutil.copyfileobj(source, target)

    def delete(self, key: str) -> None:
        Path(f"{self.root}/{key}").unlink(missing_ok=True)


class S3Credentials(Struct, frozen=True, kw_only=True):
    """What s3_credentials_secret holds. Whatever is missing comes from the usual AWS variables and files."""

    region: str = ""
    endpoint: str = ""
    insecure: bool = False
    s3_force_path_style: bool = False
    access_key: str = ""
    secret_key: str = ""
    session_token: str = ""

    def client_options(self) -> dict[str, Any]:
        """The arguments of botocore's client."""
        chosen: dict[str, Any] = {}
        if self.region:
            chosen["region_name"] = self.region
        if self.endpoint:
            chosen["endpoint_url"] = self.endpoint if "://" in self.endpoint else f"https://{self.endpoint}"
        if self.insecure:
            chosen["verify"] = False
        if self.access_key and self.secret_key:
            chosen["aws_access_key_id"] = self.access_key
            chosen["aws_secret_access_key"] = self.secret_key
            if self.session_token:
                chosen["aws_session_token"] = self.session_token
        return chosen


class S3Bucket:
    """One bucket; `prefix` is put before every key as it stands."""

    def __init__(self, name: str, *, prefix: str = "", credentials: S3Credentials | None = None) -> None:
        self.name = name
        self._prefix = prefix
        self._credentials = credentials or S3Credentials()

    @cached_property
    def _client(self) -> Any:
        from botocore.config import Config
        from botocore.session import get_session

        from cutwater.storage.models import Models

        path_style = self._credentials.s3_force_path_style or bool(self._credentials.endpoint or _endpoint(os.environ))
        config = Config(
            connect_timeout=10,
            read_timeout=_CALL_SECONDS,
            retries={"total_max_attempts": 2},
            s3={"addressing_style": "path" if path_style else "auto"},
            max_pool_connections=32,
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        session = get_session()
        session.register_component("data_loader", Models())
        return session.create_client("s3", config=config, **self._credentials.client_options())

    def connect(self) -> None:
        """Make the client. Raises ValueError where the credentials and the environment do not make one."""
        from botocore.exceptions import BotoCoreError

        try:
            _ = self._client
        except BotoCoreError as error:
            raise ValueError(f"s3://{self.name} cannot be reached: {error}") from error

    def write(self, key: str, content: Content, *, compress: bool = False) -> None:
        with content.opened() as source:
            beginning = source.read(_PART)  # in memory: a file that still grows has no length to promise
            compresses = (
                compress and len(beginning) > files.COMPRESSED_ABOVE and not beginning.startswith(files.GZIP_MAGIC)
            )
            how = _described(key, content, beginning, compresses=compresses)
            parts = _parts(beginning, source)
            self._put(self._prefix + _unescaped(key), _gzipped(parts) if compresses else parts, how)

    def _put(self, key: str, parts: Iterator[bytes], how: Mapping[str, Any]) -> None:
        first, second = next(parts, b""), next(parts, b"")
        if not second:
            self._ask("put_object", Key=key, Body=first, **how)
            return
        upload = {"Key": key, "UploadId": self._ask("create_multipart_upload", Key=key, **how)["UploadId"]}
        try:
            done = [
                {"PartNumber": number, "ETag": self._ask("upload_part", **upload, PartNumber=number, Body=part)["ETag"]}
                for number, part in enumerate(chain((first, second), parts), start=1)
            ]
            self._ask("complete_multipart_upload", **upload, MultipartUpload={"Parts": done})
        except BaseException:
            with suppress(RuntimeError, Refused):
                self._ask("abort_multipart_upload", **upload)
            raise

    def delete(self, key: str) -> None:
        self._ask("delete_object", Key=self._prefix + _unescaped(key))

    def _ask(self, operation: str, **arguments: Any) -> Any:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return getattr(self._client, operation)(Bucket=self.name, **arguments)
        except ClientError as error:
            status, code = error.response["ResponseMetadata"]["HTTPStatusCode"], error.response["Error"].get("Code")
            refused = status in {401, 403, 404} or code == "KeyTooLongError"
            raise (Refused if refused else RuntimeError)(f"s3://{self.name}/{arguments['Key']}: {error}") from error
        except BotoCoreError as error:
            raise RuntimeError(f"s3://{self.name}/{arguments['Key']}: {error}") from error


def destination(options: UploadOptions, environment: Mapping[str, str]) -> Destination:
    """The place that the options name. Raises ValueError for one that cannot be reached from here."""
    if options.local_output_dir:
        return Folder(Path(options.local_output_dir))
    place = paths.bucket(options.bucket)
    if place.provider == "file":
        return Folder(Path(place.full_path))
    credentials = _credentials(options)
    if not place.name:
        raise ValueError(f'could not find bucket in storagePath "{options.bucket}"')
    if place.provider == "gs" and not (credentials.endpoint or _endpoint(environment)):
        raise ValueError(
            f"gs://{place.name} is written through an S3-compatible endpoint:"
            " name one in the S3 credentials (endpoint) or in AWS_ENDPOINT_URL"
        )
    if place.provider not in {"s3", "gs"}:
        raise ValueError(f'unsupported provider: "{place.provider}"')
    prefix = f"{place.path.removeprefix('/')}/" if place.path else ""
    return S3Bucket(place.name, prefix=prefix, credentials=credentials)


def _credentials(options: UploadOptions) -> S3Credentials:
    if not options.s3_credentials_file:
        return S3Credentials()
    try:
        return gojson.decode(Path(options.s3_credentials_file).read_bytes(), S3Credentials)
    except OSError as error:
        raise ValueError(f"cannot read the S3 credentials: {error}") from error
    except ValueError as error:
        raise ValueError(f"error getting S3 credentials from JSON: {error}") from error


def _endpoint(environment: Mapping[str, str]) -> str:
    return environment.get("AWS_ENDPOINT_URL_S3") or environment.get("AWS_ENDPOINT_URL") or ""


def _unescaped(key: str) -> str:
    """The `#` that targets write as %23 stands as itself in a bucket."""
    return key.replace("%23", "#")


def _parts(first: bytes, rest: Readable) -> Iterator[bytes]:
    """What was read and what follows it, part by part."""
    while first:
        yield first
        first = rest.read(_PART) if len(first) == _PART else b""


def _gzipped(parts: Iterable[bytes]) -> Iterator[bytes]:
    """The parts gzipped, in parts of the full size again."""
    packer = zlib.compressobj(wbits=31)
    ready = bytearray()
    for part in chain(parts, (None,)):
        ready += packer.flush() if part is None else packer.compress(part)
        while len(ready) >= _PART:
            yield bytes(ready[:_PART])
            del ready[:_PART]
    yield bytes(ready)


def _described(key: str, content: Content, beginning: bytes, *, compresses: bool) -> dict[str, Any]:
    """What the service is told of an object."""
    kind, encoding = content.content_type, content.content_encoding
    if compresses:
        kind, encoding = files.MediaTypes().of(key.rpartition("/")[2].rpartition(".")[2]) or files.TEXT, "gzip"
    how: dict[str, Any] = {"ContentType": kind or sniffing.content_type(beginning)}
    if encoding:
        how["ContentEncoding"] = encoding
    if content.metadata:
        how["Metadata"] = {name: quote(value, safe="$&+:=@") for name, value in content.metadata.items()}
    return how
