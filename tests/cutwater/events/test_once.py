"""Event roles: whatever dies, repeats or comes late, a webhook's decision is carried out once."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

import msgspec
import pytest
from msgspec import Struct

from cutwater.errors import Later, Refused
from cutwater.events import again, ledger, once, receipt
from cutwater.events.edges import Edges
from cutwater.events.effect import Act, Effect, apply
from cutwater.events.event import NotAnEvent
from cutwater.events.history import of_guid
from cutwater.events.ledger import Delivery
from cutwater.events.look import Look
from cutwater.events.once import Undeclared
from cutwater.events.receipt import Receipt
from cutwater.storage.memory import MemoryStore
from tests import virtual_time
from tests.edges import edges

pytestmark = pytest.mark.virtual

WALL: list[str] = []
"""What has been said; a test's effects write here."""


class Say(Struct, frozen=True, kw_only=True, tag=True):
    """Write a word on the wall; people would see it twice."""

    word: str
    why: str = "because"
    visible: ClassVar[bool] = True

    async def apply(self, world: Edges) -> str:
        if self.word == "no":
            raise Refused("not that word")
        if self.word == "later" and len(WALL) < 3:
            WALL.append("a try")
            raise Later("not now")
        WALL.append(self.word)
        return self.word.upper()

    async def stands(self, world: Edges, since: datetime) -> str | None:
        return self.word.upper() if self.word in WALL else None


class SayFor(Say, frozen=True, kw_only=True, tag=True):
    """Write a word that was decided for a slot of the pull request."""

    slot: str


class SetFor(SayFor, frozen=True, kw_only=True, tag=True):
    """A word that stands as long as it is the last one."""

    visible: ClassVar[bool] = False

    async def stands(self, world: Edges, since: datetime) -> str | None:
        return self.word.upper() if WALL[-1:] == [self.word] else None


class Whisper(Say, frozen=True, kw_only=True, tag=True):
    """Say a word of which nobody can tell afterwards whether it was heard."""

    async def stands(self, world: Edges, since: datetime) -> str | None:
        return None

    def has_arrived(self, result: object) -> bool:
        return True


class Other(Struct, frozen=True, kw_only=True, tag=True):
    """An effect that the plugin does not declare."""

    why: str = ""
    visible: ClassVar[bool] = False

    async def apply(self, world: Edges) -> None:
        raise AssertionError

    async def stands(self, world: Edges, since: datetime) -> None:
        raise AssertionError


class Parrot:
    """A plugin that says the words of a webhook's body."""

    name = "parrot"
    effects: Sequence[type] = (Say, SayFor, SetFor)
    reads: Sequence[str] = ()
    recomputes = False

    def __init__(self, decide: Callable[..., Awaitable[Any]] | None = None) -> None:
        self.decisions = 0
        self._decide = decide

    def subject(self, delivery: Delivery) -> str:
        return "acme/rocket#7"

    def time(self, delivery: Delivery) -> datetime:
        return delivery.received

    async def decide(self, delivery: Delivery, look: Look, act: Act) -> Sequence[Effect[object]] | None:
        self.decisions += 1
        if self._decide:
            found: Sequence[Effect[object]] | None = await self._decide(delivery, look, act)
            return found
        return [Say(word=word) for word in delivery.body.decode().split()]


class Numbered(Parrot):
    """Its webhooks happened so many seconds after the beginning as their GUIDs end with."""

    def time(self, delivery: Delivery) -> datetime:
        return virtual_time.BEGINNING + timedelta(seconds=int(delivery.guid[-1]))


class Died(BaseException):
    """kill -9."""


@pytest.fixture(autouse=True)
def clean_wall() -> None:
    WALL.clear()


async def send(
    world: Edges, plugin: once.Decision, body: str, *, guid: str = "g-1", apply: Any = apply, owner: str = "me"
) -> str:
    """Store the webhook, if it is not yet, and let the plugin answer."""
    delivery = Delivery(
        guid=guid,
        event="ping",
        received=virtual_time.BEGINNING,
        headers={},
        body=body.encode(),
        plugins=(plugin.name,),
    )
    await ledger.store(world.state, delivery)
    event = ledger.webhook_event(delivery, plugin.name, subject="acme/rocket#7", key=world.event_key)
    return await once.answer(plugin, event, world, owner=owner, apply=apply)


