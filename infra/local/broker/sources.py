"""What the sources have in common: how they send an event, and how soon they give up.

A source does not try a 500 again, and a Broker answers a failed delivery with 500: what is lost so, the sweeps find.
Source: knative.dev/eventing pkg/adapter/v2, with the CloudEvents Go SDK's retries.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

from infra.local.broker import addresses
from infra.local.broker.asgi import Response
from infra.local.broker.events import Event
from infra.local.broker.resources import Destination, Metadata

log = logging.getLogger(__name__)

Post = Callable[[str, Mapping[str, str], bytes], Awaitable[Response]]
"""Sends headers and body to a URL of the cluster: `Broker.post`. Raises OSError where nothing answers."""

RETRIED = frozenset({404, 413, 425, 429, 502, 503, 504})
PAUSES = (0.1, 0.2, 0.4, 0.8, 1.6)
"""Seconds before each further try."""


async def emit(post: Post, source: Metadata, sink: Destination, event: Event) -> bool:
    """Sends one event of a source to its sink. False: it is lost, and only the log says so."""
    headers = {**event.headers(), "kn-namespace": source.namespace}
    url = addresses.resolve(sink, source.namespace)
    status: int | None = None
    for pause in (0.0, *PAUSES):
        await asyncio.sleep(pause)
        try:
            response = await post(url, headers, event.body)
        except OSError as error:
            log.warning("%s cannot reach its sink: %s", source.name, error)
            continue
        status = response.status
        if status not in RETRIED:
            break
    is_sent = status is not None and 200 <= status < 300
    if not is_sent:
        log.error("%s lost %s %s: its sink answered %s", source.name, *_named(event), status)
    return is_sent


def _named(event: Event) -> tuple[str, str]:
    return event.attributes["type"], event.attributes.get("subject", event.attributes["id"])
