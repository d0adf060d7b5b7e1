"""The installation of bench.tide: a GitHub with many pools, an API server and a store, each a process of its own; tide
and hook as on a cluster, with the broker between them in the bench's.
"""

import asyncio
import contextlib
import hashlib
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import msgspec
from msgspec.structs import replace
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from bench.running import Configured, meanwhile, settings_of
from bench.stage import BOT, NAMESPACE, SECRET
from cutwater.config.configuration import Configuration
from cutwater.config.specs import presubmit_spec
from cutwater.events.edges import utc_now
from cutwater.events.event import Event, to_request
from cutwater.events.publish import look_event
from cutwater.kube.client import PROWJOB, Kube
from cutwater.prowjob.descriptions import with_base_sha
from cutwater.prowjob.new import new_prowjob
from cutwater.prowjob.types import ProwJob, ProwJobStatus, Pull, Refs
from infra.local.broker import loading
from infra.local.broker.asgi import Request
from infra.local.broker.asgi import Response as Answer
from infra.local.broker.broker import Broker
from infra.local.broker.front import Front
from infra.local.broker.functions import Functions, InProcess
from infra.local.broker.ingress import Ingress
from infra.local.broker.ping import PingSources
from infra.local.broker.processes import FunctionProcess, Limits, Processes, functions_framework
from infra.local.configuration import InForce
from infra.local.github import seed as shape
from infra.local.github.seeds import load
from infra.local.github.server import GitHub
from infra.local.part import end_with_parent
from infra.local.parts import serve
from infra.local.roles import services
from infra.local.settings import HOST, PRODUCT_ROOT, ROLES, TRIGGERS, Settings, function_environment
from infra.local.transport import HttpTransport

AUTHOR, TESTS = "bob", ("flight", "unit")
READY, HELD = 5, 2
"""Of a pool's pull requests, so many have the labels that they need, and so many of these are held back."""
BEFORE = "0" * 40
"""Where every branch was when the pull requests were tested."""
DAY = 24 * 3600.0
START_SECONDS = 60.0
CONCURRENCY = 8
"""Events that one instance of tide has at a time, as its func.yaml says; there is one."""
FURNISHING = 16
"""ProwJobs that are made side by side."""


@dataclass(frozen=True, slots=True)
class Size:
    """Organisations, their repositories, the branches of each, and the pull requests to each branch."""

    orgs: int
    repos: int
    branches: int
    pulls: int

    @property
    def pools(self) -> int:
        return self.orgs * self.repos * self.branches

    @property
    def all_pulls(self) -> int:
        return self.pools * self.pulls

    def repositories(self) -> Iterator[str]:
        for org in range(self.orgs):
            for repo in range(self.repos):
                yield f"org-{org}/repo-{repo}"

    def branch_names(self) -> list[str]:
        return ["main", *(f"release-1.{number}" for number in range(1, self.branches))]

    def numbers(self, at: int) -> range:
        """The numbers of the pull requests to a repository's branch, by the branch's place."""
        return range(at * self.pulls + 1, (at + 1) * self.pulls + 1)

    def pool_names(self) -> list[str]:
        return [f"{repo}:{branch}" for repo in self.repositories() for branch in self.branch_names()]


def sha_of(*parts: object) -> str:
    return hashlib.sha1(" ".join(map(str, parts)).encode()).hexdigest()


def config_of(size: Size) -> tuple[str, str]:
    """config.yaml, and the jobs: two tests that all must have passed. No batches: git is not what is measured."""
    orgs = [f"org-{number}" for number in range(size.orgs)]
    query = {"orgs": orgs, "labels": ["lgtm", "approved"], "missingLabels": ["do-not-merge/hold"]}
    tide = {"queries": [query], "blocker_label": "tide/merge-blocker", "batch_size_limit": {"*": -1}}
    spec = {"containers": [{"image": "x", "command": ["make"]}]}
    jobs = [{"name": test, "always_run": True, "spec": spec} for test in TESTS]
    config = {"prowjob_namespace": "default", "pod_namespace": "test-pods", "tide": tide}
    presubmits = dict.fromkeys(size.repositories(), jobs)
    return msgspec.json.encode(config).decode(), msgspec.json.encode({"presubmits": presubmits}).decode()


