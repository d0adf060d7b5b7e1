"""The clusters of bench.engine: ProwJobs that wait, run and have ended, and what the roles ask of the API server."""

import asyncio
import functools
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

import msgspec

from cutwater.config.configuration import Configuration
from cutwater.config.findings import Source
from cutwater.config.load import load
from cutwater.config.sources import Sources
from cutwater.errors import Later, Refused
from cutwater.events.edges import Edges, utc_now
from cutwater.events.effect import apply
from cutwater.events.event import Event
from cutwater.events.level import LevelRole, look_again
from cutwater.events.publish import look_event
from cutwater.github.client import GitHub
from cutwater.kube.client import POD, PROWJOB, Json, Kind, Kube
from cutwater.kube.effects import timestamp
from cutwater.kube.transport import JSON, MERGE_PATCH, Answer, Transport
from cutwater.prowjob.labels import CREATED_BY_PROW, ID, JOB, TYPE
from cutwater.prowjob.wants import wanted_by
from cutwater.storage.memory import MemoryStore

NAMESPACE = Kind("v1", "Namespace", "namespaces")
MOST = 2
"""So many of a job may run, and do: all others wait."""
AT_ONCE = 16
"""Events that are answered side by side."""
POD_SPEC: Json = {"containers": [{"name": "test", "image": "example.com/test:v1", "command": ["make", "test"]}]}
REFS: Json = {"org": "acme", "repo": "rocket", "base_ref": "main", "base_sha": "0" * 40}
LONG_AGO = timedelta(days=30)

Item = TypeVar("Item")


class Counting:
    """A transport that counts: by verb, Leases and further pages of a list apart."""

    def __init__(self, inner: Transport) -> None:
        self._inner = inner
        self.calls: Counter[str] = Counter()

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: bytes | None = None,
        content_type: str = JSON,
        accept: str = JSON,
    ) -> Answer:
        self.calls[_verb(method, path, query or {})] += 1
        return await self._inner.request(method, path, query=query, body=body, content_type=content_type, accept=accept)

    def stream(self, path: str, *, query: Mapping[str, str] | None = None) -> AsyncIterator[bytes]:
        return self._inner.stream(path, query=query)


def _verb(method: str, path: str, query: Mapping[str, str]) -> str:
    if "/leases" in path:
        return "lease"
    if method != "GET":
        return {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}[method]
    has_name = not path.endswith(("/prowjobs", "/pods"))
    if has_name:
        return "get"
    return "page" if "continue" in query else "list"


