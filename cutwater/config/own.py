"""What config.yaml says to cutwater alone, below `prow_ignored.cutwater`.

Prow takes what is below `prow_ignored` for none of its business, so that one file serves both, strictly read too.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct, field

from cutwater.config import merge_queue, outgoing
from cutwater.config.findings import Path
from cutwater.config.merge_queue import MergeQueue
from cutwater.config.outgoing import EventSink, Webhook

HERE = ("prow_ignored", "cutwater")


class Own(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole section. `tide`: by `org/repo`, `org` or `*`."""

    webhooks: Mapping[str, Webhook] = field(default_factory=dict)
    cloudevents: Mapping[str, EventSink] = field(default_factory=dict)
    tide: Mapping[str, MergeQueue] = field(default_factory=dict)


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
        yield from list(_unreadable(prow_ignored[HERE[1]])) or [(HERE, str(error))]
        return
    yield from outgoing.problems(found.webhooks, found.cloudevents, here=HERE)
    yield from merge_queue.problems(found.tide, here=(*HERE, "tide"))


def _unreadable(section: Any) -> Iterator[tuple[Path, str]]:
    """The entries that are not what they should be."""
    kinds: Mapping[str, type[Struct]] = {"webhooks": Webhook, "cloudevents": EventSink, "tide": MergeQueue}
    for name, kind in kinds.items():
        entries = section.get(name) if isinstance(section, Mapping) else None
        for key, value in entries.items() if isinstance(entries, Mapping) else ():
            try:
                msgspec.convert(value, kind)
            except ValueError as error:
                yield (*HERE, name, key), str(error)
