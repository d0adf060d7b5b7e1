"""What was given up is kept in the ledger."""

import msgspec

from cutwater.events.deadletters import DEAD, DeadLetter
from cutwater.events.edges import Edges
from cutwater.events.event import Event


async def keep(event: Event, edges: Edges, *, reason: str = "") -> str:
    """Store one dead letter. The same one twice is one. A Broker's reason stands in the event."""
    letter = DeadLetter(event=event, code=event["knativeerrorcode"], reason=reason or event["knativeerrordata"])
    key = f"{DEAD}{edges.clock():%Y-%m-%d}/{event.id}"
    await edges.state.put(key, msgspec.json.encode(letter), content_type="application/json")
    return f"kept as {key}"
