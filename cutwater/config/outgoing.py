"""Where ProwJobs are told of beside GitHub, storage and Slack: addresses of one's own.

They stand in config.yaml below `prow_ignored.cutwater` (`cutwater.config.own`). A job can name no address: it comes
from a pull request.

    webhooks:
      audit: {url: "https://audit.example.com/prow", secret: audit, states: [success, failure]}
    cloudevents:
      lake: {url: "http://broker.lake", mode: structured}
"""

from collections.abc import Iterator, Mapping
from typing import Literal

from msgspec import Struct

from cutwater.config.findings import Path
from cutwater.prowjob.reporting import CLOUDEVENTS, WEBHOOK, is_reporter
from cutwater.prowjob.types import JobType, State


class Sink(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A receiver of one's own, and what it is told of: where `states`, `types` or `repos` are empty, of all.

    `repos`: `org` or `org/repo`. `in_place_of`: only of what that reporter of Prow's, which cutwater does not have,
    would tell; so a service of one's own can pass it on.
    """

    url: str
    states: tuple[State, ...] = ()
    types: tuple[JobType, ...] = ()
    repos: tuple[str, ...] = ()
    in_place_of: Literal["", "pubsub-reporter", "gerrit-reporter", "resultstorereporter"] = ""


class Webhook(Sink, frozen=True, forbid_unknown_fields=True):
    """A receiver of signed JSON. `secret`: the name of the key; without one the message is not signed."""

    secret: str = ""


class EventSink(Sink, frozen=True, forbid_unknown_fields=True):
    """A receiver of CloudEvents."""

    mode: Literal["binary", "structured"] = "binary"


def problems(
    webhooks: Mapping[str, Webhook], cloudevents: Mapping[str, EventSink], *, here: Path
) -> Iterator[tuple[Path, str]]:
    """What is wrong with the receivers."""
    sinks: dict[str, Mapping[str, Sink]] = {"webhooks": webhooks, "cloudevents": cloudevents}
    for kind, prefix in (("webhooks", WEBHOOK), ("cloudevents", CLOUDEVENTS)):
        for name, sink in sinks[kind].items():
            if not is_reporter(prefix + name):
                yield (*here, kind, name), f'"{name}" is not a name: small letters, digits, - and ., 40 at most'
            if not sink.url.startswith(("http://", "https://")):
                yield (*here, kind, name, "url"), "is not an address that begins with http:// or https://"
