"""The sweep over what is owed: a webhook whose plugins have all answered is put away, others are published again.

So a broker that forgets, and a function that died, lose nothing.
"""

from datetime import datetime, timedelta

import msgspec

from cutwater.errors import Later
from cutwater.events import ledger, receipt
from cutwater.events.deadletters import DEAD
from cutwater.events.edges import Edges
from cutwater.events.event import Event
from cutwater.events.ledger import OWED, Delivery
from cutwater.github.webhooks import open_webhook
from functions.relay import deadletters

DUE = timedelta(minutes=2)
GIVEN_UP = timedelta(days=3)
"""After so long nobody will answer any more (GitHub delivers nothing again that is older): a dead letter says so."""
MOST = 500
"""How many webhooks one sweep looks at: the next one goes on with the rest."""


async def sweep(edges: Edges) -> str:
    """Look at what is owed. Answers with what was done, for the log."""
    settled = published = given_up = seen = 0
    async for entry in edges.state.list(OWED):
        if seen >= MOST or not _is_older(entry.key, edges.clock() - DUE * edges.pace):
            break  # keys begin with the minute: all that follow are younger
        seen += 1
        found = await edges.state.get(entry.key)
        if found is None:
            continue
        try:
            delivery = msgspec.json.decode(found.body, type=Delivery)
        except msgspec.DecodeError:
            await _put_aside(entry.key, found.body, edges)
            given_up += 1
            continue
        owing = await _owing(delivery, edges)
        if owing and edges.clock() - (delivery.asked_again or delivery.received) > GIVEN_UP:
            await _give_up(delivery, owing, edges)
            given_up += 1
        elif owing:
            published += await _publish(delivery, owing, edges)
        else:
            await ledger.settle(edges.state, delivery)
            settled += 1
    done = f"{settled} settled, {published} published again"
    return f"{done}, {given_up} given up" if given_up else done


def _is_older(key: str, than: datetime) -> bool:
    return key.removeprefix(OWED)[:16] <= f"{than:%Y-%m-%dT%H-%M}"


async def _owing(delivery: Delivery, edges: Edges) -> list[str]:
    """The plugins whose receipt is not finished. One that is at it answers the event that comes again at once."""
    owing = []
    for plugin in delivery.plugins:
        kept = await receipt.find(edges.state, delivery.received, delivery.guid, plugin)
        if kept is None or not kept.receipt.is_finished:
            owing.append(plugin)
    return owing


async def _publish(delivery: Delivery, plugins: list[str], edges: Edges) -> int:
    published = 0
    for event in _events(delivery, plugins, edges):
        try:
            await edges.publish(event)
            published += 1
        except Later:
            break  # the Broker is away: the next sweep tries again
    return published


async def _give_up(delivery: Delivery, plugins: list[str], edges: Edges) -> None:
    """Put a webhook away to which a plugin has not answered in all the time: a dead letter for each says so."""
    for event in _events(delivery, plugins, edges):
        await deadletters.keep(event, edges, reason=f"{event['plugin']} has not answered within {GIVEN_UP.days} days")
    await ledger.settle(edges.state, delivery)


async def _put_aside(key: str, body: bytes, edges: Edges) -> None:
    """Move what is no webhook out of the way, so that it holds back none that is."""
    await edges.state.put(f"{DEAD}{edges.clock():%Y-%m-%d}/{key.replace('/', '-')}", body)
    await edges.state.delete(key)


def _events(delivery: Delivery, plugins: list[str], edges: Edges) -> list[Event]:
    subject = open_webhook(delivery.event, delivery.guid, delivery.body).subject
    return [ledger.webhook_event(delivery, name, subject=subject, key=edges.event_key) for name in plugins]
