"""A build cluster that does not answer holds back its own ProwJobs only, and those not for ever (protocols, part 7)."""

import asyncio
from collections.abc import Iterable
from datetime import datetime, timedelta

from cutwater.errors import Later, Refused
from cutwater.events.effect import Act
from cutwater.events.look import Look
from cutwater.kube.effects import timestamp, transition
from cutwater.prowjob.types import ProwJob
from functions.plank import changes
from functions.plank.world import NoCluster, cluster_of, pod_of

SINCE = "cutwater.dev/unreachable-since"
"""The annotation that says when its build cluster was first found silent; empty once it has answered."""
PATIENCE = timedelta(hours=1)
ANSWER_SECONDS = 5
"""A cluster that takes longer counts as silent to the ProwJobs of others."""


async def wait(job: ProwJob, silence: Later, look: Look, act: Act) -> None:
    """What becomes of a triggered ProwJob whose cluster is silent. Raises `silence` at first: it is tried soon."""
    since = job.metadata.annotations.get(SINCE)
    alias = cluster_of(job)
    if not since:
        await act(transition(job, {}, annotations={SINCE: timestamp(look.now)}, why=f"cluster {alias} is silent"))
        raise silence
    if look.now - datetime.fromisoformat(since) >= PATIENCE:
        await act(changes.given_up(job, f'cluster "{alias}" has not answered since {since}', look.now))


async def answered(job: ProwJob, act: Act) -> None:
    """Forget an earlier silence of the ProwJob's cluster."""
    if job.metadata.annotations.get(SINCE):
        await act(transition(job, {}, annotations={SINCE: ""}, why=f"cluster {cluster_of(job)} answers again"))


async def without_silent(jobs: Iterable[ProwJob], chosen: ProwJob, look: Look) -> list[ProwJob]:
    """The ProwJobs but for triggered ones of other clusters that are silent or not ours: they take nobody's place."""
    jobs = list(jobs)
    waiting = [job for job in jobs if job.status.state == "triggered" and cluster_of(job) != cluster_of(chosen)]
    silent = {cluster_of(job) for job in waiting if job.metadata.annotations.get(SINCE)}
    asked = {cluster_of(job): job for job in waiting if cluster_of(job) not in silent}
    answers = await asyncio.gather(*(_answers(job, look) for job in asked.values()))
    silent |= {alias for alias, answer in zip(asked, answers, strict=True) if not answer}
    return [job for job in jobs if job.status.state != "triggered" or cluster_of(job) not in silent]


async def _answers(job: ProwJob, look: Look) -> bool:
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            await pod_of(job, look)
    except (Later, Refused, NoCluster, TimeoutError):
        return False
    return True
