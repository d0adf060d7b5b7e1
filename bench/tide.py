"""Many pools: what tide takes of time, memory and GitHub's limits, beside upstream's way over the same GitHub.

usage: python -m bench.tide [--quick]

50 pools (25 repositories of five organisations, two branches each) hold 2,000 open pull requests, which have passed
their tests where their branches were before; an eighth has the labels that tide asks for. tide, hook, GitHub, the API
server and the store are processes of their own, the broker is in the bench's. The peer sends upstream's requests; what
it would write, the same as tide, is left out.
"""

import argparse
import asyncio
import logging
import os
import platform
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import uvloop

from bench.points import points
from bench.processes import cpu_seconds, forget_peak, peak
from bench.tide_peer import Upstream
from bench.tide_world import AUTHOR, Installation, Size, installed, sha_of
from cutwater.events.edges import utc_now
from cutwater.github.queries import FIND_POOLS, POOL, PULLS
from functions.tide import finding, sight
from functions.tide.function import PACE
from functions.tide.sweep import SELDOM

WHOLE = Size(orgs=5, repos=5, branches=2, pulls=40)
QUICK = Size(orgs=2, repos=2, branches=2, pulls=20)
STATUSES, SECONDS = 150, 30.0
"""Statuses of one push, and in how many seconds they come."""
CHANGED, QUIET = "sync: every pool has changed", "sync: nothing has changed"
LABEL, PUSH = "a label on one pull request", f"{STATUSES} statuses of one push, in {SECONDS:.0f} s"
PEER = "upstream's sync: nothing has changed"
HANDFUL = 6
"""Looks that a push may cost."""
HOURLY, SHARE = 5_000, 0.5
"""What GitHub grants an identity in an hour, requests and points; and how much of that tide may use by default."""
SYNCS, LOOKS = 60, timedelta(hours=1) / SELDOM
"""Of an hour: so many sweeps, and so many looks at a pool in which nothing happens."""
AFTERMATH = 3.0
"""Seconds in which a webhook reaches tide."""
LOOK = "GRAPHQL query pool"
POINTS: Mapping[str, int] = {
    LOOK: points(POOL, {"recent": sight.RECENT, "first": sight.PAGE}),
    "GRAPHQL query pulls": points(PULLS, {"first": sight.PAGE}),
    "GRAPHQL query findPools": points(FIND_POOLS, {"first": finding.PAGE}),
}
"""What GitHub counts for each of tide's queries."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What one step took: seconds, those of tide's own CPU, and the most of memory that it had, in bytes.

    `asked`: requests to GitHub by kind, and GraphQL's points.
    """

    seconds: float
    cpu: float = 0.0
    memory: int = 0
    asked: Counter[str] = field(default_factory=Counter)


async def measure(folder: Path, size: Size) -> dict[str, Figures]:
    """The steps one after the other."""
    async with installed(folder, size) as here:
        await here.look_at(["nobody/nothing:main"])  # tide is up
        first = next(size.repositories())
        found = {"first sync: all are seen, told, and tested again": await _step(here, here.sweep)}
        await asyncio.sleep(PACE)
        found[CHANGED] = await _step(here, here.sweep)
        await asyncio.sleep(PACE)
        await here.sweep()  # it sees to it that no look was lost
        found[QUIET] = await _step(here, here.sweep)
        await asyncio.sleep(PACE)
        found[LABEL] = await _step(here, lambda: _label(here, first))
        await asyncio.sleep(PACE)
        found[PUSH] = await _step(here, lambda: _statuses(here, first))
        return found | await _upstream(here)


async def _step(here: Installation, work: Callable[[], Awaitable[None]]) -> Figures:
    pid, before = here.tide.pid, len(here.lines())
    assert pid is not None
    forget_peak(pid)
    started, used = time.perf_counter(), cpu_seconds(pid)
    await work()
    took, used = time.perf_counter() - started, cpu_seconds(pid) - used
    return Figures(took, used, peak(pid), _asked(here.lines()[before:]))


def _asked(lines: Sequence[Mapping[str, Any]]) -> Counter[str]:
    """What was asked of GitHub, by the lines of tide's log. A request that cost nothing is not counted."""
    asked = Counter[str](events=len(lines))
    for line in lines:
        for call, spent in line.get("githubasked", {}).items():
            if call.startswith("GRAPHQL"):
                asked["graphql"] += spent["calls"]
                asked["points"] += spent["calls"] * POINTS[call]
                asked["looks"] += spent["calls"] if call == LOOK else 0
            else:
                asked["rest" if call.startswith("GET") else "writes"] += spent["cost"]
    return asked


