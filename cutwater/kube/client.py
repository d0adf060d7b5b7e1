"""Objects of a Kubernetes API: read, listed, created, patched, deleted. A refusal becomes an exception."""

from collections.abc import AsyncIterator, Mapping
from typing import Any, Protocol
from urllib.parse import quote

import msgspec
from msgspec import Struct

from cutwater.errors import Later, Refused
from cutwater.kube.transport import JSON, JSON_PATCH, MERGE_PATCH, METADATA, Answer, Transport
from cutwater.prowjob.types import ProwJob

Json = dict[str, Any]
PAGE = 500


class Kind(Struct, frozen=True):
    """A kind of object, by where it lies in the API."""

    api_version: str
    kind: str
    plural: str

    def path(self, namespace: str, name: str = "") -> str:
        root = f"/apis/{self.api_version}" if "/" in self.api_version else f"/api/{self.api_version}"
        whole = f"{root}/namespaces/{quote(namespace, safe='')}" if namespace else root
        return f"{whole}/{self.plural}" + (f"/{quote(name, safe='')}" if name else "")


PROWJOB = Kind("prow.k8s.io/v1", "ProwJob", "prowjobs")
POD = Kind("v1", "Pod", "pods")
CONFIG_MAP = Kind("v1", "ConfigMap", "configmaps")
EVENT = Kind("v1", "Event", "events")
NODE = Kind("v1", "Node", "nodes")
LEASE = Kind("coordination.k8s.io/v1", "Lease", "leases")


class Conflict(Refused):
    """409, or a JSON patch whose test did not hold: the object is not what it was when this was decided."""


class Exists(Refused):
    """409: an object of this name is there."""


class Rejected(Refused):
    """Any other 4xx, with its status: the API server will not have this object."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Asks(Protocol):
    """What may be asked of an API server: the client itself, or one that remembers what it asked."""

    async def get(self, kind: Kind, namespace: str, name: str) -> Json | None: ...

    async def find(self, kind: Kind, namespace: str, *, labels: str = "", fields: str = "") -> list[Json]: ...


class Reader:
    """What a role may read of one cluster. Raises Later where the API server does not answer."""

    def __init__(self, asks: Asks) -> None:
        self._asks = asks

    async def get(self, kind: Kind, namespace: str, name: str) -> Json | None:
        """The object, or None."""
        return await self._asks.get(kind, namespace, name)

    async def find(self, kind: Kind, namespace: str, *, labels: str = "", fields: str = "") -> list[Json]:
        """All objects that both selectors admit, in the server's order (by name)."""
        return await self._asks.find(kind, namespace, labels=labels, fields=fields)

    async def prowjob(self, namespace: str, name: str) -> ProwJob | None:
        """One ProwJob, or None. Raises Refused for an object that is no ProwJob of ours."""
        found = await self._asks.get(PROWJOB, namespace, name)
        return None if found is None else as_prowjob(found)

    async def prowjobs(self, namespace: str, *, labels: str = "", fields: str = "") -> list[ProwJob]:
        """All ProwJobs that both selectors admit. One that cannot be read is left out: it holds back no other."""
        jobs = []
        for found in await self._asks.find(PROWJOB, namespace, labels=labels, fields=fields):
            try:
                jobs.append(as_prowjob(found))
            except Refused:
                continue
        return jobs

    async def pod(self, namespace: str, name: str) -> Json | None:
        """One pod, or None."""
        return await self._asks.get(POD, namespace, name)


def as_prowjob(found: Mapping[str, Any]) -> ProwJob:
    """A ProwJob of what the API server sent. Raises Refused, naming the field."""
    try:
        return msgspec.convert(found, ProwJob)
    except msgspec.ValidationError as error:
        name = found.get("metadata", {}).get("name", "?")
        raise Refused(f"ProwJob {name} cannot be read: {error}") from error


