"""initupload: says in storage that a run has begun and how the cloning went, before the tests start.

Where the cloning failed it also says that the run is over, and ends with 1, so that the tests never start.
Source: sigs.k8s.io/prow pkg/initupload, cmd/initupload.
"""

import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from cutwater.podutils import clone, gojson, jobspec, options, status
from cutwater.podutils.destinations import Content, destination
from cutwater.podutils.gotext import refusal
from cutwater.podutils.log import Log
from cutwater.podutils.options import InitUploadOptions
from cutwater.podutils.upload_flags import upload_options
from cutwater.podutils.uploads import NotUploaded, Uploader

CLONE_LOG, CLONE_RECORDS, BUILD_LOG = "clone-log.txt", "clone-records.json", "build-log.txt"


class Cloned(Struct, frozen=True, kw_only=True):
    """What clonerefs left: its records, their text, and the file itself."""

    records: tuple[clone.Record, ...]
    text: str
    file: Path

    @property
    def failed(self) -> bool:
        return any(record.failed for record in self.records)


def read_clone_log(path: str) -> Cloned:
    """Raises ValueError for a file that is not there, or is no list of records."""
    try:
        raw = Path(path).read_bytes()
    except OSError as error:
        raise ValueError(f"could not read clone log: {refusal('open', error, path)}") from error
    try:
        records = gojson.decode(raw, tuple[clone.Record, ...])
    except ValueError as error:
        raise ValueError(f"could not unmarshal clone records: {error}") from error
    return Cloned(records=records, text="".join(map(clone.record_text, records)), file=Path(path))


def files(spec: jobspec.JobSpec, cloned: Cloned | None, now: int) -> dict[str, bytes | Content]:
    """What is uploaded, by its name in the run's folder. `now`: epoch seconds."""
    uploaded: dict[str, bytes | Content] = {}
    if cloned is not None:
        uploaded |= {CLONE_LOG: cloned.text.encode(), CLONE_RECORDS: Content(source=cloned.file)}
        if cloned.failed:
            over = status.Finished(timestamp=now, passed=False, result="FAILURE")
            uploaded |= {BUILD_LOG: cloned.text.encode(), status.FINISHED: status.text(over)}
    records = cloned.records if cloned else ()
    return uploaded | {status.STARTED: status.text(status.started(spec, records, now))}


def run(
    chosen: InitUploadOptions, environment: Mapping[str, str], log: Log, clock: Callable[[], float] = time.time
) -> None:
    """Upload everything. Raises ValueError, NotUploaded, and RuntimeError where the cloning has failed."""
    try:
        spec = jobspec.read(environment)
    except ValueError as error:
        raise ValueError(f"could not resolve job spec: {error}") from error
    cloned = read_clone_log(chosen.log) if chosen.log else None
    uploader = Uploader(destination=destination(chosen, environment), options=chosen, log=log)
    uploader.upload(spec, files(spec, cloned, int(clock())))
    if cloned is not None and cloned.failed:
        raise RuntimeError("cloning the appropriate refs failed")


def from_flags(arguments: Sequence[str]) -> InitUploadOptions:
    """The options by flags. Raises ValueError."""
    return upload_options(InitUploadOptions, arguments, log="clone-log")


def main() -> None:
    """Run as a program: the options from the environment, else from the flags."""
    log = Log("initupload")
    try:
        chosen = options.load(os.environ, options.INITUPLOAD, InitUploadOptions, from_flags, sys.argv[1:])
    except ValueError as error:
        log.fatal(f"Could not resolve options: {error}")
    try:
        options.check_upload(chosen)
    except ValueError as error:
        log.fatal(f"Invalid options: {error}")
    try:
        run(chosen, os.environ, log)
    except (NotUploaded, OSError, RuntimeError, ValueError) as error:
        log.fatal(f"Failed to initialize job: {error}")


if __name__ == "__main__":
    main()
