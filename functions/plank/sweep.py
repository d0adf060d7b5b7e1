"""What events have missed: once a minute plank looks for ProwJobs that are due, and for pods that should not run.

Time-outs are noticed here, too: nothing happens when one runs out.
"""

import asyncio
import os
from collections.abc import Sequence
from datetime import datetime

from cutwater.config.prow import Plank
from cutwater.events.effect import Act
from cutwater.events.event import Event
from cutwater.events.look import Look
from cutwater.events.publish import LookAgain
from cutwater.prowjob.types import ProwJob
from functions.plank import clusters
from functions.plank.clusters import Pods
from functions.plank.limits import first_of_each_line, startable
from functions.plank.pending import next_step
from functions.plank.world import cluster_of, incomplete, superseded_of, waiting_or_running

UNTOLD = "CUTWATER_CLUSTERS_WITHOUT_SOURCE"
"""Names the build clusters (aliases, between blanks) that have no ApiServerSource to tell of their pods."""
PAUSE, OFTEN = 15, 3
"""Seconds between looks at these clusters, and how many such looks there are after that of the tick."""


async def sweep(event: Event, look: Look, act: Act) -> None:
    """Have every ProwJob looked at that is due; until the next tick, those of the clusters that tell us nothing."""
    jobs = await incomplete(look)
    found = await clusters.seen({*look.clusters, *map(cluster_of, jobs)}, look)
    await _sweep(jobs, clusters.pods_of(found), look, act)
    await clusters.tell(found, look, act)
    untold = set(os.environ.get(UNTOLD, "").split())
    for _ in range(OFTEN if untold else 0):
        await asyncio.sleep(PAUSE)
        look = look.again()
        jobs = [job for job in await incomplete(look) if cluster_of(job) in untold and job.status.state != "triggered"]
        await _sweep(jobs, clusters.pods_of(await clusters.seen(untold, look)), look, act)


async def _sweep(jobs: Sequence[ProwJob], pods: Pods, look: Look, act: Act) -> None:
    due = due_jobs(jobs, pods, look.config.prow.plank, look.now) | stray_pods(jobs, pods)
    for name, why in due.items():
        await act(LookAgain(role="plank", subject=f"{look.config.prow.prowjob_namespace}/{name}", why=why))


def due_jobs(jobs: Sequence[ProwJob], pods: Pods, plank: Plank, now: datetime) -> dict[str, str]:
    """The ProwJobs that are due, by name, and why. One whose cluster is silent is due only where it waits to start."""
    due = {job.metadata.name: "a newer run replaces it" for job in superseded_of(jobs)}
    silent = {job.metadata.name for job in jobs if job.status.state == "triggered" and cluster_of(job) not in pods}
    due |= dict.fromkeys(sorted(silent), "its cluster is silent")
    others = [job for job in waiting_or_running(jobs) if job.metadata.name not in silent]
    due |= {job.metadata.name: "it may start" for job in first_of_each_line(startable(others, plank), plank)}
    for job in jobs:
        if cluster_of(job) not in pods:
            continue
        pod = pods[cluster_of(job)].get(job.metadata.name)
        match job.status.state:
            case "pending" if step := next_step(job, pod, now, plank):
                due[job.metadata.name] = type(step).__name__.lower()
            case "triggered" if pod is not None:
                due[job.metadata.name] = "its pod was made"
            case "aborted":
                due[job.metadata.name] = "its abort is not carried out"
    return due


def stray_pods(jobs: Sequence[ProwJob], pods: Pods) -> dict[str, str]:
    """The names of pods that run while their ProwJob is complete, or gone, and why that is odd."""
    names = {job.metadata.name for job in jobs}
    return {
        name: "its pod runs, and it is not among the incomplete ones"
        for there in pods.values()
        for name, pod in there.items()
        if name not in names and not pod.has_ended and not pod.is_being_deleted
    }