class Kube:
    """One API server. `read` is its reading half; the rest is for effects."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self.read = Reader(self)

    async def get(self, kind: Kind, namespace: str, name: str) -> Json | None:
        answer = await self._transport.request("GET", kind.path(namespace, name))
        return None if answer.status == 404 else _object(answer)

    async def find(self, kind: Kind, namespace: str, *, labels: str = "", fields: str = "") -> list[Json]:
        query = {"labelSelector": labels} if labels else {}
        query |= {"fieldSelector": fields} if fields else {}
        return await self._pages(kind, namespace, query, JSON)

    async def versions(self, kind: Kind, namespace: str) -> dict[str, str]:
        """The resourceVersion of every object by its name: what changed, without what it says."""
        found = [item["metadata"] for item in await self._pages(kind, namespace, {}, METADATA)]
        return {metadata["name"]: metadata["resourceVersion"] for metadata in found}

    async def _pages(self, kind: Kind, namespace: str, query: Mapping[str, str], accept: str) -> list[Json]:
        query = {"limit": str(PAGE), **query}
        items: list[Json] = []
        while True:
            page = _object(await self._transport.request("GET", kind.path(namespace), query=query, accept=accept))
            items += page.get("items") or ()
            token = page.get("metadata", {}).get("continue")
            if not token:
                return items
            query["continue"] = token

    async def create(self, kind: Kind, namespace: str, body: Mapping[str, Any] | Struct) -> Json:
        """The object as the server keeps it. Raises Exists, and Rejected with the status."""
        return _object(await self._transport.request("POST", kind.path(namespace), body=msgspec.json.encode(body)))

    async def replace(self, kind: Kind, namespace: str, name: str, body: Mapping[str, Any]) -> Json:
        """The object after a PUT. Raises Conflict where `body` carries an older resourceVersion."""
        return _object(await self._transport.request("PUT", kind.path(namespace, name), body=msgspec.json.encode(body)))

    async def merge(self, kind: Kind, namespace: str, name: str, patch: Mapping[str, Any]) -> Json:
        """The object after a merge patch."""
        body = msgspec.json.encode(patch)
        path = kind.path(namespace, name)
        return _object(await self._transport.request("PATCH", path, body=body, content_type=MERGE_PATCH))

    async def amend(self, kind: Kind, namespace: str, name: str, operations: list[Mapping[str, Any]]) -> Json:
        """The object after a JSON patch. Raises Conflict where one of its tests does not hold."""
        body = msgspec.json.encode(operations)
        path = kind.path(namespace, name)
        answer = await self._transport.request("PATCH", path, body=body, content_type=JSON_PATCH)
        # A test that fails is a 422 with a general text; an object that is no good is one that "is invalid".
        if answer.status == 422 and " is invalid: " not in _message(answer):
            raise Conflict(f"{kind.kind} {name} is not as it was")
        return _object(answer)

    async def delete(self, kind: Kind, namespace: str, name: str, *, uid: str = "", version: str = "") -> bool:
        """Delete the object; with `uid`, that one only, with `version` as it was read only (else raises Conflict).

        False where it is gone already.
        """
        wanted = {"uid": uid, "resourceVersion": version}
        preconditions = {key: value for key, value in wanted.items() if value}
        options = {"preconditions": preconditions} if preconditions else {}
        path = kind.path(namespace, name)
        answer = await self._transport.request("DELETE", path, body=msgspec.json.encode(options), content_type=JSON)
        if answer.status == 404:
            return False
        _object(answer)
        return True

    def log(self, namespace: str, pod: str, container: str, *, follow: bool = False) -> AsyncIterator[bytes]:
        """A container's log as it comes."""
        query = {"container": container} | ({"follow": "true"} if follow else {})
        return self._transport.stream(f"{POD.path(namespace, pod)}/log", query=query)


def _object(answer: Answer) -> Json:
    """The object in the answer, or the exception that its status means."""
    status = answer.status
    if status < 400:
        decoded: Json = msgspec.json.decode(answer.body)
        return decoded
    message = _message(answer)
    if status == 409:
        raise Exists(message) if b'"AlreadyExists"' in answer.body else Conflict(message)
    if status in {408, 429} or status >= 500:
        raise Later(f"the API server answers {status}: {message}")
    raise Rejected(status, message)


def _message(answer: Answer) -> str:
    try:
        return str(msgspec.json.decode(answer.body)["message"])
    except (msgspec.DecodeError, KeyError, TypeError):
        return answer.body[:300].decode(errors="replace")
