"""The events that cutwater's functions exchange: their types and attributes. `triggers/` filters on these."""

from urllib.parse import quote

WEBHOOK = "dev.cutwater.webhook"
"""One webhook for one plugin. Attributes: plugin, delivery, hookevent, stored, signature, partitionkey; no body."""

LOOK = "dev.cutwater.look"
"""Look at this object again. Attributes: role, and where they matter reporter, cluster, agent, state, head; no body.

The subject is `namespace/name` of a ProwJob, or for tide `org/repo:branch`.
"""

PING = "dev.knative.sources.ping"
"""A tick of a PingSource. Attributes: role and tick (`schedule`, `sweep`, `owed`, `redeliver`)."""

OBJECT = "dev.knative.apiserver.resource."
"""What an ApiServerSource sends of a ProwJob or a Pod begins so, and ends in add, update or delete."""

EXTERNAL = "external:"
"""How the attribute `plugin` begins where an external plugin is to answer."""


def external(name: str) -> str:
    """Under which name an external plugin owes its answer. It may be called anything, and becomes part of keys."""
    return EXTERNAL + quote(name, safe="")
