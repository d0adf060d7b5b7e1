"""The report of the pod to storage: podinfo.json, with the pod, its events and its node as they were at the end.

The pod is held by a finalizer from the time on that it runs, so that nobody deletes it before it is described. Source:
sigs.k8s.io/prow pkg/crier/reporters/gcs/kubernetes.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from cutwater.errors import Later, Refused
from cutwater.events.effect import Act
from cutwater.events.look import Look
from cutwater.kube.client import EVENT, NODE, Json, Rejected
from cutwater.kube.effects import HoldPod, ReleasePod
from cutwater.prowjob.pods import INFO_FINALIZER
from cutwater.prowjob.types import ProwJob
from cutwater.storage.artifacts import WriteArtifact
from functions.crier import metadata, storage
from functions.crier.outcome import Outcome

FILE = "podinfo.json"
SILENCE = timedelta(hours=1)
"""How long after the run's end its cluster is asked for the pod, before the run stays without its description."""


async def report(job: ProwJob, look: Look, act: Act) -> Outcome:
    """Hold the pod while the run goes on; describe it, and let it go, when the run is over.

    Raises Later where the cluster or the store does not answer, and Refused where the store says no.
    """
    place = _destination(job, look)
    if place is None:
        return Outcome.TOLD  # a pod that will not be described is not held
    if job.is_complete:
        await _describe(job, place, look, act)
        return Outcome.TOLD
    if job.status.state == "aborted":
        return Outcome.NOT_YET  # its end is still to come, and the state will be the same
    await _hold(job, look, act)
    return Outcome.TOLD


def _destination(job: ProwJob, look: Look) -> storage.Destination | None:
    try:
        return storage.destination(job, look.config.prow)
    except Refused:
        return None  # the report to storage says so


async def _hold(job: ProwJob, look: Look, act: Act) -> None:
    namespace, name = look.config.prow.pod_namespace, job.metadata.name
    pod = await look.cluster(job.spec.cluster).pod(namespace, name)
    if pod is None:
        raise Later(f"pod {name} is not there to be held")
    if not pod["metadata"].get("deletionTimestamp") and not _is_held(pod):
        why = "its end is to be described"
        await act(HoldPod(**_place(job, look), finalizer=INFO_FINALIZER, why=why))


async def _describe(job: ProwJob, place: storage.Destination, look: Look, act: Act) -> None:
    pod = await _pod(job, look)
    if pod is None:
        return
    why = f"{job.metadata.name} is {job.status.state}"
    body = metadata.text(await _description(job, pod, look))
    await act(WriteArtifact(bucket=place.bucket, key=place.key(FILE), body=body, over="any", why=why))
    if _is_held(pod):
        await act(ReleasePod(**_place(job, look), finalizer=INFO_FINALIZER, why="its end is described"))


async def _pod(job: ProwJob, look: Look) -> Json | None:
    """The pod, or None where there is none to be had. Raises Later while its cluster is silent, for SILENCE at most."""
    try:
        return await look.cluster(job.spec.cluster).pod(look.config.prow.pod_namespace, job.metadata.name)
    except Refused:
        return None
    except Later:
        ended = job.status.completionTime
        if ended is None or look.now < ended + SILENCE * look.pace:
            raise
        return None


async def _description(job: ProwJob, pod: Json, look: Look) -> Mapping[str, Any]:
    """The pod, its events and its node, as far as the cluster shows them."""
    cluster, meta = look.cluster(job.spec.cluster), pod["metadata"]
    about = {"kind": "Pod", "namespace": meta["namespace"], "name": meta["name"], "uid": meta.get("uid", "")}
    fields = ",".join(f"involvedObject.{key}={value}" for key, value in about.items() if value)
    described: dict[str, Any] = {"pod": pod}
    try:
        described |= {"events": await cluster.find(EVENT, meta["namespace"], fields=fields)}
    except (Rejected, Later):
        pass  # what else there is, is told
    try:
        node = pod["spec"].get("nodeName")
        described |= {"node": await cluster.get(NODE, "", node)} if node else {}
    except (Rejected, Later):
        pass
    return {key: value for key, value in described.items() if value}


def _is_held(pod: Json) -> bool:
    return INFO_FINALIZER in (pod["metadata"].get("finalizers") or ())


def _place(job: ProwJob, look: Look) -> dict[str, str]:
    return {"cluster": job.spec.cluster, "namespace": look.config.prow.pod_namespace, "name": job.metadata.name}
