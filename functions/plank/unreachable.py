"""A build cluster that does not answer holds back its own ProwJobs only, and those not for ever (protocols, part 7)."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from cutwater.errors import Later
from cutwater.events.effect import Act
from cutwater.events.look import Look
from cutwater.kube.effects import timestamp, transition
from cutwater.prowjob.types import ProwJob
from functions.plank import changes
from functions.plank.world import NoCluster, cluster_of, pod_of

SINCE = "cutwater.dev/unreachable-since"
"""The annotation that says when its build cluster was first found silent; empty once it has answered."""
PATIENCE = timedelta(hours=1)


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
    answers = {cluster_of(chosen): True}
    counted = []
    for job in jobs:
        alias = cluster_of(job)
        if job.status.state == "triggered" and alias not in answers:
            answers[alias] = await _answers(job, look)
        if job.status.state != "triggered" or answers[alias]:
            counted.append(job)
    return counted


async def _answers(job: ProwJob, look: Look) -> bool:
    try:
        await pod_of(job, look)
    except (Later, NoCluster):
        return False
    return True
