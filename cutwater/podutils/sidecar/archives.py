"""Censoring what is packed: tar.gz, gz and zip are read and written again member by member, with all else kept.

Secrets and what replaces them have the same length, so every header stays true.
"""

import gzip
import lzma
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Protocol


class Readable(Protocol):
    """Bytes that come."""

    def read(self, size: int, /) -> bytes: ...


class Writable(Protocol):
    """Bytes that go."""

    def write(self, chunk: bytes, /) -> int: ...


Copy = Callable[[Readable, Writable], None]
"""Copies a stream and censors it on the way."""

_IN_MEMORY = 8 * 1024 * 1024
_ZIP64 = 1 << 31
_UNREADABLE = (tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, gzip.BadGzipFile)


def censored_archive(source: Path, target: Path, content_type: str, copy: Copy) -> None:
    """Write `source` to `target` without its secrets. Raises ValueError for what cannot be unpacked, and OSError."""
    try:
        if content_type == "application/zip":
            _zip(source, target, copy)
        else:
            _gzip(source, target, copy)
    except (*_UNREADABLE, NotImplementedError, RuntimeError) as error:  # the last two: encrypted or unknown members
        raise ValueError(f"could not unpack archive: could not read archive: {error}") from error


def _gzip(source: Path, target: Path, copy: Copy) -> None:
    with gzip.open(source) as unpacked, gzip.open(target, "wb") as packed:
        if _is_tar(source):
            _tar(unpacked, packed, copy)
        else:
            copy(unpacked, packed)


def _is_tar(source: Path) -> bool:
    """Whether a tar begins inside: it says so itself, so that a torn one is not taken for a plain file."""
    with gzip.open(source) as unpacked:
        return unpacked.read(262)[257:262] == b"ustar"


def _tar(unpacked: gzip.GzipFile, packed: gzip.GzipFile, copy: Copy) -> None:
    with (
        tarfile.open(fileobj=unpacked, mode="r|") as source,
        tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT) as target,
    ):
        for member in source:
            content = source.extractfile(member) if member.isreg() else None
            if content is None:
                target.addfile(member)
                continue
            with tempfile.SpooledTemporaryFile(_IN_MEMORY) as censored:
                copy(content, censored)
                censored.seek(0)
                target.addfile(member, censored)


def _zip(source: Path, target: Path, copy: Copy) -> None:
    with zipfile.ZipFile(source) as unpacked, zipfile.ZipFile(target, "w") as packed:
        packed.comment = unpacked.comment
        for member in unpacked.infolist():
            is_large = member.file_size >= _ZIP64
            with unpacked.open(member) as content, packed.open(member, "w", force_zip64=is_large) as censored:
                copy(content, censored)
