"""What one hook process takes: webhooks a second, its memory, and how long its own answer takes beside a bare store.

usage: python -m bench.hook [--quick]

hook runs as a process of its own. GitHub, the store and a broker that only says it has an event are in the bench's. A
webhook is a comment with two commands in it, on a pull request of a repository that has all plugins; hook checks it,
asks each of them, keeps it in one write and publishes an event for each that wants it.
"""

import argparse
import asyncio
import hashlib
import hmac
import logging
import os
import platform
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import uvloop
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from bench.processes import cpu_seconds, resident
from bench.running import AsProcesses, as_processes, free_ports, meanwhile
from bench.stage import SECRET, Stage
from cutwater.storage.s3 import S3Store
from functions.plugins.every import PLUGINS
from infra.local.broker.asgi import Request
from infra.local.broker.processes import FunctionProcess, Limits, functions_framework
from infra.local.parts import serve
from infra.local.roles import services
from infra.local.settings import HOST, PRODUCT_ROOT, ROLES, STATE_BUCKET, function_environment

RATE = 50
"""Webhooks a second, of what hook's answer is measured under."""
ANSWER_LIMIT, STORES = 0.050, 3
"""hook's p99 is below so many seconds, or so many times the store's, whichever is more."""
PHASE = 2.0
"""Seconds in which either hook or the store is asked, in turn, so that both have the same machine."""
SIDE_BY_SIDE = 16
"""Webhooks under way where hook is given as much as it takes."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured: phases of either kind, and webhooks as fast as they go."""

    phases: int
    burst: int


WHOLE = Size(phases=20, burst=3_000)
QUICK = Size(phases=3, burst=300)


@dataclass(frozen=True, slots=True)
class Found:
    """Seconds of each answer at the rate, hook's and the store's; what the burst took, in wall time and hook's own CPU.

    `small`, `large`: the process' memory after the first webhook, and after the last, in bytes.
    """

    answers: Sequence[float]
    puts: Sequence[float]
    count: int
    seconds: float
    cpu_seconds: float
    small: int
    large: int

    @property
    def limit(self) -> float:
        """Seconds that hook's p99 may be."""
        return max(ANSWER_LIMIT, STORES * p99(self.puts))

    @property
    def is_within(self) -> bool:
        return p99(self.answers) <= self.limit


async def broker(scope: Scope, receive: Receive, send: Send) -> None:
    """Takes every event, and wakes nobody."""
    await PlainTextResponse(status_code=202)(scope, receive, send)


async def measure(folder: Path, size: Size) -> Found:
    """One hook process, first at the rate, then with as much as it takes."""
    on = ", ".join(name for name in PLUGINS if name != "rifle")  # which excludes blunderbuss
    plugins = f"plugins: {{acme/rocket: {{plugins: [{on}]}}}}"
    (port,) = free_ports(1)
    async with as_processes(Stage(), folder, plugins=plugins) as running, meanwhile(serve(broker, port)):
        environment = _environment(running) | {"CUTWATER_BROKER": f"http://{HOST}:{port}"}
        hook = FunctionProcess("hook", functions_framework(PRODUCT_ROOT, environment), folder / "hook.log", Limits())
        store = _store(environment)

        async def deliver() -> None:
            answer = await hook.send(webhook())
            if answer.status != 200:
                raise RuntimeError(f"hook answers {answer.status}: {answer.body.decode()}")

        async def put() -> None:
            await store.put(f"bench/{uuid.uuid4()}", BODY, if_absent=True)

        await asyncio.gather(deliver(), put())
        small = resident(_up(hook))
        answers, puts = list[float](), list[float]()
        for _ in range(size.phases):
            puts += await _at_rate(put)
            answers += await _at_rate(deliver)
        before, started = cpu_seconds(_up(hook)), time.perf_counter()
        await _side_by_side(deliver, size.burst)
        took, used, large = time.perf_counter() - started, cpu_seconds(_up(hook)) - before, resident(_up(hook))
        await hook.stop()
    return Found(answers, puts, size.burst, took, used, small, large)


def _environment(running: AsProcesses) -> dict[str, str]:
    hook = next(service for service in services(ROLES) if service.name == "hook")
    return function_environment(running.settings, hook)


