"""Two ways to run the functions: all in this process, or each in a process of its own, as on a cluster.

No PingSource runs: a sweep would wake what is to be at zero.
"""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from bench.stage import SECRET, Stage
from cutwater.events.configuration import FileConfiguration, Files
from cutwater.events.edges import utc_now
from cutwater.storage.memory import MemoryStore
from infra.local import parts
from infra.local.broker import loading
from infra.local.broker.apiserver_source import ApiServerSources
from infra.local.broker.asgi import Request
from infra.local.broker.broker import Attempt, Broker
from infra.local.broker.front import Front
from infra.local.broker.functions import Functions
from infra.local.broker.ingress import Ingress
from infra.local.broker.kube import Watched
from infra.local.broker.processes import Limits, Processes, functions_framework
from infra.local.broker.resources import Resources
from infra.local.configuration import InForce
from infra.local.one_process import Functions as OneProcess
from infra.local.roles import services
from infra.local.settings import HOST, PRODUCT_ROOT, ROLES, TRIGGERS, Ports, Settings, function_environment
from infra.local.transport import HttpTransport, InProcessTransport

CONFIG = """
prowjob_namespace: default
pod_namespace: test-pods
plank:
  job_url_prefix_config: {"*": "http://deck/view/"}
  default_decoration_config_entries:
    - config:
        utility_images: {clonerefs: c, initupload: i, entrypoint: e, sidecar: s}
        gcs_configuration: {bucket: "s3://artifacts", path_strategy: explicit}
tide:
  queries: [{repos: [acme/rocket], labels: [lgtm]}]
"""
JOBS = """
presubmits:
  acme/rocket:
    - {name: unit, always_run: true, decorate: true, spec: {containers: [{image: x, command: [make]}]}}
periodics:
  - {name: weather, interval: 1m, decorate: true, spec: {containers: [{image: x, command: [make]}]}}
"""
PLUGINS = "plugins: {acme/rocket: {plugins: [trigger, lgtm]}}"
DAY = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Configured:
    """The files of the configuration."""

    config: Path
    jobs: Path
    plugins: Path

    @classmethod
    def written(cls, folder: Path, plugins: str = PLUGINS, config: str = CONFIG, jobs: str = JOBS) -> "Configured":
        folder.mkdir(parents=True, exist_ok=True)
        found = cls(*(folder / name for name in ("config.yaml", "jobs.yaml", "plugins.yaml")))
        for path, text in ((found.config, config), (found.jobs, jobs), (found.plugins, plugins)):
            path.write_text(text)
        return found


@contextlib.asynccontextmanager
async def in_one_process(
    stage: Stage, folder: Path, plugins: str = PLUGINS, config: str = CONFIG
) -> AsyncIterator[list[Attempt]]:
    """All functions in this process, over buckets in memory. Gives what the broker has delivered."""
    attempts: list[Attempt] = []
    buckets: dict[str, MemoryStore] = {}

    def bucket(name: str) -> MemoryStore:
        return buckets.setdefault(name, MemoryStore(utc_now))

    async def post(url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, str]:
        lower = {name.lower(): value for name, value in headers.items()}
        answer = await functions.by_name["hook"].send(Request("POST", "/hook", lower, body))
        return answer.status, answer.body.decode()

    files = Configured.written(folder, plugins, config)
    resources = loading.load(TRIGGERS)
    functions = OneProcess(
        services(ROLES),
        resources,
        kube=stage.kube_app,
        github=stage.github_app,
        token=stage.token,
        state=lambda: bucket("state"),
        bucket=bucket,
        configuration=FileConfiguration(Files(files.config, (files.jobs,), files.plugins)).current,
        webhook_secret=SECRET,
        on_delivery=attempts.append,
    )
    stage.post = post
    await stage.furnish("http://hook/hook")
    post_event = functions.broker.post
    kube = Watched(InProcessTransport(stage.kube_app))
    sources = ApiServerSources(resources.apiserver_sources, kube, post_event, api_server="http://kube")
    async with meanwhile(sources.run()):
        yield attempts
        await functions.broker.close()


@dataclass(frozen=True, slots=True)
class AsProcesses:
    """Processes of functions, and the broker between them."""

    settings: Settings
    sources: Resources
    processes: Processes
    broker: Broker

    async def to_zero(self) -> None:
        """Stop every function, when what is under way has come to its end."""
        await self.broker.settle()
        await self.processes.stop()


@contextlib.asynccontextmanager
async def as_processes(
    stage: Stage, folder: Path, listeners: Functions | None = None, plugins: str = PLUGINS
) -> AsyncIterator[AsProcesses]:
    """Each function in a process of its own, over HTTP and an S3 store on disk. `listeners` take their events."""
    settings = settings_of(folder, stage.token, Configured.written(folder / "config", plugins))
    found = {service.name: function_environment(settings, service) for service in services(ROLES)}
    roles = {name: functions_framework(PRODUCT_ROOT, environment) for name, environment in found.items()}
    processes = Processes(roles, settings.logs, Limits(idle=DAY))
    listeners = listeners or processes.functions
    resources = loading.load(TRIGGERS)
    broker = Broker(resources, listeners)
    kube = Watched(HttpTransport(settings.kube))
    sources = ApiServerSources(resources.apiserver_sources, kube, broker.post, api_server=settings.kube)
    await stage.furnish(f"{settings.deck}/hook")
    serving = (
        parts.serve(stage.kube_app, settings.ports.kube),
        parts.serve(stage.github_app, settings.ports.github),
        parts.serve(parts.s3(settings), settings.ports.s3),
        parts.serve(Ingress(broker), settings.ports.broker),
        parts.serve(Front(listeners, parts.ROUTES), settings.ports.front),
    )
    async with meanwhile(*serving), meanwhile(sources.run()):
        try:
            yield AsProcesses(settings, resources, processes, broker)
        finally:
            await broker.close()
            await processes.stop()


def settings_of(folder: Path, token: str, files: Configured) -> Settings:
    """Settings with free ports; the configuration is in force. `token`: the bot's at GitHub."""
    ports = Ports(**dict(zip(Ports.__struct_fields__, free_ports(len(Ports.__struct_fields__)), strict=True)))
    settings = Settings(folder=folder, ports=ports, config=files.config, jobs=files.jobs, plugins=files.plugins)
    settings.write()
    InForce(settings).follow()
    settings.secret_file("github-token").write_text(token)
    settings.secret_file("hmac-token").write_text(SECRET)
    described = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "local", "cluster": {"server": settings.kube}}],
        "users": [{"name": "local", "user": {"token": settings.secret("kube-token")}}],
        "contexts": [{"name": "default", "context": {"cluster": "local", "user": "local"}}],
        "current-context": "default",
    }
    settings.kubeconfig.write_bytes(msgspec.json.encode(described))
    return settings


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind((HOST, 0))
        return [one.getsockname()[1] for one in sockets]


@contextlib.asynccontextmanager
async def meanwhile(*work: Awaitable[None]) -> AsyncIterator[None]:
    """Have this run meanwhile, from when it has begun to run."""
    tasks = [asyncio.ensure_future(one) for one in work]
    await asyncio.sleep(1)
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
