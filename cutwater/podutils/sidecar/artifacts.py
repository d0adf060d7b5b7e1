"""Taking the secrets out of logs and artifacts, on their way to storage.

Nothing on disk is changed: what a test left is read, and what is read is censored. So a test that still writes is not
disturbed, and what cannot be censored (the disk is full, say) is not uploaded either.
Source of what is censored: sigs.k8s.io/prow pkg/sidecar (censor).
"""

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO

from msgspec import Struct

from cutwater.podutils import opening
from cutwater.podutils.censor import Censor, Censored, Readable, forms_of
from cutwater.podutils.destinations import Through
from cutwater.podutils.gotext import refusal
from cutwater.podutils.options import Censoring
from cutwater.podutils.sidecar import archives, globs, secrets

BUFFER = 10 * 1024 * 1024
NAMED = 8
"""Bytes from which on a secret is taken out of names and messages, too: shorter ones would spoil every other name."""
_IN_MEMORY = 8 * 1024 * 1024


class Secrets(Struct, frozen=True, kw_only=True):
    """What is to be taken out, how much is read at once (bytes), and what could not be learned of it."""

    forms: tuple[bytes, ...] = ()
    chunk: int = BUFFER // 2
    errors: tuple[str, ...] = ()

    @contextmanager
    def plain(self, file: BinaryIO) -> Iterator[Readable]:
        """A file whose bytes are censored as they stand, such as a log."""
        yield self._censored(file)

    @contextmanager
    def unpacked(self, file: BinaryIO, tell: Callable[[str], object]) -> Iterator[Readable]:
        """A file that is unpacked where it is an archive. `tell` hears of one that cannot be.

        Raises OSError where there is no room to pack it again.
        """
        kind = archives.kind_of(file.read(archives.BEGINNING)) if self.forms else None
        file.seek(0)
        with tempfile.SpooledTemporaryFile(_IN_MEMORY) as censored:
            found = archives.censored_archive(file, censored, kind, self._copy, tell) if kind else None
            result = censored if found else file
            result.seek(0)
            yield self._censored(result) if found is None else result

    def _censored(self, source: Readable) -> Censored:
        return Censored(source, self.forms, self.chunk)

    def named(self, text: bytes) -> bytes:
        """A name or a message, without what of it is a long secret."""
        censor = Censor([form for form in self.forms if len(form) >= NAMED])
        return censor.feed(text) + censor.end()

    def _copy(self, source: Readable, target: IO[bytes] | archives.Packing) -> bool:
        censored = self._censored(source)
        while part := censored.read(self.chunk):
            target.write(part)
        return censored.found


def learn(censoring: Censoring | None) -> Secrets:
    """The secrets of this pod. None: nothing is censored."""
    if censoring is None:
        return Secrets()
    loaded = secrets.load(censoring.secret_directories or (), censoring.ini_filenames or ())
    forms = forms_of(loaded.secrets, censoring.minimum_secret_length or 0)
    chunk = max((censoring.censoring_buffer_size or BUFFER) // 2, max(map(len, forms), default=1), 1)
    errors = tuple(f"could not load secrets: {error}" for error in loaded.errors)
    return Secrets(forms=forms, chunk=chunk, errors=errors)


class Gate(Struct, frozen=True, kw_only=True):
    """What artifacts pass through. `tell` hears of what could not be censored as it should be."""

    known: Secrets
    include: Sequence[str] = ()
    exclude: Sequence[str] = ()
    tell: Callable[[str], object]

    def through(self, path: Path, relative: str) -> Through | None:
        """What the file passes through; `relative` is its path in its item. None: it goes as it is."""
        if not globs.is_censored(relative, include=self.include, exclude=self.exclude):
            return None
        return lambda file: self.known.unpacked(file, lambda why: self.tell(f"could not censor archive {path}: {why}"))

    def name(self, relative: str) -> str:
        """Under which name it goes."""
        return self.known.named(relative.encode()).decode(errors="replace")


def unreadable(logs: Iterable[Path], items: Iterable[str]) -> list[str]:
    """What should be censored and cannot be read at all."""
    problems = []
    for log in logs:
        try:
            opening.opened(log, log.parent).close()
        except OSError as error:
            problems.append(f"could not open file for censoring: {refusal('open', error, str(log))}")
    for item in items:
        try:
            Path(item).lstat()
        except OSError as error:
            problems.append(refusal("lstat", error, item))
    return problems
