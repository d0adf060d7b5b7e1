"""entrypoint: runs a test's command, keeps its output and its result, and stops it when its time is up.

It stands before the command of every test container. `--copy-mode-only` puts it where the containers find it: what is
written there is a small script that runs this module from where it lies, so it needs this file system and this
interpreter. In images of their own, where neither is, upstream's entrypoint does the same.
Standard library alone: a test waits for it.
Source: sigs.k8s.io/prow pkg/entrypoint, cmd/entrypoint.
"""

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from typing import IO, Literal, NamedTuple

from cutwater.podutils import flags, gotext, markers
from cutwater.podutils.log import Log
from cutwater.podutils.signals import Signals

VARIABLE = "ENTRYPOINT_OPTIONS"
TIMEOUT = 120 * 60 * 10**9
GRACE_PERIOD = 15 * 10**9
COPY_DESTINATION = "/tools/entrypoint"
_LOOK_AGAIN = 0.05
"""Seconds between two looks for a previous marker."""


class Options(NamedTuple):
    """ENTRYPOINT_OPTIONS. Times are nanoseconds, and 0 is the default of two hours, or fifteen seconds of grace."""

    timeout: int = 0
    grace_period: int = 0
    artifact_dir: str = ""
    previous_marker: str = ""
    always_zero: bool = False
    propagate_error_code: bool = False
    copy_mode_only: bool = False
    copy_dst: str = ""
    args: tuple[str, ...] = ()
    container_name: str = ""
    process_log: str = ""
    marker_file: str = ""
    metadata_file: str = ""


class Result(NamedTuple):
    """How it went: the code for the marker, and why it is not the command's own success."""

    code: int
    error: str = ""


def load(environment: Mapping[str, str], arguments: Sequence[str]) -> Options:
    """The options. Raises ValueError."""
    text = environment.get(VARIABLE)
    if text is None:
        return _from_flags(arguments)
    try:
        return _from_json(json.loads(text))
    except ValueError as error:
        raise ValueError(f"could not load config from JSON var {VARIABLE}: {error}") from error


def _from_json(raw: object) -> Options:
    if not isinstance(raw, dict):
        raise ValueError(f"{type(raw).__name__} is no object")
    given = {key: raw[key] for key in Options._fields if raw.get(key) is not None}
    if isinstance(given.get("args"), list):
        given["args"] = tuple(given["args"])
    for key, value in given.items():
        expected = type(Options._field_defaults[key])
        if type(value) is not expected:
            raise ValueError(f"{key} is {type(value).__name__}, not {expected.__name__}")
    if not all(isinstance(argument, str) for argument in given.get("args", ())):
        raise ValueError("args are not all strings")
    return Options(**given)


def _from_flags(arguments: Sequence[str]) -> Options:
    files = ("artifact-dir", "copy-destination", "process-log", "marker-file", "metadata-file")
    switches = ("copy-mode-only", "propagate-error-code")
    given = flags.parse(arguments, values=("timeout", "grace-period", *files), switches=switches)
    return Options(
        timeout=gotext.nanoseconds(given.text("timeout", "2h")),
        grace_period=gotext.nanoseconds(given.text("grace-period", "15s")),
        artifact_dir=given.text("artifact-dir"),
        propagate_error_code=given.switch("propagate-error-code"),
        copy_mode_only=given.switch("copy-mode-only"),
        copy_dst=given.text("copy-destination", COPY_DESTINATION),
        args=given.rest,
        process_log=given.text("process-log"),
        marker_file=given.text("marker-file"),
        metadata_file=given.text("metadata-file"),
    )


def check(options: Options) -> None:
    """Raises ValueError for options with which nothing can be run."""
    if not options.args:
        raise ValueError("no process to wrap specified")
    if options.propagate_error_code and options.always_zero:
        raise ValueError("cannot propagate error code and always exit zero")
    if not options.process_log:
        raise ValueError("no log file specified with --process-log")
    if not options.marker_file:
        raise ValueError("no marker file specified with --marker-file")


