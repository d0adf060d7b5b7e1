"""What a pod utility says of itself: one JSON object a line, as logrus writes it.

Standard library alone: the entrypoint, which must start at once, uses it.
"""

import json
import sys
import threading
import time
from collections.abc import Callable
from typing import IO, NoReturn


class Log:
    """Lines to the streams given, by default stderr. `censor` sees every line before it is written."""

    def __init__(self, component: str, *streams: IO[bytes], clock: Callable[[], float] = time.time) -> None:
        self.component = component
        self.streams = list(streams) or [sys.stderr.buffer]
        self.censor: Callable[[bytes], bytes] = lambda line: line
        self._clock = clock
        self._lock = threading.Lock()

    def line(self, level: str, message: str, /, **fields: object) -> None:
        """Write one line. A stream that is gone is passed over: no log line is worth a test's result."""
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self._clock()))
        said = {"component": self.component, "level": level, "msg": message, "severity": level, "time": at} | fields
        raw = self.censor(
            json.dumps(dict(sorted(said.items())), ensure_ascii=False, default=str).encode(errors="replace") + b"\n"
        )
        with self._lock:
            for stream in self.streams:
                try:
                    stream.write(raw)
                    stream.flush()
                except (OSError, ValueError):
                    continue

    def debug(self, message: str, /, **fields: object) -> None:
        self.line("debug", message, **fields)

    def info(self, message: str, /, **fields: object) -> None:
        self.line("info", message, **fields)

    def warning(self, message: str, /, **fields: object) -> None:
        self.line("warning", message, **fields)

    def error(self, message: str, /, **fields: object) -> None:
        self.line("error", message, **fields)

    def fatal(self, message: str, /, **fields: object) -> NoReturn:
        """Say why, and end the program with 1."""
        self.line("fatal", message, **fields)
        raise SystemExit(1)