async def receipt_of(world: Edges, guid: str = "g-1") -> Receipt:
    kept = await receipt.find(world.state, virtual_time.BEGINNING, guid, "parrot")
    assert kept is not None
    return kept.receipt


async def test_done_once_however_often_it_is_delivered() -> None:
    world, parrot = edges(), Parrot()
    assert await send(world, parrot, "hello world") == "done"
    assert await send(world, parrot, "hello world") == "done"
    assert WALL == ["hello", "world"]
    assert parrot.decisions == 1


async def test_side_by_side_only_one_acts() -> None:
    world, parrot = edges(), Parrot()
    outcomes = await asyncio.gather(*(send(world, parrot, "hello", owner=f"f{n}") for n in range(3)))
    assert WALL == ["hello"]
    assert sorted(outcomes) == ["", "", "done"]


async def test_nothing_to_do_is_one_write() -> None:
    world = edges()
    assert await send(world, Parrot(), "") == "nothing"
    assert (await receipt_of(world)).plan == []


async def test_what_is_refused_is_recorded_and_the_rest_goes_on() -> None:
    world = edges()
    assert await send(world, Parrot(), "a no b") == "done"
    assert WALL == ["a", "b"]
    steps = (await receipt_of(world)).plan
    assert [(step.state, step.result) for step in steps] == [
        ("done", "A"),
        ("refused", "not that word"),
        ("done", "B"),
    ]


async def test_what_may_succeed_later_is_finished_by_the_next_attempt() -> None:
    world, parrot = edges(), Parrot()
    for _ in range(2):
        with pytest.raises(Later):
            await send(world, parrot, "first later last")
    assert await send(world, parrot, "first later last") == "done"
    assert WALL == ["first", "a try", "a try", "later", "last"]
    assert parrot.decisions == 1


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("nth", [0, 1, 2])
async def test_killed_at_every_effect(nth: int, after: bool) -> None:
    state = MemoryStore(virtual_time.clock)
    world, parrot, done = edges(state=state), Parrot(), 0

    async def dying(effect: Effect[object], edges: Edges) -> object:
        nonlocal done
        if done == nth and not after:
            raise Died
        result = await effect.apply(edges)
        if done == nth:
            raise Died
        done += 1
        return result

    with pytest.raises(Died):
        await send(world, parrot, "one two three", apply=dying)
    assert await send(world, parrot, "one two three") == "", "its lease is alive"
    await asyncio.sleep(61)
    assert await send(world, parrot, "one two three", owner="another") == "done"
    assert WALL == ["one", "two", "three"]
    assert parrot.decisions == 1


async def test_a_conversation_goes_on_where_it_was_killed() -> None:
    async def decide(delivery: Delivery, look: Look, act: Act) -> None:
        number = await act(Say(word="open"))
        await act(Say(word=f"see {number}"))

    async def dying(effect: Effect[object], edges: Edges) -> object:
        result = await effect.apply(edges)
        if isinstance(effect, Say) and effect.word == "open":
            raise Died
        return result

    world, parrot = edges(), Parrot(decide)
    with pytest.raises(Died):
        await send(world, parrot, "x", apply=dying)
    await asyncio.sleep(61)
    assert await send(world, parrot, "x") == "done"
    assert WALL == ["open", "see OPEN"]


async def test_an_event_that_was_overtaken_is_void() -> None:
    async def decide(delivery: Delivery, look: Look, act: Act) -> list[Effect[object]]:
        return [SayFor(word=delivery.body.decode(), slot="label:hold")]

    world, parrot = edges(), Numbered(decide)
    await send(world, parrot, "newer", guid="g-2")
    await send(world, parrot, "older", guid="g-1")
    await send(world, parrot, "newest", guid="g-3")
    assert WALL == ["newer", "newest"]
    [step] = (await receipt_of(world, "g-1")).plan
    assert step.state == "void"
    assert "overtaken" in step.result


