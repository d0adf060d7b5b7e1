"""Event roles: a webhook has one decision by each plugin, and it is carried out once, whatever fails on the way.

The rules are protocols, part 3: look and decide; claim the receipt at the first effect; keep the plan in it; a
function that takes over finishes that plan, and asks of each effect whether it stands, still applies, or is void.
"""

import functools
import itertools
import operator
import traceback
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

import msgspec

from cutwater.errors import Later, Refused
from cutwater.events import ledger, receipt
from cutwater.events.edges import Edges
from cutwater.events.effect import Act, Apply, Blind, Effect, ForHead, Lasting, Result, Slotted
from cutwater.events.event import Event, NotAnEvent
from cutwater.events.ledger import Delivery
from cutwater.events.look import Look, Reads, look_at
from cutwater.events.order import Order
from cutwater.events.receipt import DECIDED, LEASE, Kept, Outcome, Receipt, Step
from cutwater.github.read import Reader as GitHubReader
from cutwater.storage.store import Stored, Taken

CLOCKS_APART = timedelta(seconds=5)
"""How far GitHub's clock may be behind the store's when a comment of ours is looked for "since the claim"."""
_ATTEMPTS = itertools.count()
"""Tells the attempts of one process apart: the same event may come twice at once."""
NOBODY_KNOWS = "whoever began it is gone: it may have happened or not, and is not begun again"


class Decision(Protocol):
    """What the runner must know of a plugin."""

    @property
    def name(self) -> str: ...

    @property
    def effects(self) -> Sequence[type]:
        """The kinds of effect that it may have; the runner refuses others."""

    @property
    def reads(self) -> Sequence[str]:
        """The permissions of a GitHub App to read what others have no need of."""

    @property
    def recomputes(self) -> bool:
        """It decides everything anew from GitHub: two of its decisions on one pull request must not overlap."""

    def subject(self, delivery: Delivery) -> str:
        """`org/repo#number`, or `org/repo`."""

    def time(self, delivery: Delivery) -> datetime:
        """GitHub's time of the event."""

    async def decide(self, delivery: Delivery, look: Look, act: Act) -> Sequence[Effect[object]] | None:
        """The effects; None where it awaited them by `act`."""


class Yielded(Exception):
    """Another function is at this receipt: we leave it alone."""


class Undeclared(Exception):
    """A plugin had an effect of a kind that it does not declare."""


async def answer(decision: Decision, event: Event, edges: Edges, *, owner: str, apply: Apply) -> Outcome:
    """Answer to one webhook by one plugin. Raises NotAnEvent (it is none of ours), Later, and whatever is a bug.

    The outcome is empty where another function has it in hand.
    """
    received = _received(event)
    kept = await receipt.find(edges.state, received, event["delivery"], decision.name)
    if kept is not None and kept.receipt.is_finished:
        return kept.receipt.outcome
    if kept is not None and kept.receipt.until > kept.date:
        return ""
    delivery = await ledger.load(edges.state, event["stored"])
    if delivery is None:
        raise NotAnEvent(f"no webhook is kept as {event['stored']}")
    if delivery.guid != event["delivery"] or not ledger.is_signed(event, delivery, edges.event_key):
        raise NotAnEvent("hook has not signed this event")
    run = _Run(decision, delivery, edges, owner=owner, apply=apply, kept=kept)
    try:
        return await run.carry_out()
    except Yielded:
        return ""


def _received(event: Event) -> datetime:
    try:
        return datetime.strptime(event["stored"].partition("/")[0] + "+0000", "%Y-%m-%dT%H-%M%z")
    except ValueError as error:
        raise NotAnEvent(f'"{event["stored"]}" names no stored webhook') from error


