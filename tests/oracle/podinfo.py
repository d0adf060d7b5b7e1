"""Crier: one report of a pod, over clusters and a bucket as the row has them.

Upstream's fake hands out the pod's events and its node whatever is asked for; so does ours.
"""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from cutwater.errors import Later, Refused
from cutwater.events.effect import Effect
from cutwater.events.look import look_at
from cutwater.kube.client import as_prowjob
from cutwater.kube.transport import JSON, Answer
from cutwater.podutils import paths
from cutwater.storage.memory import MemoryStore
from cutwater.storage.store import Stored
from functions.crier import podinfo
from functions.crier.outcome import Outcome
from tests.oracle.clusters import Cluster
from tests.oracle.worlds import World, objects
from tests.oracle_rows import Row, difference

KINDS = ("engine/podinfo",)
_NOW = "2026-08-21T12:00:00Z"
_OPERATIONS = {("get", "pods"): "get_pod", ("patch", "pods"): "patch_pod"}


class _BuildCluster(Cluster):
    """A build cluster that answers for events and nodes with what the row has."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        super().__init__({"pods": objects([given["pod"]] if given["pod"] else [])}, self._error)
        self._given = given

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
        if "/nodes/" in path:
            return self._read("get_node", self._given["node"])
        if path.endswith("/events"):
            return self._read("get_events", {"items": self._given["events"] or [], "metadata": {}})
        return await super().request(method, path, query=query, body=body, content_type=content_type, accept=accept)

    def _read(self, operation: str, found: Any) -> Answer:
        if operation in self._given["errors"]:
            return Answer(403, msgspec.json.encode({"message": self._given["errors"][operation]}))
        return Answer(404, b"{}") if found is None else Answer(200, msgspec.json.encode(found))

    def _error(self, verb: str, plural: str, name: str, body: Any) -> Mapping[str, Any] | None:
        text = self._given["errors"].get(_OPERATIONS.get((verb, plural)))
        if text is None:
            return None
        return {"code": 403 if text.startswith("Forbidden") else 0, "message": text}


class _Bucket(MemoryStore):
    """A bucket that may take nothing."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        super().__init__(lambda: datetime.fromisoformat(_NOW))
        self._errors = given["errors"]

    async def put(self, key: str, body: bytes, **how: Any) -> Stored:
        if "write" in self._errors:
            raise Later(self._errors["write"])
        return await super().put(key, body, **how)


def check(row: Row) -> str | None:
    """The difference between our report and upstream's, or None."""
    given, answered = row["input"], row["upstream"]
    [job] = objects([given["prowjob"]])
    alias = job["spec"].get("cluster", "")
    cluster, buckets = _BuildCluster(given), dict[str, MemoryStore]()
    world = World(
        config=given["config"],
        now=_NOW,
        prowjobs=Cluster({"prowjobs": [job]}, lambda *_: None),
        clusters={alias: cluster},
        bucket=lambda name: buckets.setdefault(name, _Bucket(given)),
    )

    async def report() -> Outcome | None:
        async def act(effect: Effect[Any]) -> Any:
            return await effect.apply(world.edges)

        try:
            return await podinfo.report(as_prowjob(job), await look_at(world.edges), act)
        except (Later, Refused):
            return None

    outcome = asyncio.run(report())
    mine = {
        "error": outcome is None,
        "is_looked_at_again": outcome is Outcome.NOT_YET,
        "patches": [_patch(alias, call) for call in cluster.calls],
        "written": asyncio.run(_contents(buckets)),
    }
    theirs = {
        "error": bool(answered.get("error")),
        "is_looked_at_again": bool(answered.get("requeue_after_s")),
        "patches": [{key: one[key] for key in ("cluster", "name", "patch")} for one in answered["patches"] or ()],
        "written": {_key(address): content for address, content in (answered["written"] or {}).items()},
    }
    return difference(mine, theirs)


def _patch(cluster: str, call: tuple[str, str, Any]) -> dict[str, Any]:
    return {"cluster": cluster, "name": call[1], "patch": call[2]}


def _key(address: str) -> str:
    found = paths.bucket(address)
    return found.name + found.path


async def _contents(buckets: Mapping[str, MemoryStore]) -> dict[str, str]:
    found = {}
    for name, store in buckets.items():
        async for entry in store.list(""):
            stored = await store.get(entry.key)
            assert stored is not None
            found[f"{name}/{entry.key}"] = stored.body.decode()
    return found
