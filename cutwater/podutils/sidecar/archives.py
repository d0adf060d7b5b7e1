"""Censoring what is packed: read and written again member by member, also what is packed in it once more.

All but the secrets is kept. An archive without any is not written again at all.
"""

import bz2
import gzip
import io
import lzma
import shutil
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from typing import IO, Literal

from cutwater.podutils.censor import Readable

Kind = Literal["gzip", "bzip2", "xz", "zip", "tar"]


Packing = gzip.GzipFile | bz2.BZ2File | lzma.LZMAFile
Copy = Callable[[Readable, IO[bytes] | Packing], bool]
"""Copies a stream and censors it on the way. It says whether there was a secret."""

BEGINNING = 262
"""Bytes of a file that say whether it is an archive."""
DEPTH = 4
"""So many archives one in another are unpacked; what lies deeper is censored as the bytes it is."""
_IN_MEMORY = 8 * 1024 * 1024
_ZIP64 = 1 << 31
_LEVEL = 6
_CHUNK = 1024
"""Bytes that are unpacked at once where the next ones may be torn."""
_MAGIC: tuple[tuple[bytes, Kind], ...] = (
    (b"\x1f\x8b\x08", "gzip"),
    (b"PK\x03\x04", "zip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
)


def kind_of(beginning: bytes) -> Kind | None:
    """What kind of archive begins so."""
    if beginning[257:262] == b"ustar":
        return "tar"
    return next((kind for magic, kind in _MAGIC if beginning.startswith(magic)), None)


def censored_archive(
    source: IO[bytes], target: IO[bytes], kind: Kind, copy: Copy, tell: Callable[[str], object], depth: int = DEPTH
) -> bool | None:
    """Write `source` to `target` without its secrets; whether there was one. None: nobody can know.

    `tell` hears of what cannot be unpacked. Where that begins well, as a log does whose writer was killed, it is
    written as far as it goes if there is a secret in it. Raises OSError.
    """

    def member(packed: Readable, censored: IO[bytes] | Packing) -> bool:
        return _member(packed, censored, copy, tell, depth - 1)

    try:
        if kind == "zip":
            return _zip(source, target, member)
        if kind == "tar":
            return _tar(source, target, member)
        with _unpacking(source, kind) as unpacked, _packing(target, kind) as packed:
            return member(unpacked, packed)
    except Exception as error:  # what is torn, encrypted or of an unknown form makes the unpackers raise anything
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the disk's fault, not the archive's
        tell(f"could not unpack archive: could not read archive: {error}")
    if kind in {"zip", "tar"}:
        return None
    for file in (source, target):
        file.seek(0)
    target.truncate()
    with _packing(target, kind) as packed:
        return copy(_Torn(source, kind), packed) or None


def _member(
    packed: Readable, censored: IO[bytes] | Packing, copy: Copy, tell: Callable[[str], object], depth: int
) -> bool:
    beginning = _all_of(packed, BEGINNING)
    whole = _Again(beginning, packed)
    kind = kind_of(beginning) if depth > 0 else None
    if kind is None:
        return copy(whole, censored)
    if kind == "tar":  # the most frequent, and the largest: it needs no place of its own
        return _tar(whole, censored, lambda inner, target: _member(inner, target, copy, tell, depth - 1))
    with _spool() as source, _spool() as target:
        shutil.copyfileobj(whole, source)
        source.seek(0)
        found = censored_archive(source, target, kind, copy, tell, depth)
        result = target if found else source
        result.seek(0)
        if found is None:
            return copy(result, censored)
        shutil.copyfileobj(result, censored)
        return found


def _unpacking(source: IO[bytes], kind: Kind) -> Packing:
    if kind == "bzip2":
        return bz2.open(source)
    return lzma.open(source) if kind == "xz" else gzip.GzipFile(fileobj=source, mode="rb")


def _packing(target: IO[bytes], kind: Kind) -> Packing:
    if kind == "bzip2":
        return bz2.open(target, "wb")
    if kind == "xz":
        return lzma.open(target, "wb", preset=1)
    return gzip.GzipFile(filename="", fileobj=target, mode="wb", compresslevel=_LEVEL, mtime=0)


def _tar(source: "IO[bytes] | _Again", target: IO[bytes] | Packing, copy: Copy) -> bool:
    found = False
    with (
        tarfile.open(fileobj=source, mode="r|") as unpacked,
        tarfile.open(fileobj=target, mode="w|", format=tarfile.PAX_FORMAT) as packed,
    ):
        for member in unpacked:
            content = unpacked.extractfile(member) if member.isreg() else None
            member.pax_headers = {
                key: value for key, value in member.pax_headers.items() if key != "size" and "sparse" not in key
            }
            if content is None:
                packed.addfile(member)
                continue
            with _spool() as censored:
                found = copy(content, censored) or found
                member.size, member.type = censored.tell(), tarfile.REGTYPE  # a sparse one is written with its holes
                censored.seek(0)
                packed.addfile(member, censored)
    return found


def _zip(source: IO[bytes], target: IO[bytes], copy: Copy) -> bool:
    found = False
    with zipfile.ZipFile(source) as unpacked, zipfile.ZipFile(target, "w") as packed:
        packed.comment = unpacked.comment
        for member in unpacked.infolist():
            is_large = member.file_size >= _ZIP64
            with unpacked.open(member) as content, packed.open(member, "w", force_zip64=is_large) as censored:
                found = copy(content, censored) or found
    return found


def _spool() -> "tempfile.SpooledTemporaryFile[bytes]":
    return tempfile.SpooledTemporaryFile(_IN_MEMORY)


def _all_of(source: Readable, size: int) -> bytes:
    """So many bytes; fewer at the end alone."""
    parts = b""
    while len(parts) < size and (part := source.read(size - len(parts))):
        parts += part
    return parts


class _Torn:
    """What can be unpacked of a stream, up to where it is torn."""

    def __init__(self, source: IO[bytes], kind: Kind) -> None:
        self._source = source
        self._unpack = _unpacker(kind)

    def read(self, size: int = -1, /) -> bytes:
        """Some bytes, however many were asked for; none at the end."""
        try:
            while chunk := self._source.read(_CHUNK):
                if part := self._unpack(chunk):
                    return part
        except (OSError, EOFError, zlib.error, lzma.LZMAError):
            self._source.seek(0, io.SEEK_END)
        return b""


def _unpacker(kind: Kind) -> Callable[[bytes], bytes]:
    if kind == "bzip2":
        return bz2.BZ2Decompressor().decompress
    return lzma.LZMADecompressor().decompress if kind == "xz" else zlib.decompressobj(wbits=31).decompress


class _Again(io.RawIOBase):
    """A stream of which the beginning was read already."""

    def __init__(self, beginning: bytes, rest: Readable) -> None:
        self._beginning = beginning
        self._rest = rest

    def read(self, size: int = -1, /) -> bytes:
        if size < 0:
            size = len(self._beginning)
            return self.read(size) + self._rest.read()
        if self._beginning:
            part, self._beginning = self._beginning[:size], self._beginning[size:]
            return part
        return self._rest.read(size)