async def test_what_a_dead_function_had_set_still_overtakes_what_is_older() -> None:
    async def decide(delivery: Delivery, look: Look, act: Act) -> list[Effect[object]]:
        return [SayFor(word=delivery.body.decode(), slot="label:hold")]

    async def dying(effect: Effect[object], edges: Edges) -> object:
        await effect.apply(edges)
        raise Died

    world, parrot = edges(), Numbered(decide)
    with pytest.raises(Died):
        await send(world, parrot, "newer", guid="g-2", apply=dying)
    await asyncio.sleep(61)
    assert await send(world, parrot, "newer", guid="g-2", owner="another") == "done"
    await send(world, parrot, "older", guid="g-1")
    assert WALL == ["newer"]


async def test_what_a_receipt_calls_done_overtakes_what_is_older() -> None:
    """A function that dies after the effect has set its slot, at what comes next."""

    async def decide(delivery: Delivery, look: Look, act: Act) -> list[Effect[object]]:
        word = delivery.body.decode()
        return [SetFor(word=word, slot="label:hold"), Say(word=f"said {word}")]

    async def dying(effect: Effect[object], edges: Edges) -> object:
        if not isinstance(effect, SetFor):
            raise Died
        return await effect.apply(edges)

    world, parrot = edges(), Numbered(decide)
    with pytest.raises(Died):
        await send(world, parrot, "newer", guid="g-2", apply=dying)
    await asyncio.sleep(61)
    await send(world, parrot, "older", guid="g-1")
    await send(world, parrot, "newer", guid="g-2", owner="another")
    assert WALL == ["newer", "said older", "said newer"]


async def test_who_was_so_slow_that_an_older_event_had_its_way_says_it_again() -> None:
    async def decide(delivery: Delivery, look: Look, act: Act) -> list[Effect[object]]:
        return [SetFor(word=delivery.body.decode(), slot="label:hold")]

    async def slow(effect: Effect[object], edges: Edges) -> object:
        result = await effect.apply(edges)
        await asyncio.sleep(70)
        return result

    world, parrot = edges(), Numbered(decide)
    first = asyncio.ensure_future(send(world, parrot, "newer", guid="g-2", apply=slow))
    await asyncio.sleep(65)
    assert await send(world, parrot, "older", guid="g-1") == "done"
    assert await first == "", "its order was another's"
    assert await send(world, parrot, "newer", guid="g-2", owner="another") == "done"
    assert WALL == ["newer", "older", "newer"]


async def test_the_order_is_held_as_long_as_the_receipt() -> None:
    async def decide(delivery: Delivery, look: Look, act: Act) -> list[Effect[object]]:
        return [SayFor(word=word, slot=f"label:{word}") for word in delivery.body.decode().split()]

    async def slow(effect: Effect[object], edges: Edges) -> object:
        await asyncio.sleep(40)
        return await effect.apply(edges)

    world, parrot = edges(), Parrot(decide)
    first = asyncio.ensure_future(send(world, parrot, "a b c", apply=slow))
    await asyncio.sleep(75)
    with pytest.raises(Later, match="another event of acme/rocket#7"):
        await send(world, parrot, "d", guid="g-2", owner="another")
    assert await first == "done"
    assert WALL == ["a", "b", "c"]


class Labour(Say, frozen=True, kw_only=True, tag=True):
    """A word that takes minutes to write."""

    seconds: ClassVar[float] = 300

    async def apply(self, world: Edges) -> str:
        await asyncio.sleep(200)
        return await super().apply(world)


class Labourer(Parrot):
    """A parrot whose decisions on one pull request must not overlap."""

    effects = (Labour,)
    recomputes = True


async def labour(delivery: Delivery, look: Look, act: Act) -> list[Effect[object]]:
    return [Labour(word=delivery.body.decode())]


async def test_what_lasts_is_held_as_long() -> None:
    """By the receipt and by the order: neither runs out while the function is at work."""
    world, plugin = edges(), Labourer(labour)
    first = asyncio.ensure_future(send(world, plugin, "a"))
    await asyncio.sleep(150)
    assert await send(world, plugin, "a", owner="another") == ""
    with pytest.raises(Later, match="another event of acme/rocket#7"):
        await send(world, plugin, "b", guid="g-2", owner="another")
    assert await first == "done"
    assert WALL == ["a"]


