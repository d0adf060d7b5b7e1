"""The parts of the embedded platform, each served at its port: API server, GitHub, S3, pods, broker with functions.

`python -m infra.local.part NAME --folder DIR` runs one of them in a process of its own.
"""

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

import uvicorn
from starlette.responses import Response
from starlette.types import ASGIApp

from cutwater.events import environment, origin
from cutwater.kube.official import OfficialTransport
from cutwater.kube.transport import Transport
from infra.local import one_process
from infra.local.broker import loading
from infra.local.broker.apiserver_source import ApiServerSources
from infra.local.broker.broker import Broker
from infra.local.broker.front import Front
from infra.local.broker.functions import Functions, InProcess
from infra.local.broker.ingress import Ingress
from infra.local.broker.kube import Watched
from infra.local.broker.ping import PingSources
from infra.local.broker.processes import Limits, Processes, functions_framework
from infra.local.github.server import GitHub
from infra.local.kube.server import ApiServer
from infra.local.pods.runner import Pods
from infra.local.roles import Service, services
from infra.local.s3.server import S3
from infra.local.s3.signature import Key
from infra.local.settings import (
    ARTIFACTS_BUCKET,
    CRDS,
    HOST,
    PRODUCT_ROOT,
    ROLES,
    STATE_BUCKET,
    Settings,
    function_environment,
)
from infra.local.transport import HttpTransport

CONFIGURATION = "configuration"
"""The function whose work the platform does itself unless it is told of other sources: it compiles the user's files."""
Part = Callable[[Settings], Awaitable[None]]
IDLE_SECONDS = 120.0
"""How long a local function waits for its next event before it goes: longer than a sweep's minute would keep it up."""

ROUTES = {"/": "deck", "/hook": "hook"}
"""What the front serves to browsers and to GitHub."""


async def serve(app: ASGIApp, port: int) -> None:
    """Serve an application on the loopback interface until cancelled."""
    config = uvicorn.Config(
        app,
        host=HOST,
        port=port,
        loop="none",
        http="httptools",
        ws="none",
        lifespan="off",
        access_log=False,
        date_header=False,
        server_header=False,
        log_level="warning",
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    with contextlib.suppress(asyncio.CancelledError):
        await server._serve()


def api_server(settings: Settings) -> ApiServer:
    return ApiServer(
        settings.folder / "kube.sqlite",
        crds=[CRDS / "prowjob.yaml"],
        pod_logs=settings.pod_logs,
        token=settings.secret("kube-token"),
    )


def github(settings: Settings) -> GitHub:
    lag = timedelta(seconds=settings.search_lag)
    return GitHub(settings.folder / "github", base_url=settings.github, search_lag=lag)


def s3(settings: Settings) -> S3:
    """The store, with a key for the control functions, one that opens the artifacts alone, and deck's, which reads."""
    keys = (
        Key(access="s3-state", secret=settings.secret("s3-state")),
        Key(
            access="s3-artifacts",
            secret=settings.secret("s3-artifacts"),
            buckets=frozenset({ARTIFACTS_BUCKET}),
        ),
        Key(access="s3-deck", secret=settings.secret("s3-deck"), only_reads=True),
    )
    store = S3(settings.folder / "s3", keys)
    for bucket in (STATE_BUCKET, ARTIFACTS_BUCKET):
        store.make_bucket(bucket)
    return store


def pods(settings: Settings) -> Pods:
    return Pods(
        kube_of(settings),
        settings.folder / "pods",
        settings.pod_logs,
        namespace="test-pods" if settings.other_kubeconfig else "",
        hidden=(settings.folder,),
    )


def kube_of(settings: Settings) -> Transport:
    """The way to the API server, the embedded one or the user's."""
    if settings.other_kubeconfig:
        return OfficialTransport(str(settings.other_kubeconfig))
    return HttpTransport(settings.kube, settings.secret("kube-token"))


async def run_api_server(settings: Settings) -> None:
    await serve(api_server(settings).app, settings.ports.kube)


async def run_github(settings: Settings) -> None:
    await serve(github(settings).app, settings.ports.github)


async def run_s3(settings: Settings) -> None:
    await serve(s3(settings), settings.ports.s3)


async def run_pods(settings: Settings) -> None:
    await pods(settings).run()


async def run_broker(settings: Settings) -> None:
    """The broker, the sources, and the functions: each in a process that comes and goes, or all of them in this one."""
    if settings.one_process:
        os.environ.update(function_environment(settings, Service("all", {})))
        environment.prepare()
        opened = one_process.opened(_woken(settings), environment.edges())
        await run_eventing(settings, {**_done_here(settings), **opened})
        return
    found = {service.name: function_environment(settings, service) for service in _woken(settings)}
    roles = {name: functions_framework(PRODUCT_ROOT, variables) for name, variables in found.items()}
    processes = Processes(roles, settings.logs, Limits(idle=IDLE_SECONDS))
    try:
        await run_eventing(settings, {**_done_here(settings), **processes.functions})
    finally:
        await processes.stop()


def _done_here(settings: Settings) -> Functions:
    return {} if origin.VARIABLE in settings.environment else {CONFIGURATION: InProcess(Response(status_code=204))}


def _woken(settings: Settings) -> list[Service]:
    """The services that are functions here."""
    return [service for service in services(ROLES) if service.name not in _done_here(settings)]


async def run_eventing(settings: Settings, functions: Functions, broker: Broker | None = None) -> None:
    """Broker, sources and front over functions that are given."""
    resources = loading.load(settings.triggers)
    broker = broker or Broker(resources, functions)
    ping = PingSources(resources.ping_sources, broker.post)
    objects = ApiServerSources(
        resources.apiserver_sources, Watched(kube_of(settings)), broker.post, api_server=settings.kube
    )
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(serve(Ingress(broker), settings.ports.broker))
        tasks.create_task(serve(Front(functions, ROUTES), settings.ports.front))
        tasks.create_task(ping.run())
        tasks.create_task(objects.run())


PARTS: dict[str, Part] = {
    "s3": run_s3,
    "kube": run_api_server,
    "github": run_github,
    "pods": run_pods,
    "broker": run_broker,
}
"""The parts in the order in which they are started."""


def parts_of(settings: Settings) -> Sequence[str]:
    """The parts that a platform starts, in order: no API server where it has the user's."""
    return [name for name in PARTS if not (name == "kube" and settings.other_kubeconfig)]
