"""Crier alone with a GitHub, an API server and buckets: nothing wakes it but the test."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from cutwater.events.effect import Apply, apply
from cutwater.events.level import look_again
from cutwater.events.publish import look_event
from cutwater.kube.client import PROWJOB
from cutwater.prowjob.new import new_prowjob
from cutwater.prowjob.reporting import GITHUB
from cutwater.prowjob.types import ProwJob, ProwJobSpec
from cutwater.storage.memory import MemoryStore
from functions.crier.function import crier
from functions.crier.scope import Scope
from infra.local.github.world import Issue
from tests import virtual_time
from tests.world import BOT, CONFIG, World, configuration

NAMESPACE = "default"
END = "2026-03-02T11:59:30Z"
TAG = "<!-- test report -->"


class Alone:
    """A pull request, and ProwJobs for it. A job is named as its context is."""

    def __init__(self, world: World, change: Issue) -> None:
        self.world, self.change = world, change
        self.edges, self.kube = world.functions.edges, world.kube
        self.artifacts: MemoryStore = world.buckets.setdefault("artifacts", MemoryStore(virtual_time.clock))

    async def job(
        self, name: str, state: str, *, job: str = "", labels: dict[str, str] | None = None, **status: Any
    ) -> None:
        """A presubmit's run in this state, complete where the state is final."""
        pull = {"number": self.change.number, "author": "bob", "sha": self.change.head}
        refs = {"org": "acme", "repo": "rocket", "base_ref": "main", "base_sha": "b" * 40, "pulls": [pull]}
        context = job or name
        spec = {"type": "presubmit", "job": context, "agent": "kubernetes", "cluster": "default", "report": True}
        spec |= {"context": context, "rerun_command": f"/test {context}", "refs": refs}
        start = virtual_time.clock().replace(microsecond=0)
        made = new_prowjob(
            msgspec.convert(spec, ProwJobSpec), name=name, namespace=NAMESPACE, start=start, labelled=labels or {}
        )
        body = msgspec.to_builtins(made)
        body["status"] |= {"state": state, "build_id": "7", "url": f"http://deck/{name}", "description": f"Job {state}."}
        if state in {"success", "failure", "error"}:
            body["status"]["completionTime"] = END
        body["status"] |= status
        await self.kube.create(PROWJOB, NAMESPACE, body)

    async def set(self, name: str, **status: Any) -> None:
        await self.kube.merge(PROWJOB, NAMESPACE, name, {"status": status})

    async def read(self, name: str) -> ProwJob:
        found = await self.kube.read.prowjob(NAMESPACE, name)
        assert found is not None, f"there is no ProwJob {name}"
        return found

    async def told(self, name: str, reporter: str = GITHUB) -> str:
        """The state that the reporter has told of."""
        return (await self.read(name)).status.prev_report_states.get(reporter, "")

    async def look(
        self, name: str, reporter: str = GITHUB, *, apply: Apply = apply, scope: Scope = Scope(), owner: str = "test"
    ) -> None:
        """One event."""
        event = look_event("crier", f"{NAMESPACE}/{name}", reporter=reporter)
        await look_again(crier(scope), event, self.edges, owner=owner, apply=apply)

    @property
    def states(self) -> dict[str, str]:
        """The state of each context."""
        return {context: state for context, (state, _) in self.change.statuses.items()}

    @property
    def reports(self) -> list[list[str]]:
        """The tests that each comment of ours lists as failed."""
        bodies = [body for who, body in self.change.comments if who == BOT and TAG in body]
        return [failed_tests(body) for body in bodies]

    async def files(self) -> dict[str, str]:
        """What lies in the run's folders, by the last parts of its name."""
        found = {}
        async for entry in self.artifacts.list(""):
            stored = await self.artifacts.get(entry.key)
            assert stored is not None
            found["/".join(entry.key.split("/")[4:])] = stored.body.decode()
        return found


def failed_tests(body: str) -> list[str]:
    """The tests of a comment's table."""
    return [line.partition(" | ")[0] for line in body.splitlines() if line.endswith("`") and " | " in line]


@asynccontextmanager
async def alone(config: str = CONFIG, comments: Sequence[str] = ()) -> AsyncIterator[Alone]:
    """Crier, and a pull request on which the bot has said something before."""
    world = World(configuration(config))
    change = await world.github.pull_request(world.rocket, author="bob", files={"fin.txt": "balsa\n"})
    for body in comments:
        await change.comment(BOT, body)
    try:
        yield Alone(world, change)
    finally:
        await world.functions.broker.close()
        world.api_server.close()
        world.hub.close()
