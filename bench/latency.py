"""From webhook to pod and to status, how long a function's start takes, and how often functions are invoked.

usage: python -m bench.latency [--quick]

What is measured here is printed as a table in Markdown, each figure as its ratio to a limit. The cold starts have a
peer, too: a bare functions-framework function, started in turn with them.
"""

import argparse
import logging
import os
import platform
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import uvloop

from bench import cold_starts, invocations
from bench.cold_starts import ColdStart
from bench.running import as_processes, in_one_process
from bench.stage import Stage, Times

POD_LIMIT = 0.150
"""Seconds from webhook to pod, at the median, when the functions are up."""
WARM_UP = 10


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured."""

    warm: int
    processes: int
    from_zero: int
    cold_starts: int
    lives: int


WHOLE = Size(warm=150, processes=100, from_zero=7, cold_starts=9, lives=10)
QUICK = Size(warm=30, processes=20, from_zero=2, cold_starts=3, lives=3)


@dataclass(frozen=True, slots=True)
class Latencies:
    """Pull requests with all functions in one process, with a process each, and with every function at zero."""

    one_process: list[Times]
    processes: list[Times]
    from_zero: list[Times]


async def warm(folder: Path, count: int) -> list[Times]:
    """One pull request after the other, all functions in this process."""
    stage = Stage()
    async with in_one_process(stage, folder):
        return await changes(stage, count)


async def over_processes(folder: Path, count: int, zeros: int) -> tuple[list[Times], list[Times]]:
    """The same with a process for each function: when they are up, and each time after all have been at zero."""
    stage = Stage()
    async with as_processes(stage, folder) as running:
        up = await changes(stage, count)
        from_zero = []
        for _ in range(zeros):
            await running.to_zero()
            from_zero.append(await stage.change())
            await stage.withdraw()
        await running.to_zero()
    return up, from_zero


async def changes(stage: Stage, count: int) -> list[Times]:
    """So many pull requests, after some that warm up."""
    found = []
    for _ in range(WARM_UP + count):
        found.append(await stage.change())
        await stage.withdraw()
    return found[WARM_UP:]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="bench.latency", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true", help="fewer rounds: a minute instead of five")
    size = QUICK if parser.parse_args(arguments).quick else WHOLE
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="cutwater-bench-") as folder:
        root = Path(folder)
        _say("one process")
        one_process = uvloop.run(warm(root / "one", size.warm))
        _say("a process for each function")
        processes, from_zero = uvloop.run(over_processes(root / "many", size.processes, size.from_zero))
        _say("cold starts")
        starts = uvloop.run(cold_starts.measure(root / "cold", size.cold_starts))
        _say("invocations")
        counts = uvloop.run(invocations.measure(root / "counts", size.lives))
    print(f"{os.cpu_count()} cores, load {load:.1f} before; Python {platform.python_version()}\n")
    print("\n".join(_latencies(Latencies(one_process, processes, from_zero))), end="\n\n")
    print("\n".join(_cold_starts(starts)), end="\n\n")
    print("\n".join(_invocations(counts)))


def _latencies(found: Latencies) -> Iterator[str]:
    yield "| p50 to limit | milliseconds | p50 | p99 | limit |"
    yield "| ---: | --- | ---: | ---: | ---: |"
    limit = POD_LIMIT * 1000
    steps: dict[str, Callable[[Times], float]] = {
        "webhook to pod": lambda times: times.pod,
        "webhook to first status": lambda times: times.status,
        "end of the pod to its status": lambda times: times.success,
    }
    for title, times in (
        ("all in one process", found.one_process),
        ("a process each, up", found.processes),
        ("a process each, all at zero", found.from_zero),
    ):
        for step, of in steps.items():
            values = sorted(of(one) * 1000 for one in times)
            p50, p99 = statistics.median(values), values[int(len(values) * 0.99)]
            is_limited = step == "webhook to pod" and times is not found.from_zero
            ratio, bound = (f"{p50 / limit:.2f}", f"{limit:.0f}") if is_limited else ("", "")
            yield f"| {ratio} | {step}, {title} ({len(values)}) | {p50:.0f} | {p99:.0f} | {bound} |"


def _cold_starts(found: Sequence[ColdStart]) -> Iterator[str]:
    yield "| times a bare function | limit | cold start | milliseconds |"
    yield "| ---: | ---: | --- | ---: |"
    for one in sorted(found, key=lambda one: one.ratio / one.limit):
        over = " (over)" if one.ratio > one.limit else ""
        yield f"| {one.ratio:.2f}{over} | {one.limit} | {one.function} | {one.seconds * 1000:.0f} |"


def _invocations(found: dict[str, tuple[float, float]]) -> Iterator[str]:
    yield "| invocations for each ProwJob | useful | vain |"
    yield "| --- | ---: | ---: |"
    for role, (useful, vain) in found.items():
        yield f"| {role} | {useful:.1f} | {vain:.1f} |"
    useful, vain = (sum(counts) for counts in zip(*found.values(), strict=True))
    yield f"| all (useful: {invocations.EXPECTED} expected) | {useful:.1f} | {vain:.1f} |"


def _say(what: str) -> None:
    print(f"measuring: {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
