"""One run of the sidecar, from the tests' markers to the result in storage.

Source: sigs.k8s.io/prow pkg/sidecar, pkg/pod-utils/wrapper.
"""

import posixpath
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from cutwater.podutils import jobspec, markers, opening, options, paths, status
from cutwater.podutils.destinations import Content, Destination
from cutwater.podutils.gotext import refusal
from cutwater.podutils.jobspec import JobSpec
from cutwater.podutils.log import Log
from cutwater.podutils.markers import Marker
from cutwater.podutils.options import Censoring, Entry, SidecarOptions
from cutwater.podutils.sidecar import artifacts, metadata, pieces
from cutwater.podutils.uploads import Uploader
from cutwater.prowjob.labels import UPLOAD_UNCENSORED

BUILD_LOG, OWN_LOG = "build-log.txt", "sidecar-logs.json"
WITHHELD = (
    "This log is withheld, and so are all artifacts: they cannot be censored, because a secret of the pod cannot be "
    'read.\n{why}\nA job with the annotation {annotation}: "true" uploads them as they are.\n'
)


class Outcome(Struct, frozen=True, kw_only=True):
    """How the tests ended. `failures`: how many of them ended badly on their own account."""

    passed: bool
    aborted: bool
    failures: int


INTERRUPTED = Outcome(passed=False, aborted=True, failures=0)
"""What is said of tests that had not ended when the pod was told to."""


def wait(entries: Sequence[Entry], pause: Callable[[], bool]) -> Outcome:
    """Wait for the marker of every entry. `pause` waits a moment, and says whether to go on waiting."""
    wanted = list(dict.fromkeys(entry.marker_file for entry in entries))
    found: dict[str, Marker] = {path: markers.read(path) for path in wanted if markers.exists(path)}
    why = ""
    while not why and len(found) < len(wanted):
        if len({posixpath.dirname(path) for path in wanted}) > 1:
            why = "marker files are not all written to the same directory"
        elif not pause():
            why = "cancelled: context canceled"
        else:
            found |= {path: markers.read(path) for path in wanted if path not in found and markers.exists(path)}
    return outcome([found.get(path, Marker(-1, why)) for path in wanted])


def outcome(found: Sequence[Marker]) -> Outcome:
    """What the markers come to."""
    return Outcome(
        passed=all(not marker.error and marker.code == 0 for marker in found),
        aborted=any(marker.code == markers.ABORTED for marker in found),
        failures=sum(marker.code not in {0, markers.PREVIOUS_FAILED} for marker in found),
    )


def log_name(entries: Sequence[Entry], entry: Entry) -> str:
    """Under which name the log of this container is uploaded."""
    return BUILD_LOG if len(entries) == 1 else f"{entry.container_name}-{BUILD_LOG}"


class Sidecar:
    """What one run of the program knows: its options, its job, and where everything goes."""

    def __init__(
        self,
        chosen: SidecarOptions,
        spec: JobSpec,
        destination: Destination,
        log: Log,
        *,
        own_log: Path,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self.entries = options.all_entries(chosen)
        self._options = chosen
        self._spec = spec
        self._destination = destination
        self._log = log
        self._own_log = own_log
        self._clock = clock
        self._sleep = sleep
        self._known = artifacts.learn(chosen.censoring_options)
        self._is_withheld = bool(self._known.errors) and not chosen.upload_uncensored

    def live_logs(self) -> list[pieces.LiveLog]:
        """The logs that grow while the tests run; none where results go to a folder of the node, or are withheld."""
        storage = self._options.gcs_options
        if storage.local_output_dir or storage.dry_run or self._is_withheld:
            return []
        run = paths.run_path(self._spec, storage, storage.sub_dir)
        return [
            pieces.LiveLog(
                Path(entry.process_log),
                run,
                log_name(self.entries, entry),
                self._destination,
                self._known.forms,
            )
            for entry in self.entries
        ]

    def line(self, raw: bytes) -> bytes:
        """What of a line of our own log may be read by everybody: names of files stand in it."""
        return self._known.named(raw)

    def upload(self, outcome: Outcome, *, stop: threading.Event | None = None) -> None:
        """Upload everything, censored on the way, with this outcome. Raises ValueError, or NotUploaded.

        Where a secret cannot be read, nothing that a test wrote is uploaded, unless the job says that it may.
        `stop`, once set, leaves undone what has not begun.
        """
        finished = status.Finished(
            timestamp=int(self._clock()),
            passed=outcome.passed,
            metadata={} if self._is_withheld else metadata.combined(self.entries, self._known.forms),
            result=status.result(passed=outcome.passed, aborted=outcome.aborted),
            revision=jobspec.revision(self._spec),
        )
        logs = self._withheld_logs() if self._is_withheld else self._logs()
        own = Content(source=self._own_log)  # read last of all: it says what of the rest could not be uploaded
        extra = {**logs, OWN_LOG: own, status.FINISHED: status.text(finished)}
        self._uploader(stop).upload(self._spec, extra)

    def _uploader(self, stop: threading.Event | None) -> Uploader:
        storage, censoring = self._options.gcs_options, self._options.censoring_options or Censoring()
        if self._is_withheld:
            storage = replace(storage, items=())
        gate = artifacts.Gate(
            known=self._known,
            include=censoring.include_directories or (),
            exclude=censoring.exclude_directories or (),
            tell=lambda problem: self._log.warning("Failed to censor data", error=problem),
        )
        sleep = self._sleep if stop is None else stop.wait
        return Uploader(
            destination=self._destination, options=storage, log=self._log, gate=gate, sleep=sleep, stop=stop
        )

    def _withheld_logs(self) -> dict[str, bytes | Content]:
        self._log.error("Withheld all logs and artifacts", error=f"[{', '.join(self._known.errors)}]")
        said = WITHHELD.format(why="\n".join(self._known.errors), annotation=UPLOAD_UNCENSORED)
        return {log_name(self.entries, entry): said.encode() for entry in self.entries}

    def _logs(self) -> dict[str, bytes | Content]:
        """The build logs by name; in the place of one that cannot be read, why."""
        paths_of = {log_name(self.entries, entry): Path(entry.process_log) for entry in self.entries}
        if self._options.censoring_options is not None:
            missing = artifacts.unreadable(paths_of.values(), self._options.gcs_options.items)
            if problems := [*self._known.errors, *missing]:
                self._log.warning("Failed to censor data", error=f"[{', '.join(problems)}]")
        return {name: self._log_or_why(path) for name, path in paths_of.items()}

    def _log_or_why(self, path: Path) -> bytes | Content:
        try:
            opening.opened(path, path.parent).close()
        except OSError as error:
            return f"Failed to open {path}: {refusal('open', error, str(path))}\n".encode()
        return Content(source=path, root=path.parent, through=self._known.plain)
