"""What a producer is told, and what a subscriber gets."""

import asyncio
import json
from collections.abc import Mapping

import pytest

from infra.local.broker.asgi import Request, Response, call
from infra.local.broker.broker import Attempt, Broker
from infra.local.broker.ingress import Ingress
from tests.infra.local.broker.world import (
    EVENT,
    INGRESS,
    Clock,
    Json,
    Subscriber,
    broker,
    dead_letter_sink,
    received,
    resources,
    service,
    serving,
    to_broker,
    trigger,
)

STRUCTURED = {"content-type": "application/cloudevents+json"}


def structured(**fields: object) -> bytes:
    return json.dumps({"specversion": "1.0", "id": "1", "source": "/s", "type": "t", **fields}).encode()


async def post(serves: Broker, headers: Mapping[str, str] = EVENT, body: bytes = b"", path: str = "/ns/b") -> int:
    return (await call(Ingress(serves), Request("POST", path, headers, body))).status


@pytest.mark.parametrize(
    "method, path, status",
    [
        pytest.param("POST", "/ns/b", 202, id="I1"),
        pytest.param("POST", "/ns/b/", 202, id="I2 one slash at the end"),
        pytest.param("POST", "/", 404, id="I3 root"),
        pytest.param("POST", "/b", 400, id="I4 no namespace"),
        pytest.param("POST", "/ns/b/c", 400, id="I4 too deep"),
        pytest.param("POST", "/ns/b?x=1", 404, id="I5 the query belongs to the name"),
        pytest.param("GET", "/ns/b", 405, id="I6 GET"),
        pytest.param("PUT", "/ns/b", 405, id="I6 PUT"),
        pytest.param("PATCH", "/ns/b", 405, id="I6 PATCH"),
        pytest.param("DELETE", "/ns/b", 405, id="I6 DELETE"),
        pytest.param("OPTIONS", "/ns/b", 200, id="I7"),
        pytest.param("POST", "/ns/other", 404, id="I16 unknown Broker"),
    ],
)
async def test_address(clock: Clock, method: str, path: str, status: int) -> None:
    serves = serving(clock, {"f": Subscriber()}, trigger())
    answer = await call(Ingress(serves), Request(method, path, EVENT))
    assert (answer.status, answer.body) == (status, b"")
    assert ("webhook-allowed-origin" in answer.headers) == (method == "OPTIONS")


@pytest.mark.parametrize(
    "change, status",
    [
        pytest.param({"ce-id": None}, 400, id="I8 no id"),
        pytest.param({"ce-source": None}, 400, id="I8 no source"),
        pytest.param({"ce-type": None}, 400, id="I8 no type"),
        pytest.param({"ce-specversion": "0.3"}, 202, id="I9 version 0.3"),
        pytest.param({"ce-specversion": "2.0"}, 400, id="I9 version 2.0"),
        pytest.param({"ce-time": "yesterday"}, 400, id="I10 time"),
        pytest.param({"ce-time": "2026-02-30T00:00:00Z"}, 400, id="no such day"),
        pytest.param({"ce-foo_bar": "1"}, 400, id="I11 name of an extension"),
        pytest.param({"content-type": "application/cloudevents-batch+json"}, 400, id="I13 batch"),
        pytest.param({"ce-knativebrokerttl": "0"}, 400, id="I17 time-to-live 0"),
        pytest.param({"ce-knativebrokerttl": "1"}, 400, id="I17 time-to-live 1"),
        pytest.param({"ce-knativebrokerttl": "-7"}, 400, id="time-to-live below zero"),
        pytest.param({"ce-knativebrokerttl": "2"}, 202, id="I17 time-to-live 2"),
        pytest.param({"ce-knativebrokerttl": "abc"}, 202, id="I17 time-to-live abc"),
    ],
)
async def test_event_is_taken(clock: Clock, change: Mapping[str, str | None], status: int) -> None:
    headers = {name: value for name, value in {**EVENT, **change}.items() if value is not None}
    assert await post(serving(clock, {"f": Subscriber()}, trigger()), headers) == status


async def test_a_broken_structured_event_is_refused(clock: Clock) -> None:
    assert await post(serving(clock, {"f": Subscriber()}, trigger()), STRUCTURED, b"{") == 400