def _store(environment: Mapping[str, str]) -> S3Store:
    """The store as hook has it."""
    return S3Store(
        STATE_BUCKET,
        endpoint_url=environment["AWS_ENDPOINT_URL_S3"],
        region_name=environment["AWS_REGION"],
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
    )


async def _at_rate(act: Callable[[], Awaitable[None]]) -> list[float]:
    """Seconds that each took; they begin at the rate, whether or not those before have ended."""

    async def timed(delay: float) -> float:
        await asyncio.sleep(delay)
        started = time.perf_counter()
        await act()
        return time.perf_counter() - started

    return await asyncio.gather(*(timed(number / RATE) for number in range(int(PHASE * RATE))))


async def _side_by_side(act: Callable[[], Awaitable[None]], count: int) -> None:
    left = iter(range(count))

    async def one_after_the_other() -> None:
        for _ in left:
            await act()

    await asyncio.gather(*(one_after_the_other() for _ in range(SIDE_BY_SIDE)))


def webhook() -> Request:
    """A comment, signed, under a GUID of its own."""
    headers = {
        "x-github-event": "issue_comment",
        "x-github-delivery": str(uuid.uuid4()),
        "x-hub-signature-256": "sha256=" + hmac.new(SECRET.encode(), BODY, hashlib.sha256).hexdigest(),
        "content-type": "application/json",
    }
    return Request("POST", "/hook", headers, BODY)


def _comment() -> dict[str, Any]:
    """The payload, with as much text in it as GitHub's have links."""
    user = {"login": "alice", "id": 7, "html_url": "https://github.com/alice"}
    at = "2026-03-02T12:00:00Z"
    issue = {
        "number": 7,
        "id": 7,
        "title": "Cool the engines",
        "body": "why " * 2_000,
        "state": "open",
        "user": user,
        "html_url": "https://github.com/acme/rocket/pull/7",
        "pull_request": {},
        "labels": [{"name": "size/S"}],
    }
    comment = {"id": 1, "body": "Thank you!\n\n/lgtm\n/approve\n", "user": user, "created_at": at, "updated_at": at}
    owner = {"login": "acme", "id": 1}
    repository = {"id": 1, "name": "rocket", "full_name": "acme/rocket", "owner": owner, "default_branch": "main"}
    return {"action": "created", "issue": issue, "comment": comment, "repository": repository, "sender": user}


BODY = msgspec.json.encode(_comment())


def _up(hook: FunctionProcess) -> int:
    """The process that runs."""
    assert hook.pid is not None
    return hook.pid


def p99(values: Sequence[float]) -> float:
    return sorted(values)[int(len(values) * 0.99)]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="bench.hook", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true", help="fewer rounds: half a minute instead of three")
    size = QUICK if parser.parse_args(arguments).quick else WHOLE
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="cutwater-bench-") as folder:
        found = uvloop.run(measure(Path(folder), size))
    print(f"{os.cpu_count()} cores, load {load:.1f} before; Python {platform.python_version()}\n")
    print(*_table(found), sep="\n")
    if not found.is_within:
        sys.exit("hook's answer takes longer than it may")


def _table(found: Found) -> list[str]:
    over = "" if found.is_within else " (over)"
    times = [
        f"| {p99(values) / found.limit:.2f}{mark} | {title} ({len(values)}) | {statistics.median(values) * 1000:.1f} "
        f"| {p99(values) * 1000:.1f} | {limit} |"
        for title, values, mark, limit in (
            ("hook's answer", found.answers, over, f"{found.limit * 1000:.0f}"),
            ("a bare PUT of the same bytes", found.puts, "", ""),
        )
    ]
    return [
        f"| p99 to limit | milliseconds, at {RATE} a second | p50 | p99 | limit |",
        "| ---: | --- | ---: | ---: | ---: |",
        *times,
        "",
        f"| one hook process, {SIDE_BY_SIDE} webhooks side by side ({found.count}) | |",
        "| --- | ---: |",
        f"| webhooks a second, with the store and the bench on the same cores | {found.count / found.seconds:.0f} |",
        f"| milliseconds of its own CPU for each | {found.cpu_seconds / found.count * 1000:.1f} |",
        f"| webhooks a second, if it had a core for itself | {found.count / found.cpu_seconds:.0f} |",
        f"| MB of memory, after the first | {found.small / 2**20:.0f} |",
        f"| MB of memory, after the last | {found.large / 2**20:.0f} |",
    ]


if __name__ == "__main__":
    main()
