"""Taking secrets out of a stream of bytes, whatever the pieces in which it comes.

Every form of a secret is replaced by as many X: nothing changes its length. The stream is read from the left; where
several forms begin at one place the earliest counts. What may yet become a secret is held back until it is known, so
the result never depends on how the stream was cut.
Source of the forms and their order: sigs.k8s.io/prow pkg/secretutil.
"""

import base64
import heapq
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from msgspec import Struct

from cutwater.podutils import gotext

_PREFIX = 16
"""Bytes of a form that are looked for where the end of the stream may cut it."""


def forms_of(secrets: Iterable[bytes], minimum_length: int = 0) -> tuple[bytes, ...]:
    """What stands for these secrets in a text: each as it is, and in base64. `minimum_length`: bytes.

    Blanks around a secret do not belong to it; "true" and "false" are no secrets.
    """
    forms: dict[bytes, None] = {}
    for raw in secrets:
        secret = _trimmed(raw)
        if not secret or secret.lower() in {b"true", b"false"} or len(secret) < minimum_length:
            continue
        for form in (secret, base64.b64encode(raw), base64.b64encode(secret)):
            forms.setdefault(form)
    return tuple(forms)


def _trimmed(raw: bytes) -> bytes:
    """Without the white space around it, as Unicode has it."""
    return raw.decode(errors="surrogateescape").strip(gotext.SPACE).encode(errors="surrogateescape")


class _Found(Struct, frozen=True, order=True):
    start: int
    rank: int
    length: int


class Censor:
    """One stream. `feed` gives back what is certain, `end` the rest; `found` says whether there was a secret."""

    def __init__(self, forms: Sequence[bytes]) -> None:
        self.found = False
        self._forms = forms
        self._held = b""

    def feed(self, chunk: bytes) -> bytes:
        """The censored bytes of which nothing that follows can change the meaning."""
        return self._take(self._held + chunk, is_end=False) if self._forms else chunk

    def end(self) -> bytes:
        """What was held back, now that nothing follows."""
        return self._take(self._held, is_end=True) if self._forms else b""

    def _take(self, text: bytes, *, is_end: bool) -> bytes:
        undecided = len(text) if is_end else self._undecided_from(text)
        censored, done = bytearray(), 0
        for found in heapq.merge(*(_occurrences(text, form, rank) for rank, form in enumerate(self._forms))):
            if found.start >= undecided:
                break
            if found.start >= done:
                self.found = True
                censored += text[done : found.start] + b"X" * found.length
                done = found.start + found.length
        censored += text[done:undecided]
        self._held = text[max(done, undecided) :]
        return bytes(censored)

    def _undecided_from(self, text: bytes) -> int:
        """The first place from which on the text may be the beginning of a secret."""
        return min((_cut_beginning(text, form) for form in self._forms), default=len(text))


class Readable(Protocol):
    """Bytes that come: so many, or all that follow."""

    def read(self, size: int = -1, /) -> bytes: ...


class Censored:
    """A stream of which only what is censored can be read. `chunk`: bytes that are read of it at once."""

    def __init__(self, source: Readable, forms: Sequence[bytes], chunk: int) -> None:
        self._source = source
        self._chunk = chunk
        self._censor = Censor(forms)
        self._ready = b""
        self._is_over = False

    @property
    def found(self) -> bool:
        """Whether there was a secret in what was read so far."""
        return self._censor.found

    def read(self, size: int = -1, /) -> bytes:
        """So many bytes, or all that follow; fewer at the end alone."""
        parts, left = [self._ready], size - len(self._ready)
        while not self._is_over and (size < 0 or left > 0):
            chunk = self._source.read(self._chunk)
            self._is_over = not chunk
            parts.append(self._censor.feed(chunk) if chunk else self._censor.end())
            left -= len(parts[-1])
        whole = b"".join(parts)
        end = len(whole) if size < 0 else size
        self._ready = whole[end:]
        return whole[:end]


def _occurrences(text: bytes, form: bytes, rank: int) -> Iterator[_Found]:
    start = text.find(form)
    while start >= 0:
        yield _Found(start, rank, len(form))
        start = text.find(form, start + 1)


def _cut_beginning(text: bytes, form: bytes) -> int:
    """Where the text ends in the beginning of the form, but not in all of it; its end where it does not."""
    size = len(text)
    start = max(0, size - len(form) + 1)
    prefix = form[:_PREFIX]
    while True:
        start = text.find(prefix, start)
        if start < 0:
            break
        if form.startswith(text[start:]):
            return start
        start += 1
    for start in range(max(0, size - min(len(form), _PREFIX) + 1), size):
        if form.startswith(text[start:]):
            return start
    return size