def seed_of(size: Size, hook: str) -> shape.Seed:
    """GitHub: every pull request has passed its tests where its branch was before."""
    orgs = tuple(shape.Organisation(f"org-{number}", members=(AUTHOR,), admins=(BOT,)) for number in range(size.orgs))
    return shape.Seed(
        users=(shape.User(BOT), shape.User(AUTHOR)),
        organisations=orgs,
        repositories=tuple(_repository(size, name, hook) for name in size.repositories()),
    )


def _repository(size: Size, name: str, hook: str) -> shape.Repository:
    issues = [
        _pull_request(name, branch, number, number - numbers.start)
        for branch, numbers in ((branch, size.numbers(at)) for at, branch in enumerate(size.branch_names()))
        for number in numbers
    ]
    return shape.Repository(
        name=name,
        is_described=True,
        branches={branch: shape.Branch(sha=sha_of(name, branch)) for branch in size.branch_names()},
        collaborators={AUTHOR: "write"},
        labels=("lgtm", "approved", "do-not-merge/hold", "tide/merge-blocker"),
        hooks=(shape.Hook(hook, SECRET),),
        issues=tuple(issues),
    )


def _pull_request(name: str, branch: str, number: int, place: int) -> shape.Issue:
    labels = ("lgtm", "approved", "size/S") if place < READY else ("size/S", "needs-rebase")
    said = with_base_sha("Job succeeded.", BEFORE)
    return shape.Issue(
        number=number,
        title=f"A change of {name}",
        author=AUTHOR,
        body="why " * 200,
        labels=(*labels, "do-not-merge/hold") if place < HELD else labels,
        updated_at=utc_now() - timedelta(hours=number),
        pull_request=shape.Pull(
            base_ref=branch,
            head_ref=f"topic-{number}",
            head_sha=sha_of(name, number),
            mergeable=True,
            can_be_rebased=True,
            merge_state_status="CLEAN",
            statuses=tuple(shape.Status(test, "success", description=said) for test in TESTS),
            check_runs=(shape.CheckRun("lint", conclusion="success"),),
        ),
    )


def runs_of(size: Size, config: Configuration) -> Iterator[ProwJob]:
    """The runs of the tests that every pull request has passed."""
    now = utc_now() - timedelta(hours=1)
    status = ProwJobStatus(
        state="success", startTime=now, completionTime=now, prev_report_states={"github-reporter": "success"}
    )
    for name in size.repositories():
        org, _, repo = name.partition("/")
        jobs = config.jobs.presubmits_of(org, repo)
        for at, branch in enumerate(size.branch_names()):
            for number in size.numbers(at):
                pull = Pull(number=number, author=AUTHOR, sha=sha_of(name, number))
                refs = Refs(org=org, repo=repo, base_ref=branch, base_sha=BEFORE, pulls=(pull,))
                for job in jobs:
                    made = new_prowjob(
                        presubmit_spec(job, refs),
                        name=f"{repo}-{sha_of(name, number, job.name)}",
                        namespace="default",
                        start=now,
                    )
                    yield replace(made, status=status)


class AtOnce:
    """A function that has so many requests at a time; others wait, as before the queue of a Knative service."""

    def __init__(self, function: FunctionProcess) -> None:
        self._function, self._room = function, asyncio.Semaphore(CONCURRENCY)

    async def send(self, request: Request) -> Answer:
        async with self._room:
            return await self._function.send(request)

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._room:
            await self._function.serve(scope, receive, send)