async def _label(here: Installation, repository: str) -> None:
    await here.say(repository, "/issues/10/labels", {"labels": ["approved"]})
    await asyncio.sleep(AFTERMATH)
    await here.broker.settle()


async def _statuses(here: Installation, repository: str) -> None:
    for number in range(STATUSES):
        body = {"state": "success", "context": f"other/{number}"}
        await here.say(repository, f"/statuses/{sha_of(repository, 11)}", body)
        await asyncio.sleep(SECONDS / STATUSES)
    await asyncio.sleep(AFTERMATH)
    await here.broker.settle()


async def _upstream(here: Installation) -> dict[str, Figures]:
    upstream = Upstream(here.config.prow.tide, here.settings.github, f"ghp_{AUTHOR}")
    found = {}
    for step in ("upstream's first sync", "upstream's second", PEER):  # a search gives a thousand at most
        started = time.perf_counter()
        await upstream.round(utc_now())
        found[step] = Figures(time.perf_counter() - started, asked=Counter(upstream.asked))
    await upstream.close()
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="bench.tide", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true", help="8 pools with 160 pull requests")
    size = QUICK if parser.parse_args(arguments).quick else WHOLE
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    logging.getLogger("infra.local.broker").setLevel(logging.ERROR)  # Triggers whose functions do not run here
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="cutwater-bench-") as folder:
        found = uvloop.run(measure(Path(folder), size))
    print(f"{os.cpu_count()} cores, load {load:.1f} before; Python {platform.python_version()}")
    print(f"{size.pools} pools, {size.all_pulls} pull requests\n")
    print(*_table(found), sep="\n")
    print()
    print(*_hour(found, size), sep="\n")
    broken = list(_broken(found, size))
    if broken:
        sys.exit("; ".join(broken))


def points_of_a_quiet_hour(found: Mapping[str, Figures], size: Size) -> float:
    """GraphQL's, of all sweeps and of the looks that are due whatever happens."""
    return SYNCS * found[QUIET].asked["points"] + LOOKS * size.pools * POINTS[LOOK]


def _broken(found: Mapping[str, Figures], size: Size) -> Iterator[str]:
    """What takes more than it may."""
    if points_of_a_quiet_hour(found, size) > SHARE * HOURLY:
        yield "an hour in which nothing happens takes more than tide's share of GitHub's limit"
    if found[LABEL].asked["looks"] != 1:
        yield "an event for one pull request is a look at more than its pool"
    if found[PUSH].asked["looks"] > HANDFUL:
        yield "a push costs more than a handful of looks"


def _hour(found: Mapping[str, Figures], size: Size) -> Iterator[str]:
    """An hour in which nothing happens, and in which every pool changes every minute, to the limits."""
    peer = found[PEER].asked
    hours = {
        "tide, nothing happens": (0, points_of_a_quiet_hour(found, size)),
        "tide, every pool changes every minute": (0, SYNCS * found[CHANGED].asked["points"]),
        "upstream's way": (SYNCS * peer["rest"], SYNCS * peer["points"]),
    }
    yield "| an hour | REST requests | to the limit | GraphQL points | to the limit |"
    yield "| --- | ---: | ---: | ---: | ---: |"
    for title, (rest, graphql) in hours.items():
        yield f"| {title} | {rest} | {rest / HOURLY:.2f} | {graphql:.0f} | {graphql / HOURLY:.2f} |"


def _table(found: Mapping[str, Figures]) -> Iterator[str]:
    kinds = ("events", "looks", "rest", "writes", "graphql", "points")
    yield f"| step | s | of its own CPU | MB | {' | '.join(kinds)} |"
    yield f"| --- |{' ---: |' * (len(kinds) + 3)}"
    for step, one in found.items():
        counts = " | ".join(str(one.asked[kind]) for kind in kinds)
        own = f"{one.cpu:.1f} | {one.memory / 2**20:.0f}" if one.cpu else " | "
        yield f"| {step} | {one.seconds:.1f} | {own} | {counts} |"


if __name__ == "__main__":
    main()