async def test_subscriber_gets_the_event_in_binary_mode(clock: Clock) -> None:
    """I1, I12, I18, I19."""
    function = Subscriber()
    sent = {
        **EVENT,
        "ce-foobar": "1",
        "ce-time": "2026-11-25T09:00:00.500+01:00",
        "content-type": "application/json",
        "authorization": "secret",
        "x-other": "1",
        "x-request-id": "r",
        "knative-a": "a",
        "kn-namespace": "other",
    }
    assert await post(serving(clock, {"f": function}, trigger()), sent, b"{}") == 202
    [request] = function.requests
    assert request.headers == {
        **EVENT,
        "ce-foobar": "1",
        "ce-time": "2026-11-25T08:00:00.5Z",
        "ce-knativearrivaltime": "2026-11-25T08:00:30Z",
        "content-type": "application/json",
        "x-request-id": "r",
        "knative-a": "a",
        "prefer": "reply",
        "kn-namespace": "ns",
        "host": "f.ns.svc.cluster.local",
    }
    assert (request.method, request.path, request.body) == ("POST", "/", b"{}")


@pytest.mark.parametrize(
    "fields, headers, body",
    [
        pytest.param(
            {"num": 5, "flag": True, "data": {"a": 1}}, {"ce-num": "5", "ce-flag": "true"}, b'{"a": 1}', id="I14 JSON"
        ),
        pytest.param({"data": "str"}, {}, b'"str"', id="I15 a JSON string stays quoted"),
        pytest.param({"data_base64": "aGk="}, {}, b"hi", id="I15 base64"),
        pytest.param(
            {"data": "hi", "datacontenttype": "text/plain"}, {"content-type": "text/plain"}, b"hi", id="text is bare"
        ),
        pytest.param({"gone": None}, {}, b"", id="null is absence"),
        pytest.param({"subject": "a\nb"}, {"ce-subject": "a b"}, b"", id="a line break cannot be in a header"),
    ],
)
async def test_structured_becomes_binary(clock: Clock, fields: Json, headers: Mapping[str, str], body: bytes) -> None:
    function = Subscriber()
    assert await post(serving(clock, {"f": function}, trigger()), STRUCTURED, structured(**fields)) == 202
    [request] = function.requests
    passed = {k: v for k, v in request.headers.items() if k.startswith(("ce-", "content-"))}
    assert passed == {**EVENT, "ce-knativearrivaltime": "2026-11-25T08:00:30Z", **headers}
    assert request.body == body


async def test_producer_waits_for_a_failure(clock: Clock) -> None:
    """I20."""
    serves = serving(clock, {"f": Subscriber(500, takes=3)}, trigger())
    assert await post(serves) == 500
    assert asyncio.get_running_loop().time() == pytest.approx(3)


async def test_producer_of_an_async_broker_does_not_wait(clock: Clock) -> None:
    """I21."""
    function = Subscriber(500, 200, takes=3)
    serves = serving(clock, {"f": function}, broker(is_async=True), trigger(delivery={"retry": 1}))
    assert await post(serves) == 202
    assert asyncio.get_running_loop().time() == 0
    await serves.settle()
    assert function.gaps == [3]


async def test_sending_again_delivers_to_all_triggers_again(clock: Clock) -> None:
    """I22."""
    fails, takes = Subscriber(500, 200), Subscriber()
    serves = serving(clock, {"f": fails, "g": takes}, trigger("f"), trigger("g"))
    assert [await post(serves), await post(serves)] == [500, 202]
    assert (len(fails.requests), len(takes.requests)) == (2, 2)


async def test_large_body(clock: Clock) -> None:
    """I23."""
    function = Subscriber()
    assert await post(serving(clock, {"f": function}, trigger()), body=b"x" * 8 * 1024 * 1024) == 202
    assert len(function.requests[0].body) == 8 * 1024 * 1024


@pytest.mark.parametrize(
    "filters, status, deliveries",
    [
        pytest.param([{"exact": {"knativebrokerttl": "255"}}], 202, 0, id="F18 the time-to-live is not seen"),
        pytest.param([{"prefix": {"knativearrivaltime": "2"}}], 202, 1, id="F19 the arrival time is"),
        pytest.param([{"exact": {"type": "no"}}], 202, 0, id="F29 filtered out"),
    ],
)
async def test_filtered(clock: Clock, filters: list[object], status: int, deliveries: int) -> None:
    function, dls = Subscriber(500), Subscriber()
    serves = serving(clock, {"f": function, "dls": dls}, trigger(filters=filters, delivery=dead_letter_sink()))
    assert await post(serves) == status
    assert (len(function.requests), len(dls.requests)) == (deliveries, deliveries)


