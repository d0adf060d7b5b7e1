"""Dead letters: what a Broker gave up is kept in the ledger, where `cutwater events` lists it."""

import msgspec
from msgspec import Struct

from cutwater.events.edges import Edges
from cutwater.events.event import Event

DEAD = "deadletters/"


class DeadLetter(Struct, frozen=True, kw_only=True):
    """An event that was given up, with the broker's word on why."""

    event: Event
    code: str
    reason: str


async def keep(event: Event, edges: Edges) -> str:
    """Store one dead letter. The same one twice is one."""
    letter = DeadLetter(event=event, code=event["knativeerrorcode"], reason=event["knativeerrordata"])
    key = f"{DEAD}{edges.clock():%Y-%m-%d}/{event.id}"
    await edges.state.put(key, msgspec.json.encode(letter), content_type="application/json")
    return f"kept as {key}"
