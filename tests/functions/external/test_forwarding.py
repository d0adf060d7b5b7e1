"""From a webhook to somebody else's plugin: what it gets, how often, and what is written down of it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import httpx2
import msgspec
import pytest

from cutwater.errors import Refused
from cutwater.events import ledger, receipt
from cutwater.events.event import to_request
from cutwater.events.ledger import OWED, Delivery
from cutwater.events.receipt import RECEIPTS, Receipt
from functions.external.forwarding import Forward
from infra.local.broker.asgi import Request
from tests import virtual_time
from tests.functions.external.service import RECEIVED, Service, Trouble, signature, way_to
from tests.functions.plugins.scene import Scene, configuration

GUID = "72d3162e-cc78-11e3-81ab-4c9367dc0958"
BODY = '{"repository": {"full_name": "acme/rocket", "name": "rocket", "owner": {"login": "acme"}},  "x": "→"}'.encode()
COFFEE = "external_plugins: {acme/rocket: [{name: coffee, endpoint: 'http://coffee/sub?x=1'}]}"
DOWN = httpx2.ConnectError("connection refused")


@asynccontextmanager
async def scene(services: dict[str, Service], plugins: str = COFFEE) -> AsyncIterator[Scene]:
    made = Scene(configuration(plugins), outgoing=way_to(services))
    try:
        yield made
    finally:
        await made.close()


async def receipts(made: Scene) -> list[Receipt]:
    found = [await made.state.get(entry.key) async for entry in made.state.list(RECEIPTS)]
    return [msgspec.json.decode(one.body, type=Receipt) for one in found if one]


async def sweep(made: Scene) -> None:
    """What the tick `owed` does once a minute."""
    ping = {"ce-id": "1", "ce-source": "/ping", "ce-specversion": "1.0", "ce-type": "dev.knative.sources.ping"}
    tick = ping | {"ce-role": "relay", "ce-tick": "owed"}
    assert (await made.functions.by_name["relay"].send(Request("POST", "/", tick))).status == 204
    await made.settle()


@pytest.mark.virtual
async def test_it_gets_the_webhook_as_it_came() -> None:
    coffee = Service()
    async with scene({"coffee": coffee}) as made:
        await made.deliver("membership_of_tomorrow", GUID, BODY)
        (request,) = coffee.taken
        assert (request.method, str(request.url)) == ("POST", "http://coffee/sub?x=1")
        assert request.content == BODY
        sent = {name: request.headers[name] for name in ("user-agent", "content-type", "x-github-event")}
        assert sent == {
            "user-agent": "ProwHook",
            "content-type": "application/json",
            "x-github-event": "membership_of_tomorrow",
        }
        assert request.headers["x-github-delivery"] == GUID
        (written,) = await receipts(made)
        assert (written.plugin, written.outcome) == ("external:coffee", "done")
        (step,) = written.plan
        assert (step.state, step.result) == ("done", {"status": 200, "words": RECEIVED})
        assert step.effect["why"] == "membership_of_tomorrow of acme/rocket is for coffee"


@pytest.mark.virtual
async def test_headers_that_are_kept() -> None:
    coffee = Service()
    async with scene({"coffee": coffee}) as made:
        sent = {
            "x-github-event": "ping",
            "x-github-delivery": GUID,
            "x-hub-signature-256": signature(BODY),
            "content-type": "application/json",
            "x-github-hook-installation-target-id": "7",
            "x-request-id": "abc",
            "user-agent": "GitHub-Hookshot/1",
            "authorization": "Basic xyz",
            "cookie": "a=b",
            "host": "hook",
            "connection": "close",
            "accept-encoding": "br",
        }
        await made.functions.by_name["hook"].send(Request("POST", "/hook", sent, BODY))
        await made.settle()
        (request,) = coffee.taken
        assert request.headers["x-github-hook-installation-target-id"] == "7"
        assert request.headers["x-request-id"] == "abc"
        assert (request.headers["user-agent"], request.headers["host"]) == ("ProwHook", "coffee")
        assert not {"authorization", "cookie"} & set(request.headers)
        assert request.headers["accept-encoding"] != "br"


@pytest.mark.virtual
@pytest.mark.parametrize(
    "troubles",
    [
        pytest.param([DOWN], id="refused once"),
        pytest.param([DOWN] * 5, id="refused five times"),
        pytest.param([httpx2.Response(500, text="oops")], id="500 once"),
        pytest.param([httpx2.Response(503), httpx2.Response(429), httpx2.Response(504)], id="busy"),
        pytest.param([httpx2.ReadError("reset")], id="broken off after the body"),
        pytest.param([httpx2.ReadTimeout("slow")], id="no answer in time, once"),
    ],
)
async def test_it_is_tried_again(troubles: Sequence[Trouble]) -> None:
    coffee = Service(troubles)
    async with scene({"coffee": coffee}) as made:
        await made.deliver("issues", GUID, BODY)
        assert (len(coffee.asked), len(coffee.taken)) == (len(troubles) + 1, 1)
        assert {request.content for request in coffee.asked} == {BODY}
        (written,) = await receipts(made)
        assert (written.outcome, written.attempt) == ("done", len(troubles) + 1)


@pytest.mark.virtual
@pytest.mark.parametrize(
    "answer, words",
    [
        pytest.param(httpx2.Response(403, text="bad signature"), "the plugin answers 403 bad signature", id="403"),
        pytest.param(httpx2.Response(404, html="<h1>No</h1>"), "the plugin answers 404 <h1>No</h1>", id="HTML"),
        pytest.param(httpx2.Response(302), "the plugin answers 302 Found", id="elsewhere"),
        pytest.param(
            httpx2.UnsupportedProtocol("x"), "coffee is no address that can be asked", id="a scheme that is none"
        ),
    ],
)
async def test_a_no_is_written_down(answer: Trouble, words: str) -> None:
    coffee = Service([answer])
    async with scene({"coffee": coffee}) as made:
        await made.deliver("issues", GUID, BODY)
        await sweep(made)
        assert len(coffee.asked) == 1
        (written,) = await receipts(made)
        (step,) = written.plan
        assert (step.state, step.result) == ("refused", words)


@pytest.mark.virtual
@pytest.mark.parametrize(
    "trouble, minutes, words",
    [
        pytest.param(DOWN, 15, "coffee cannot be reached: ConnectError; it was tried for 0:15:00", id="down"),
        pytest.param(
            httpx2.ReadTimeout("slow"), 2, "coffee does not answer within 15 s; it was tried for 0:01:00", id="silent"
        ),
    ],
)
async def test_one_that_stays_away_is_given_up(trouble: Exception, minutes: int, words: str) -> None:
    coffee = Service([trouble] * 1000)
    async with scene({"coffee": coffee}) as made:
        await made.deliver("issues", GUID, BODY)
        for _ in range(minutes + 3):
            await asyncio.sleep(60)
            await sweep(made)
        (written,) = await receipts(made)
        assert [step.result for step in written.plan] == [words]
        assert [entry async for entry in made.state.list(OWED)] == []


@pytest.mark.virtual
async def test_one_that_is_down_holds_up_no_other() -> None:
    coffee, tea = Service([DOWN] * 1000), Service()
    plugins = "external_plugins: {acme: [{name: coffee}], acme/rocket: [{name: tea}]}"
    async with scene({"coffee": coffee, "tea": tea}, plugins) as made:
        await made.deliver("issues", GUID, BODY)
        assert len(tea.taken) == 1


@pytest.mark.virtual
async def test_a_name_with_two_addresses_reaches_both_once() -> None:
    a, b = Service(), Service([httpx2.Response(500)])
    plugins = "external_plugins: {acme: [{name: x, endpoint: 'http://a'}, {name: x, endpoint: 'http://b'}]}"
    async with scene({"a": a, "b": b}, plugins) as made:
        await made.deliver("issues", GUID, BODY)
        assert (len(a.taken), len(b.taken)) == (1, 1)


@pytest.mark.virtual
async def test_delivered_twice_it_is_sent_once() -> None:
    coffee = Service()
    async with scene({"coffee": coffee}) as made:
        await made.deliver("issues", GUID, BODY)
        await made.deliver("issues", GUID, BODY)
        assert len(coffee.taken) == 1


@pytest.mark.virtual
async def test_one_that_is_gone_from_the_configuration() -> None:
    coffee = Service()
    async with scene({"coffee": coffee}, "plugins: {acme: {plugins: [hold]}}") as made:
        delivery = Delivery(
            guid=GUID,
            event="issues",
            received=virtual_time.clock(),
            headers={},
            body=BODY,
            plugins=("external:coffee",),
        )
        await ledger.store(made.state, delivery)
        key = made.functions.edges.event_key
        headers, body = to_request(ledger.webhook_event(delivery, "external:coffee", subject="acme/rocket", key=key))
        assert (await made.functions.by_name["external"].send(Request("POST", "/", headers, body))).status == 204
        kept = await receipt.find(made.state, delivery.received, GUID, "external:coffee")
        assert kept is not None
        assert kept.receipt.error == "plugins.yaml names no such external plugin for acme/rocket any more"
        assert coffee.asked == []


@pytest.mark.virtual
async def test_a_webhook_that_is_deleted() -> None:
    async with scene({}) as made:
        gone = Forward(stored="2026-01-01T00-00/x-y", address="http://x", since=virtual_time.clock(), why="")
        with pytest.raises(Refused, match="no webhook is kept"):
            await gone.apply(made.functions.edges)
