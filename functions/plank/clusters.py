"""The build clusters as a sweep sees them: their pods, and whether they can be used, which it writes where one asks.

Source: sigs.k8s.io/prow pkg/plank (reconciler.go, syncClusterStatus).
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Literal

import msgspec
from msgspec import Struct

from cutwater.errors import Later, Refused
from cutwater.events.effect import Act
from cutwater.events.look import Look
from cutwater.kube.client import POD, Rejected
from cutwater.podutils import paths
from cutwater.prowjob.pods import OURS, Pod, as_pod
from cutwater.storage.artifacts import WriteArtifact

Status = Literal["Reachable", "No-Manager", "Error", "MissingPermissions"]
DENIED = frozenset({401, 403})
CLUSTER_SECONDS = 30
"""How long one cluster may take to list its pods."""

Pods = Mapping[str, Mapping[str, Pod]]
"""The pods of every cluster that answers, by name."""


class Seen(Struct, frozen=True):
    """One cluster: its status, and its pods by name where it answers."""

    status: Status
    pods: Mapping[str, Pod] | None = None


async def seen(aliases: Set[str], look: Look) -> Mapping[str, Seen]:
    """The clusters that are not disabled. All are asked at once: a silent one holds up no other."""
    wanted = sorted(aliases - set(look.config.prow.disabled_clusters))
    found = await asyncio.gather(*(_see(alias, look) for alias in wanted))
    return dict(zip(wanted, found, strict=True))


def pods_of(found: Mapping[str, Seen]) -> Pods:
    """The pods of those that answer."""
    return {alias: one.pods for alias, one in found.items() if one.pods is not None}


async def tell(found: Mapping[str, Seen], look: Look, act: Act) -> None:
    """Write the status of every configured cluster into `plank.build_cluster_status_file`, when it has changed."""
    location = look.config.prow.plank.build_cluster_status_file
    if not location:
        return
    body = msgspec.json.encode({alias: one.status for alias, one in found.items() if alias in look.clusters})
    try:
        place = paths.bucket(location)
        key = place.path.removeprefix("/")
        there = await look.bucket(place.name).get(key)
        if there is None or there.body != body:
            why = "what can be said of the build clusters has changed"
            await act(WriteArtifact(bucket=place.name, key=key, body=body.decode(), over="any", why=why))
    except (Later, Refused, ValueError):
        return  # recorded, if it came to writing; the next sweep tries again, and starting jobs matters more


async def _see(alias: str, look: Look) -> Seen:
    try:
        cluster = look.cluster(alias)
    except Later:
        return Seen("Error")
    except Refused:
        return Seen("No-Manager")
    try:
        async with asyncio.timeout(CLUSTER_SECONDS):
            listed = await cluster.find(POD, look.config.prow.pod_namespace, labels=OURS)
    except Rejected as rejected:
        return Seen("MissingPermissions" if rejected.status in DENIED else "Error")
    except (Later, Refused, TimeoutError):
        return Seen("Error")
    return Seen("Reachable", {pod.metadata.name: pod for pod in _readable(listed)})


def _readable(listed: Sequence[Mapping[str, object]]) -> Iterator[Pod]:
    for one in listed:
        try:
            yield as_pod(one)
        except Refused:
            continue
