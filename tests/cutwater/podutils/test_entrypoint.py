"""The entrypoint as a program, where the rows do not look: how it is placed, and what never starts."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cutwater.podutils import entrypoint


class Wrapped:
    """One run of it in a folder of the test's own."""

    def __init__(self, folder: Path, *args: str, program: tuple[str, ...] = (), **options: Any) -> None:
        self.log, self.marker = folder / "log", folder / "marker"
        told = {"args": args, "process_log": str(self.log), "marker_file": str(self.marker), **options}
        self.process = subprocess.Popen(
            program or (sys.executable, "-m", "cutwater.podutils.entrypoint"),
            env={**os.environ, entrypoint.VARIABLE: json.dumps(told)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def end(self) -> tuple[int, str, str]:
        """Exit code, marker and process log."""
        self.process.communicate()
        return self.process.returncode, self.marker.read_text(), self.log.read_text()


def test_what_is_placed_runs_from_anywhere(tmp_path: Path) -> None:
    placed = tmp_path / "tools" / "entrypoint"
    entrypoint.place(str(placed))
    assert os.access(placed, os.X_OK)
    wrapped = Wrapped(tmp_path, "sh", "-c", "echo hello; exit 3", program=(str(placed),))
    assert wrapped.end() == (3, "3", "hello\n")


def test_place_by_flags(tmp_path: Path) -> None:
    placed = tmp_path / "entrypoint"
    program = [sys.executable, "-m", "cutwater.podutils.entrypoint", "--copy-mode-only"]
    subprocess.run([*program, f"--copy-destination={placed}"], check=True)
    assert placed.read_text().startswith("#!/bin/sh\nexec ")


@pytest.mark.parametrize(
    ("program", "why"),
    [
        ("no-such-program", 'exec: "no-such-program": executable file not found in $PATH'),
        ("/no/such/program", "fork/exec /no/such/program: no such file or directory"),
        ("/", "fork/exec /: permission denied"),
    ],
)
def test_a_command_that_cannot_start(tmp_path: Path, program: str, why: str) -> None:
    assert Wrapped(tmp_path, program).end() == (127, "127", f"could not start the process: {why}")


def test_output_and_errors_stand_in_the_order_in_which_they_came(tmp_path: Path) -> None:
    wrapped = Wrapped(tmp_path, "sh", "-c", "echo 1; echo 2 >&2; echo 3")
    assert wrapped.end() == (0, "0", "1\n2\n3\n")


def test_a_log_of_many_megabytes_is_whole(tmp_path: Path) -> None:
    code, marker, log = Wrapped(tmp_path, "sh", "-c", "yes 0123456789abcdef | head -c 8000000").end()
    assert (code, marker, len(log)) == (0, "0", 8_000_000)


def test_a_background_process_that_keeps_the_output_is_waited_for(tmp_path: Path) -> None:
    wrapped = Wrapped(tmp_path, "sh", "-c", "(sleep 0.3; echo late) & echo early")
    assert wrapped.end() == (0, "0", "early\nlate\n")


def test_the_command_has_no_input(tmp_path: Path) -> None:
    assert Wrapped(tmp_path, "cat").end() == (0, "0", "")


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ('{"args": "x"}', "args is str, not tuple"),
        ('{"timeout": "1h"}', "timeout is str, not int"),
        ("[]", "list is no object"),
        ("{", "Expecting property name"),
    ],
)
def test_options_that_cannot_be_read(options: str, why: str) -> None:
    with pytest.raises(ValueError, match=rf"could not load config from JSON var ENTRYPOINT_OPTIONS: {why}"):
        entrypoint.load({entrypoint.VARIABLE: options}, ())


def test_flags() -> None:
    flags = ["--timeout=1m30s", "-grace-period", "2s", "--process-log=l", "--marker-file=m", "--", "run", "--it"]
    options = entrypoint.load({}, flags)
    assert (options.timeout, options.grace_period) == (90 * 10**9, 2 * 10**9)
    assert options.args == ("run", "--it")
