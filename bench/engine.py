"""The engine under load: a plank pass, a burst of pod events, a horologium tick and a sinker pass over many ProwJobs.

usage: python -m bench.engine [--waiting N] [--kubeconfig FILE]   (FILE names a real API server, measured as well)

Each runs at a tenth of the size, too, with the same amount of change: calls are to grow with what changes, not with
what exists. Pages of a list after its first are shown apart: a sweep reads all that is not complete, 500 an answer.
"""

import argparse
import asyncio
import os
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bench.apiserver import embedded
from bench.engine_world import World
from bench.processes import forget_peak, peak
from cutwater.events.environment import GARBAGE
from cutwater.kube.official import OfficialTransport
from cutwater.kube.transport import Transport
from functions.horologium.function import horologium
from functions.plank.function import plank
from functions.sinker.function import sinker

WAITING, RUNNING, PERIODICS = 10_000, 200, 4_000
POD_EVENTS, DUE, OLD = 500, 50, 100
"""What changes: events of pods that have ended, periodics that are due, ProwJobs that are old enough to go."""
MOST_GROWTH = 1.1
"""By so much calls may grow where ten times as much exists: Leases that are taken are asked for again."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What one step took: seconds, the process's largest memory in bytes, calls by verb."""

    seconds: float
    memory: int
    calls: Counter[str] = field(default_factory=Counter)

    @property
    def changing(self) -> int:
        """Calls but for further pages."""
        return sum(self.calls.values()) - self.calls["page"]


async def measure(
    transport: Transport,
    *,
    waiting: int,
    running: int = RUNNING,
    periodics: int = PERIODICS,
    events: int = POD_EVENTS,
    due: int = DUE,
    old: int = OLD,
) -> dict[str, Figures]:
    """The steps one after the other. Raises AssertionError where one has not done what it should."""
    name = f"bench-{time.time_ns():x}"
    world = World(transport, name=name, running=running, periodics=periodics, due=due)
    try:
        await world.fill(waiting=waiting, old=old)
        found = {"plank: a pass, nothing is due": await _step(world, lambda: world.tick(plank, "sweep"))}
        await world.end_pods()
        found[f"plank: {events} pod events"] = await _step(world, lambda: world.pod_events(events, plank))
        assert await world.count("pending") == min(running, waiting), "a place is empty"
        before = await world.total()
        found["horologium: a tick"] = await _step(world, lambda: world.tick(horologium, "schedule"))
        assert await world.total() == before + due
        found["sinker: a pass"] = await _step(world, lambda: world.tick(sinker, "sweep"))
        assert await world.total() == before + due - old
        return found
    finally:
        await world.clear()


async def _step(world: World, work: Callable[[], Awaitable[None]]) -> Figures:
    world.counting.calls.clear()
    forget_peak()
    started = time.perf_counter()
    await work()
    return Figures(time.perf_counter() - started, peak(), Counter(world.counting.calls))


def growth(small: Mapping[str, Figures], large: Mapping[str, Figures]) -> dict[str, float]:
    """By what calls grow, step by step."""
    return {step: large[step].changing / small[step].changing for step in small}


def show(title: str, small: Mapping[str, Figures], large: Mapping[str, Figures]) -> bool:
    """Print the figures of the larger size, and the growth from the smaller one; whether that is small enough."""
    verbs = ("get", "list", "create", "patch", "delete", "lease")
    print(f"\n| {title} | s | MB | {' | '.join(verbs)} | calls to those at a tenth | further pages | at a tenth |")
    print(f"| --- |{' ---: |' * (len(verbs) + 5)}")
    grown = growth(small, large)
    for step, found in large.items():
        counts = " | ".join(str(found.calls[verb]) for verb in verbs)
        pages = f"{found.calls['page']} | {small[step].calls['page']}"
        print(f"| {step} | {found.seconds:.2f} | {found.memory / 1e6:.0f} | {counts} | {grown[step]:.2f} | {pages} |")
    return max(grown.values()) <= MOST_GROWTH


async def _both(kubeconfig: Path, waiting: int) -> tuple[dict[str, Figures], dict[str, Figures]]:
    transport = OfficialTransport(str(kubeconfig))
    return await measure(transport, waiting=waiting // 10), await measure(transport, waiting=waiting)


def main() -> int:
    import gc

    parser = argparse.ArgumentParser(prog="python -m bench.engine", description="Measures the engine under load.")
    parser.add_argument("--waiting", type=int, default=WAITING)
    parser.add_argument("--kubeconfig", type=Path, default=os.environ.get("CUTWATER_KUBECONFIG") or None)
    options = parser.parse_args()
    gc.set_threshold(GARBAGE)
    print(f"{options.waiting} ProwJobs wait, {RUNNING} run; {PERIODICS} periodics, {DUE} due; {OLD} old enough to go")
    with embedded() as server:
        kept = show("embedded API server", *asyncio.run(_both(server.kubeconfig, options.waiting)))
    if options.kubeconfig:
        kept &= show("real API server", *asyncio.run(_both(Path(options.kubeconfig), options.waiting)))
    print(f"\nlimit: at ten times the size at most {MOST_GROWTH} times the calls: {'kept' if kept else 'BROKEN'}")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
