"""Serves triggers/ on one machine, with each function a process of its own.

    python -m infra.local.broker --triggers triggers --services services.json --state DIR --port 8081 \\
      --kube http://127.0.0.1:6443 --front-port 8080 --route /=deck --route /hook=hook

services.json has by the name of its Service each function's `environment`, and its `timeout` in seconds. What the
broker itself was started with is under that environment, and K_SINK is where events are sent. When the broker dies its
functions end, and nothing else does.
"""

import argparse
import asyncio
import contextlib
import json
import logging
import os
import signal
from collections.abc import Coroutine, Iterator, Mapping
from pathlib import Path

import httpx2
import msgspec
import uvicorn
from msgspec import Struct
from starlette.types import ASGIApp, Receive, Scope, Send

from infra.local.broker.apiserver_source import ApiServerSources
from infra.local.broker.broker import Attempt, Broker
from infra.local.broker.deadletters import DeadLetters
from infra.local.broker.front import Front
from infra.local.broker.ingress import Ingress
from infra.local.broker.kube import HttpKube
from infra.local.broker.loading import load
from infra.local.broker.ping import PingSources
from infra.local.broker.processes import Limits, Processes, functions_framework
from infra.local.broker.resources import Resources

log = logging.getLogger("infra.local.broker")


class Service(Struct, frozen=True, forbid_unknown_fields=True):
    """What services.json says of one function."""

    environment: dict[str, str]
    timeout: float = 300.0


def arguments() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(
        prog="python -m infra.local.broker", description="Serves triggers/ on one machine."
    )
    parser.add_argument("--triggers", type=Path, required=True, help="folder of Knative resources")
    parser.add_argument("--services", type=Path, required=True, help="JSON: the functions by their Services")
    parser.add_argument("--root", type=Path, default=Path(), help="folder of function.py (default: here)")
    parser.add_argument("--state", type=Path, required=True, help="folder of logs and dead letters")
    parser.add_argument("--kube", help="URL of the API server that ApiServerSources watch")
    parser.add_argument("--token-file", type=Path, help="bearer token for the API server")
    parser.add_argument("--port", type=int, required=True, help="where events are taken: /<namespace>/<broker>")
    parser.add_argument("--front-port", type=int, help="where browsers and webhooks come")
    parser.add_argument("--route", action="append", default=[], metavar="PREFIX=SERVICE", help="a path of the front")
    parser.add_argument("--use-sinks", action="store_true", help="send dead letters to the sinks that Triggers name")
    parser.add_argument("--idle", type=float, default=60, help="seconds before an idle function is stopped")
    return parser.parse_args()


async def main(wanted: argparse.Namespace) -> None:
    """Serves until SIGTERM or SIGINT."""
    resources = load(wanted.triggers)
    services = msgspec.json.decode(wanted.services.read_bytes(), type=dict[str, Service])
    wanted.state.mkdir(parents=True, exist_ok=True)
    sink = {"K_SINK": _address(resources, wanted.port)}
    roles = {
        name: functions_framework(
            wanted.root.resolve(), {**os.environ, **sink, **service.environment}, timeout=service.timeout
        )
        for name, service in services.items()
    }
    processes = Processes(roles, wanted.state / "logs", Limits(idle=wanted.idle))
    letters = DeadLetters(wanted.state / "deadletters.db")
    bury = None if wanted.use_sinks else letters.keep
    broker = Broker(resources, processes.functions, on_delivery=_told, bury=bury)
    servers = [_Server(_config(_beside(Ingress(broker), letters), wanted.port))]
    if wanted.front_port:
        routes = dict(route.split("=", 1) for route in wanted.route)
        servers.append(_Server(_config(Front(processes.functions, routes), wanted.front_port)))
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, _stop, servers)
    try:
        async with asyncio.TaskGroup() as running:
            sources = [running.create_task(source) for source in _sources(wanted, resources, broker)]
            await asyncio.gather(*(server.serve() for server in servers))
            for source in sources:
                source.cancel()
    finally:
        await broker.close()
        await processes.stop()


def _sources(wanted: argparse.Namespace, resources: Resources, broker: Broker) -> Iterator[Coroutine[None, None, None]]:
    yield PingSources(resources.ping_sources, broker.post).run()
    if wanted.kube:
        token = wanted.token_file.read_text().strip() if wanted.token_file else ""
        headers = {"authorization": f"Bearer {token}"} if token else {}
        kube = HttpKube(httpx2.AsyncClient(base_url=wanted.kube, headers=headers, trust_env=False))
        yield ApiServerSources(resources.apiserver_sources, kube, broker.post, api_server=wanted.kube).run()


class _Server(uvicorn.Server):
    """A server that leaves signals to whoever runs several of them."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _config(app: ASGIApp, port: int) -> uvicorn.Config:
    return uvicorn.Config(
        app, host="127.0.0.1", port=port, loop="uvloop", http="httptools", lifespan="off", ws="none",
        log_level="warning", access_log=False, timeout_graceful_shutdown=5, timeout_keep_alive=75,
    )  # fmt: skip


def _beside(ingress: ASGIApp, letters: ASGIApp) -> ASGIApp:
    """The ingress, and the dead letters for who asks for them."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        is_asked = scope["method"] in ("GET", "DELETE") and scope["path"].startswith("/deadletters")
        await (letters if is_asked else ingress)(scope, receive, send)

    return app


def _address(resources: Resources, port: int) -> str:
    """Where functions send events: the Broker, as a SinkBinding would tell them."""
    return next((f"http://127.0.0.1:{port}/{b.metadata.namespace}/{b.metadata.name}" for b in resources.brokers), "")


def _told(attempt: Attempt) -> None:
    """One line for each try."""
    attributes: Mapping[str, str] = attempt.attributes
    line = {
        "event": attributes["id"],
        "type": attributes["type"],
        "trigger": attempt.trigger,
        "function": attempt.service,
        "attempt": attempt.attempt,
        "status": attempt.status,
        "milliseconds": round(attempt.milliseconds, 1),
    }
    log.info("%s", json.dumps(line))


def _stop(servers: list[_Server]) -> None:
    for server in servers:
        server.should_exit = True


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    with asyncio.Runner(loop_factory=uvicorn.Config("", loop="uvloop").get_loop_factory()) as runner:
        runner.run(main(arguments()))