class World:
    """ProwJobs, their pods and the roles, over one API server that is every cluster. `fill` comes first."""

    def __init__(self, transport: Transport, *, name: str, running: int, periodics: int, due: int) -> None:
        self.name, self._running, self._periodics, self._due = name, running, periodics, due
        self._transport, self._fill = transport, Kube(transport)
        self.counting = Counting(transport)
        self._kube = Kube(self.counting)
        self._published: list[Event] = []
        self._state = MemoryStore(utc_now)
        self.config = configuration(name, periodics)
        self.edges = Edges(
            kube=lambda: self._kube,
            cluster=lambda alias: self._kube,
            github=_no_github,
            state=lambda: self._state,
            bucket=lambda bucket: self._state,
            publish=self._publish,
            configuration=self._configuration,
            event_key=bytes,
            webhook_secret=bytes,
        )

    async def fill(self, *, waiting: int, old: int) -> None:
        """So many wait, `running` run, every periodic has had a run (`due` of them long enough ago), `old` may go."""
        await self._fill.create(NAMESPACE, "", {"metadata": {"name": self.name}})
        now = utc_now()
        runs = [self._job(f"running-{number:05}", number, "pending", now) for number in range(self._running)]
        waiting_ones = [self._job(f"waiting-{number:05}", number, "triggered", now) for number in range(waiting)]
        ended = [self._ended(f"old-{number:05}", f"gone-{number}", now - LONG_AGO) for number in range(old)]
        ages = (timedelta(hours=2 if number < self._due else 0) for number in range(self._periodics))
        ended += [self._ended(f"by-clock-{n:05}", f"clock-{n}", now - age, "periodic") for n, age in enumerate(ages)]
        await _each(self._create_job, [*runs, *waiting_ones, *ended])
        await _each(self._create_pod, [job["metadata"]["name"] for job in runs])

    async def end_pods(self) -> None:
        """Every pod of a running ProwJob ends well."""
        await _each(self._end_pod, [f"running-{number:05}" for number in range(self._running)])

    async def pod_events(self, count: int, role: LevelRole) -> None:
        """So many events of the pods that have ended, and what follows from them, to the end."""
        names = [f"running-{number % self._running:05}" for number in range(count)]
        self._published += [look_event(role.name, f"/{name}") for name in names]
        told: set[str] = set()
        while self._published:
            events, self._published = self._published, []
            await _each(functools.partial(self._deliver, role), events)
            for name in names:
                await self._relay(name, told, role)

    async def _deliver(self, role: LevelRole, event: Event) -> None:
        """As a broker does: what is answered by "later" comes again."""
        try:
            await self.look(role, event)
        except Later as later:
            await asyncio.sleep(later.seconds or 1)
            self._published.append(event)

    async def look(self, role: LevelRole, event: Event) -> None:
        """One event of a role."""
        await look_again(role, event, self.edges, owner=f"bench {event.id}", apply=apply)

    async def tick(self, role: LevelRole, tick: str) -> None:
        """One tick of its PingSource."""
        event = look_event(role.name, "")
        await self.look(role, msgspec.structs.replace(event, extensions={"role": role.name, "tick": tick}))

    async def count(self, state: str) -> int:
        """How many ProwJobs are in this state."""
        return len(await self._fill.find(PROWJOB, self.name, fields=f"status.state={state}"))

    async def total(self) -> int:
        """How many ProwJobs there are."""
        return len(await self._fill.versions(PROWJOB, self.name))

    async def clear(self) -> None:
        """Delete everything; a real server gives up on ten thousand at once."""
        for kind in (PROWJOB, POD):
            names = list(await self._fill.versions(kind, self.name))
            await _each(functools.partial(self._fill.delete, kind, self.name), names)
        await self._fill.delete(NAMESPACE, "", self.name)

    async def _relay(self, name: str, told: set[str], role: LevelRole) -> None:
        """What the relay makes of a ProwJob that has just ended."""
        found = await self._fill.read.prowjob(self.name, name)
        if found is None or not found.is_complete or name in told:
            return
        told.add(name)
        if any(want.role == role.name for want in wanted_by(found)):
            self._published.append(look_event(role.name, f"{self.name}/{name}"))

    async def _publish(self, event: Event) -> None:
        self._published.append(event)

    async def _configuration(self) -> Configuration:
        return self.config

    def _job(self, name: str, number: int, state: str, now: datetime) -> Json:
        job = f"job-{number % (self._running // MOST):03}"
        spec = {"type": "postsubmit", "job": job, "max_concurrency": MOST, "refs": REFS}
        status = {"state": state, "startTime": timestamp(now)}
        if state == "pending":
            status |= {"pendingTime": timestamp(now), "build_id": str(number), "pod_name": name}
        return self._prowjob(name, spec, status)

    def _ended(self, name: str, job: str, start: datetime, kind: str = "postsubmit") -> Json:
        refs = {} if kind == "periodic" else {"refs": REFS}
        status = {"state": "success", "startTime": timestamp(start), "completionTime": timestamp(start)}
        return self._prowjob(name, {"type": kind, "job": job, **refs}, status)

    def _prowjob(self, name: str, spec: Json, status: Json) -> Json:
        labels = {CREATED_BY_PROW: "true", TYPE: spec["type"], JOB: spec["job"]}
        return {
            "apiVersion": "prow.k8s.io/v1",
            "kind": "ProwJob",
            "metadata": {"name": name, "namespace": self.name, "labels": labels, "annotations": {JOB: spec["job"]}},
            "spec": {"agent": "kubernetes", "cluster": "default", "pod_spec": POD_SPEC, **spec},
            "status": status,
        }

    async def _create_job(self, job: Json) -> None:
        await self._fill.create(PROWJOB, self.name, job)

    async def _create_pod(self, name: str) -> None:
        metadata = {"name": name, "labels": {CREATED_BY_PROW: "true", ID: name}}
        await self._fill.create(POD, self.name, {"metadata": metadata, "spec": POD_SPEC})
        await self._set_pod(name, "Running")

    async def _end_pod(self, name: str) -> None:
        await self._set_pod(name, "Succeeded")

    async def _set_pod(self, name: str, phase: str) -> None:
        body = msgspec.json.encode({"status": {"phase": phase, "startTime": timestamp(utc_now())}})
        path = f"{POD.path(self.name, name)}/status"
        answer = await self._transport.request("PATCH", path, body=body, content_type=MERGE_PATCH)
        assert answer.status == 200, answer.body


async def _each(work: Callable[[Item], Awaitable[object]], items: Sequence[Item]) -> None:
    """The work on each, a few at a time."""
    room = asyncio.Semaphore(AT_ONCE)

    async def one(item: Item) -> None:
        async with room:
            await work(item)

    await asyncio.gather(*(one(item) for item in items))


def configuration(namespace: str, periodics: int) -> Configuration:
    """Both namespaces are the bench's own; every periodic is due an hour after its last run."""
    general = {"prowjob_namespace": namespace, "pod_namespace": namespace}
    jobs = [{"name": f"clock-{number}", "interval": "1h", "spec": POD_SPEC} for number in range(periodics)]
    named = {"config.yaml": general, "jobs.yaml": {"periodics": jobs}}
    config, own = (Source(name, msgspec.json.encode(content)) for name, content in named.items())
    return load(Sources(config, (own,)))


def _no_github() -> GitHub:
    raise Refused("these roles need no GitHub")
