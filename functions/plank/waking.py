"""Who is woken when there is room."""

from collections.abc import Collection

from cutwater.events.effect import Act
from cutwater.events.look import Look
from cutwater.events.publish import LookAgain
from cutwater.prowjob.types import ProwJob
from functions.plank.limits import ALL, first_of_each_line, has_free_places, limits_of, startable
from functions.plank.world import fellows_of, incomplete, pending_ones, waiting_or_running


async def wake_waiting(job: ProwJob, limits: Collection[str], look: Look, act: Act, *, why: str) -> None:
    """Have those look again that may start under any of these limits of the ProwJob, as things stand."""
    plank = look.config.prow.plank
    if plank.max_concurrency > 0 and not has_free_places(await pending_ones(look), plank):
        return
    fellows = await (incomplete(look) if ALL in limits else fellows_of(job, look))
    for waiting in first_of_each_line(startable(waiting_or_running(fellows), plank), plank):
        if not set(limits).isdisjoint(limits_of(waiting, plank)):
            subject = f"{waiting.metadata.namespace}/{waiting.metadata.name}"
            await act(LookAgain(role="plank", subject=subject, why=why))
