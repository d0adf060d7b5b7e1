"""How a ProwJob with a pod is carried on to its end. What is to be done is decided in `pending`.

A ProwJob ends before its pod is stopped: a pod that is gone while its ProwJob is pending would be made again. Whoever
dies in between leaves a pod that runs for a complete ProwJob; `after_the_end` stops it.
"""

from typing import TypedDict

from msgspec.structs import replace

from cutwater.errors import Later
from cutwater.events.effect import Act
from cutwater.events.look import Look
from cutwater.events.publish import LookAgain
from cutwater.kube.client import Rejected
from cutwater.kube.effects import DeletePod, ReleasePod, transition
from cutwater.prowjob.labels import BUILD_ID
from cutwater.prowjob.pods import INFO_FINALIZER, Pod
from cutwater.prowjob.types import ProwJob
from functions.plank import changes, pending, starting
from functions.plank.limits import ALL, limits_of
from functions.plank.pending import Finish, Recreate, Revive
from functions.plank.waking import wake_waiting
from functions.plank.world import NoCluster, cluster_of, pod_of


class _Place(TypedDict):
    """Where a pod is."""

    cluster: str
    namespace: str
    name: str


async def carry_on(job: ProwJob, look: Look, act: Act) -> None:
    """Do what is due with a pending ProwJob."""
    plank, pod = look.config.prow.plank, await pod_of(job, look)
    if pod is not None:
        job = await _as_built(job, pod, look, act)
    match pending.next_step(job, pod, look.now, plank):
        case Recreate():
            await starting.create(job, look, act)
        case Finish() as end:
            await act(changes.finished(job, end.state, end.description, plank, look.now))
            if end.stops_pod and pod is not None:
                await _of_its_pod(act, DeletePod(uid=pod.metadata.uid, why=end.description, **_place(job, look)))
            await _make_room(job, look, act)
        case Revive() as revival if pod is not None:
            await _revive(job, pod, revival, look, act)


async def abort(job: ProwJob, look: Look, act: Act) -> None:
    """Carry out an abort that somebody asked for: the pod first, so that whoever sees the end sees no pod."""
    pod = await pod_of(job, look)
    if pod is not None:
        why = job.status.description or "its ProwJob is to be aborted"
        await _of_its_pod(act, DeletePod(uid=pod.metadata.uid, why=why, **_place(job, look)))
    await act(changes.aborted(job, look.now))
    await _make_room(job, look, act)


async def after_the_end(job: ProwJob, look: Look, act: Act) -> None:
    """Stop a pod that must not run on, and wake those that wait for the place of a ProwJob that is complete."""
    if pending.must_not_run(job):
        try:
            pod = await pod_of(job, look)
        except NoCluster:
            pod = None
        if pod is not None and not pod.has_ended and not pod.is_being_deleted:
            why = f"its ProwJob is over: {job.status.description}"
            await _of_its_pod(act, DeletePod(uid=pod.metadata.uid, why=why, **_place(job, look)))
    if freed := limits_of(job, look.config.prow.plank):
        await wake_waiting(job, freed, look, act, why=f"{job.metadata.name} made room")


async def _make_room(job: ProwJob, look: Look, act: Act) -> None:
    """Have those looked at that wait for a place among all: a name's and a queue's end is the relay's to see."""
    if limits_of(job, look.config.prow.plank) == [ALL]:
        subject = f"{job.metadata.namespace}/{job.metadata.name}"
        await act(LookAgain(role="plank", subject=subject, why="its place is free"))


async def _as_built(job: ProwJob, pod: Pod, look: Look, act: Act) -> ProwJob:
    """The ProwJob with the build id of its pod. A later one than is written down: its maker died before it said so."""
    number = pod.metadata.labels.get(BUILD_ID, "")
    if not pod.is_of(job.metadata.name) or number in {"", job.status.build_id}:
        return job
    await act(changes.begun(job, number, look.config.prow.plank, look.now, is_new=True))
    return replace(job, status=replace(job.status, build_id=number))


async def _revive(job: ProwJob, pod: Pod, revival: Revive, look: Look, act: Act) -> None:
    """Count the end of the pod, once, and remove it: it is made again when it is seen to be gone."""
    why = f"its pod was stopped unexpectedly ({revival.cause})"
    if revival.counts:
        count, which = job.status.pod_revival_count + 1, {pending.REVIVED: pod.metadata.uid}
        await act(transition(job, {"pod_revival_count": count}, annotations=which, why=why))
    if revival.releases:
        await _of_its_pod(act, ReleasePod(finalizer=INFO_FINALIZER, why=why, **_place(job, look)))
    if revival.deletes:
        await _of_its_pod(act, DeletePod(uid=pod.metadata.uid, why=why, **_place(job, look)))


def _place(job: ProwJob, look: Look) -> _Place:
    return {
        "cluster": cluster_of(job),
        "namespace": look.config.prow.pod_namespace,
        "name": job.metadata.name,
    }


async def _of_its_pod(act: Act, effect: DeletePod | ReleasePod) -> None:
    """Carry the effect out. What a build cluster refuses today (a right, a webhook of its own) is tried again."""
    try:
        await act(effect)
    except Rejected as rejected:
        raise Later(f"cluster {effect.cluster} refuses: {rejected}") from rejected
