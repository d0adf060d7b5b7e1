"""A webhook comes in: checked, kept in one write, published to each plugin that wants it, answered."""

import asyncio
import os
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from cutwater.errors import Later, Refused
from cutwater.events import ledger, log
from cutwater.events.edges import Edges
from cutwater.events.event import Event
from cutwater.events.ledger import Delivery
from cutwater.events.serve import TooLong, body_of
from cutwater.github.webhooks import Webhook
from cutwater.storage.proof import Proof
from functions.hook.enablement import Enablement
from functions.hook.pools import looks_after
from functions.hook.signature import Rejected, check_headers, check_payload
from functions.hook.sources import looks_at_sources
from functions.hook.wanted import wanted_by

LARGEST = 25 * 1024 * 1024
"""Bytes of a payload: GitHub sends no larger ones."""
LONGEST_WHY = 400
"""Characters of an error that GitHub is told: it shows them to whoever set the webhook up."""
RECEIVED = "Event received. Have a nice day."
_OF_THE_CONNECTION = """
    accept-encoding connection content-length expect host keep-alive te trailer transfer-encoding upgrade
"""
_OF_THE_DOOR = "authorization cookie proxy-authenticate proxy-authorization proxy-connection"
NOT_KEPT = frozenset([*_OF_THE_CONNECTION.split(), *_OF_THE_DOOR.split()])
"""Headers of a webhook that external plugins do not get: those of the connection that it came by, and what opened the
door to it, which is no business of the ledger's.
"""


async def receive(request: Request, edges: Edges, proof: Proof, enablement: Enablement) -> Response:
    """GitHub's webhook, and our answer to it."""
    try:
        headers = check_headers(request.method, request.headers)
        try:
            body = await body_of(request, LARGEST)
        except TooLong as error:
            raise Rejected(413, f"413 Payload Too Large: {error}") from error
        webhook = check_payload(headers, body, edges.webhook_secret())
        if not ledger.GUID.fullmatch(webhook.guid):
            raise Rejected(400, "400 Bad Request: X-GitHub-Delivery is no GUID")
        done = await take(webhook, body, _kept(request.headers), edges, proof, enablement)
    except Rejected as rejected:
        log.webhook(request.headers, rejected.status, str(rejected))
        return _text(rejected.status, f"{rejected}\n")
    except (Later, Refused) as error:
        log.webhook(request.headers, 503, str(error))
        return _text(503, f"503 Service Unavailable: the webhook could not be kept: {error}\n"[:LONGEST_WHY])
    log.webhook(request.headers, 200, done)
    return _text(200, RECEIVED)


def _kept(headers: Mapping[str, str]) -> dict[str, str]:
    """The webhook's headers, of one that is there twice the first, and none that could not be sent again."""
    return {name: headers[name] for name in headers if name not in NOT_KEPT and headers[name].isascii()}


async def take(
    webhook: Webhook, body: bytes, headers: dict[str, str], edges: Edges, proof: Proof, enablement: Enablement
) -> str:
    """Keep the webhook and publish it. Raises Later and Refused where it cannot be kept: then GitHub is told so."""
    config = await edges.configuration()
    plugins = wanted_by(webhook, config, enablement)
    delivery = Delivery(
        guid=webhook.guid,
        event=webhook.event,
        received=edges.clock(),
        headers=headers,
        body=body,
        plugins=tuple(plugins),
    )
    if plugins:
        await proof.of(edges.state)
        await ledger.store(edges.state, delivery)
    events = [ledger.webhook_event(delivery, name, subject=webhook.subject, key=edges.event_key) for name in plugins]
    looks = [*looks_after(webhook, config), *looks_at_sources(webhook, os.environ)]
    await asyncio.gather(*(_publish(event, edges) for event in (*events, *looks)))
    return ", ".join(plugins) or "nobody wants it"


async def _publish(event: Event, edges: Edges) -> None:
    """Tell a plugin. What is not told now is owed, and the sweep tells it."""
    try:
        await edges.publish(event)
    except Later as later:
        log.event(log.WARNING, "hook", event, status=503, done=f"not published: {later}", milliseconds=0)


def _text(status: int, text: str) -> Response:
    return PlainTextResponse(text, status_code=status, headers={"x-content-type-options": "nosniff"})
