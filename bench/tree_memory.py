"""The memory that a process and all that it has started take together, as it is seen many times a second."""

import contextlib
import threading
from collections import defaultdict
from pathlib import Path

PAUSE = 0.02
"""Seconds between two looks. What lives shorter than that may be missed."""


class TreeMemory:
    """The peak of a process and its descendants, in resident bytes: a page that two of them share counts twice."""

    def __init__(self, pid: int) -> None:
        self._pid, self._peak = pid, 0
        self._end, self._lock = threading.Event(), threading.Lock()
        self._watching = threading.Thread(target=self._watch, daemon=True)
        self._watching.start()

    def stop(self) -> None:
        self._end.set()
        self._watching.join()

    def peak(self) -> int:
        """The most since it was last asked for."""
        with self._lock:
            found, self._peak = self._peak, 0
        return found

    def _watch(self) -> None:
        while not self._end.wait(PAUSE):
            now = _resident(self._pid)
            with self._lock:
                self._peak = max(self._peak, now)


def _resident(root: int) -> int:
    """Resident bytes of a process and its descendants."""
    children, resident = defaultdict(list), dict[int, int]()
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has just ended
            status = dict(
                line.split(":\t", 1) for line in (folder / "status").read_text().splitlines() if ":\t" in line
            )
            children[int(status["PPid"])].append(int(folder.name))
            resident[int(folder.name)] = int(status.get("VmRSS", "0 kB").split()[0]) * 1024
    total, pids = 0, [root]
    while pids:
        pid = pids.pop()
        total += resident.get(pid, 0)
        pids += children[pid]
    return total
