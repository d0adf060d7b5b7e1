"""Level roles: an event says only "look again at this object"; the role decides afresh every time.

The objects are the state. A record is written afterwards, and only when something was done. Where two must not act
at once (a limited job's name, one report, a pool), the role names what it must have to itself.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import msgspec
from msgspec import Struct

from cutwater.errors import Later, Refused
from cutwater.events.edges import Edges
from cutwater.events.effect import Apply, Effect, Result, takes_act
from cutwater.events.event import Event
from cutwater.events.ledger import JSON
from cutwater.events.look import Look, look_at
from cutwater.events.receipt import Step
from cutwater.kube.client import Conflict
from cutwater.kube.leases import Lease, Leases

RECORDS = "records/"
BOOKKEEPING = frozenset({"LookAgain", "KeepState"})
"""Effects that change nothing for anybody: alone they are not worth a record."""
TRIES, PAUSE = 5, 0.2
"""How often, and with how many seconds between, Leases that another holds are asked for before the event goes back."""
CLOCKS = timedelta(minutes=1)
"""By how much the clocks of GitHub, of the store and of this function may differ."""
LOOKS = 3
"""How often a role looks again at once when what it had seen has changed under its hands."""

Decide = Callable[..., Awaitable[Sequence[Effect[object]] | None]]
"""`(event, look) -> effects`, or `(event, look, act)`, which awaits each effect itself."""


async def _nothing(event: Event, look: Look) -> Sequence[str]:
    return ()


class LevelRole(Struct, frozen=True, kw_only=True):
    """A role that looks again.

    `excludes` answers with the names that the role must have to itself while it looks and acts, in the order in
    which they are taken; `lease_seconds` is how long each is held at most. Which `tick` a sweep answers to stands in
    `sweeps`; a sweep does nothing while the last one still runs. `writes`: the permissions of a GitHub App that its
    effects need.

    With a `pace` (seconds) the one name that the role must have to itself is looked at no more often than that: an
    event that finds it taken leaves word, and the holder looks again in its stead, for `patience` seconds at most.
    """

    name: str
    decide: Decide
    sweeps: dict[str, Decide] = {}
    excludes: Callable[[Event, Look], Awaitable[Sequence[str]]] = _nothing
    lease_seconds: float = 60
    writes: Sequence[str] = ()
    pace: float = 0
    patience: float = 540


class Record(Struct, kw_only=True, omit_defaults=True):
    """What a level role did for one event, and why."""

    role: str
    event: str
    subject: str = ""
    questions: list[str]
    steps: list[Step]


async def look_again(role: LevelRole, event: Event, edges: Edges, *, owner: str, apply: Apply) -> list[Step]:
    """Look, decide and act for one event. The steps that were taken. Raises Later."""
    tick = event["tick"]
    for _ in range(LOOKS):
        look = await look_at(edges)
        names = [f"{role.name}/{tick}"] if tick else await role.excludes(event, look)
        leases = Leases(edges.kube, look.config.prow.prowjob_namespace, owner, edges.clock)
        if role.pace and names and not tick:
            return await _look_until_silence(role, event, edges, leases, names[0], apply)
        held = await _take(leases, names, role.lease_seconds * edges.pace, tries=1 if tick else TRIES)
        if held is None and tick:
            return []  # the last sweep still runs
        if held is None:
            raise Later(f"another function is at {', '.join(names)}", seconds=1)
        doubt = min((lease.doubt for lease in held if lease.doubt), default=None)
        try:
            steps = await _look_once(role, event, edges, look.holding(names) if names else look, apply, doubt)
        except Conflict:
            await _leave_in_doubt(held)
            continue  # the object is not what it was: look again
        except BaseException:
            await _leave_in_doubt(held)
            raise
        for lease in reversed(held):
            await lease.give_back()
        return steps
    raise Later("what was looked at keeps changing", seconds=1)


async def _look_until_silence(
    role: LevelRole, event: Event, edges: Edges, leases: Leases, name: str, apply: Apply
) -> list[Step]:
    """Look at once, or when the pace allows it, and again while events leave word. Raises Later.

    Where a holder dies, the word that was left with it is lost: the next event finds what it was about, or the sweep.
    """
    lease = await leases.take_or_leave_word(name, event.id, seconds=role.lease_seconds * edges.pace)
    if lease is None:
        return []
    steps: list[Step] = []
    end = edges.clock() + timedelta(seconds=role.patience)
    try:
        while edges.clock() < end:
            await _keep_pace(lease, role.pace * edges.pace, edges)
            await lease.begin_look()
            steps += await _look_once(role, event, edges, (await look_at(edges)).holding([name]), apply)
            if await lease.set_free():
                return steps
        raise Later(f"{name} keeps changing", seconds=1)
    except BaseException as error:
        await _let_go(lease)
        if isinstance(error, Conflict):
            raise Later(f"{name} is not what it was: {error}", seconds=1) from error
        raise


async def _keep_pace(lease: Lease, seconds: float, edges: Edges) -> None:
    """Wait until so long after the last look."""
    if lease.looked is not None:
        rest = seconds - (edges.clock() - lease.looked).total_seconds()
        if 0 < rest <= seconds:
            await asyncio.sleep(rest)


async def _leave_in_doubt(held: Sequence[Lease]) -> None:
    for lease in reversed(held):
        await lease.leave_in_doubt()


async def _let_go(lease: Lease) -> None:
    try:
        await lease.set_free(whatever_was_said=True)
    except (Refused, Later):
        return  # it is another's, or runs out by itself


async def _look_once(
    role: LevelRole, event: Event, edges: Edges, look: Look, apply: Apply, doubt: datetime | None = None
) -> list[Step]:
    """One look, its decision and its effects, and the record of them. Raises Conflict, Later and Refused.

    `doubt`: since when somebody may have done some of it without a trace; then each effect is looked for first.
    """
    steps: list[Step] = []
    try:
        decide = role.sweeps[event["tick"]] if event["tick"] else role.decide
        await _decide_and_act(decide, event, look, edges, _unless_it_stands(apply, doubt) if doubt else apply, steps)
    finally:
        await _record(role, event, edges, look, steps)
    return steps


async def _take(leases: Leases, names: Sequence[str], seconds: float, *, tries: int) -> list[Lease] | None:
    """All of the Leases, or none: most are held for a moment only, so that a short wait spares a redelivery."""
    for attempt in range(tries):
        if attempt:
            await asyncio.sleep(PAUSE)
        held = await _take_now(leases, names, seconds)
        if held is not None:
            return held
    return None


async def _take_now(leases: Leases, names: Sequence[str], seconds: float) -> list[Lease] | None:
    held: list[Lease] = []
    for name in names:
        lease = await leases.take(name, seconds=seconds)
        if lease is None:
            for taken in reversed(held):
                await taken.put_back()
            return None
        held.append(lease)
    return held


async def _decide_and_act(
    decide: Decide, event: Event, look: Look, edges: Edges, apply: Apply, steps: list[Step]
) -> None:
    async def act(effect: Effect[Result]) -> Result:
        step = Step(effect=msgspec.to_builtins(effect))
        steps.append(step)
        try:
            result: Any = await apply(effect, edges)
        except Refused as refused:
            step.state, step.result = "refused", str(refused)
            raise
        except Later as later:
            step.result = str(later)
            raise
        step.state = "done"
        answer: Result = result
        return answer

    if takes_act(decide):
        await decide(event, look, act)
        return
    for effect in await decide(event, look) or ():
        try:
            await act(effect)
        except Conflict:
            raise
        except Refused:
            continue  # recorded, and what follows goes on


def _unless_it_stands(apply: Apply, doubt: datetime) -> Apply:
    """Carries out what does not stand already: somebody may have died, or lost the answer, right after doing it."""
    since = doubt - CLOCKS

    async def look_first(effect: Effect[object], edges: Edges) -> object:
        standing = await effect.stands(edges, since)
        return await apply(effect, edges) if standing is None else standing

    return look_first


async def _record(role: LevelRole, event: Event, edges: Edges, look: Look, steps: list[Step]) -> None:
    if all(step.effect["type"] in BOOKKEEPING for step in steps):
        return
    record = Record(
        role=role.name,
        event=event.id,
        subject=event.subject,
        questions=[read.question for read in look.reads.record],
        steps=steps,
    )
    now = edges.clock()
    key = f"{records_of(now, event.subject)}/{now:%H-%M-%S.%f}-{role.name}"
    try:
        await edges.state.put(key, msgspec.json.encode(record), content_type=JSON)
    except (Later, Refused):
        return  # what was done stands in the objects; only its explanation is lost


def records_of(day: datetime, subject: str) -> str:
    """The beginning of the keys of one day's records about a subject, or about those that begin so."""
    return f"{RECORDS}{day:%Y-%m-%d}/{quote(subject, safe='') or '-'}"
