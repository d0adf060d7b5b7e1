"""plank: runs the ProwJobs of agent kubernetes as pods in their build clusters.

Woken for one ProwJob when it or its pod changes (relay), and once a minute to find what was missed (tick `sweep`). It
needs the cluster of the ProwJobs and every build cluster. Where a ProwJob is under a limit it has the limit's names to
itself while it starts. Source: sigs.k8s.io/prow pkg/plank.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from cutwater.events.effect import Act
from cutwater.events.event import Event
from cutwater.events.level import LevelRole
from cutwater.events.look import Look
from cutwater.events.serve import level_role
from cutwater.kube.effects import transition
from cutwater.prowjob.reporting import GITHUB
from cutwater.prowjob.types import ProwJob
from cutwater.prowjob.wants import AGENTS
from functions.plank import carrying, changes, starting
from functions.plank.limits import limits_of
from functions.plank.sweep import sweep
from functions.plank.world import NoCluster, incomplete, prowjob_of, superseded_of


async def decide(event: Event, look: Look, act: Act) -> None:
    """Do what is due with one ProwJob. Raises Later where its cluster does not answer."""
    job = await prowjob_of(event, look)
    if job is None:
        return
    if job.spec.agent not in AGENTS and not job.is_complete:
        known = ", ".join(AGENTS)
        await act(changes.given_up(job, f'there is no agent "{job.spec.agent}", only {known}', look.now))
        return
    if job.is_complete:
        await carrying.after_the_end(job, look, act)
        return
    job = await end_superseded(job, look, act)
    try:
        match job.status.state:
            case "triggered":
                await starting.start_triggered(job, look, act)
            case "pending":
                await carrying.carry_on(job, look, act)
            case "aborted":
                await carrying.abort(job, look, act)
    except NoCluster as error:
        await act(changes.given_up(job, str(error), look.now))


async def end_superseded(job: ProwJob, look: Look, act: Act) -> ProwJob:
    """Have older runs for the same pull request aborted, and say so in this one where it is one of them."""
    for old in superseded_of(await incomplete(look, job=job.spec.job)):
        why = "a newer run of the same job for the same pull request replaces it"
        told = {GITHUB: "aborted"}  # the context on GitHub is the newer one's by now
        await act(transition(old, {"state": "aborted"}, told=told, why=why))
        if old.metadata.name == job.metadata.name:
            job = replace(old, status=replace(old.status, state="aborted"))
    return job


async def names(event: Event, look: Look) -> Sequence[str]:
    """The limits under which the ProwJob is to start; none while it must wait: whoever ends then wakes it."""
    job = await prowjob_of(event, look)
    if job is None or job.is_complete or job.status.state != "triggered":
        return ()
    limits = limits_of(job, look.config.prow.plank)
    if not limits or not await starting.is_due(job, look):
        return ()
    return [f"plank/{limit}" for limit in limits]


plank = LevelRole(
    name="plank", decide=decide, sweeps={"sweep": sweep}, excludes=names, lease_seconds=starting.LEASE_SECONDS
)
role = level_role(plank)
