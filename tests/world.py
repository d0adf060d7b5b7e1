"""A whole cutwater in one process and in virtual time: the local GitHub and API server, the broker, every function.

world = World()
async with world:
    change = await world.github.pull_request(world.rocket, author="bob", files={"x": "y"})
    await world.settle()
"""

import asyncio
import functools
from collections.abc import Callable, Mapping
from datetime import datetime
from types import TracebackType
from typing import Any

import httpx2
import msgspec
from starlette.types import ASGIApp

from cutwater.config.configuration import Configuration
from cutwater.config.findings import Source
from cutwater.config.load import load
from cutwater.config.sources import Sources
from cutwater.events.edges import no_jenkins, no_way_out
from cutwater.events.effect import Apply, apply
from cutwater.github.app import App
from cutwater.github.client import GitHub as GitHubClient
from cutwater.jenkins.client import Jenkins
from cutwater.kube.client import POD, Kind, Kube
from cutwater.kube.transport import MERGE_PATCH
from cutwater.outgoing.client import Outgoing
from cutwater.prowjob.types import ProwJob
from cutwater.storage.memory import MemoryStore
from infra.local.broker import loading
from infra.local.broker.apiserver_source import ApiServerSources
from infra.local.broker.asgi import Request
from infra.local.broker.broker import Attempt
from infra.local.broker.kube import Watched
from infra.local.broker.ping import PingSources
from infra.local.broker.resources import Resources
from infra.local.github import webhooks
from infra.local.github.server import GitHub
from infra.local.kube.server import ApiServer
from infra.local.one_process import GITHUB, Functions
from infra.local.roles import Service, services
from infra.local.settings import CRDS, ROLES, TRIGGERS
from infra.local.transport import InProcessTransport
from tests import virtual_time
from tests.code import remotes

BOT = "ci-robot"
SECRET = "webhook secret"
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
  queries: [{repos: [acme/rocket], labels: [lgtm], missingLabels: [do-not-merge/hold, needs-ok-to-test]}]
"""
JOBS = """
presubmits:
  acme/rocket:
    - {name: unit, always_run: true, decorate: true, spec: {containers: [{image: x, command: [make]}]}}
    - {name: flight, always_run: true, decorate: true, spec: {containers: [{image: x, command: [fly]}]}}
postsubmits:
  acme/rocket:
    - {name: publish, decorate: true, spec: {containers: [{image: x, command: [ship]}]}}
