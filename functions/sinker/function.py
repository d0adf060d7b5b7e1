"""sinker: deletes what is old. Woken by its PingSource (tick `sweep`), as often as `sinker.resync_period` says.

It needs the cluster of the ProwJobs, every build cluster, and the state bucket. What goes when is said in `prowjobs`,
`pods`, `ledger` and `configurations`. Nothing is remembered but when the last whole pass was: what one does not do the
next one does.
"""

import asyncio
import os
from collections.abc import Mapping, Sequence, Set
from datetime import UTC, timedelta
from typing import TypedDict

from cutwater.errors import Later, Refused
from cutwater.events.effect import Act, Effect
from cutwater.events.event import Event
from cutwater.events.level import LevelRole
from cutwater.events.look import Look
from cutwater.events.serve import level_role
from cutwater.kube.client import LEASE, POD, PROWJOB
from cutwater.kube.effects import DeletePod, ReleasePod
from cutwater.prowjob.pods import INFO_FINALIZER, OURS, Pod, as_pod
from functions.sinker import configurations, leases, ledger, pods, resync
from functions.sinker.ledger import Keeping
from functions.sinker.prowjobs import Run, as_runs, old_prowjobs

ENOUGH = timedelta(minutes=4)
"""After so long a pass leaves the rest to the next tick."""
CLUSTER_SECONDS = 60
"""How long one cluster may take to list its pods; all are asked at once."""


class Place(TypedDict):
    """Where a pod is."""

    cluster: str
    namespace: str
    name: str


class TimeIsUp(Exception):
    """The pass has taken long enough."""


async def sweep(event: Event, look: Look, act: Act) -> None:
    """One pass. Pods are listed before ProwJobs: a ProwJob is there before its pod, so that no pod seems an orphan."""
    tick = (event.time or look.now).astimezone(UTC)
    last = await resync.last_pass(look)
    if not resync.is_due(last, tick, look.config.prow.sinker):
        return
    excluded = look.config.prow.sinker.exclude_clusters
    aliases = [alias for alias in look.clusters if alias not in excluded]
    found = dict(zip(aliases, await asyncio.gather(*(_pods(alias, look) for alias in aliases)), strict=True))
    listed = await look.kube.find(PROWJOB, look.config.prow.prowjob_namespace)
    jobs = {job.metadata.name: job for job in as_runs(listed)}
    try:
        gone = await _sink_prowjobs(jobs, look, act)
        for alias, there in found.items():
            for pod in there:
                await _sink_pod(alias, pod, jobs, gone, look, act)
        async for deletion in ledger.old_entries(look.state, Keeping.of(os.environ), look.now):
            await _try(deletion, look, act)
        for forgetting in leases.old_leases(await look.kube.find(LEASE, look.config.prow.prowjob_namespace), look.now):
            await _try(forgetting, look, act)
        async for deletion in configurations.old_ones(look.state, os.environ, look.now):
            await _try(deletion, look, act)
    except TimeIsUp:
        return  # the next tick goes on
    await act(resync.done(last, tick))


async def _pods(alias: str, look: Look) -> Sequence[Pod]:
    """The pods of ProwJobs in one cluster; none where it does not answer: the others are swept all the same."""
    try:
        async with asyncio.timeout(CLUSTER_SECONDS):
            listed = await look.cluster(alias).find(POD, look.config.prow.pod_namespace, labels=OURS)
    except (Later, Refused, TimeoutError):
        return ()
    return [as_pod(one) for one in listed]


async def _sink_prowjobs(jobs: Mapping[str, Run], look: Look, act: Act) -> Set[str]:
    """Delete what is old. The names of those that are gone now."""
    periodics = {job.name for job in look.config.jobs.periodics}
    sinker = look.config.prow.sinker
    deletions = list(old_prowjobs(jobs.values(), sinker, periodics=periodics, now=look.now))
    return {deletion.name for deletion in deletions if await _try(deletion, look, act)}


async def _sink_pod(alias: str, pod: Pod, jobs: Mapping[str, Run], gone: Set[str], look: Look, act: Act) -> None:
    """Delete the pod if it is old or an orphan, and take off it a finalizer that nobody else will."""
    name = pods.prowjob_of(pod)
    job = jobs.get(name)
    reason = job and pods.is_old(pod, job, look.config.prow.sinker, look.now)
    if pods.may_be_orphan(pod, look.now) and (name in gone or (job is None and await _is_missing(name, look))):
        reason = "orphaned"
    is_held = pods.is_held_for_nothing(pod, job) if job else reason and INFO_FINALIZER in pod.metadata.finalizers
    place = Place(cluster=alias, namespace=pod.metadata.namespace, name=pod.metadata.name)
    if is_held:
        why = f"{pods.INFO_REPORTER} has no more to say of it"
        await _try(ReleasePod(finalizer=INFO_FINALIZER, why=why, **place), look, act)
    if reason:
        await _try(DeletePod(uid=pod.metadata.uid, why=pods.WORDS[reason], **place), look, act)


async def _is_missing(name: str, look: Look) -> bool:
    """Whether there is no ProwJob of this name, and the API server says so."""
    if not name:
        return True
    try:
        return await look.kube.get(PROWJOB, look.config.prow.prowjob_namespace, name) is None
    except (Later, Refused):
        return False


async def _try(effect: Effect[object], look: Look, act: Act) -> bool:
    """Carry it out; whether that succeeded. What fails is tried again in the next pass. Raises TimeIsUp."""
    if look.again().now - look.now > ENOUGH:
        raise TimeIsUp
    try:
        await act(effect)
    except (Later, Refused):
        return False
    return True


async def nothing(event: Event, look: Look) -> Sequence[Effect[object]]:
    """Only its tick wakes sinker."""
    return ()


sinker = LevelRole(name="sinker", decide=nothing, sweeps={"sweep": sweep}, lease_seconds=300)
role = level_role(sinker)
