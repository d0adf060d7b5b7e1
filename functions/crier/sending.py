"""Messages that nobody can take back or look for: each is claimed on the ProwJob before it is sent, and never repeated.

| what happens | what follows |
| --- | --- |
| it was taken | the state counts as told, the claim goes |
| it was not taken, or refused | the claim goes, and it may be sent again |
| nobody knows, or the function died over it | the state counts as told, and the ProwJob says that it is unknown |

Source: docs/protocols.md, part 3.
"""

from cutwater.errors import Later, Refused
from cutwater.events.effect import Act, Effect
from cutwater.kube.client import Conflict
from cutwater.kube.effects import AnnotateProwJob
from cutwater.outgoing.effects import Sent
from cutwater.prowjob.reporting import claim_key
from cutwater.prowjob.types import ProwJob
from functions.crier.outcome import Outcome


async def send_once(job: ProwJob, reporter: str, message: Effect[Sent], act: Act) -> Outcome:
    """Send the message about the state that the ProwJob is in, if nobody has begun to. Raises Refused and Later."""
    key, state = claim_key(reporter), job.status.state
    if job.metadata.annotations.get(key) == state:
        return Outcome.UNKNOWN
    try:
        await act(_claim(job, key, state))
        sent = await act(message)
    except Conflict:
        raise  # it is not claimed
    except (Refused, Later):
        await act(_claim(job, key, None))
        raise
    return Outcome.TOLD if sent.is_known else Outcome.UNKNOWN


def _claim(job: ProwJob, key: str, state: str | None) -> AnnotateProwJob:
    meta = job.metadata
    why = f"a message about {state} is on its way" if state else "it was not sent"
    version = meta.resource_version if state else ""
    return AnnotateProwJob(
        namespace=meta.namespace, name=meta.name, annotation=key, value=state, version=version, why=why
    )
