"""What a plugin does of its own accord, beside its answers to webhooks: it looks again, in the same order as they.

A level role's events wake it. On one pull request its looks and its answers exclude each other (protocols, part 4).
"""

import contextlib

from cutwater.events import level
from cutwater.events.edges import Edges
from cutwater.events.effect import Apply
from cutwater.events.event import Event
from cutwater.events.level import LevelRole
from cutwater.events.order import Order
from cutwater.events.receipt import LEASE, Step
from cutwater.storage.store import Taken


async def look_again(role: LevelRole, event: Event, edges: Edges, *, owner: str, apply: Apply) -> list[Step]:
    """Look, decide and act for one event; alone at its pull request, where it names one. Raises Later."""
    if not event.subject:
        return await level.look_again(role, event, edges, owner=owner, apply=apply)
    order = await Order.take(
        edges.state,
        plugin=role.name,
        subject=event.subject,
        owner=f"{owner}.{event.id}",
        now=edges.clock(),
        lease=LEASE * edges.pace,
    )
    try:
        return await level.look_again(role, event, edges, owner=owner, apply=apply)
    finally:
        with contextlib.suppress(Taken):  # it ran out, and nothing was set here that could be lost
            await order.give_back()
