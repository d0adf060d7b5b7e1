"""Logs of containers as they grow."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO

PAUSE = 0.05
"""Seconds between two looks at a log."""


async def follow(logs: Mapping[str, Path], write: Callable[[bytes], object], ended: asyncio.Event) -> None:
    """Write what the logs hold, and what is added, until `ended`, and then the rest.

    Each is known by its container. Where there are several, every line begins with the name of its container.
    """
    tails = [_Tail(path, f"[{name}] ".encode() if len(logs) > 1 else b"") for name, path in logs.items()]
    while not ended.is_set():
        for tail in tails:
            tail.copy(write)
        try:
            await asyncio.wait_for(ended.wait(), PAUSE)
        except TimeoutError:
            continue
    for tail in tails:
        tail.copy(write, to_the_end=True)


class _Tail:
    def __init__(self, path: Path, prefix: bytes) -> None:
        self._path, self._prefix = path, prefix
        self._file: BinaryIO | None = None
        self._rest = b""

    def copy(self, write: Callable[[bytes], object], *, to_the_end: bool = False) -> None:
        """Write what is new. Lines with a prefix are written whole."""
        if self._file is None and self._path.exists():
            self._file = self._path.open("rb")
        if self._file is None:
            return
        new = self._file.read()
        if self._prefix:
            *lines, self._rest = (self._rest + new).split(b"\n")
            new = b"".join(self._prefix + line + b"\n" for line in lines)
            if to_the_end and self._rest:
                new += self._prefix + self._rest + b"\n"
        if new:
            write(new)
        if to_the_end:
            self._file.close()
