"""What of a run is uploaded, under which keys, and how often it is tried.

Source: sigs.k8s.io/prow pkg/gcsupload, pkg/pod-utils/gcs (upload).
"""

import errno
import os
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from cutwater.errors import Refused
from cutwater.podutils import files, opening, paths
from cutwater.podutils.destinations import Content, Destination, Through
from cutwater.podutils.gotext import refusal
from cutwater.podutils.jobspec import JobSpec
from cutwater.podutils.log import Log
from cutwater.podutils.options import UploadOptions

AT_ONCE = 8
"""Objects that are written at a time: ten thousand small ones wait for storage more than for us."""
ATTEMPTS = 4


class Gate(Protocol):
    """What decides how artifacts may leave the pod. `relative` is a file's path in its item."""

    def through(self, path: Path, relative: str) -> Through | None:
        """What the file passes through; None: it goes as it is."""

    def name(self, relative: str) -> str:
        """Under which name it goes."""


Targets = Mapping[str, Content]
"""What is written, by key."""


class NotUploaded(Exception):
    """Some of it could not be written: why, and the keys of what is not there."""

    def __init__(self, why: str, keys: Collection[str]) -> None:
        super().__init__(why)
        self.keys = keys


class Assembled(Struct, frozen=True, kw_only=True):
    """Pointers and items, then what the program itself adds: they go up in this order."""

    first: Targets
    second: Targets


def assemble(
    options: UploadOptions, spec: JobSpec, extra: Mapping[str, bytes | Content], log: Log, gate: Gate | None = None
) -> Assembled:
    """Everything that is to be written. Raises ValueError for a job or a bucket that has no paths."""
    types = files.MediaTypes(options.media_types)
    is_local = bool(options.local_output_dir)
    folder = "" if is_local else paths.run_path(spec, options, options.sub_dir)
    first = {} if is_local else _pointers(options, spec, types)
    for item in options.items:
        for place, content in contents(item, log, gate):
            parent, _, name = place.rpartition("/")
            stored = types.describe(name)
            key = paths.join(folder, parent, stored.name)
            if "/" in place:  # a file that was found in a directory
                key = key.replace("#", "%23")
            if key in first:
                log.warning(f"Encountered duplicate upload of {key}, skipping...")
            else:
                first[key] = replace(
                    content, content_type=stored.content_type, content_encoding=stored.content_encoding
                )
    second = {
        paths.join(folder, name): what if isinstance(what, Content) else Content(source=what)
        for name, what in extra.items()
    }
    return Assembled(first=first, second=second)


def _pointers(options: UploadOptions, spec: JobSpec, types: files.MediaTypes) -> dict[str, Content]:
    pointers = {}
    alias = paths.alias(spec)
    if alias:
        target = paths.alias_target(spec, options)
        pointers[alias] = Content(source=target.encode(), metadata={"x-goog-meta-link": target})
    for latest in paths.latest_builds(spec, options):
        pointers[latest] = Content(source=spec.buildid.encode(), content_type=types.of("txt"))
    return pointers


def contents(item: str, log: Log, gate: Gate | None = None) -> Iterator[tuple[str, Content]]:
    """The files of one item, in the order of their names, each with the place that it has below the run's folder."""
    path = Path(item)
    try:
        path.stat()
        if path.is_symlink():
            raise OSError(errno.EPERM, "it is a link", item)
    except OSError as error:
        log.warning(f"Encountered error in resolving items to upload for {item}: {refusal('stat', error, item)}")
        return
    if not path.is_dir():
        yield path.name, Content(source=path, root=path.parent, through=gate.through(path, ".") if gate else None)
        return
    log.info(f"Gathering artifacts from artifact directory: {item}")
    for relative in _walk(path, log):
        file = path / relative
        name = relative.encode(errors="surrogateescape").decode(errors="replace")  # as the bucket can have it
        place = f"{path.name}/{gate.name(name) if gate else name}"
        yield place, Content(source=file, root=path, through=gate.through(file, relative) if gate else None)


def _walk(root: Path, log: Log, below: str = "") -> list[str]:
    """The files below a folder, relative to it, in the order of their names. Links that lead out of it are left out."""
    found: list[str] = []
    try:
        entries = sorted(os.scandir(root / below), key=lambda entry: entry.name)
    except OSError as error:
        log.warning(f"Cannot read {root / below}: {refusal('open', error)}")
        return found
    for entry in entries:
        relative = f"{below}/{entry.name}" if below else entry.name
        path = root / relative
        if entry.is_dir(follow_symlinks=False):
            found += _walk(root, log, relative)
        elif path.is_file() and (not entry.is_symlink() or opening.lies_inside(path, root)):
            found.append(relative)
        else:
            log.warning(f"Left out {path}: neither a plain file nor a link to one in {root}")
    return found


class Uploader(Struct, frozen=True, kw_only=True):
    """Writes targets, several at once, each with several tries. `stop`, once set, leaves what has not begun undone."""

    destination: Destination
    options: UploadOptions
    log: Log
    gate: Gate | None = None
    sleep: Callable[[float], object] = time.sleep
    stop: threading.Event | None = None

    def upload(self, spec: JobSpec, extra: Mapping[str, bytes | Content]) -> None:
        """Write all that there is. Raises NotUploaded after trying the rest, and ValueError as `assemble` does."""
        assembled = assemble(self.options, spec, extra, self.log, self.gate)
        problems = self._write_all(assembled.first)
        also = self._write_all(assembled.second)
        if problems or also:
            why = " ".join((problems or also).values())
            raise NotUploaded(
                f"failed to upload to blob storage: encountered errors during upload: [{why}]", problems.keys() | also
            )

    def _write_all(self, targets: Targets) -> dict[str, str]:
        """What went wrong, by key."""
        if self.options.dry_run:
            for key in targets:
                self.log.info("Would upload", dest=key)
            return {}
        self.destination.connect()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            problems = zip(targets, pool.map(self._write, targets.items()), strict=True)
            return {key: problem for key, problem in problems if problem}

    def _write(self, target: tuple[str, Content]) -> str:
        key, content = target
        compress = not self.options.local_output_dir and files.may_compress(key, self.options.compress_file_types or ())
        problem = ""
        for attempt in range(1, ATTEMPTS + 1):
            if self.stop is not None and self.stop.is_set():
                return f"{key}: cancelled"
            try:
                self.destination.write(key, content, compress=compress)
            except (OSError, RuntimeError, Refused) as error:
                problem = f"{key}: {error}"
                self.log.info("Failed upload", dest=key, retry_attempt=attempt, error=str(error))
                if not isinstance(error, RuntimeError):  # neither a file nor a right comes by waiting
                    return problem
                if attempt < ATTEMPTS:
                    self.sleep(attempt * attempt)
            else:
                self.log.info("Finished upload", dest=key)
                return ""
        return problem
