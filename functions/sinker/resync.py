"""When the next pass is due: `sinker.resync_period` after the last whole one, whose tick is kept in the state bucket.

A pass that dies, or has no time for all, leaves no trace here: the next tick, a minute later, goes on.
"""

from datetime import datetime

import msgspec
from msgspec import Struct

from cutwater.config.prow import Sinker
from cutwater.events.look import Look
from cutwater.kube.effects import timestamp
from cutwater.storage.effects import KeepState

KEY = "sinker/last-pass"


class LastPass(Struct, frozen=True, kw_only=True):
    """The tick of the last whole pass, None before the first. `etag`: of the object that was read."""

    tick: datetime | None = None
    etag: str = ""


async def last_pass(look: Look) -> LastPass:
    """The last pass as it is kept."""
    found = await look.state.get(KEY)
    if found is None:
        return LastPass()
    return msgspec.structs.replace(msgspec.json.decode(found.body, type=LastPass), etag=found.etag)


def is_due(last: LastPass, tick: datetime, sinker: Sinker) -> bool:
    """Whether the tick begins a pass. Ticks are compared with ticks: how long a pass took plays no part."""
    return last.tick is None or tick.replace(microsecond=0) - last.tick >= sinker.resync_period


def done(last: LastPass, tick: datetime) -> KeepState:
    """The pass of this tick came to its end."""
    body = msgspec.json.encode({"tick": tick.replace(microsecond=0)}).decode()
    return KeepState(key=KEY, body=body, etag=last.etag, why=f"the pass of {timestamp(tick)} is done")