async def test_what_lasts_is_another_s_when_its_function_died() -> None:
    async def dying(effect: Effect[object], edges: Edges) -> object:
        raise Died

    world, plugin = edges(), Labourer(labour)
    with pytest.raises(Died):
        await send(world, plugin, "a", apply=dying)
    await asyncio.sleep(361)
    assert await send(world, plugin, "a", owner="another") == "done"
    assert WALL == ["a"]


async def test_one_process_does_not_overlap_with_itself() -> None:
    world, plugin = edges(), Labourer(labour)
    both = asyncio.gather(send(world, plugin, "a"), send(world, plugin, "b", guid="g-2"), return_exceptions=True)
    done, later = sorted(await both, key=lambda one: isinstance(one, Later))
    assert done == "done" and isinstance(later, Later)
    assert len(WALL) == 1


async def test_one_process_does_not_take_the_order_from_itself_where_an_event_comes_twice() -> None:
    """Or else none of them would carry out what it has claimed."""

    async def slowly(delivery: Delivery, look: Look, act: Act) -> list[Effect[object]]:
        await asyncio.sleep(1)
        return await labour(delivery, look, act)

    world, plugin = edges(), Labourer(slowly)

    async def after(seconds: float) -> str:
        await asyncio.sleep(seconds)
        return await send(world, plugin, "a")

    several = asyncio.gather(*(after(number / 10) for number in range(3)), return_exceptions=True)
    assert [one for one in await several if not isinstance(one, Later)].count("done") == 1
    assert WALL == ["a"]


class SayElsewhere(SayFor, frozen=True, kw_only=True, tag=True):
    """A word for a slot of another pull request."""

    subject: str


async def test_another_pull_request_has_slots_of_its_own() -> None:
    async def decide(delivery: Delivery, look: Look, act: Act) -> list[Effect[object]]:
        word, subject = delivery.body.decode().split()
        return [SayElsewhere(word=word, slot="label:picked", subject=subject)]

    class Numbered(Parrot):
        effects = (SayElsewhere,)

        def time(self, delivery: Delivery) -> datetime:
            return virtual_time.BEGINNING + timedelta(seconds=int(delivery.guid[-1]))

    world, parrot = edges(), Numbered(decide)
    for guid, body in [("g-3", "a acme/rocket#7"), ("g-2", "b acme/rocket#8"), ("g-1", "c acme/rocket#7")]:
        await send(world, parrot, body, guid=guid)
    assert WALL == ["a", "b"]


async def test_an_undeclared_effect_is_a_bug_and_is_recorded() -> None:
    async def decide(delivery: Delivery, look: Look, act: Act) -> list[Effect[object]]:
        return [Other()]

    world = edges()
    with pytest.raises(Undeclared):
        await send(world, Parrot(decide), "x")
    kept = await receipt_of(world)
    assert kept.outcome == "failed"
    assert "does not declare Other" in kept.error


@pytest.mark.parametrize(
    "forge",
    [
        pytest.param({"signature": "0" * 64}, id="a wrong signature"),
        pytest.param({"plugin": "parrot2"}, id="another plugin"),
        pytest.param({"stored": "2026-03-02T12-00/none"}, id="a webhook that is not kept"),
        pytest.param({"stored": "../../config"}, id="a path"),
        pytest.param({"delivery": "another"}, id="another delivery's receipt"),
    ],
)
async def test_a_forged_event_does_nothing(forge: dict[str, str]) -> None:
    world, parrot = edges(), Parrot()
    delivery = Delivery(
        guid="g", event="ping", received=virtual_time.BEGINNING, headers={}, body=b"hello", plugins=("parrot",)
    )
    await ledger.store(world.state, delivery)
    event = ledger.webhook_event(delivery, "parrot", subject="", key=world.event_key)
    forged = msgspec.structs.replace(event, extensions={**event.extensions, **forge})
    with pytest.raises(NotAnEvent):
        await once.answer(parrot, forged, world, owner="me", apply=apply)
    assert WALL == []


