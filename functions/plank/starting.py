"""How a pod is started: for a ProwJob that was triggered, and again for one whose pod was lost.

Made first, written down afterwards: a function that dies in between leaves a pod that the next look adopts.
"""

import os
from collections.abc import Sequence
from datetime import timedelta

from cutwater.errors import Later, Refused
from cutwater.events.effect import Act
from cutwater.events.look import Look
from cutwater.events.publish import LookAgain
from cutwater.kube.client import Exists
from cutwater.kube.effects import CreatePod
from cutwater.outgoing.tot import CountBuild
from cutwater.podutils.decorate import pod_for
from cutwater.prowjob.builds import build_id
from cutwater.prowjob.labels import PLANK_VERSION
from cutwater.prowjob.pods import build_id_of
from cutwater.prowjob.types import ProwJob
from functions.plank import changes, unreachable
from functions.plank.limits import ALL, limits_of, startable
from functions.plank.waking import wake_waiting
from functions.plank.world import NoCluster, cluster_of, fellows_of, pod_of, waiting_or_running

LEASE_SECONDS = 120 if os.environ.get("CUTWATER_TOT_URL") else 60
"""For what begins before ENOUGH, for the number that tot may take a minute to give, and for the calls that follow."""
ENOUGH = timedelta(seconds=15)
"""After so long no other pod is begun under the same Leases: the rest is for the next look."""
VERSION = "cutwater"


async def is_due(job: ProwJob, look: Look) -> bool:
    """Whether a limited ProwJob may start, as things stand: whoever holds its limits' Leases looks once more."""
    return any(one.metadata.name == job.metadata.name for one in await _startable(job, look))


async def start_triggered(job: ProwJob, look: Look, act: Act) -> None:
    """Start the ProwJob, or, where it is under limits that are held, all of those under them whose turn it is.

    Without its limits' Leases it must wait: whoever ends wakes it. Raises Refused for a queue that the configuration
    does not know: it waits until it does.
    """
    limits = set(limits_of(job, look.config.prow.plank))
    if not limits:
        await start(job, look, act)
        return
    queue = job.spec.job_queue_name
    if queue and queue not in look.config.prow.plank.job_queue_capacities:
        raise Refused(f"failed to match queue name '{queue}' with Plank configuration")
    if not look.held:
        return
    for fellow in await _startable(job, look):
        if not limits.issuperset(limits_of(fellow, look.config.prow.plank)):
            continue  # its own look holds what it needs, and it is woken for that
        if look.again().now - look.now > ENOUGH:
            subject = f"{job.metadata.namespace}/{job.metadata.name}"
            await act(LookAgain(role="plank", subject=subject, why="there were many to start"))
            return
        await start(fellow, look, act)
    if ALL in limits:
        await wake_waiting(job, [ALL], look.again(), act, why=f"{job.metadata.name} has started, and there is room")


async def _startable(job: ProwJob, look: Look) -> Sequence[ProwJob]:
    """The limited ProwJob and its fellows, as far as they may start now: itself first, then the oldest."""
    fellows = {one.metadata.name: one for one in await fellows_of(job, look)}
    fellows.setdefault(job.metadata.name, job)
    counted = await unreachable.without_silent(waiting_or_running(list(fellows.values())), job, look)
    itself = next((one for one in counted if one.metadata.name == job.metadata.name), None)
    return list(startable(counted, look.config.prow.plank, first=itself))


async def start(job: ProwJob, look: Look, act: Act) -> None:
    """Make its pod, unless it is there, and say so. Raises Later where its cluster does not answer."""
    plank = look.config.prow.plank
    try:
        pod = await pod_of(job, look)
    except NoCluster as error:
        await act(changes.given_up(job, str(error), look.now))
        return
    except Later as later:
        await unreachable.wait(job, later, look, act)
        return
    await unreachable.answered(job, act)
    if pod is not None:
        await act(changes.begun(job, build_id_of(pod), plank, look.now, is_new=False))
    else:
        await create(job, look, act)


async def create(job: ProwJob, look: Look, act: Act) -> None:
    """Make the pod of a ProwJob that has none, as a new build. Raises Later where tot gives it no number."""
    plank, number = look.config.prow.plank, await _next_number(job, look, act)
    try:
        pod = pod_for(job, build_id=number)
    except ValueError as error:
        await act(changes.refused(job, number, str(error), plank, look.now))
        return
    pod["metadata"]["namespace"] = look.config.prow.pod_namespace
    pod["metadata"]["labels"][PLANK_VERSION] = VERSION
    try:
        await act(CreatePod(cluster=cluster_of(job), pod=pod, why=f"{job.spec.job} is to run"))
    except Refused as refused:
        rival = await pod_of(job, look.again()) if isinstance(refused, Exists) else None
        if rival is not None and rival.is_of(job.metadata.name):
            await act(changes.begun(job, build_id_of(rival), plank, look.now, is_new=False))
            return
        place = f"{look.config.prow.pod_namespace}/{job.metadata.name} in cluster {cluster_of(job)}"
        await act(changes.refused(job, number, f"create pod {place}: {refused}", plank, look.now))
        return
    await act(changes.begun(job, number, plank, look.now, is_new=True))


async def _next_number(job: ProwJob, look: Look, act: Act) -> str:
    if not look.counts_builds:
        return build_id(job, look.now)
    return await act(CountBuild(job=job.spec.job, why=f"a pod of {job.metadata.name} is to be made"))