def place(destination: str) -> None:
    """Write a program that is this one. Raises OSError."""
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # noqa: PTH100, PTH120
    code = f"import sys; sys.path.insert(0, {root!r}); from cutwater.podutils import entrypoint; entrypoint.main()"
    words = [sys.executable, "-I", "-S", "-c", code]
    script = "#!/bin/sh\nexec " + " ".join(_shell_word(word) for word in words) + ' "$@"\n'
    os.makedirs(os.path.dirname(destination) or ".", 0o755, exist_ok=True)  # noqa: PTH103, PTH120
    with open(destination, "w", encoding="utf-8") as file:  # noqa: PTH123
        file.write(script)
    os.chmod(destination, 0o755)  # noqa: PTH101, S103 - every user of the pod runs it


def _shell_word(text: str) -> str:
    return "'" + text.replace("'", "'\"'\"'") + "'"


class Command:
    """A running command, whose output goes to our own and to the process log."""

    def __init__(self, args: Sequence[str], outputs: Sequence[IO[bytes]], signals: Signals) -> None:
        """Start it. Raises OSError."""
        self._outputs = outputs
        self._signals = signals
        self._pipe: int | None = None
        pipe, write = os.pipe()
        try:
            self._process = subprocess.Popen(args, stdin=subprocess.DEVNULL, stdout=write, stderr=write)
        except BaseException:
            os.close(pipe)
            raise
        finally:
            os.close(write)
        self._pipe = pipe

    def wait(self, seconds: float, *, heed_signals: bool) -> Literal["done", "late"] | signal.Signals:
        """Pass its output on until it has ended and closed it, until the time is up, or until we are told to stop."""
        deadline = time.monotonic() + seconds
        while True:
            if self._pipe is None and self._process.poll() is not None:
                return "done"
            watched = [self._signals.wakeup] + ([] if self._pipe is None else [self._pipe])
            left = deadline - time.monotonic()
            ready = select.select(watched, [], [], max(left, 0))[0]
            if self._pipe in ready:
                self._pass_on()
            if self._signals.wakeup in ready:
                told = self._signals.taken()
                if told is not None and heed_signals:
                    return told
            if left <= 0 and not ready:
                return "late"

    def _pass_on(self) -> None:
        assert self._pipe is not None
        chunk = os.read(self._pipe, 1 << 16)
        if not chunk:
            os.close(self._pipe)
            self._pipe = None
            return
        for output in self._outputs:
            try:
                output.write(chunk)
                output.flush()
            except OSError:  # our own output is gone: the log still counts
                continue

    def stop(self, grace_seconds: float, told: signal.Signals | None) -> bool:
        """Ask it to end, and end it when it does not. True if it ended by itself; else nobody waits for it."""
        self._process.send_signal(signal.SIGINT)
        if told is not None:
            self._process.send_signal(told)
        if self.wait(grace_seconds, heed_signals=False) == "done":
            return True
        self._process.kill()
        return False

    @property
    def code(self) -> int:
        """Its exit code; -1 for a signal, or while it has not ended."""
        code = self._process.returncode
        return -1 if code is None or code < 0 else code

    @property
    def ending(self) -> str:
        """How it ended, in words."""
        return gotext.exit_status(self._process.returncode)


def run(options: Options, log: Log, signals: Signals) -> Result:
    """Run the command to its end, or to the end of its time."""
    if options.artifact_dir:
        try:
            os.makedirs(options.artifact_dir, exist_ok=True)  # noqa: PTH103
        except OSError as error:
            why = _not_made(options.artifact_dir, error)
            return Result(markers.INTERNAL_ERROR, f"could not create artifact directory({options.artifact_dir}): {why}")
    try:
        process_log = open(options.process_log, "wb")  # noqa: PTH123, SIM115 - closed below
    except OSError as error:
        why = gotext.refusal("open", error, options.process_log)
        return Result(markers.INTERNAL_ERROR, f"could not create process logfile({options.process_log}): {why}")
    own_streams = log.streams
    log.streams = [*own_streams, process_log]
    try:
        return _previous(options, log, signals) or _watch(options, log, signals, process_log)
    finally:
        log.streams = own_streams
        process_log.close()


