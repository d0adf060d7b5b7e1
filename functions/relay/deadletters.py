"""Dead letters: what was given up is kept in the ledger, below `deadletters/<day>/`."""

import msgspec
from msgspec import Struct

from cutwater.events.edges import Edges
from cutwater.events.event import Event

DEAD = "deadletters/"


class DeadLetter(Struct, frozen=True, kw_only=True):
    """An event that was given up, with the word on why of whoever gave it up."""

    event: Event
    code: str
    reason: str


async def keep(event: Event, edges: Edges, *, reason: str = "") -> str:
    """Store one dead letter. The same one twice is one. A Broker's reason stands in the event."""
    letter = DeadLetter(event=event, code=event["knativeerrorcode"], reason=reason or event["knativeerrordata"])
    key = f"{DEAD}{edges.clock():%Y-%m-%d}/{event.id}"
    await edges.state.put(key, msgspec.json.encode(letter), content_type="application/json")
    return f"kept as {key}"
