"""The sweep over what is owed: a webhook whose plugins have all answered is put away, others are published again.

So a broker that forgets, and a function that died, lose nothing.
"""

from datetime import datetime, timedelta

import msgspec

from cutwater.errors import Later
from cutwater.events import ledger, receipt
from cutwater.events.edges import Edges
from cutwater.events.ledger import OWED, Delivery
from cutwater.github.webhooks import open_webhook

DUE = timedelta(minutes=2)
MOST = 500
"""How many webhooks one sweep looks at: the next one goes on with the rest."""


async def sweep(edges: Edges) -> str:
    """Look at what is owed. Answers with what was done, for the log."""
    settled = published = seen = 0
    async for entry in edges.state.list(OWED):
        if seen >= MOST or not _is_older(entry.key, edges.clock() - DUE * edges.pace):
            break  # keys begin with the minute: all that follow are younger
        seen += 1
        found = await edges.state.get(entry.key)
        if found is None:
            continue
        delivery = msgspec.json.decode(found.body, type=Delivery)
        owing = await _owing(delivery, edges)
        if not owing:
            await ledger.settle(edges.state, delivery)
            settled += 1
        published += await _publish(delivery, owing, edges)
    return f"{settled} settled, {published} published again"


def _is_older(key: str, than: datetime) -> bool:
    return key.removeprefix(OWED)[:16] <= f"{than:%Y-%m-%dT%H-%M}"


async def _owing(delivery: Delivery, edges: Edges) -> list[str]:
    """The plugins that have neither answered nor are about to: their receipt is unfinished and not leased."""
    owing = []
    for plugin in delivery.plugins:
        kept = await receipt.find(edges.state, delivery.received, delivery.guid, plugin)
        if kept is None or not kept.receipt.is_finished:
            owing.append(plugin)
    return owing


async def _publish(delivery: Delivery, plugins: list[str], edges: Edges) -> int:
    if not plugins:
        return 0
    subject = open_webhook(delivery.event, delivery.guid, delivery.body).subject
    published = 0
    for plugin in plugins:
        try:
            await edges.publish(ledger.webhook_event(delivery, plugin, subject=subject, key=edges.event_key))
            published += 1
        except Later:
            break  # the Broker is away: the next sweep tries again
    return published