async def test_a_webhook_that_comes_again_another_day_is_the_same_webhook() -> None:
    world, parrot = edges(), Parrot()
    await send(world, parrot, "hello")
    again = Delivery(
        guid="g-1",
        event="ping",
        received=virtual_time.BEGINNING + timedelta(days=2),
        headers={},
        body=b"hello",
        plugins=("parrot",),
    )
    await ledger.store(world.state, again)
    event = ledger.webhook_event(again, "parrot", subject="", key=world.event_key)
    assert await once.answer(parrot, event, world, owner="me", apply=apply) == "done"
    assert WALL == ["hello"]


# Decided anew


async def asked_again(world: Edges, guid: str = "g-1") -> list[str]:
    """What a replay that decides anew makes of it."""
    [case] = await of_guid(world.state, guid)
    plans = again.planned(case, anew=True)
    await again.ask(world.state, case, plans, by="olga", now=world.clock())
    return [plan.fate for plan in plans]


async def test_decided_anew_what_was_done_is_not_done_again() -> None:
    """Not even where it does not stand any more: somebody may have undone it."""
    world = edges()
    is_mended = False

    async def decide(delivery: Delivery, look: Look, act: Act) -> list[Effect[object]]:
        await act(Say(word="hello", why="mended" if is_mended else "because"))
        if not is_mended:
            raise ValueError("a bug")
        return [Say(word="hello"), Say(word="world")]

    async def all_by_act(delivery: Delivery, look: Look, act: Act) -> None:
        for effect in await decide(delivery, look, act):
            await act(effect)

    parrot = Parrot(all_by_act)
    with pytest.raises(ValueError, match="a bug"):
        await send(world, parrot, "x")
    WALL.clear()
    is_mended = True
    assert await send(world, parrot, "x") == "failed"
    assert await asked_again(world) == ["is decided anew"]
    assert await send(world, parrot, "x") == "done"
    assert WALL == ["world"]
    kept = await receipt_of(world)
    assert [(former.outcome, former.by, len(former.plan)) for former in kept.former] == [("failed", "olga", 1)]
    assert "a bug" in kept.former[0].error
    assert [(step.state, step.result) for step in kept.plan] == [
        ("done", "HELLO"),
        ("done", "HELLO"),
        ("done", "WORLD"),
    ]


async def test_decided_anew_what_was_only_begun_is_looked_for() -> None:
    world, said = edges(), "lost"

    async def lost(effect: Effect[object], edges: Edges) -> object:
        await effect.apply(edges)
        raise ValueError("the answer was lost")

    with pytest.raises(ValueError, match="lost"):
        await send(world, Parrot(), said, apply=lost)
    await asked_again(world)
    assert await send(world, Parrot(), said) == "done"
    assert WALL == ["lost"]


async def test_decided_anew_what_was_begun_and_cannot_be_looked_for_is_not_begun_again() -> None:
    world = edges()

    async def decide(delivery: Delivery, look: Look, act: Act) -> list[Effect[object]]:
        return [Whisper(word="psst")]

    async def lost(effect: Effect[object], edges: Edges) -> object:
        await effect.apply(edges)
        raise ValueError("the answer was lost")

    with pytest.raises(ValueError, match="lost"):
        await send(world, Parrot(decide), "x", apply=lost)
    await asked_again(world)
    assert await send(world, Parrot(decide), "x") == "done"
    assert WALL == ["psst"]
    assert [(step.state, step.result) for step in (await receipt_of(world)).plan] == [("unknown", once.NOBODY_KNOWS)]


async def test_decided_anew_what_was_refused_is_tried_again() -> None:
    world, is_open = edges(), False

    async def door(effect: Effect[object], edges: Edges) -> object:
        if not is_open:
            raise Refused("no right to it")
        return await effect.apply(edges)

    assert await send(world, Parrot(), "hello", apply=door) == "done"
    assert (await receipt_of(world)).plan[0].state == "refused"
    is_open = True
    assert await asked_again(world) == ["is decided anew"]
    assert await send(world, Parrot(), "hello", apply=door) == "done"
    assert WALL == ["hello"]
    assert await asked_again(world) == ["is done already"]