async def test_reply_is_a_new_event(clock: Clock) -> None:
    """D19."""
    reply = Response(200, {**EVENT, "ce-id": "2", "ce-type": "reply"}, b"")
    function, listener = Subscriber(reply), Subscriber()
    serves = serving(
        clock,
        {"f": function, "g": listener},
        trigger("f", filters=[{"exact": {"type": "t"}}]),
        trigger("g", filters=[{"exact": {"type": "reply"}}], delivery={"retry": 0, "format": "json"}),
    )
    assert await post(serves) == 202
    [request] = listener.requests
    assert request.headers["content-type"] == "application/cloudevents+json"
    assert json.loads(request.body)["id"] == "2"


async def test_replies_do_not_go_round_for_ever(clock: Clock) -> None:
    """D20: the reply's time-to-live is spent, so the event that was answered is the dead letter."""
    reply = Response(200, {**EVENT, "ce-id": "2"}, b"")
    function, dls = Subscriber(reply), Subscriber()
    serves = serving(clock, {"f": function, "dls": dls}, trigger(delivery=dead_letter_sink()))
    assert await post(serves, {**EVENT, "ce-knativebrokerttl": "2"}) == 202
    dead = received(dls.requests[0]).attributes
    assert (dead["id"], dead["knativeerrorcode"], dead["knativeerrordest"]) == ("1", "400", INGRESS)


async def test_producer_that_hangs_up_stops_retries(clock: Clock) -> None:
    """D26."""
    function, dls = Subscriber(500), Subscriber()
    delivery = dead_letter_sink(3, backoffPolicy="exponential", backoffDelay="PT10S")
    serves = serving(clock, {"f": function, "dls": dls}, trigger(delivery=delivery))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(post(serves), timeout=15)
    await serves.settle()
    assert (len(function.requests), len(dls.requests)) == (2, 0)


async def test_trigger_deleted_while_retrying(clock: Clock) -> None:
    """D25: its tries end with 404, and nothing is known to say of the failure."""
    function, dls = Subscriber(500), Subscriber()
    delivery = dead_letter_sink(2, backoffPolicy="exponential", backoffDelay="PT10S")
    serves = serving(clock, {"f": function, "dls": dls}, trigger(delivery=delivery))
    sending = asyncio.create_task(post(serves))
    await asyncio.sleep(5)
    serves.apply(resources(broker()))
    assert await sending == 202
    assert (len(function.requests), asyncio.get_running_loop().time()) == (1, 30)
    assert "knativeerrorcode" not in received(dls.requests[0]).attributes


async def test_trigger_without_its_function_is_not_served(clock: Clock) -> None:
    serves = serving(clock, {"f": Subscriber()}, trigger("f"), trigger("g"), trigger("h", broker="none"))
    assert await post(serves) == 202
    assert serves.not_ready == {"g": "there is no function g", "h": "there is no Broker none"}


async def test_broker_as_subscriber(clock: Clock) -> None:
    function = Subscriber()
    onward, last = trigger("onward", subscriber=to_broker("c")), trigger("f", broker="c")
    assert await post(serving(clock, {"f": function}, broker("b"), broker("c"), onward, last)) == 202
    assert len(function.requests) == 1


async def test_path_of_a_subscriber(clock: Clock) -> None:
    function = Subscriber()
    await post(serving(clock, {"f": function}, trigger(subscriber={**service("f"), "uri": "/hook?x=1"})))
    assert function.requests[0].path == "/hook?x=1"


async def test_each_try_is_told(clock: Clock) -> None:
    told: list[Attempt] = []
    objects = resources(broker(), trigger(delivery=dead_letter_sink(1)))
    functions = {"f": Subscriber(503, 500, takes=0.25), "dls": Subscriber()}
    await post(Broker(objects, functions, clock=clock, on_delivery=told.append))
    assert [(t.trigger, t.service, t.attempt, t.status, round(t.milliseconds)) for t in told] == [
        ("f", "f", 1, 503, 250),
        ("f", "f", 2, 500, 250),
        ("f", "dls", 1, 200, 0),
    ]
    assert told[0].attributes["id"] == "1"
