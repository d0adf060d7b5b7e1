"""What a change of a ProwJob or of a pod means for others: who must look.

What an event holds is used only to stay silent: a role that is told reads the object.
"""

import asyncio
import os
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from cutwater.errors import Refused
from cutwater.events import names
from cutwater.events.edges import Edges
from cutwater.events.effect import Apply
from cutwater.events.event import Event, NotAnEvent
from cutwater.events.publish import LookAgain
from cutwater.kube.client import as_prowjob
from cutwater.prowjob.pods import as_pod
from cutwater.prowjob.reporting import reporters_of
from cutwater.prowjob.wants import wanted_by, wanted_by_pod


async def pass_on(event: Event, edges: Edges, apply: Apply) -> str:
    """Tell whoever must look at what changed. Raises Later where the Broker does not answer."""
    looks = looks_after(event)
    await asyncio.gather(*(apply(look, edges) for look in looks))
    return ", ".join(look.attributes.get("reporter") or look.role for look in looks) or "concerns nobody"


def looks_after(event: Event) -> list[LookAgain]:
    """Who must look after this change of an object. Raises NotAnEvent."""
    change = event.type.removeprefix(names.OBJECT)
    if change not in {"add", "update", "delete"}:
        raise NotAnEvent(f"no change of an object: {event.type}")
    try:
        found = msgspec.json.decode(event.data, type=dict[str, Any])
        match found.get("kind"):
            case "ProwJob":
                return list(_after_prowjob(found, is_gone=change == "delete"))
            case "Pod":
                return list(_after_pod(found, event["cluster"], is_gone=change == "delete"))
            case other:
                raise NotAnEvent(f"no role looks at objects of kind {other}")
    except (msgspec.DecodeError, Refused) as error:
        raise NotAnEvent(f"its object cannot be read: {error}") from error


def _after_prowjob(found: Mapping[str, Any], *, is_gone: bool) -> Iterator[LookAgain]:
    if is_gone:
        return  # what it left behind is sinker's
    job = as_prowjob(found)
    attributes = {"agent": job.spec.agent, "cluster": job.spec.cluster, "state": job.status.state}
    for want in wanted_by(job, reporters_of(os.environ)):
        reporter = {"reporter": want.reporter} if want.reporter else {}
        yield LookAgain(role=want.role, subject=want.subject, why=want.why, attributes=attributes | reporter)


def _after_pod(found: Mapping[str, Any], cluster: str, *, is_gone: bool) -> Iterator[LookAgain]:
    for want in wanted_by_pod(as_pod(found), is_gone=is_gone):
        yield LookAgain(role=want.role, subject=want.subject, why=want.why, attributes={"cluster": cluster})
