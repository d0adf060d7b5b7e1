"""The sweep over what is owed, and the letters that nobody took."""

import asyncio
from datetime import timedelta

import msgspec
import pytest

from cutwater.errors import Later
from cutwater.events import again, ledger, receipt
from cutwater.events.deadletters import DEAD, DeadLetter
from cutwater.events.edges import Edges
from cutwater.events.event import Event
from cutwater.events.history import of_guid
from cutwater.events.ledger import DELIVERIES, OWED, Delivery
from cutwater.events.receipt import Outcome, Receipt
from functions.relay import deadletters, owed
from tests import virtual_time
from tests.edges import Published, edges

pytestmark = pytest.mark.virtual

PLUGINS = ("trigger", "lgtm")
LONG_AGO = timedelta(minutes=5)


async def owe(world: Edges, guid: str, *, ago: timedelta = LONG_AGO) -> Delivery:
    """A webhook that two plugins owe an answer to."""
    body = b'{"repository": {"name": "rocket", "owner": {"login": "acme"}}, "issue": {"number": 7}}'
    delivery = Delivery(guid=guid, event="issues", received=world.clock() - ago, headers={}, body=body, plugins=PLUGINS)
    await ledger.store(world.state, delivery)
    return delivery


async def answered(world: Edges, delivery: Delivery, plugin: str, outcome: Outcome = "done") -> None:
    now = world.clock()
    kept = Receipt(delivery=delivery.guid, plugin=plugin, claimed=now, until=now, outcome=outcome)
    await world.state.put(receipt.key_of(delivery.received, delivery.guid, plugin), msgspec.json.encode(kept))


async def keys(world: Edges, prefix: str) -> list[str]:
    return [entry.key async for entry in world.state.list(prefix)]


@pytest.mark.parametrize(
    "outcomes, told, is_settled",
    [
        pytest.param({}, ["trigger", "lgtm"], False, id="nobody has answered"),
        pytest.param({"trigger": "done"}, ["lgtm"], False, id="one has"),
        pytest.param({"trigger": ""}, ["trigger", "lgtm"], False, id="one is at it"),
        pytest.param({"trigger": "done", "lgtm": "nothing"}, [], True, id="both have"),
        pytest.param({"trigger": "failed", "lgtm": "refused"}, [], True, id="both have, if not well"),
    ],
)
async def test_who_owes_is_told_again(outcomes: dict[str, Outcome], told: list[str], is_settled: bool) -> None:
    heard = Published()
    world = edges(publish=heard.publish)
    delivery = await owe(world, "g-1")
    for plugin, outcome in outcomes.items():
        await answered(world, delivery, plugin, outcome)
    await owed.sweep(world)
    assert [(event["plugin"], event.subject) for event in heard] == [(plugin, "acme/rocket#7") for plugin in told]
    assert all(ledger.is_signed(event, delivery, world.event_key) for event in heard)
    assert bool(await keys(world, DELIVERIES)) == is_settled
    assert bool(await keys(world, OWED)) != is_settled
    assert await ledger.load(world.state, delivery.stored) == delivery


async def test_what_is_no_webhook_holds_back_none_that_is() -> None:
    heard = Published()
    world = edges(publish=heard.publish)
    await world.state.put(f"{OWED}2026-03-01T00-00/broken", b"{")
    await owe(world, "g-1")
    assert await owed.sweep(world) == "0 settled, 2 published again, 1 given up"
    assert [key.rpartition("/")[2] for key in await keys(world, DEAD)] == ["owed-2026-03-01T00-00-broken"]
    assert await owed.sweep(world) == "0 settled, 2 published again"


async def test_after_three_days_it_is_put_away_and_said() -> None:
    world = edges()
    delivery = await owe(world, "g-1", ago=timedelta(days=3, minutes=1))
    await answered(world, delivery, "trigger")
    assert await owed.sweep(world) == "0 settled, 0 published again, 1 given up"
    [key] = await keys(world, DEAD)
    found = await world.state.get(key)
    assert found is not None
    letter = msgspec.json.decode(found.body, type=DeadLetter)
    assert (letter.event["plugin"], letter.reason) == ("lgtm", "lgtm has not answered within 3 days")
    assert await keys(world, OWED) == []
    assert await ledger.load(world.state, delivery.stored) == delivery


async def test_what_was_given_up_is_asked_again_on_demand() -> None:
    heard = Published()
    world = edges(publish=heard.publish)
    delivery = await owe(world, "g-1", ago=timedelta(days=5))
    await answered(world, delivery, "trigger")
    await owed.sweep(world)
    [case] = await of_guid(world.state, "g-1")
    assert [(one.plugin, one.state, len(one.letters)) for one in case.answers] == [
        ("trigger", "done", 0),
        ("lgtm", "given up", 1),
    ]
    await again.ask(world.state, case, again.planned(case, anew=False), by="olga", now=world.clock())
    assert await owed.sweep(world) == "0 settled, 1 published again"
    assert [(event["plugin"], ledger.is_signed(event, delivery, world.event_key)) for event in heard] == [
        ("lgtm", True)
    ]
    await answered(world, delivery, "lgtm")
    assert await owed.sweep(world) == "1 settled, 0 published again"
    [case] = await of_guid(world.state, "g-1")
    assert [(one.plugin, one.state) for one in case.answers] == [("trigger", "done"), ("lgtm", "done")]


async def test_a_broker_that_is_away_is_asked_again_by_the_next_sweep() -> None:
    async def away(event: Event) -> None:
        raise Later("away")

    world = edges(publish=away)
    await owe(world, "g-1")
    for _ in range(2):
        assert await owed.sweep(world) == "0 settled, 0 published again"
        await asyncio.sleep(60)
    assert len(await keys(world, OWED)) == 1


async def test_a_sweep_that_dies_between_its_two_writes_is_finished_by_the_next() -> None:
    world = edges()
    delivery = await owe(world, "g-1")
    for plugin in PLUGINS:
        await answered(world, delivery, plugin)
    await world.state.put(f"{DELIVERIES}{delivery.stored[:10]}/{delivery.stored}", msgspec.json.encode(delivery))
    await owed.sweep(world)
    assert await keys(world, OWED) == []
    assert len(await keys(world, DELIVERIES)) == 1


async def test_a_letter_that_comes_twice_is_kept_once_with_the_brokers_words() -> None:
    world = edges()
    event = Event(
        id="g-1.lgtm",
        source="/hook",
        type="dev.cutwater.webhook",
        extensions={"plugin": "lgtm", "knativeerrorcode": "500", "knativeerrordata": "Ym9vbQ=="},
    )
    for _ in range(2):
        await deadletters.keep(event, world)
    assert await keys(world, DEAD) == [f"{DEAD}{virtual_time.clock():%Y-%m-%d}/g-1.lgtm"]
    found = await world.state.get(f"{DEAD}{virtual_time.clock():%Y-%m-%d}/g-1.lgtm")
    assert found is not None
    letter = msgspec.json.decode(found.body, type=DeadLetter)
    assert (letter.event, letter.code, letter.reason) == (event, "500", "Ym9vbQ==")
