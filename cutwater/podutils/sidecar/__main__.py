"""sidecar as a program: the options from the environment; the tests' end, or a signal, from outside."""

import os
import select
import signal
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

from cutwater.podutils import gotext, jobspec, options
from cutwater.podutils.destinations import destination
from cutwater.podutils.log import Log
from cutwater.podutils.options import SidecarOptions, UploadOptions
from cutwater.podutils.sidecar import pieces
from cutwater.podutils.sidecar.run import INTERRUPTED, Sidecar, wait
from cutwater.podutils.signals import Signals
from cutwater.podutils.upload_flags import upload_options
from cutwater.podutils.uploads import NotUploaded

_LOOK_AGAIN = 0.05
"""Seconds between two looks for the markers."""


def main() -> None:
    """Run to the end. Ends with 1 only where the options say that a failed test fails the sidecar, too."""
    with tempfile.NamedTemporaryFile(prefix="sidecar-logs", suffix=".txt") as own_log:
        log = Log("sidecar", sys.stderr.buffer, own_log)
        try:
            chosen = options.load(os.environ, options.SIDECAR, SidecarOptions, _from_flags, sys.argv[1:])
        except ValueError as error:
            log.fatal(f"Could not resolve options: {error}")
        try:
            chosen = options.without_older_keys(chosen)
            options.check_sidecar(chosen)
        except ValueError as error:
            log.fatal(f"Invalid options: {error}")
        failures = _run(chosen, log, Path(own_log.name))
        if failures and chosen.entry_error:
            log.fatal(f"{failures} containers failed")


def _from_flags(arguments: Sequence[str]) -> SidecarOptions:
    return SidecarOptions(gcs_options=upload_options(UploadOptions, arguments))


def _run(chosen: SidecarOptions, log: Log, own_log: Path) -> int:
    """Wait, upload, and say how many tests failed. What goes wrong in between is for the log alone."""
    try:
        spec = jobspec.read(os.environ)
    except ValueError as error:
        log.error("Failed to report job status", error=f"could not resolve job spec: {error}")
        return 0
    signals = Signals()
    try:
        place = destination(chosen.gcs_options, os.environ)
        sidecar = Sidecar(chosen, spec, place, log, own_log=own_log)
        live = pieces.Follower(sidecar.live_logs(), log, prepare=place.connect)
        log.censor = sidecar.line
    except ValueError as error:
        log.error("Failed to report job status", error=str(error))
        return wait(options.all_entries(chosen), lambda: _pause(signals)).failures
    live.start()
    early = _EarlyUpload(sidecar, log, ignores=chosen.ignore_interrupts)

    def pause() -> bool:
        _pause(signals)
        early.answer(signals.taken())
        return True

    outcome = wait(sidecar.entries, pause)
    # From here on only the upload matters: whoever stops us now would lose all of it.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    early.cancel()
    live.stop()
    try:
        sidecar.upload(outcome)
    except NotUploaded as error:
        log.error("Failed to report job status", error=str(error))
        live.remove(error.keys)
    except (OSError, ValueError) as error:
        log.error("Failed to report job status", error=str(error))
    else:
        live.remove()
    return outcome.failures


def _pause(signals: Signals) -> bool:
    """Wait a moment, or until a signal comes."""
    select.select([signals.wakeup], [], [], _LOOK_AGAIN)
    return True


class _EarlyUpload:
    """What is saved when the pod is told to end while the tests still run: better an unfinished log than none."""

    def __init__(self, sidecar: Sidecar, log: Log, *, ignores: bool) -> None:
        """`ignores`: nothing is saved; whoever asked for that gives the pod time to end by itself."""
        self._sidecar = sidecar
        self._log = log
        self._ignores = ignores
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._told: signal.Signals | None = None

    def answer(self, told: signal.Signals | None) -> None:
        """Begin at the first signal; further ones say nothing new."""
        if told is None or self._told is not None:
            return
        self._told = told
        name = gotext.SIGNALS[told]
        if self._ignores:
            self._log.warning(f"Received an interrupt: {name}, ignoring...")
            return
        self._log.error(f"Received an interrupt: {name}, cancelling...")
        self._thread = threading.Thread(target=self._upload, name="early-upload", daemon=True)
        self._thread.start()

    def _upload(self) -> None:
        try:
            self._sidecar.upload(INTERRUPTED, stop=self._stop)
        except (NotUploaded, OSError, ValueError) as error:
            self._log.error("Failed to perform best-effort upload", error=str(error))
        else:
            self._log.error("Best-effort upload was successful")

    def cancel(self) -> None:
        """Begin no further object, and wait for those under way: nothing of it may land after the true result."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()


if __name__ == "__main__":
    main()
