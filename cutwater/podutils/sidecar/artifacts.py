"""Taking the secrets out of logs and artifacts, before they are uploaded.

Source: sigs.k8s.io/prow pkg/sidecar (censor). Unlike there, what can be censored is censored, whatever else fails.
"""

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from cutwater.podutils import sniffing
from cutwater.podutils.censor import Censor, forms_of
from cutwater.podutils.gotext import refusal
from cutwater.podutils.options import Censoring
from cutwater.podutils.sidecar import globs, secrets
from cutwater.podutils.sidecar.archives import Readable, Writable, censored_archive

BUFFER = 10 * 1024 * 1024
CONCURRENCY = 10
_ARCHIVES = {"application/x-gzip", "application/zip"}


class Secrets(Struct, frozen=True, kw_only=True):
    """What is to be taken out, how much is read at once (bytes), and what could not be learned of it."""

    forms: tuple[bytes, ...] = ()
    chunk: int = BUFFER // 2
    errors: tuple[str, ...] = ()


def learn(censoring: Censoring | None) -> Secrets:
    """The secrets of this pod. None: nothing is censored."""
    if censoring is None:
        return Secrets()
    loaded = secrets.load(censoring.secret_directories or (), censoring.ini_filenames or ())
    forms = forms_of(loaded.secrets, censoring.minimum_secret_length or 0)
    chunk = max((censoring.censoring_buffer_size or BUFFER) // 2, max(map(len, forms), default=1), 1)
    errors = tuple(f"could not load secrets: {error}" for error in loaded.errors)
    return Secrets(forms=forms, chunk=chunk, errors=errors)


class Work(Struct, frozen=True, kw_only=True):
    """One file that is censored, in place where `target` is the source itself. `archive`: its type, if it is one."""

    source: Path
    target: Path
    archive: str = ""


def censor(known: Secrets, logs: Mapping[str, str], items: Sequence[str], censoring: Censoring) -> list[str]:
    """Censor the logs (each source to its target) and, in place, the files below the items. Gives back what failed."""
    errors = list(known.errors)
    work = [Work(source=Path(source), target=Path(target)) for source, target in logs.items()]
    for item in items:
        work += _files(item, censoring, errors)
    with ThreadPoolExecutor(max(1, censoring.censoring_concurrency or CONCURRENCY)) as pool:
        errors += [problem for problem in pool.map(lambda one: _do(one, known), work) if problem]
    return errors


def _files(item: str, censoring: Censoring, errors: list[str]) -> Iterator[Work]:
    """The regular files of an item that its globs name."""
    for path in _walk(Path(item), errors):
        relative = os.path.relpath(path, item)
        if not globs.is_censored(
            relative, include=censoring.include_directories or (), exclude=censoring.exclude_directories or ()
        ):
            continue
        try:
            with path.open("rb") as file:
                content_type = sniffing.content_type(file.read(sniffing.LENGTH))
        except OSError as error:
            why = f"could not open file to check content type: {refusal('open', error, str(path))}"
            errors.append(f"could not determine content type of {path}: {why}")
            continue
        yield Work(source=path, target=path, archive=content_type if content_type in _ARCHIVES else "")


def _walk(path: Path, errors: list[str]) -> Iterator[Path]:
    try:
        if path.is_symlink():
            return
        if not path.is_dir():
            path.lstat()
            if path.is_file():
                yield path
            return
        inside = sorted(path.iterdir())
    except OSError as error:
        errors.append(refusal("lstat" if isinstance(error, FileNotFoundError) else "open", error, str(path)))
        return
    for child in inside:
        yield from _walk(child, errors)


def _do(work: Work, known: Secrets) -> str:
    """What went wrong, or ""."""
    if not work.archive:
        return _plain(work, known)
    if not known.forms:
        return ""
    try:
        with _replacing(work.target) as draft:
            censored_archive(work.source, draft, work.archive, lambda source, target: stream(source, target, known))
    except (ValueError, OSError) as error:
        _plain(work, known)  # what stands in it unpacked can be found all the same
        return f"could not censor archive {work.source}: {error}"
    return ""


def _plain(work: Work, known: Secrets) -> str:
    try:
        source = work.source.open("rb")
    except OSError as error:
        return f"could not open file for censoring: {refusal('open', error, str(work.source))}"
    with source:
        if not known.forms and work.source == work.target:
            return ""
        try:
            with _replacing(work.target) as draft, draft.open("wb") as target:
                stream(source, target, known)
        except OSError as error:
            return f"could not censor file: {error}"
    return ""


@contextmanager
def _replacing(target: Path) -> Iterator[Path]:
    """A draft beside the target, which it replaces in one step once it is whole."""
    handle, name = tempfile.mkstemp(prefix="tmp-censor", dir=target.parent)
    os.close(handle)
    draft = Path(name)
    try:
        yield draft
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def stream(source: Readable, target: Writable, known: Secrets) -> None:
    """Copy a stream without its secrets."""
    censor = Censor(known.forms)
    while chunk := source.read(known.chunk):
        target.write(censor.feed(chunk))
    target.write(censor.end())
