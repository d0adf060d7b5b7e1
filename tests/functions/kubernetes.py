"""The clusters of a role's test: real objects in embedded API servers, in process and in virtual time.

A role is told to look; what it did is read back from the objects. `Dying` is an `act` that ends halfway.
"""

import asyncio
import functools
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
import yaml

from cutwater.config.configuration import Configuration
from cutwater.errors import Later, Refused
from cutwater.events.edges import Edges
from cutwater.events.effect import Apply, Effect, apply
from cutwater.events.level import LevelRole, look_again
from cutwater.events.publish import look_event
from cutwater.kube.client import POD, PROWJOB, Json, Kind, Kube
from cutwater.kube.official import CALL_SECONDS
from cutwater.kube.transport import JSON, MERGE_PATCH, Answer
from cutwater.prowjob.new import new_prowjob
from cutwater.prowjob.types import ProwJob, ProwJobSpec
from infra.local.kube.server import ApiServer
from infra.local.settings import CRDS
from infra.local.transport import InProcessTransport
from tests import virtual_time
from tests.edges import Published, edges

NAMESPACE, PODS = "default", "test-pods"
POD_SPEC = {"containers": [{"name": "test", "image": "x", "command": ["make"]}]}
_NAMESPACE = Kind("v1", "Namespace", "namespaces")
_DEFINITION = Kind("apiextensions.k8s.io/v1", "CustomResourceDefinition", "customresourcedefinitions")


@functools.cache
def _prowjobs() -> Json:
    """The definition of ProwJobs, read once for all tests."""
    definition: Json = yaml.load((CRDS / "prowjob.yaml").read_text(), yaml.CSafeLoader)
    return definition


class Killed(BaseException):
    """The function is gone: nothing of it runs any more."""


class Dying:
    """Carries effects out, and dies at the one with this number, before it or after it."""

    def __init__(self, number: int, *, after: bool) -> None:
        self._left, self._after = number, after
        self.has_died = False

    async def __call__(self, effect: Effect[object], world: Edges) -> object:
        self._left -= 1
        if self._left < 0 and not self._after:
            self.has_died = True
            raise Killed
        result = await apply(effect, world)
        if self._left < 0:
            self.has_died = True
            raise Killed
        return result


class Cluster(InProcessTransport):
    """One cluster, which may fall silent (and says so at once), or hang."""

    def __init__(self) -> None:
        self.server = ApiServer(None, clock=virtual_time.clock)
        super().__init__(self.server.app)
        self.kube = Kube(self)
        self.is_silent = False
        self.hangs = False

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
        if self.is_silent:
            raise Later("the API server does not answer")
        if self.hangs:
            await asyncio.sleep(CALL_SECONDS)
            raise Later("the API server does not answer in time")
        return await super().request(method, path, query=query, body=body, content_type=content_type, accept=accept)


class Kubernetes:
    """The cluster of the ProwJobs, which is the build cluster `default`, too, and another build cluster, `far`.

    `given`: edges of other kinds.
    """

    def __init__(self, config: Configuration, **given: Any) -> None:
        self.clusters = {"default": Cluster(), "far": Cluster()}
        self.kube = self.clusters["default"].kube
        self.published = Published()
        self.edges = edges(
            config=config,
            kube=lambda: self.kube,
            cluster=self._cluster,
            clusters=lambda: ("default", "far"),
            publish=self.published.publish,
            **given,
        )

    async def start(self) -> "Kubernetes":
        await self.kube.create(_DEFINITION, "", _prowjobs())
        for cluster in self.clusters.values():
            await cluster.kube.create(_NAMESPACE, "", {"metadata": {"name": PODS}})
        return self

    async def look(self, role: LevelRole, subject: str, *, apply: Apply = apply, tick: str = "") -> None:
        """One event of the role, and nothing else: what it publishes stays in `published`."""
        event = look_event(role.name, subject)
        if tick:
            event = msgspec.structs.replace(event, extensions={"role": role.name, "tick": tick})
        await look_again(role, event, self.edges, owner=f"test {id(event)}", apply=apply)

    async def settle(self, role: LevelRole, *, apply: Apply = apply) -> None:
        """Deliver what the role published to itself, until nothing is left."""
        while self.published:
            event = self.published.pop(0)
            if event["role"] == role.name:
                await self.look(role, event.subject, apply=apply)

    async def job(self, name: str, *, state: str = "triggered", status: Json | None = None, **spec: Any) -> ProwJob:
        """A ProwJob as it is created: of agent kubernetes, in cluster `default`, unless it says otherwise."""
        wanted = {"type": "periodic", "job": "unit", "agent": "kubernetes", "cluster": "default", "pod_spec": POD_SPEC}
        made = new_prowjob(
            msgspec.convert(wanted | spec, ProwJobSpec),
            name=name,
            namespace=NAMESPACE,
            start=virtual_time.clock().replace(microsecond=0),
        )
        body = msgspec.to_builtins(made)
        body["status"] |= {"state": state} | (status or {})
        await self.kube.create(PROWJOB, NAMESPACE, body)
        return await self.read(name)

    async def read(self, name: str) -> ProwJob:
        found = await self.kube.read.prowjob(NAMESPACE, name)
        assert found is not None, f"there is no ProwJob {name}"
        return found

    async def set(self, name: str, **status: Any) -> None:
        await self.kube.merge(PROWJOB, NAMESPACE, name, {"status": status})

    async def pod(self, name: str, cluster: str = "default") -> Json | None:
        return await self.clusters[cluster].kube.get(POD, PODS, name)

    async def pods(self, cluster: str = "default") -> list[str]:
        return [pod["metadata"]["name"] for pod in await self.clusters[cluster].kube.find(POD, PODS)]

    async def set_pod(self, name: str, cluster: str = "default", **status: Any) -> None:
        """What a kubelet says of the pod."""
        body = msgspec.json.encode({"status": status})
        path = f"{POD.path(PODS, name)}/status"
        answer = await self.clusters[cluster].request("PATCH", path, body=body, content_type=MERGE_PATCH)
        assert answer.status == 200, answer.body

    async def pass_time(self, *, seconds: float) -> datetime:
        """Virtual time."""
        await asyncio.sleep(seconds)
        return virtual_time.clock()

    def _cluster(self, alias: str) -> Kube:
        if alias not in self.clusters:
            raise Refused(f'no build cluster "{alias}" is configured')
        return self.clusters[alias].kube
