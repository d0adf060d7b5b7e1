"""A body on its way in: counted, digested, and kept until an object is made of it."""

import hashlib
import shutil
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import IO

INLINE = 64 * 1024
"""Bytes up to which a body lies in the database: one write instead of two."""


class Incoming:
    """A body on its way in: in memory while it is small, in a file from then on."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._start = bytearray()
        self._file: IO[bytes] | None = None
        self.md5 = hashlib.md5(usedforsecurity=False)
        self.sha256 = hashlib.sha256()
        self.size = 0
        self.path: Path | None = None

    def write(self, chunk: bytes) -> None:
        self.md5.update(chunk)
        self.sha256.update(chunk)
        self.size += len(chunk)
        if self._file is None and self.size > INLINE:
            self.spill()
        if self._file is None:
            self._start += chunk
        else:
            self._file.write(chunk)

    def spill(self) -> Path:
        """Go on in a file, which the caller keeps or throws away."""
        if self.path is None:
            self.path = self._folder / uuid.uuid4().hex
            self._file = self.path.open("wb")
            self._file.write(self._start)
        return self.path

    def join(self, files: Iterable[Path]) -> None:
        """Be what the files hold, one after the other. Slow."""
        with self.spill().open("wb") as whole:
            for file in files:
                with file.open("rb") as piece:
                    shutil.copyfileobj(piece, whole, 1024 * 1024)
            self.size = whole.tell()

    def close(self) -> bytes | None:
        """All is here: the body, None where it is in the file."""
        if self._file is None:
            return bytes(self._start)
        self._file.close()
        return None

    def throw_away(self) -> None:
        self.close()
        if self.path is not None:
            self.path.unlink(missing_ok=True)

    @property
    def etag(self) -> str:
        return f'"{self.md5.hexdigest()}"'
