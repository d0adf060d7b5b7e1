"""What the runner asks of the API server: to watch pods, take them, say how they are, and let them go."""

from collections.abc import AsyncGenerator, Mapping
from typing import Any, Protocol

import msgspec
from msgspec import Raw, Struct

from cutwater.errors import Later, Refused
from cutwater.kube.transport import JSON, MERGE_PATCH, Answer, Transport
from infra.local.pods.environment import Keys, Sources
from infra.local.pods.spec import Pod
from infra.local.pods.volumes import needed

Json = Mapping[str, Any]


class Change(Struct, frozen=True, kw_only=True):
    """One line of a watch: ADDED, MODIFIED, DELETED or ERROR."""

    type: str
    object: Raw


class Expired(Exception):
    """The watch cannot go on from where it was: list again."""


class _Position(Struct, frozen=True, kw_only=True, rename="camel"):
    resource_version: str = ""
    continue_: str = msgspec.field(name="continue", default="")


class _Page(Struct, frozen=True, kw_only=True):
    metadata: _Position
    items: tuple[Raw, ...] = ()


class _SecretKeys(Struct, frozen=True, kw_only=True):
    data: dict[str, bytes] | None = None


class _ConfigMapKeys(Struct, frozen=True, kw_only=True, rename="camel"):
    data: dict[str, str] | None = None
    binary_data: dict[str, bytes] | None = None


class Registry(Protocol):
    """Who wants a pod run: is asked for what the pod names, and told how it is. May raise Later and Refused."""

    async def sources(self, pod: Pod) -> Sources:
        """The Secrets and ConfigMaps that the pod names, as they are now."""

    async def set_status(self, pod: Pod, status: Json) -> None:
        """Say how the pod is."""

    async def warn(self, pod: Pod, *, reason: str, message: str, now: str) -> None:
        """Say what keeps the pod from running."""


class PodsApi:
    """The pods of one API server. Every call raises Later where it does not answer, and Refused for what it refuses."""

    def __init__(self, kube: Transport, *, namespace: str = "") -> None:
        self._kube = kube
        self._pods = f"/api/v1/namespaces/{namespace}/pods" if namespace else "/api/v1/pods"
        self._version = ""

    async def list(self) -> list[Raw]:
        """All pods; a watch begins behind them."""
        items: list[Raw] = []
        query = {"limit": "500"}
        while True:
            page = msgspec.json.decode(_good(await self._kube.request("GET", self._pods, query=query)), type=_Page)
            items += page.items
            self._version = page.metadata.resource_version
            if not page.metadata.continue_:
                return items
            query["continue"] = page.metadata.continue_

    async def watch(self) -> AsyncGenerator[Change]:
        """What happens to pods from then on, until the server hangs up. Raises Expired."""
        query = {"watch": "true", "resourceVersion": self._version}
        rest = b""
        async for chunk in self._kube.stream(self._pods, query=query):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in filter(None, lines):
                change = msgspec.json.decode(line, type=Change)
                if change.type == "ERROR":
                    raise Expired(bytes(change.object).decode(errors="replace"))
                yield change

    async def sources(self, pod: Pod) -> Sources:
        """The Secrets and ConfigMaps that the pod names, as they are now."""
        secrets, config_maps = needed(pod.spec)
        namespace = pod.metadata.namespace
        return Sources(
            namespace,
            secrets={name: await self._secret(namespace, name) for name in sorted(secrets)},
            config_maps={name: await self._config_map(namespace, name) for name in sorted(config_maps)},
        )

    async def get(self, pod: Pod) -> Raw | None:
        """The pod as it is now, None where it is gone."""
        body = await self._read(_path(pod))
        return None if body is None else Raw(body)

    async def bind(self, pod: Pod, node: str) -> None:
        """Take the pod. Raises Refused where somebody else has it, or where it is gone."""
        target = {"apiVersion": "v1", "kind": "Node", "name": node}
        binding = {"apiVersion": "v1", "kind": "Binding", "metadata": _identity(pod), "target": target}
        await self._send("POST", f"{_path(pod)}/binding", binding)

    async def set_status(self, pod: Pod, status: Json) -> None:
        """Say how the pod is. Raises Refused where it is gone, also when another one has its name by now."""
        await self._send("PATCH", f"{_path(pod)}/status", {"metadata": _identity(pod), "status": status}, MERGE_PATCH)

    async def remove(self, pod: Pod) -> None:
        """Nothing of the pod runs any more: let the object go."""
        body = {"gracePeriodSeconds": 0, "preconditions": {"uid": pod.metadata.uid}}
        await self._send("DELETE", _path(pod), body)

    async def warn(self, pod: Pod, *, reason: str, message: str, now: str) -> None:
        """An Event that `kubectl describe` shows at the pod."""
        metadata = pod.metadata
        event = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"generateName": f"{metadata.name}.", "namespace": metadata.namespace},
            "involvedObject": {"apiVersion": "v1", "kind": "Pod", "namespace": metadata.namespace, **_identity(pod)},
            "type": "Warning",
            "reason": reason,
            "message": message,
            "source": {"component": "kubelet"},
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
        }
        await self._send("POST", f"/api/v1/namespaces/{metadata.namespace}/events", event)

    async def _send(self, method: str, path: str, body: Json, content_type: str = JSON) -> None:
        _good(await self._kube.request(method, path, body=msgspec.json.encode(body), content_type=content_type))

    async def _secret(self, namespace: str, name: str) -> Keys | None:
        body = await self._read(f"/api/v1/namespaces/{namespace}/secrets/{name}")
        return None if body is None else msgspec.json.decode(body, type=_SecretKeys).data or {}

    async def _config_map(self, namespace: str, name: str) -> Keys | None:
        body = await self._read(f"/api/v1/namespaces/{namespace}/configmaps/{name}")
        if body is None:
            return None
        found = msgspec.json.decode(body, type=_ConfigMapKeys)
        return {key: text.encode() for key, text in (found.data or {}).items()} | (found.binary_data or {})

    async def _read(self, path: str) -> bytes | None:
        answer = await self._kube.request("GET", path)
        return None if answer.status == 404 else _good(answer)


def _path(pod: Pod) -> str:
    return f"/api/v1/namespaces/{pod.metadata.namespace}/pods/{pod.metadata.name}"


def _identity(pod: Pod) -> dict[str, str]:
    return {"name": pod.metadata.name, "uid": pod.metadata.uid}


def _good(answer: Answer) -> bytes:
    """The body of an answer that is no error."""
    if answer.status < 400:
        return answer.body
    why = f"the API server answers {answer.status}: {answer.body[:300].decode(errors='replace')}"
    if answer.status == 410:
        raise Expired(why)
    raise Later(why) if answer.status in {408, 429} or answer.status >= 500 else Refused(why)
