"""horologium: starts the periodic jobs. Woken once a minute by its PingSource (tick `schedule`), and by nothing else.

It needs the cluster of the ProwJobs and the state bucket, where its last tick is kept. Two ticks are never answered at
once, and every run has a name that comes from its cause. Source: sigs.k8s.io/prow cmd/horologium.
"""

from datetime import UTC, datetime

from cutwater.config.jobs import Periodic
from cutwater.config.specs import periodic_spec
from cutwater.errors import Later, Refused
from cutwater.events.effect import Act, Effect
from cutwater.events.event import Event
from cutwater.events.level import LevelRole
from cutwater.events.look import Look
from cutwater.events.serve import level_role
from cutwater.kube.effects import CreateProwJob
from cutwater.prowjob.labels import RERUN, TYPE
from cutwater.prowjob.new import new_prowjob
from functions.horologium import cursor
from functions.horologium.cursor import Cursor
from functions.horologium.due import Due, due, latest_runs


async def schedule(event: Event, look: Look, act: Act) -> None:
    """Start what is due, and remember the tick. Raises Later, after all others, for a run that cannot be made now."""
    tick = (event.time or look.now).astimezone(UTC).replace(microsecond=0)
    kept = await cursor.read(look)
    periodics = look.config.jobs.periodics
    latest = latest_runs(await look.kube.prowjobs(look.config.prow.prowjob_namespace, labels=f"{TYPE}=periodic"))
    failed: list[str] = []
    for job in periodics:
        run = due(job, latest.get(job.name), _fired(job, kept, tick), look.now)
        if run is None:
            continue
        try:
            await act(_start(job, run, look))
        except Later as later:
            failed.append(f"{job.name}: {later}")
        except Refused:
            continue  # recorded; what is wrong with it today is wrong with it until it is changed
    if failed:
        raise Later(f"failed to create {len(failed)} prowjobs: {failed}")
    await act(kept.after(periodics, tick))


def _fired(job: Periodic, kept: Cursor, tick: datetime) -> datetime | None:
    """When the job's cron fired. One that cannot be read, which no valid configuration has, never does."""
    try:
        return kept.fired(job, tick) if job.cron else None
    except ValueError:
        return None


def _start(job: Periodic, run: Due, look: Look) -> CreateProwJob:
    retry = {RERUN: str(run.retry)} if run.retry else {}
    made = new_prowjob(
        periodic_spec(job),
        name=run.name,
        namespace=look.config.prow.prowjob_namespace,
        start=look.now.replace(microsecond=0),
        labelled={**job.labels, **retry},
        annotated=job.annotations,
        state="scheduling" if look.config.prow.scheduler.enabled else "triggered",
    )
    return CreateProwJob(job=made, why=run.why)


async def nothing(event: Event, look: Look) -> list[Effect[object]]:
    """Only its tick wakes horologium."""
    return []


horologium = LevelRole(name="horologium", decide=nothing, sweeps={"schedule": schedule})
role = level_role(horologium)
