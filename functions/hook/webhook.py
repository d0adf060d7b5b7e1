"""A webhook comes in: checked, kept in one write, published to each plugin that wants it, answered."""

import os
from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from cutwater.config.configuration import Configuration
from cutwater.errors import Later, Refused
from cutwater.events import ledger, log
from cutwater.events.edges import Edges
from cutwater.events.event import Event
from cutwater.events.ledger import Delivery
from cutwater.events.serve import TooLong, body_of
from cutwater.github.webhooks import Webhook
from cutwater.storage.proof import Proof
from functions.hook.pools import looks_after
from functions.hook.signature import Rejected, check_headers, check_payload
from functions.hook.sources import looks_at_sources
from functions.plugins.every import PLUGINS

LARGEST = 25 * 1024 * 1024
"""Bytes of a payload: GitHub sends no larger ones."""
LONGEST_WHY = 400
"""Characters of an error that GitHub is told: it shows them to whoever set the webhook up."""
RECEIVED = "Event received. Have a nice day."
KEPT_HEADERS = ("x-github-event", "x-github-delivery", "x-hub-signature-256", "x-github-hook-id", "content-type")


async def receive(request: Request, edges: Edges, proof: Proof) -> Response:
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
        kept = {name: request.headers[name] for name in KEPT_HEADERS if name in request.headers}
        done = await take(webhook, body, kept, edges, proof)
    except Rejected as rejected:
        log.webhook(request.headers, rejected.status, str(rejected))
        return _text(rejected.status, f"{rejected}\n")
    except (Later, Refused) as error:
        log.webhook(request.headers, 503, str(error))
        return _text(503, f"503 Service Unavailable: the webhook could not be kept: {error}\n"[:LONGEST_WHY])
    log.webhook(request.headers, 200, done)
    return _text(200, RECEIVED)


async def take(webhook: Webhook, body: bytes, headers: dict[str, str], edges: Edges, proof: Proof) -> str:
    """Keep the webhook and publish it. Raises Later and Refused where it cannot be kept: then GitHub is told so."""
    config = await edges.configuration()
    plugins = wanted_by(webhook, config)
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
    await _publish([*events, *looks], edges)
    return ", ".join(plugins) or "nobody wants it"


def wanted_by(webhook: Webhook, config: Configuration) -> list[str]:
    """The plugins that are on for the repository and want the webhook."""
    enabled = config.plugins.enabled_for(webhook.org, webhook.repo)
    return [name for name in enabled if name in PLUGINS and _wants(name, webhook, config)]


def _wants(name: str, webhook: Webhook, config: Configuration) -> bool:
    try:
        return PLUGINS[name].wants(webhook, config)
    except Refused:
        return False  # a payload of another shape than GitHub's: nobody can answer to it


async def _publish(events: Sequence[Event], edges: Edges) -> None:
    """Tell the plugins. What is not told now is owed, and the sweep tells it."""
    for event in events:
        try:
            await edges.publish(event)
        except Later as later:
            log.event(log.WARNING, "hook", event, status=503, done=f"not published: {later}", milliseconds=0)


def _text(status: int, text: str) -> Response:
    return PlainTextResponse(text, status_code=status, headers={"x-content-type-options": "nosniff"})