"""
PLUGINS = "plugins: {acme/rocket: {plugins: [trigger, lgtm]}}"


def configuration(config: str = CONFIG, jobs: str = JOBS, plugins: str = PLUGINS) -> Configuration:
    """The configuration of these texts."""
    return load(
        Sources(
            Source("config.yaml", config.encode()),
            (Source("jobs.yaml", jobs.encode()),),
            Source("plugins.yaml", plugins.encode()),
        )
    )


@functools.cache
def resources() -> Resources:
    """triggers/, read once."""
    return loading.load(TRIGGERS)


@functools.cache
def functions() -> list[Service]:
    """The services of functions/, read once."""
    return services(ROLES)


def as_app(local: GitHub, slug: str, hook: tuple[str, str] | None = None) -> GitHubClient:
    """GitHub for an App that is installed in all organisations that there are by now; `hook` is its (url, secret)."""
    accounts = [account.login for account in local.hub.accounts if account.kind == "Organization"]
    made, clock = local.world().app(slug, installed_in=accounts, hook=hook), local.hub.now
    client = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=local.app), base_url=GITHUB)
    app = App(str(made.id), lambda: made.private_key, clock=clock)
    return GitHubClient(client, app, api=f"{GITHUB}/api/v3", graphql_api=f"{GITHUB}/api/graphql", clock=clock)


class World:
    """Everything there is, and what a test asks of it.

    A test that kills functions gives its own `apply` (carries out effects), `around` (put around each function),
    `before_github` and `before_api_server` (put before these, as functions reach them) and `store` (makes a bucket).
    """

    def __init__(
        self,
        config: Configuration | None = None,
        *,
        apply: Apply = apply,
        around: Callable[[ASGIApp], ASGIApp] = lambda app: app,
        before_github: Callable[[ASGIApp], ASGIApp] = lambda app: app,
        before_api_server: Callable[[ASGIApp], ASGIApp] = lambda app: app,
        store: Callable[[Callable[[], datetime]], MemoryStore] = MemoryStore,
        outgoing: Callable[[], Outgoing] = no_way_out,
        jenkins: Callable[[str], Jenkins] = no_jenkins,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        clock = clock or virtual_time.clock
        self.config = config or configuration()
        self.deliveries: list[Attempt] = []
        self._store = functools.partial(store, clock)
        self.state = self._store()
        self.buckets: dict[str, MemoryStore] = {}
        self.api_server = ApiServer(None, crds=[CRDS / "prowjob.yaml"], clock=clock)
        self.hub = GitHub(clock=clock, deliver=self._deliver)
        self.github = self.hub.world()
        self._api_server = before_api_server(self.api_server.app)
        self._transport = InProcessTransport(self.api_server.app)
        self.kube = Kube(self._transport)
        self._resources = resources()
        self.clock = clock
        self.functions = Functions(
            functions(),
            self._resources,
            kube=self._api_server,
            github=before_github(self.hub.app),
            token=self.github.token(BOT),
            state=lambda: self.state,
            bucket=self.bucket,
            configuration=self._configuration,
            webhook_secret=SECRET,
            outgoing=outgoing,
            jenkins=jenkins,
            git=lambda: remotes(self.hub, BOT),
            clock=clock,
            apply=apply,
            around=around,
            on_delivery=self.deliveries.append,
        )
        self._sources: list[asyncio.Task[None]] = []
        self.github.organisation("acme", members=["alice", "bob"], admins=[BOT])
        self.rocket = self.github.repository(
            "acme/rocket",
            files={"README.md": "rocket\n"},
            labels=["lgtm"],
            collaborators={"alice": "write", "bob": "write"},
            hook=("http://hook/hook", SECRET),
        )

    async def __aenter__(self) -> "World":
        kube = Watched(InProcessTransport(self._api_server))
        post = self.functions.broker.post
        objects = ApiServerSources(self._resources.apiserver_sources, kube, post, api_server="https://kube")
        ping = PingSources(self._resources.ping_sources, post, clock=self.clock, jitter=lambda: 0.0)
        for name in ("test-pods", "cutwater"):
            await self.kube.create(_NAMESPACE, "", {"metadata": {"name": name}})
        self._sources = [asyncio.ensure_future(objects.run()), asyncio.ensure_future(ping.run())]
        await asyncio.sleep(1)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType) -> None:
        for task in self._sources:
            task.cancel()
        await asyncio.gather(*self._sources, return_exceptions=True)
        await self.functions.broker.close()
        self.api_server.close()
        self.hub.close()

    def bucket(self, name: str) -> MemoryStore:
        """A bucket of artifacts, made when it is first asked for."""
        if name not in self.buckets:
            self.buckets[name] = self._store()
        return self.buckets[name]

    async def settle(self, seconds: float = 5.0) -> None:
        """Let so much (virtual) time pass; what was caused by then has happened."""
        await asyncio.sleep(seconds)
        await self.hub.settle()

    async def jobs(self) -> dict[str, ProwJob]:
        """The ProwJobs by job name: the newest of each."""
        found = await self.kube.read.prowjobs("default")
        return {job.spec.job: job for job in sorted(found, key=lambda job: str(job.status.startTime))}

    async def states(self) -> dict[str, str]:
        return {name: job.status.state for name, job in (await self.jobs()).items()}

    async def end_pod(self, job: ProwJob, *, phase: str = "Succeeded") -> None:
        """What a kubelet does when the pod's containers have ended."""
        await self._set_status(job.metadata.name, {"phase": phase, "startTime": "2026-03-02T12:00:00Z"})

    async def redeliver(self) -> None:
        """GitHub delivers all of its webhooks again, each under its old GUID."""
        with self.hub.hub.store.transaction():
            for delivery in list(self.hub.hub.deliveries):
                webhooks.again(self.hub.hub, delivery)
        self.hub.send_webhooks()
        await self.hub.settle()

    async def run_pods(self, ends: Callable[[dict[str, Any]], str], *, seconds: float = 3.0) -> None:
        """Be the kubelet: every pod runs for so long and ends in the phase that `ends` says. Until cancelled."""
        seen: set[str] = set()
        async with asyncio.TaskGroup() as running:
            while True:
                for pod in await self.kube.find(POD, "test-pods"):
                    if pod["metadata"]["uid"] not in seen:
                        seen.add(pod["metadata"]["uid"])
                        running.create_task(self._run_pod(pod, ends(pod), seconds))
                await asyncio.sleep(0.5)

    async def _run_pod(self, pod: dict[str, Any], phase: str, seconds: float) -> None:
        name = pod["metadata"]["name"]
        started = self.clock().isoformat().replace("+00:00", "Z")
        await self._set_status(name, {"phase": "Running", "startTime": started})
        await asyncio.sleep(seconds)
        await self._set_status(name, {"phase": phase})

    async def _set_status(self, pod: str, status: dict[str, Any]) -> None:
        path = f"{POD.path('test-pods', pod)}/status"
        body = msgspec.json.encode({"status": status})
        await self._transport.request("PATCH", path, body=body, content_type=MERGE_PATCH)

    async def _configuration(self) -> Configuration:
        return self.config

    async def _deliver(self, url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, str]:
        lower = {name.lower(): value for name, value in headers.items()}
        answer = await self.functions.by_name["hook"].send(Request("POST", "/hook", lower, body))
        return answer.status, answer.body.decode()


_NAMESPACE = Kind("v1", "Namespace", "namespaces")