def _not_made(directory: str, error: OSError) -> str:
    """Why there is no such directory: what stands in its way is named itself."""
    if not isinstance(error, FileExistsError | NotADirectoryError):
        return gotext.refusal("mkdir", error, directory)
    while not os.path.exists(directory):  # noqa: PTH110
        directory = os.path.dirname(directory)  # noqa: PTH120
    return f"mkdir {directory}: not a directory"


def _previous(options: Options, log: Log, signals: Signals) -> Result | None:
    """Wait for the command before this one, if there is one. None: it went well."""
    if not options.previous_marker:
        return None
    what = f"wait for previous marker {options.previous_marker}"
    while not markers.exists(options.previous_marker):
        select.select([signals.wakeup], [], [], _LOOK_AGAIN)
        told = signals.taken()
        if told is not None:
            log.error(f"Received interrupt {gotext.SIGNALS[told]}, cancelling...")
            return Result(markers.INTERNAL_ERROR, f"{what}: cancelled: context canceled")
    previous = markers.read(options.previous_marker)
    if previous.error:
        return Result(markers.INTERNAL_ERROR, f"{what}: {previous.error}")
    if previous.code != 0:
        log.info(f"Skipping as previous step exited {previous.code}")
        return Result(markers.PREVIOUS_FAILED)
    return None


def _watch(options: Options, log: Log, signals: Signals, process_log: IO[bytes]) -> Result:
    timeout, grace = options.timeout or TIMEOUT, options.grace_period or GRACE_PERIOD
    try:
        command = Command(options.args, [sys.stdout.buffer, process_log], signals)
    except OSError as error:
        why = f"could not start the process: {_not_started(options.args[0], error)}"
        process_log.write(why.encode())
        process_log.flush()
        return Result(markers.INTERNAL_ERROR, why)
    event = command.wait(timeout / 1e9, heed_signals=True)
    if event == "done":
        code = command.code
        return Result(code, f"wrapped process failed: {command.ending}" if code else "")
    if event == "late":
        log.error(f"Process did not finish before {gotext.duration(timeout)} timeout")
        told, ours, why = None, markers.INTERNAL_ERROR, "process timed out"
    else:
        log.error(f"Entrypoint received interrupt: {gotext.SIGNALS[event]}")
        told, ours, why = event, markers.ABORTED, "process aborted"
    ended = command.stop(grace / 1e9, told)
    how = "gracefully exited" if ended else "did not exit"
    log.error(f"Process {how} before {gotext.duration(grace)} grace period")
    return Result(command.code if options.propagate_error_code else ours, why)


def _not_started(program: str, error: OSError) -> str:
    if "/" not in program and program and isinstance(error, FileNotFoundError | PermissionError):
        return f"exec: {gotext.quoted(program)}: executable file not found in $PATH"
    return gotext.refusal("fork/exec", error, program)


def finish(options: Options, result: Result, log: Log) -> int:
    """Write the marker. Gives back what the process exits with."""
    if result.error:
        log.error("Error executing test process", error=result.error)
    try:
        markers.write(options.marker_file, result.code, options.container_name)
    except OSError as error:
        operation = "stat" if isinstance(error, FileNotFoundError) else "write"
        why = f"{options.container_name}: error creating temp dir: {gotext.refusal(operation, error)}"
        log.error("Error writing exit code to marker file", error=why)
        return markers.INTERNAL_ERROR
    return 0 if options.always_zero else result.code


def main() -> None:
    """Run as a program: the options from the environment, else from the flags."""
    signals = Signals()
    log = Log("entrypoint", sys.stdout.buffer)
    try:
        options = load(os.environ, sys.argv[1:])
    except ValueError as error:
        log.fatal(f"Could not resolve options: {error}")
    if options.copy_mode_only:
        try:
            place(options.copy_dst)
        except OSError as error:
            log.fatal("Failed running in copy mode, this is a prow bug.", error=str(error))
        return
    try:
        check(options)
    except ValueError as error:
        log.fatal(f"Invalid options: {error}")
    code = finish(options, run(options, log, signals), log)
    os._exit(code & 0xFF)  # what the streams had to say is flushed; the interpreter has nothing else to clean up


if __name__ == "__main__":
    main()
