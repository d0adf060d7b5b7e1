"""Crier alone with a GitHub, an API server and buckets: nothing wakes it but the test."""

from collections.abc import Mapping, Sequence
from typing import Any

import httpx2
import msgspec

from cutwater.events.effect import Apply, apply
from cutwater.events.level import look_again
from cutwater.events.publish import look_event
from cutwater.github.client import GitHub
from cutwater.kube.client import PROWJOB
from cutwater.prowjob.new import new_prowjob
from cutwater.prowjob.reporting import GITHUB
from cutwater.prowjob.types import ProwJobSpec
from cutwater.storage.memory import MemoryStore
from functions.crier.comment import TAG
from functions.crier.function import crier
from functions.crier.scope import Scope
from infra.local.github import server
from tests import virtual_time
from tests.functions.crier.receiver import Receiver
from tests.functions.kubernetes import NAMESPACE, Kubernetes
from tests.world import BOT, CONFIG, configuration

END = "2026-03-02T11:59:30Z"
EVERYTHING = Scope()


class Alone(Kubernetes):
    """A pull request, and ProwJobs for it. A job is named as its context is."""

    def __init__(self, config: str = CONFIG) -> None:
        self.hub = server.GitHub(clock=virtual_time.clock, deliver=_nowhere)
        self.artifacts = MemoryStore(virtual_time.clock)
        people = self.hub.world()
        people.organisation("acme", members=["bob"], admins=[BOT])
        token = people.token(BOT)
        transport = httpx2.ASGITransport(app=self.hub.app)
        client = httpx2.AsyncClient(transport=transport, base_url="http://github")

        async def bots(org: str) -> str:
            return token

        github = GitHub(client, bots, api="http://github/api/v3", graphql_api="http://github/api/graphql")
        self.receiver = Receiver()
        super().__init__(
            configuration(config, jobs="{}", plugins="{}"),
            github=lambda: github,
            bucket=lambda name: self.artifacts,
            outgoing=lambda: self.receiver.way,
        )

    async def begin(self, comments: Sequence[str] = ()) -> "Alone":
        """Start; `comments` are what the bot has said on the pull request before."""
        await self.start()
        people = self.hub.world()
        rocket = people.repository("acme/rocket", files={"README.md": "rocket\n"}, collaborators={BOT: "write"})
        self.change = await people.pull_request(rocket, author="bob", files={"fin.txt": "balsa\n"})
        for body in comments:
            await self.change.comment(BOT, body)
        return self

    async def run(
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
        body["status"] |= {
            "state": state,
            "build_id": "7",
            "url": f"http://deck/{name}",
            "description": f"Job {state}.",
        }
        if state in {"success", "failure", "error"}:
            body["status"]["completionTime"] = END
        body["status"] |= status
        await self.kube.create(PROWJOB, NAMESPACE, body)

    async def told(self, name: str, reporter: str = GITHUB) -> str:
        """The state that the reporter has told of."""
        return (await self.read(name)).status.prev_report_states.get(reporter, "")

    async def report(
        self,
        name: str,
        reporter: str = GITHUB,
        *,
        apply: Apply = apply,
        scope: Scope = EVERYTHING,
        owner: str = "test",
        anew: str = "",
    ) -> None:
        """One event."""
        event = look_event("crier", f"{NAMESPACE}/{name}", reporter=reporter, anew=anew)
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


async def alone(config: str = CONFIG, comments: Sequence[str] = ()) -> Alone:
    """Crier, and a pull request on which the bot has said something before."""
    return await Alone(config).begin(comments)


async def _nowhere(url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, str]:
    return 200, ""
