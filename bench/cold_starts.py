"""How long a function takes from the start of its process to its answer to one real event, beside a bare function.

The events are those of a pull request's life: each is kept when the broker would deliver it, and delivered when its
function is at zero and everything else is quiet. The bare function is served by the same command; it is started right
before each of the others, so that a load on the machine weighs on both.
"""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from bench.running import AsProcesses, as_processes
from bench.stage import REVIEWER, Stage
from infra.local.broker.asgi import Request, Response
from infra.local.broker.ping import PingSources
from infra.local.broker.processes import FunctionProcess, Limits, functions_framework
from infra.local.github.webhooks import Deliver

BARE = """\
from starlette.requests import Request
from starlette.responses import Response


async def main(request: Request) -> Response:
    return Response(status_code=204)
"""
ONE, BOTH = 2.3, 3.5
"""The limits of a function that needs one heavy client, and of one that needs both kubernetes and boto3."""
LIMITS: Mapping[str, float] = {
    "hook": ONE,
    "plugins": ONE,
    "plugins-jobs": BOTH,
    "relay": ONE,
    "plank": BOTH,
    "crier": BOTH,
    "horologium": BOTH,
    "sinker": BOTH,
    "deck": ONE,
    "tide": BOTH,
}
TICKS = ("horologium", "sinker")
FRONT_PAGE = Request("GET", "/")


@dataclass(frozen=True, slots=True)
class ColdStart:
    """One function: median seconds, and the median of its ratios to the bare function before it."""

    function: str
    seconds: float
    ratio: float
    limit: float


class Kept:
    """A function that keeps what it is sent."""

    def __init__(self) -> None:
        self._requests: asyncio.Queue[Request] = asyncio.Queue()

    async def send(self, request: Request) -> Response:
        self._requests.put_nowait(request)
        return Response(204)

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse("only events are kept", status_code=501)(scope, receive, send)

    async def next(self, header: str = "", value: str = "") -> Request:
        """The next request with this header; those before it are forgotten."""
        async with asyncio.timeout(10):
            while True:
                request = await self._requests.get()
                if not header or request.headers.get(header) == value:
                    return request

    def forget(self) -> None:
        while not self._requests.empty():
            self._requests.get_nowait()


async def measure(folder: Path, rounds: int) -> list[ColdStart]:
    """Each function from zero, `rounds` times."""
    bare = _bare(folder / "bare")
    kept = {name: Kept() for name in (*LIMITS, "plugins-config")}
    found: dict[str, list[tuple[float, float]]] = {}
    stage = Stage()
    async with as_processes(stage, folder / "platform", kept) as running:
        for number in range(rounds + 1):
            async for name, request in _life(stage, running, kept):
                pair = await _from_zero(bare, FRONT_PAGE), await _from_zero(running.processes.functions[name], request)
                if number:  # in the first round files are read from disk, and compiled
                    found.setdefault(name, []).append(pair)
    return [_summed_up(name, pairs) for name, pairs in found.items()]


async def _life(stage: Stage, running: AsProcesses, kept: Mapping[str, Kept]) -> AsyncIterator[tuple[str, Request]]:
    """What wakes functions in the life of a pull request. Each step must have been answered before the next comes."""
    for one in kept.values():
        one.forget()
    stage.post = _kept_by(kept["hook"])
    change = await stage.propose()
    yield "hook", await kept["hook"].next("x-github-event", "pull_request")
    yield "plugins-jobs", await kept["plugins-jobs"].next("ce-plugin", "trigger")
    yield "relay", await kept["relay"].next("ce-kind", "ProwJob")
    yield "plank", await kept["plank"].next()
    yield "crier", await kept["crier"].next("ce-reporter", "github-reporter")
    yield "tide", await kept["tide"].next()
    await change.comment(REVIEWER, "/lgtm")
    yield "hook", await kept["hook"].next("x-github-event", "issue_comment")
    yield "plugins", await kept["plugins"].next("ce-plugin", "lgtm")
    ping = PingSources(running.sources.ping_sources, running.broker.post)
    for source in running.sources.ping_sources:
        role = source.spec.ce_overrides.extensions["role"]
        if role in TICKS:
            await ping.tick(source)
            yield role, await kept[role].next()
    yield "deck", FRONT_PAGE


def _kept_by(hook: Kept) -> Deliver:
    """GitHub's deliveries, kept."""

    async def post(url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, str]:
        lower = {name.lower(): value for name, value in headers.items()}
        return (await hook.send(Request("POST", "/hook", lower, body))).status, ""

    return post


def _bare(folder: Path) -> FunctionProcess:
    folder.mkdir(parents=True)
    (folder / "function.py").write_text(BARE)
    return FunctionProcess("bare", functions_framework(folder, {}), folder / "bare.log", Limits())


async def _from_zero(function: FunctionProcess, request: Request) -> float:
    """Seconds from the start of the function's process to its answer; then it is at zero again."""
    started = time.perf_counter()
    answer = await function.send(request)
    took = time.perf_counter() - started
    await function.stop()
    if answer.status >= 400:
        raise RuntimeError(f"{request.method} {request.path}: {answer.status} {answer.body.decode()}")
    return took


def _summed_up(name: str, pairs: list[tuple[float, float]]) -> ColdStart:
    ratio = statistics.median(took / bare for bare, took in pairs)
    return ColdStart(name, statistics.median(took for _, took in pairs), ratio, LIMITS[name])