class _Run:
    """One attempt to answer."""

    def __init__(
        self, decision: Decision, delivery: Delivery, edges: Edges, *, owner: str, apply: Apply, kept: Kept | None
    ) -> None:
        self._decision, self._delivery, self._edges, self._apply = decision, delivery, edges, apply
        self._ahead = timedelta(0) if kept is None else kept.date - edges.clock()
        self._lease = LEASE * edges.pace
        self._etag: str | None = None if kept is None else kept.etag
        self._key = kept.key if kept else receipt.key_of(delivery.received, delivery.guid, decision.name)
        self._is_claimed = False
        self._order: Order | None = None
        self._receipt = self._opened(kept, owner)
        self._resumed = len(self._receipt.plan)
        self._next = 0
        self._reads = Reads(self._receipt.reads)

    def _opened(self, kept: Kept | None, owner: str) -> Receipt:
        now = self._now()
        if kept is not None:
            attempt = kept.receipt.attempt + 1
            return msgspec.structs.replace(kept.receipt, attempt=attempt, owner=owner, until=now + self._lease)
        return Receipt(
            delivery=self._delivery.guid,
            plugin=self._decision.name,
            subject=self._decision.subject(self._delivery),
            owner=owner,
            claimed=now,
            until=now + self._lease,
        )

    def _now(self) -> datetime:
        """The store's clock, as far as its answers have told."""
        return self._edges.clock() + self._ahead

    async def carry_out(self) -> Outcome:
        try:
            outcome = await self._decide_and_act()
        except Refused as refused:
            return await self._finish("refused", str(refused))
        except Later:
            await self._let_go()
            raise
        except Yielded:
            await self._give_order_back()
            raise
        except Exception:
            await self._finish("failed", traceback.format_exc(limit=-12))
            raise
        return await self._finish(outcome, "")

    async def _decide_and_act(self) -> Outcome:
        if self._decision.recomputes:
            await self._take_order(self._lease)
        if self._receipt.is_plan_whole:
            effects: Sequence[Effect[object]] = [self._effect(step) for step in self._receipt.plan]
        else:
            look = await look_at(self._edges, self._reads)
            self._receipt.configuration = look.config.digest
            found = await self._decision.decide(self._delivery, look, self._act)
            if found is None:
                return "done" if self._receipt.plan else "nothing"
            effects = found
            self._receipt.plan = [self._step(effect) for effect in effects]
            self._receipt.is_plan_whole = True
        for effect in effects:
            try:
                await self._act(effect)
            except Refused:
                continue  # its step says so, and what follows goes on
        return "done" if effects else "nothing"

    async def _act(self, effect: Effect[Result]) -> Result:
        """Carry out the next effect of the plan, unless that was decided before."""
        step = self._planned(effect)
        is_resumed = self._next < self._resumed or bool(self._receipt.former)
        self._next += 1
        if step.state == "started" and isinstance(effect, Blind):
            step.state, step.result = "unknown", NOBODY_KNOWS
        if step.state not in DECIDED:
            await self._hold(step, effect)
            await self._decide_step(step, effect, is_resumed)
        if step.state in {"refused", "void"}:
            raise Refused(str(step.result))
        result: Result = step.result
        return result

    def _planned(self, effect: Effect[object]) -> Step:
        if self._next < len(self._receipt.plan):
            return self._receipt.plan[self._next]
        step = self._step(effect)
        self._receipt.plan.append(step)
        return step

    async def _hold(self, step: Step, effect: Effect[object]) -> None:
        """Have the receipt and its order in hand, and what people would see repeated marked as begun."""
        begins = effect.visible and step.state == "planned"
        if begins:
            step.state = "started"
        lease = self._lease + timedelta(seconds=effect.seconds if isinstance(effect, Lasting) else 0)
        if not self._is_claimed or begins or self._receipt.until - self._now() < lease - self._lease / 2:
            await self._save(lease)
        if isinstance(effect, Slotted) or self._order is not None:
            await self._take_order(lease)

    async def _decide_step(self, step: Step, effect: Effect[object], is_resumed: bool) -> None:
        if former := self._done_before(effect):
            step.state, step.result = former.state, former.result
            if step.state == "started":
                step.state, step.result = "unknown", NOBODY_KNOWS
            return
        try:
            if is_resumed:
                standing = await effect.stands(self._edges, self._receipt.claimed - CLOCKS_APART)
                if standing is not None:
                    self._done(step, effect, standing)
                    return
            void = await self._void(effect, is_resumed)
            if void:
                step.state, step.result = "void", void
                return
            self._done(step, effect, await self._apply(effect, self._edges))
        except Refused as refused:
            step.state, step.result = "refused", str(refused)
        except Later:
            if isinstance(effect, Blind):
                step.state = "planned"  # nobody has received it
            raise

    def _done_before(self, effect: Effect[object]) -> Step | None:
        """The step of a former decision that has done the same: it is not done again, even if it was undone since."""
        wanted = _but_why(msgspec.to_builtins(effect))
        final = {"done", "unknown", "started"} if isinstance(effect, Blind) else {"done", "unknown"}
        steps = (step for former in self._receipt.former for step in former.plan if step.state in final)
        return next((step for step in steps if _but_why(step.effect) == wanted), None)

    def _done(self, step: Step, effect: Effect[object], result: object) -> None:
        is_known = not isinstance(effect, Blind) or effect.has_arrived(result)
        step.state, step.result = "done" if is_known else "unknown", result
        if isinstance(effect, Slotted) and self._order:
            self._order.set(self._slot(effect), self._decision.time(self._delivery))

    async def _void(self, effect: Effect[object], is_resumed: bool) -> str:
        """Why an effect means nothing any more; empty where it does."""
        if isinstance(effect, Slotted) and self._order:
            later = self._order.overtaken(self._slot(effect), self._decision.time(self._delivery))
            if later:
                return f"overtaken by an event of {later:%Y-%m-%d %H:%M:%S}Z"
        if is_resumed and isinstance(effect, ForHead) and effect.head:
            org, repo, number, sha = effect.head
            pull = await GitHubReader(self._edges.github).pull_request(org, repo, number)
            if pull is None or pull.head.sha != sha:
                return f"decided for {sha}, which is not the head any more"
        return ""

    def _slot(self, effect: Slotted) -> str:
        """What it sets; on another pull request than the webhook's, with that one's name."""
        other = str(getattr(effect, "subject", self._receipt.subject))
        return effect.slot if other == self._receipt.subject else f"{effect.slot} of {other}"

    async def _take_order(self, lease: timedelta) -> None:
        """Hold the order of the pull request, for as long as the receipt is held. Raises Later and Yielded."""
        if self._order is None:
            self._order = await Order.take(
                self._edges.state,
                plugin=self._decision.name,
                subject=self._receipt.subject,
                owner=f"{self._receipt.owner}.{next(_ATTEMPTS)}",  # this process answers to several at once
                now=self._now(),
                lease=lease,
            )
        elif self._order.until - self._now() < lease - self._lease / 2:
            await self._renew_order(self._now() + lease)

    async def _renew_order(self, until: datetime) -> None:
        """Raises Yielded."""
        assert self._order is not None
        try:
            await self._order.renew(until)
        except Taken as taken:
            raise Yielded(self._key) from taken

    async def _finish(self, outcome: Outcome, error: str) -> Outcome:
        await self._give_order_back()
        self._receipt.outcome, self._receipt.error = outcome, error
        await self._save(timedelta(0))
        return outcome

    async def _let_go(self) -> None:
        """Leave the receipt to the next attempt at once."""
        await self._give_order_back()
        if self._is_claimed:
            await self._save(timedelta(0))

    async def _give_order_back(self) -> None:
        """Raises Yielded where it was lost, with what was set here: an older event may have had its way since."""
        if self._order is not None:
            order, self._order = self._order, None
            try:
                await order.give_back()
            except Taken as taken:
                if not order.is_written:
                    raise Yielded(self._key) from taken

    async def _save(self, lease: timedelta) -> None:
        """Write the receipt, if it is still ours, with what was read: who takes over decides by it. Raises Yielded.

        What it calls done must stand in the order before: nobody would set that slot again.
        """
        if self._order is not None and not self._order.is_written:
            await self._renew_order(self._order.until)
        self._receipt.until, self._receipt.reads = self._now() + lease, self._reads.record
        body = msgspec.json.encode(self._receipt)
        state = self._edges.state
        try:
            if self._etag is None:
                stored = await state.put(self._key, body, if_absent=True, content_type=ledger.JSON)
            else:
                stored = await state.put(self._key, body, if_match=self._etag, content_type=ledger.JSON)
        except Taken as taken:
            raise Yielded(self._key) from taken
        self._kept(stored)

    def _kept(self, stored: Stored) -> None:
        self._etag, self._is_claimed = stored.etag, True
        self._ahead = stored.date - self._edges.clock()

    def _step(self, effect: Effect[object]) -> Step:
        if not isinstance(effect, tuple(self._decision.effects)):
            raise Undeclared(f"{self._decision.name} does not declare {type(effect).__name__}")
        return Step(effect=msgspec.to_builtins(effect))

    def _effect(self, step: Step) -> Effect[object]:
        kinds: Any = functools.reduce(operator.or_, self._decision.effects)
        effect: Effect[object] = msgspec.convert(step.effect, kinds)
        return effect


def _but_why(effect: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in effect.items() if name != "why"}
