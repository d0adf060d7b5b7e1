"""How often functions are invoked in the life of one ProwJob, from its pull request to its last report, and what for.

An invocation is vain where nothing came of it: nobody had to be told, nothing was due, or another function was at it.
"""

import contextlib
import logging
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from bench.running import in_one_process
from bench.stage import Stage
from cutwater.events import log

EXPECTED = 15
"""What a ProwJob that succeeds ought to need. Source: docs/protocols.md, part 8."""
POD_SECONDS = 0.5
NOTHING = frozenset({"", "nothing", "concerns nobody", "nobody wants it", "in hand elsewhere"})


async def measure(folder: Path, lives: int) -> dict[str, tuple[float, float]]:
    """Invocations of each role for one ProwJob that succeeds: useful ones and vain ones, the mean of so many lives."""
    stage = Stage()
    with logged() as lines:
        async with in_one_process(stage, folder):
            for _ in range(lives):
                await stage.change(pod_seconds=POD_SECONDS)
    useful = Counter(line["role"] for line in lines if not _is_vain(line))
    vain = Counter(line["role"] for line in lines if _is_vain(line))
    return {role: (useful[role] / lives, vain[role] / lives) for role in sorted(useful | vain)}


def _is_vain(line: dict[str, Any]) -> bool:
    return bool(line["status"] >= 400 or line["done"] in NOTHING)


@contextlib.contextmanager
def logged() -> Iterator[list[dict[str, Any]]]:
    """The lines that functions of this process log meanwhile: one for each invocation."""
    lines: list[dict[str, Any]] = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(msgspec.json.decode(record.getMessage()))  # type: ignore[method-assign]
    log.logger.addHandler(handler)
    log.logger.setLevel(logging.INFO)
    log.logger.propagate = False
    try:
        yield lines
    finally:
        log.logger.removeHandler(handler)
