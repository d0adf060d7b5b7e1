"""What a role may do to ConfigMaps, and what it may say of them where people look: as Kubernetes' own events."""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar, Literal, Protocol

from msgspec import Struct

from cutwater.kube.client import CONFIG_MAP, EVENT, Exists, Kube
from cutwater.kube.effects import timestamp

LONGEST = 1024
"""Characters of an event's message: the API server takes no more."""


class HasKube(Protocol):
    """What these effects need of the world."""

    @property
    def kube(self) -> Kube:
        """The cluster of the ProwJobs."""


class WriteConfigMap(Struct, frozen=True, kw_only=True, tag=True):
    """Set keys of a ConfigMap that is as it was read (`version`). Raises Conflict where it has changed since."""

    namespace: str
    name: str
    version: str
    keys: Mapping[str, str]
    why: str
    visible: ClassVar[bool] = False

    async def apply(self, world: HasKube) -> None:
        patch = {"metadata": {"resourceVersion": self.version}, "data": self.keys}
        await world.kube.merge(CONFIG_MAP, self.namespace, self.name, patch)

    async def stands(self, world: HasKube, since: datetime) -> bool | None:
        found = await world.kube.get(CONFIG_MAP, self.namespace, self.name)
        there = (found or {}).get("data") or {}
        return all(there.get(key) == value for key, value in self.keys.items()) or None


class Announce(Struct, frozen=True, kw_only=True, tag=True):
    """Say something of a ConfigMap in an event of Kubernetes'. `event` is its name: said under it twice, it is one."""

    namespace: str
    name: str
    uid: str
    event: str
    reason: str
    message: str
    kind: Literal["Normal", "Warning"]
    at: datetime
    why: str
    visible: ClassVar[bool] = False

    async def apply(self, world: HasKube) -> None:
        when = timestamp(self.at)
        body = {
            "apiVersion": EVENT.api_version,
            "kind": EVENT.kind,
            "metadata": {"name": self.event, "namespace": self.namespace},
            "involvedObject": {
                "apiVersion": CONFIG_MAP.api_version,
                "kind": CONFIG_MAP.kind,
                "namespace": self.namespace,
                "name": self.name,
                "uid": self.uid,
            },
            "reason": self.reason,
            "message": self.message[:LONGEST],
            "type": self.kind,
            "firstTimestamp": when,
            "lastTimestamp": when,
            "count": 1,
            "source": {"component": "cutwater"},
        }
        try:
            await world.kube.create(EVENT, self.namespace, body)
        except Exists:
            return

    async def stands(self, world: HasKube, since: datetime) -> bool | None:
        return await world.kube.get(EVENT, self.namespace, self.event) is not None or None
