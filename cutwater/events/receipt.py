"""A receipt: what one plugin read for one webhook, what it decided and why, and each effect with its result.

It is the plan, too: a function that takes over from a dead one finishes the plan as it was written.
"""

import asyncio
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec
from msgspec import Struct, field

from cutwater.events.look import Read
from cutwater.storage.store import Store

RECEIPTS = "receipts/"
LEASE = timedelta(seconds=60)
DAYS_BACK = 3
"""How long GitHub may deliver a webhook again: so long one GUID is one webhook, whatever day it comes."""

StepState = Literal["planned", "started", "done", "refused", "void", "unknown"]
Outcome = Literal["", "done", "nothing", "refused", "failed"]
DECIDED: frozenset[str] = frozenset({"done", "refused", "void", "unknown"})


class Step(Struct, kw_only=True, omit_defaults=True):
    """One effect of a plan. `result` is its result, or the refuser's words, or why it was void."""

    effect: Any
    state: StepState = "planned"
    result: Any = None


class Former(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was decided and done before somebody had it decided anew. `ended`: when; `by` whom it was put aside."""

    ended: datetime
    by: str
    outcome: Outcome
    configuration: str = ""
    plan: list[Step] = field(default_factory=list)
    error: str = ""


class Receipt(Struct, kw_only=True, omit_defaults=True):
    """All that one plugin did for one webhook. Finished when it has an outcome; leased to `owner` until then.

    `former`: the decisions in whose place this one is, the oldest first. What they did is not done again.
    """

    delivery: str
    plugin: str
    subject: str = ""
    attempt: int = 1
    owner: str = ""
    claimed: datetime
    until: datetime
    configuration: str = ""
    reads: list[Read] = field(default_factory=list)
    plan: list[Step] = field(default_factory=list)
    is_plan_whole: bool = False
    outcome: Outcome = ""
    error: str = ""
    former: list[Former] = field(default_factory=list)

    @property
    def is_finished(self) -> bool:
        return self.outcome != ""


class Kept(Struct, frozen=True):
    """A receipt as it lies in the store. `date` is the store's clock at the time it was read."""

    receipt: Receipt
    key: str
    etag: str
    date: datetime


def key_of(day: datetime, delivery: str, plugin: str) -> str:
    return f"{RECEIPTS}{day:%Y-%m-%d}/{delivery}/{plugin}"


async def find(state: Store, received: datetime, delivery: str, plugin: str) -> Kept | None:
    """The receipt of this webhook and plugin, of its day or of the days before it."""
    today = await _kept(state, key_of(received, delivery, plugin))
    if today is not None:
        return today
    earlier = (key_of(received - timedelta(days=back), delivery, plugin) for back in range(1, DAYS_BACK + 1))
    found = await asyncio.gather(*(_kept(state, key) for key in earlier))
    return next((kept for kept in found if kept is not None), None)


async def _kept(state: Store, key: str) -> Kept | None:
    found = await state.get(key)
    if found is None:
        return None
    return Kept(msgspec.json.decode(found.body, type=Receipt), key, found.etag, found.date)
