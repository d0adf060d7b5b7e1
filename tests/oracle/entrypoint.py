"""Entrypoint: how a wrapped command ends, and what it leaves. Each row is a real process."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cutwater.podutils import entrypoint
from tests.oracle_rows import Row, difference

KINDS = ("engine/entrypoint",)
_LATE_SECONDS = 0.3
_STARTED = ("component", "level", "msg", "severity", "time")


def check(row: Row) -> str | None:
    """The difference between our answer and upstream's, or None."""
    run = row["id"].startswith("run-")
    return difference(_run(row["input"], row["upstream"]) if run else _options(row["input"]), row["upstream"])


def _options(given: Mapping[str, Any]) -> dict[str, object]:
    try:
        options = entrypoint.load({entrypoint.VARIABLE: given[entrypoint.VARIABLE]}, ())
    except ValueError as error:
        return {"load_error": str(error)}
    try:
        entrypoint.check(options)
    except ValueError as error:
        return {"validate_error": str(error)}
    return {}


def _run(given: Mapping[str, Any], upstream: Mapping[str, Any]) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as home:
        logs = Path(home, "logs")
        logs.mkdir()

        def here(text: str) -> str:
            return text.replace("/home/", f"{home}/")

        for path, text in (given.get("files") or {}).items():
            Path(here(path)).parent.mkdir(parents=True, exist_ok=True)
            Path(here(path)).write_text(text)
        environment = {**os.environ, entrypoint.VARIABLE: here(json.dumps(given["options"]))}
        process = subprocess.Popen(
            [sys.executable, "-m", "cutwater.podutils.entrypoint"], env=environment, stdout=subprocess.PIPE, text=True
        )
        if given.get("previous_marker_written_late") is not None:
            time.sleep(_LATE_SECONDS)
            Path(here(given["options"]["previous_marker"])).write_text(given["previous_marker_written_late"])
        process_log = Path(here(given["options"]["process_log"]))
        if given.get("signal"):
            _until_started(process, process_log)
            time.sleep(given["signal_after_ms"] / 1000)
            process.send_signal(signal.Signals[given["signal"]])
        output = process.communicate()[0].replace(f"{home}/", "/home/")
        marker = Path(here(given["options"]["marker_file"]))
        return {
            "exit": _code_before_modulo(process.returncode, upstream),
            "process_exit_status": process.returncode,
            "marker": marker.read_text() if marker.is_file() else None,
            "process_log": _log(process_log.read_text()) if process_log.is_file() else None,
            "log_entries": [_entry(line) for line in output.splitlines() if _is_own(line)],
        }


def _until_started(process: subprocess.Popen[str], process_log: Path) -> None:
    """The log is made right before the command: before it, an interpreter that is only starting would be hit."""
    while process.poll() is None and not process_log.exists():
        time.sleep(0.01)


def _code_before_modulo(code: int, upstream: Mapping[str, Any]) -> int:
    """A process shows its exit code modulo 256 only."""
    whole: int = upstream["exit"]
    return whole if whole & 0xFF == code else code


def _is_own(line: str) -> bool:
    return line.startswith('{"component": "entrypoint"')


def _entry(line: str) -> str:
    said = json.loads(line)
    fields = "".join(f" {key}={value}" for key, value in said.items() if key not in _STARTED)
    return f"{said['level']} {said['msg']}{fields}"


def _log(text: str) -> str:
    return "".join(f"@@ {_entry(line)}\n" if _is_own(line) else line for line in text.splitlines(keepends=True))