@dataclass(frozen=True, slots=True)
class Installation:
    """What runs, and what the bench does with it."""

    settings: Settings
    config: Configuration
    broker: Broker
    tide: FunctionProcess
    _sources: PingSources
    _client: httpx2.AsyncClient

    async def sweep(self) -> None:
        """A tick of tide's PingSource, and all that follows from it."""
        found = loading.load(TRIGGERS).ping_sources
        await self._sources.tick(next(source for source in found if source.metadata.name == "tide-sweep"))
        await self.broker.settle()

    async def look_at(self, pools: list[str]) -> None:
        """An event for each of the pools, and all that follows."""
        for pool in pools:
            await self._post(look_event("tide", pool))
        await self.broker.settle()

    async def say(self, name: str, path: str, body: object) -> None:
        """What somebody does on GitHub in a repository."""
        answer = await self._client.post(f"/repos/{name}{path}", json=body)
        answer.raise_for_status()

    def lines(self) -> list[dict[str, Any]]:
        """What tide has logged: a line for each event."""
        log = self.settings.logs / "tide.log"
        return [msgspec.json.decode(line) for line in log.read_bytes().splitlines() if line.startswith(b"{")]

    async def _post(self, event: Event) -> None:
        headers, body = to_request(event)
        await self.broker.receive({name.lower(): value for name, value in headers.items()}, body)


@contextlib.asynccontextmanager
async def installed(folder: Path, size: Size) -> AsyncIterator[Installation]:
    """Everything at work, with nothing seen yet."""
    config, jobs = config_of(size)
    settings = settings_of(folder, f"ghp_{BOT}", Configured.written(folder / "config", "plugins: {}", config, jobs))
    configuration = InForce(settings).follow()
    assert configuration is not None
    with GitHub(settings.folder / "github", base_url=settings.github) as github:
        load(github.world(), seed_of(size, f"{settings.deck}/hook"))
    found = {one.name: function_environment(settings, one) for one in services(ROLES) if one.name in {"tide", "hook"}}
    roles = {name: functions_framework(PRODUCT_ROOT, environment, timeout=610) for name, environment in found.items()}
    processes = Processes(roles, settings.logs, Limits(idle=DAY))
    others: Functions = {"tide": AtOnce(processes.functions["tide"]), "relay": InProcess(Response(status_code=204))}
    listeners: Functions = {**processes.functions, **others}
    resources = loading.load(TRIGGERS)
    broker = Broker(resources, listeners)
    client = httpx2.AsyncClient(base_url=f"{settings.github}/api/v3", headers={"authorization": f"token ghp_{AUTHOR}"})
    async with (
        _parts(settings),
        meanwhile(
            serve(Ingress(broker), settings.ports.broker),
            serve(Front(processes.functions, {"/hook": "hook"}), settings.ports.front),
        ),
        client,
    ):
        try:
            await _furnish(settings, size, configuration)
            yield Installation(
                settings, configuration, broker, processes.functions["tide"], PingSources((), broker.post), client
            )
        finally:
            await broker.close()
            await processes.stop()


@contextlib.asynccontextmanager
async def _parts(settings: Settings) -> AsyncIterator[None]:
    """The API server, the store and GitHub, each in a process."""
    ports = {"kube": settings.ports.kube, "s3": settings.ports.s3, "github": settings.ports.github}
    processes = [await _part(settings, name) for name in ports]
    try:
        for port in ports.values():
            await _listens(port)
        yield
    finally:
        for process in processes:
            process.terminate()
        await asyncio.gather(*(process.wait() for process in processes))


async def _part(settings: Settings, name: str) -> asyncio.subprocess.Process:
    with (settings.logs / f"{name}.log").open("ab") as log:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "infra.local.part", name, "--folder", str(settings.folder)),
            cwd=PRODUCT_ROOT,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=end_with_parent,
        )


async def _listens(port: int) -> None:
    """Wait until something does. Raises TimeoutError."""
    async with asyncio.timeout(START_SECONDS):
        while True:
            try:
                _, writer = await asyncio.open_connection(HOST, port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return


async def _furnish(settings: Settings, size: Size, config: Configuration) -> None:
    transport = HttpTransport(settings.kube, settings.secret("kube-token"))
    kube, room = Kube(transport), asyncio.Semaphore(FURNISHING)

    async def create(job: ProwJob) -> None:
        async with room:
            await kube.create(PROWJOB, "default", job)

    for name in ("test-pods", "cutwater"):
        await kube.create(NAMESPACE, "", {"metadata": {"name": name}})
    await asyncio.gather(*(create(job) for job in runs_of(size, config)))
    await transport.close()
