"""A webhook, answered again: what is owed or was given up goes on, and what went wrong can be decided anew.

It needs the state bucket alone. The webhook is laid back into `owed/`, where the sweep finds it within a minute and
publishes it under hook's own signature. What was done stays done: a finished receipt is not opened but on demand, and
then keeps its former plan, whose effects are recognised.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from cutwater.errors import Refused
from cutwater.events import receipt
from cutwater.events.history import Answer, Case
from cutwater.events.ledger import JSON, OWED, Delivery
from cutwater.events.receipt import Former, Kept
from cutwater.storage.store import Store, Taken

Fate = Literal["goes on", "is decided anew", "is in hand", "is done already", "went wrong"]


class Plan(Struct, frozen=True, kw_only=True):
    """What becomes of one plugin's answer, and why so."""

    plugin: str
    fate: Fate
    why: str

    @property
    def is_asked(self) -> bool:
        """Whether the plugin will be asked."""
        return self.fate in {"goes on", "is decided anew"}


def planned(case: Case, plugins: Collection[str] = (), *, anew: bool) -> list[Plan]:
    """What a replay would do. `plugins`: these alone. `anew`: what went wrong is decided anew."""
    return [_planned(answer, anew=anew) for answer in case.answers if not plugins or answer.plugin in plugins]


def _planned(answer: Answer, *, anew: bool) -> Plan:
    refused = [step for step in answer.receipt.plan if step.state == "refused"] if answer.receipt else []
    match answer.state:
        case "owed" | "given up":
            has_plan = answer.receipt is not None and answer.receipt.plan
            why = "its plan is finished as it was written" if has_plan else "it has not decided yet"
            return Plan(plugin=answer.plugin, fate="goes on", why=why)
        case "in hand":
            return Plan(plugin=answer.plugin, fate="is in hand", why="a function is at it; the sweep comes back to it")
        case "done" if not refused:
            return Plan(plugin=answer.plugin, fate="is done already", why="all its effects are settled")
        case "nothing" if not anew:
            return Plan(plugin=answer.plugin, fate="is done already", why="there was nothing to do")
    wrong = f"{len(refused)} of its effects were refused" if answer.state == "done" else f"it ended as {answer.state}"
    if anew:
        return Plan(plugin=answer.plugin, fate="is decided anew", why=wrong)
    return Plan(plugin=answer.plugin, fate="went wrong", why=f"{wrong}; it stays so unless it is decided anew")


async def ask(state: Store, case: Case, plans: Sequence[Plan], *, by: str, now: datetime) -> None:
    """Have the plugins answer whose plan says so. Raises Refused where they cannot, and Later."""
    asked = [plan for plan in plans if plan.is_asked]
    if not asked:
        return
    if case.delivery is None:
        raise Refused("the webhook was deleted for its age; only what was done about it is kept")
    for plan in asked:
        if plan.fate == "is decided anew":
            await _open_again(state, case.delivery, plan.plugin, by=by)
    body = msgspec.json.encode(replace(case.delivery, asked_again=now))
    await state.put(OWED + case.delivery.stored, body, content_type=JSON)


async def _open_again(state: Store, delivery: Delivery, plugin: str, *, by: str) -> None:
    """Put the decision of a finished receipt aside. Killed before the webhook is owed, a second replay goes on."""
    kept = await receipt.find(state, delivery.received, delivery.guid, plugin)
    if kept is None or not kept.receipt.is_finished:
        return
    try:
        await state.put(kept.key, msgspec.json.encode(_put_aside(kept, by)), if_match=kept.etag, content_type=JSON)
    except Taken as taken:
        raise Refused(f"{plugin} is being answered at this moment") from taken


def _put_aside(kept: Kept, by: str) -> receipt.Receipt:
    """The receipt without its decision, free at once: by the store's clock, since ours may be ahead."""
    was = kept.receipt
    former = Former(
        ended=was.until,
        by=by,
        outcome=was.outcome,
        configuration=was.configuration,
        plan=was.plan,
        error=was.error,
    )
    return replace(
        was, until=kept.date, reads=[], plan=[], is_plan_whole=False, outcome="", error="", former=[*was.former, former]
    )
