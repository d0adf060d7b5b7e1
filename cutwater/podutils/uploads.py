"""What of a run is uploaded, under which keys, and how often it is tried.

Source: sigs.k8s.io/prow pkg/gcsupload, pkg/pod-utils/gcs (upload).
"""

import os
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from msgspec import Struct

from cutwater.errors import Refused
from cutwater.podutils import files, paths
from cutwater.podutils.destinations import Content, Destination, S3Bucket
from cutwater.podutils.gotext import refusal
from cutwater.podutils.jobspec import JobSpec
from cutwater.podutils.log import Log
from cutwater.podutils.options import UploadOptions

AT_ONCE = 4
ATTEMPTS = 4

Targets = Mapping[str, Content]
"""What is written, by key."""


class Assembled(Struct, frozen=True, kw_only=True):
    """Pointers and items, then what the program itself adds: they go up in this order."""

    first: Targets
    second: Targets


def assemble(options: UploadOptions, spec: JobSpec, extra: Mapping[str, bytes | Path], log: Log) -> Assembled:
    """Everything that is to be written. Raises ValueError for a job or a bucket that has no paths."""
    types = files.MediaTypes(options.media_types)
    is_local = bool(options.local_output_dir)
    folder = "" if is_local else paths.run_path(spec, options, options.sub_dir)
    first = {} if is_local else _pointers(options, spec, types)
    for item in options.items:
        for key, content in _item(item, folder, types, log).items():
            if key in first:
                log.warning(f"Encountered duplicate upload of {key}, skipping...")
            else:
                first[key] = content
    second = {paths.join(folder, name): Content(source=source) for name, source in extra.items()}
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


def _item(item: str, folder: str, types: files.MediaTypes, log: Log) -> dict[str, Content]:
    """The files of one item. What is named twice counts once: the first in the order of names wins."""
    path = Path(item)
    try:
        path.stat()
    except OSError as error:
        log.warning(f"Encountered error in resolving items to upload for {item}: {refusal('stat', error, item)}")
        return {}
    if not path.is_dir():
        stored = types.describe(path.name)
        return {paths.join(folder, stored.name): _content(path, stored)}
    log.info(f"Gathering artifacts from artifact directory: {item}")
    found: dict[str, Content] = {}
    for relative in _walk(path, log):
        parent, _, name = relative.rpartition("/")
        stored = types.describe(name)
        key = paths.join(folder, path.name, parent, stored.name).replace("#", "%23")
        if key in found:
            log.warning(f"Encountered duplicate upload of {key}, skipping...")
        else:
            found[key] = _content(path / relative, stored)
    return found


def _walk(root: Path, log: Log, below: str = "") -> list[str]:
    """The files below a folder, relative to it, in the order of their names. A link to a folder counts as a file."""
    found: list[str] = []
    try:
        entries = sorted(os.scandir(root / below), key=lambda entry: entry.name)
    except OSError as error:
        log.warning(f"Cannot read {root / below}: {refusal('open', error)}")
        return found
    for entry in entries:
        relative = f"{below}/{entry.name}" if below else entry.name
        if entry.is_dir(follow_symlinks=False):
            found += _walk(root, log, relative)
        else:
            found.append(relative)
    return found


def _content(path: Path, stored: files.StoredFile) -> Content:
    return Content(source=path, content_type=stored.content_type, content_encoding=stored.content_encoding)


class Uploader(Struct, frozen=True, kw_only=True):
    """Writes targets, several at once, each with several tries. `stop`, once set, leaves what has not begun undone."""

    destination: Destination
    options: UploadOptions
    log: Log
    sleep: Callable[[float], object] = time.sleep
    stop: threading.Event | None = None

    def upload(self, spec: JobSpec, extra: Mapping[str, bytes | Path]) -> None:
        """Write all that there is. Raises RuntimeError that names what could not be written, after trying the rest."""
        assembled = assemble(self.options, spec, extra, self.log)
        problems = [self._write_all(targets) for targets in (assembled.first, assembled.second)]
        if any(problems):
            raise RuntimeError(f"failed to upload to blob storage: {problems[0] or problems[1]}")

    def _write_all(self, targets: Targets) -> str:
        """What went wrong, or ""."""
        if self.options.dry_run:
            for key in targets:
                self.log.info("Would upload", dest=key)
            return ""
        if isinstance(self.destination, S3Bucket):
            self.destination.connect()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            problems = [problem for problem in pool.map(self._write, targets.items()) if problem]
        return f"encountered errors during upload: [{' '.join(problems)}]" if problems else ""

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
