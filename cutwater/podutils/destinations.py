"""Where the files of a run are written: a bucket of any S3-compatible service, or a folder.

boto3 is imported when the first object is written: nothing else needs its half second.
Source of the credentials' form: sigs.k8s.io/prow pkg/io/providers.
"""

import gzip
import io
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import IO, Any, Protocol
from urllib.parse import quote

from msgspec import Struct, field

from cutwater.errors import Refused
from cutwater.podutils import files, gojson, paths, sniffing
from cutwater.podutils.options import UploadOptions

_WHOLE = 16 * 1024 * 1024
"""Bytes up to which an object is written by one request."""
_CALL_SECONDS = 60


class Content(Struct, frozen=True, kw_only=True):
    """What is written: bytes, or a file that is opened anew for each try. What is not said storage finds out."""

    source: bytes | Path
    content_type: str = ""
    content_encoding: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)


class Destination(Protocol):
    """A place for objects. Every method may raise OSError, or RuntimeError where another try may help; else Refused."""

    def write(self, key: str, content: Content, *, compress: bool = False) -> None:
        """Write or replace an object. `compress`: gzip it where that pays."""

    def delete(self, key: str) -> None:
        """Remove an object; that it is gone already is no error."""


class Folder(Struct, frozen=True):
    """A local directory. Types, encodings and metadata have no place there; nothing is compressed."""

    root: Path

    def write(self, key: str, content: Content, *, compress: bool = False) -> None:
        path = Path(f"{self.root}/{key}")
        path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        with path.open("wb") as target, _opened(content.source) as source:
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
        """The arguments of boto3's client."""
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
        import boto3
        from botocore.config import Config

        path_style = self._credentials.s3_force_path_style or bool(self._credentials.endpoint or _endpoint(os.environ))
        config = Config(
            connect_timeout=10,
            read_timeout=_CALL_SECONDS,
            retries={"total_max_attempts": 2},
            s3={"addressing_style": "path" if path_style else "auto"},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        return boto3.session.Session().client("s3", config=config, **self._credentials.client_options())

    def connect(self) -> None:
        """Make the client now, so that threads which follow share one."""
        _ = self._client

    def write(self, key: str, content: Content, *, compress: bool = False) -> None:
        with _opened(content.source) as source, _prepared(key, content, source, compress=compress) as (body, how):
            place = {"Bucket": self.name, "Key": self._prefix + _unescaped(key)}
            whole = body.read(_WHOLE + 1)  # in memory: a file that still grows has no length to promise
            if len(whole) <= _WHOLE:
                self._ask("put_object", **place, Body=whole, **how)
            else:
                body.seek(0)
                self._ask("upload_fileobj", **place, Fileobj=body, ExtraArgs=how)

    def delete(self, key: str) -> None:
        self._ask("delete_object", Bucket=self.name, Key=self._prefix + _unescaped(key))

    def _ask(self, operation: str, **arguments: Any) -> None:
        from boto3.exceptions import Boto3Error
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            getattr(self._client, operation)(**arguments)
        except ClientError as error:
            refused = error.response["ResponseMetadata"]["HTTPStatusCode"] in {401, 403, 404}
            raise (Refused if refused else RuntimeError)(f"s3://{self.name}/{arguments['Key']}: {error}") from error
        except (Boto3Error, BotoCoreError) as error:
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


@contextmanager
def _opened(source: bytes | Path) -> Iterator[IO[bytes]]:
    if isinstance(source, bytes):
        yield io.BytesIO(source)
    else:
        with source.open("rb") as file:
            yield file


@contextmanager
def _prepared(
    key: str, content: Content, source: IO[bytes], *, compress: bool
) -> Iterator[tuple[IO[bytes], dict[str, Any]]]:
    """The body as it goes over the wire, and what the service is told of it."""
    beginning = source.read(files.COMPRESSED_ABOVE + 1)
    source.seek(0)
    kind, encoding = content.content_type, content.content_encoding
    with tempfile.SpooledTemporaryFile(_WHOLE) as packed:
        body: IO[bytes] = source
        if compress and len(beginning) > files.COMPRESSED_ABOVE and not beginning.startswith(files.GZIP_MAGIC):
            with gzip.GzipFile(fileobj=packed, mode="wb") as target:
                shutil.copyfileobj(source, target)
            packed.seek(0)
            body, encoding = packed, "gzip"
            kind = files.MediaTypes().of(key.rpartition("/")[2].rpartition(".")[2]) or files.TEXT
        how: dict[str, Any] = {"ContentType": kind or sniffing.content_type(beginning)}
        if encoding:
            how["ContentEncoding"] = encoding
        if content.metadata:
            how["Metadata"] = {name: quote(value, safe="$&+:=@") for name, value in content.metadata.items()}
        yield body, how
