"""A ledger with everything in it: what went well, was refused, failed, came too late, was given up, or is owed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

import msgspec

from cutwater.errors import Later, Refused
from cutwater.events import ledger, receipt
from cutwater.events.edges import Edges
from cutwater.events.effect import Effect
from cutwater.events.ledger import Delivery
from cutwater.events.receipt import Outcome, Receipt
from cutwater.github.effects import Label
from cutwater.storage.store import Store
from infra.local.github.handles import Issue
from tests.virtual_time import BEGINNING
from tests.world import World, configuration

PLUGINS = "plugins: {acme/rocket: {plugins: [trigger, lgtm, hold, size, label]}}"
HOLD = "do-not-merge/hold"
HOSTILE = "/kind bug\n<script>alert(1)</script> \x1b[31mred\u202e"


class Mishaps:
    """What goes wrong while effects are carried out: by the name of the label that one of them sets.

    `applied`: the labels that were really set or taken away, in order.
    """

    def __init__(self) -> None:
        self.wrong: dict[str, Exception] = {}
        self.applied: list[str] = []

    async def apply(self, effect: Effect[object], edges: Edges) -> object:
        if isinstance(effect, Label):
            if effect.name in self.wrong:
                raise self.wrong[effect.name]
            self.applied.append(effect.name if effect.present else f"not {effect.name}")
        return await effect.apply(edges)


class Story:
    """The world, what goes wrong in it, and the pull request that it happens to."""

    def __init__(self, world: World, mishaps: Mishaps, change: Issue) -> None:
        self.world, self.mishaps, self.change = world, mishaps, change


@asynccontextmanager
async def told() -> AsyncIterator[Story]:
    """Tell it. Afterwards all is as it was left by the last sweep."""
    mishaps = Mishaps()
    world = World(configuration(plugins=PLUGINS), apply=mishaps.apply)
    async with world:
        await world.functions.edges.github.send("POST", "/repos/acme/rocket/labels", {"name": "kind/bug"})
        change = await world.github.pull_request(world.rocket, author="bob", files={"src/x": "y\n"})
        await world.settle()
        mishaps.wrong = {"kind/bug": Refused("403 Resource not accessible by personal access token")}
        await change.comment("alice", HOSTILE)
        await world.settle()
        mishaps.wrong = {HOLD: ValueError("a mistake in hold")}
        await change.comment("alice", "/hold")
        await world.settle()
        mishaps.wrong = {"lgtm": Later("GitHub answers 502")}
        await change.comment("alice", "/lgtm")
        await world.settle(40)
        mishaps.wrong = {}
        await change.comment("alice", "/lgtm cancel")
        await world.settle(200)
        mishaps.wrong = {"lgtm": Later("GitHub answers 502")}
        await change.comment("alice", "/lgtm")
        await world.settle(20)
        yield Story(world, mishaps, change)


async def lay(
    state: Store,
    guid: str,
    *,
    received: datetime = BEGINNING,
    about: str = "acme/rocket#7",
    outcomes: dict[str, Outcome] | None = None,
    is_settled: bool = True,
    text: str = "",
    error: str = "",
) -> Delivery:
    """Lay a webhook into a ledger, and the receipts of its plugins; "" for one that has not answered."""
    outcomes = {"trigger": "done"} if outcomes is None else outcomes
    place, _, number = about.partition("#")
    org, _, repo = place.partition("/")
    body = {
        "repository": {"name": repo, "owner": {"login": org}},
        "issue": {"number": int(number or 0)},
        "comment": {"body": text},
    }
    delivery = Delivery(
        guid=guid,
        event="issues",
        received=received,
        headers={"x-github-event": "issues", "x-hub-signature-256": "sha256=00ff"},
        body=msgspec.json.encode(body),
        plugins=tuple(outcomes),
    )
    for plugin, outcome in outcomes.items():
        if outcome:
            kept = Receipt(
                delivery=guid,
                plugin=plugin,
                subject=about,
                claimed=received,
                until=received,
                outcome=outcome,
                error=error,
            )
            await state.put(receipt.key_of(received, guid, plugin), msgspec.json.encode(kept))
    await ledger.store(state, delivery)
    if is_settled:
        await ledger.settle(state, delivery)
    return delivery
