"""Where ProwJobs are told of beside GitHub, storage and Slack: addresses of one's own.

They stand in config.yaml below `prow_ignored.cutwater`: Prow takes what is below `prow_ignored` for none of its
business, so that one file serves both, strictly read too. A job can name no address: it comes from a pull request.

    prow_ignored:
      cutwater:
        webhooks:
          audit: {url: "https://audit.example.com/prow", secret: audit, states: [success, failure]}
        cloudevents:
          lake: {url: "http://broker.lake", mode: structured}
"""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import msgspec
from msgspec import Struct, field

from cutwater.config.findings import Path
from cutwater.prowjob.reporting import CLOUDEVENTS, WEBHOOK, is_reporter
from cutwater.prowjob.types import JobType, State

HERE = ("prow_ignored", "cutwater")


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


class Own(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What config.yaml says to cutwater alone."""

    webhooks: Mapping[str, Webhook] = field(default_factory=dict)
    cloudevents: Mapping[str, EventSink] = field(default_factory=dict)


def cutwaters_own(prow_ignored: Any) -> Any:
    """What Prow ignores, without what others have put there: anchors, mostly, and long."""
    if not isinstance(prow_ignored, Mapping) or HERE[1] not in prow_ignored:
        return None
    return {HERE[1]: prow_ignored[HERE[1]]}


def own(prow_ignored: Any) -> Own:
    """The part of what Prow ignores that is cutwater's. Raises ValueError."""
    said = prow_ignored.get(HERE[1]) if isinstance(prow_ignored, Mapping) else None
    return msgspec.convert(said or {}, Own)


def problems(prow_ignored: Any) -> Iterator[tuple[Path, str]]:
    """What is wrong in that part."""
    try:
        found = own(prow_ignored)
    except ValueError as error:
        yield HERE, str(error)
        return
    sinks: dict[str, Mapping[str, Sink]] = {"webhooks": found.webhooks, "cloudevents": found.cloudevents}
    for kind, prefix in (("webhooks", WEBHOOK), ("cloudevents", CLOUDEVENTS)):
        for name, sink in sinks[kind].items():
            if not is_reporter(prefix + name):
                yield (*HERE, kind, name), f'"{name}" is not a name: small letters, digits, - and ., 40 at most'
            if not sink.url.startswith(("http://", "https://")):
                yield (*HERE, kind, name, "url"), "is not an address that begins with http:// or https://"
