"""Whether a webhook is a push to the branch that holds the configuration's sources: then `configuration` must look."""

from collections.abc import Mapping

from cutwater.errors import Refused
from cutwater.events.event import Event
from cutwater.events.origin import Repository, origin_of
from cutwater.events.publish import look_event
from cutwater.github.webhooks import Webhook

CONFIGURATION = "configuration"


def looks_at_sources(webhook: Webhook, environment: Mapping[str, str]) -> list[Event]:
    """The event by which it looks. A setting that cannot be read is that role's to complain of."""
    if webhook.event != "push":
        return []
    try:
        origin = origin_of(environment)
    except Refused:
        return []
    if not isinstance(origin, Repository):
        return []
    is_theirs = f"{webhook.org}/{webhook.repo}".casefold() == origin.name.casefold()
    if not is_theirs or webhook.payload.get("ref") != f"refs/heads/{origin.branch}":
        return []
    return [look_event(CONFIGURATION, f"{origin.name}:{origin.branch}")]
