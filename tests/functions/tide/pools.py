"""A repository whose tests run by themselves, and tide at work in it; or tide alone, woken by nothing but the test."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from starlette.types import ASGIApp

from cutwater.config.configuration import Configuration
from cutwater.events.effect import Apply, apply
from cutwater.events.level import look_again
from cutwater.events.publish import look_event
from cutwater.kube.client import PROWJOB
from cutwater.prowjob.descriptions import with_base_sha
from cutwater.prowjob.labels import CREATED_BY_TIDE
from cutwater.prowjob.types import ProwJob, Pull
from functions.tide.function import tide
from infra.local.github.world import Issue
from tests import virtual_time
from tests.edges import Published, edges
from tests.world import BOT, CONFIG, JOBS, World, configuration

POOL = "acme/rocket:main"
TESTS = ("flight", "unit")


class Repository:
    """acme/rocket with its pull requests."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def change(self, name: str, *, labels: Sequence[str] = (), **more: Any) -> Issue:
        """A pull request of one new file, whose tests have run."""
        files = more.pop("files", {f"{name}.txt": f"{name}\n"})
        change = await self.world.github.pull_request(
            self.world.rocket, author="bob", files=files, title=more.pop("title", name), labels=labels, **more
        )
        await self.world.settle(20)
        return change

    async def tests_of(self, *changes: Issue) -> list[ProwJob]:
        """The runs that tide has started for just these together."""
        numbers = [change.number for change in changes]
        return [job for job in await self.started() if [pull.number for pull in pulls_of(job)] == numbers]

    async def started(self) -> list[ProwJob]:
        """The runs that tide has started."""
        return await self.world.kube.read.prowjobs("default", labels=f"{CREATED_BY_TIDE}=true")

    async def push(self, name: str = "x.txt") -> None:
        """Somebody pushes to the branch."""
        await self.world.github.push(self.world.rocket, "main", {name: f"{name}\n"}, author="alice")


def pulls_of(job: ProwJob) -> Sequence[Pull]:
    """The pull requests that the run tests."""
    return job.spec.refs.pulls if job.spec.refs else ()


@asynccontextmanager
async def repository(
    config: str = CONFIG,
    jobs: str = JOBS,
    *,
    fails: Sequence[str] = (),
    spoils: Sequence[int] = (),
    before_github: Callable[[ASGIApp], ASGIApp] = lambda app: app,
) -> AsyncIterator[Repository]:
    """Everything at work, the kubelet too. `fails`: the jobs whose pods fail; `spoils`: the numbers of pull requests
    with which those of any batch do; `before_github`: put before GitHub, as functions reach it."""

    def ends(pod: dict[str, Any]) -> str:
        spec = job_spec(pod)
        is_spoiled = spec["type"] == "batch" and any(pull["number"] in spoils for pull in spec["refs"]["pulls"])
        return "Failed" if is_spoiled or spec["job"] in fails else "Succeeded"

    async with World(configuration(config, jobs), before_github=before_github) as world:
        kubelet = asyncio.ensure_future(world.run_pods(ends))
        try:
            yield Repository(world)
        finally:
            kubelet.cancel()
            await asyncio.gather(kubelet, return_exceptions=True)


def job_spec(pod: dict[str, Any]) -> dict[str, Any]:
    """What a pod is told of its run."""
    said = next(one["value"] for one in pod["spec"]["containers"][0]["env"] if one["name"] == "JOB_SPEC")
    spec: dict[str, Any] = msgspec.json.decode(said)
    return spec


def says(change: Issue) -> tuple[str, str]:
    """The state of the tide status, and what it says."""
    return change.statuses["tide"]


class Alone:
    """A pull request with the label and green tests, and tide, woken by nothing but the test."""

    def __init__(self, world: World, change: Issue) -> None:
        self.world, self.change = world, change
        self.published = Published()
        self.use(world.config)

    def use(self, config: Configuration) -> None:
        """This configuration is in force from now on."""
        world, real = self.world, self.world.functions.edges
        self.edges = edges(
            config=config,
            state=world.state,
            kube=lambda: real.kube,
            github=lambda: real.github,
            stacks=lambda: real.stacks,
            publish=self.published.publish,
        )

    async def look(self, *, apply: Apply = apply, owner: str = "test", subject: str = POOL) -> None:
        await look_again(tide, look_event("tide", subject), self.edges, owner=owner, apply=apply)

    async def green(self, change: Issue, base: str) -> None:
        """Its tests have passed on the branch at this commit."""
        for test in TESTS:
            await change.set_status(BOT, test, "success", with_base_sha("Job succeeded.", base))

    async def jobs(self) -> list[ProwJob]:
        return await self.world.kube.read.prowjobs("default")

    async def finish(self, job: ProwJob, state: str = "success") -> None:
        """The run ends, and counts as told to GitHub."""
        now = virtual_time.clock().isoformat().replace("+00:00", "Z")
        status = {"state": state, "completionTime": now, "prev_report_states": {"github-reporter": state}}
        await self.world.kube.merge(PROWJOB, "default", job.metadata.name, {"status": status})


class Deaf(World):
    """A world in which nobody hears GitHub's webhooks."""

    async def _deliver(self, url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, str]:
        return 200, ""


@asynccontextmanager
async def alone(config: str = CONFIG) -> AsyncIterator[Alone]:
    world = Deaf(configuration(config))
    change = await world.github.pull_request(world.rocket, author="bob", files={"a.txt": "a\n"}, labels=["lgtm"])
    found = Alone(world, change)
    await found.green(change, world.rocket.head())
    try:
        yield found
    finally:
        await world.functions.broker.close()
        world.api_server.close()
        world.hub.close()
