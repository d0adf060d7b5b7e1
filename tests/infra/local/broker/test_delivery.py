"""How often, how patiently, and what becomes of what nobody takes."""

import asyncio
import base64

import pytest

from infra.local.broker.asgi import Request, Response
from tests.infra.local.broker.world import (
    EVENT,
    FUNCTION,
    Clock,
    Json,
    Subscriber,
    broker,
    dead_letter_sink,
    received,
    service,
    serving,
    trigger,
)


@pytest.mark.parametrize(
    "delivery, gaps",
    [
        pytest.param(
            {"retry": 3, "backoffPolicy": "exponential", "backoffDelay": "PT0.2S"}, [0.2, 0.4, 0.8], id="D1 exponential"
        ),
        pytest.param({"retry": 3, "backoffPolicy": "linear", "backoffDelay": "PT0.2S"}, [0, 0.2, 0.4], id="D2 linear"),
        pytest.param({"retry": 3}, [0, 0, 0], id="D3 neither policy nor delay"),
        pytest.param({"retry": 3, "backoffDelay": "PT1S"}, [0, 0, 0], id="D3 no policy"),
        pytest.param(
            {"retry": 1, "backoffPolicy": "exponential", "backoffDelay": "PT0.05S"}, [0], id="D4 below the resolution"
        ),
        pytest.param(
            {"retry": 1, "backoffPolicy": "exponential", "backoffDelay": "PT0.25S"}, [0.2], id="D4 cut to tenths"
        ),
        pytest.param({}, [], id="D5 no retry"),
    ],
)
async def test_back_off(clock: Clock, delivery: Json, gaps: list[float]) -> None:
    function = Subscriber(500)
    assert await serving(clock, {"f": function}, trigger(delivery=delivery)).receive(EVENT, b"") == 500
    assert function.gaps == gaps


@pytest.mark.parametrize("status", [404, 408, 409, 429, 500, 501, 503])
async def test_retried(clock: Clock, status: int) -> None:
    """D6."""
    function = Subscriber(status)
    assert await serving(clock, {"f": function}, trigger(delivery={"retry": 1})).receive(EVENT, b"") == 500
    assert len(function.requests) == 2


@pytest.mark.parametrize("status", [400, 401, 403, 413, 422, 425, 302, 304])
async def test_not_retried(clock: Clock, status: int) -> None:
    """D7."""
    function = Subscriber(status)
    assert await serving(clock, {"f": function}, trigger(delivery={"retry": 1})).receive(EVENT, b"") == 500
    assert len(function.requests) == 1


async def test_connection_refused_is_retried(clock: Clock) -> None:
    """D8."""
    function = Subscriber(ConnectionRefusedError("dial tcp"), 200)
    assert await serving(clock, {"f": function}, trigger(delivery={"retry": 1})).receive(EVENT, b"") == 202
    assert len(function.requests) == 2


@pytest.mark.parametrize(
    "status, retry_after, delivery, gap",
    [
        pytest.param(429, "5", {"retryAfterMax": "PT0.5S"}, 0.5, id="D9 no longer than the maximum"),
        pytest.param(503, "5", {"retryAfterMax": "PT9S"}, 5, id="as long as asked"),
        pytest.param(429, "Wed, 25 Nov 2026 08:00:33 GMT", {"retryAfterMax": "PT9S"}, 3, id="until the date asked for"),
        pytest.param(429, "soon", {"retryAfterMax": "PT9S"}, 0, id="neither"),
        pytest.param(
            429,
            "1",
            {"retryAfterMax": "PT9S", "backoffPolicy": "exponential", "backoffDelay": "PT4S"},
            4,
            id="never sooner than the back-off",
        ),
        pytest.param(429, "5", {}, 0, id="D10 without a maximum"),
        pytest.param(500, "5", {"retryAfterMax": "PT9S"}, 0, id="D10 status 500"),
        pytest.param(429, "5", {"retryAfterMax": "PT0S"}, 0, id="a maximum of zero"),
    ],
)
async def test_retry_after(clock: Clock, status: int, retry_after: str, delivery: Json, gap: float) -> None:
    function = Subscriber(Response(status, {"retry-after": retry_after}))
    await serving(clock, {"f": function}, trigger(delivery={"retry": 1, **delivery})).receive(EVENT, b"")
    assert function.gaps == [gap]


async def test_timeout(clock: Clock) -> None:
    """D11."""
    dls = Subscriber()
    delivery = dead_letter_sink(timeout="PT0.4S")
    serves = serving(clock, {"f": Subscriber(takes=1.5), "dls": dls}, trigger(delivery=delivery))
    assert await serves.receive(EVENT, b"") == 202
    assert dls.times == [0.4]
    assert "knativeerrorcode" not in received(dls.requests[0]).attributes


@pytest.mark.parametrize(
    "of_broker, of_trigger, tries, buried",
    [
        pytest.param({"retry": 10}, dead_letter_sink(), 1, 1, id="D12 the Trigger's stands as a whole"),
        pytest.param(dead_letter_sink(7), {"retry": 2}, 3, 1, id="D13 but for the dead letter sink"),
        pytest.param(dead_letter_sink(4), None, 5, 1, id="D14 the Broker's"),
        pytest.param({"retry": 1}, None, 2, 0, id="no dead letter sink"),
    ],
)
async def test_which_delivery(clock: Clock, of_broker: Json, of_trigger: Json | None, tries: int, buried: int) -> None:
    function, dls = Subscriber(500), Subscriber()
    wanted = trigger() if of_trigger is None else trigger(delivery=of_trigger)
    serves = serving(clock, {"f": function, "dls": dls}, broker(delivery=of_broker), wanted)
    assert await serves.receive(EVENT, b"") == (202 if buried else 500)
    assert (len(function.requests), len(dls.requests)) == (tries, buried)


async def test_default_delivery(clock: Clock) -> None:
    """D15."""
    function = Subscriber(500)
    bare = {"apiVersion": "eventing.knative.dev/v1", "kind": "Broker", "metadata": {"name": "b", "namespace": "ns"}}
    assert await serving(clock, {"f": function}, bare, trigger()).receive(EVENT, b"") == 500
    assert len(function.requests) == 11
    assert asyncio.get_running_loop().time() == pytest.approx(204.6)


@pytest.mark.parametrize(
    "answer, is_delivered, is_explained",
    [
        pytest.param(Response(204), True, True, id="D16 204"),
        pytest.param(Response(200), True, True, id="D16 200 empty"),
        pytest.param(Response(200, {}, b"OK"), False, False, id="D17 text"),
        pytest.param(Response(200, {"content-type": "application/json"}, b"{}"), False, False, id="D17 JSON"),
        pytest.param(
            Response(200, {"content-type": "application/cloudevents+json"}, b"{}"), False, False, id="D18 no event"
        ),
        pytest.param(Response(200, {"ce-specversion": "1.0"}), False, False, id="half an event"),
        pytest.param(Response(200, {"ce-specversion": "9000.1"}), True, True, id="an unknown version, empty"),
        pytest.param(
            Response(200, {"ce-specversion": "9000.1"}, b"x"), False, False, id="an unknown version with a body"
        ),
        pytest.param(Response(302), False, True, id="a redirect that leads nowhere"),
    ],
)
async def test_answers(clock: Clock, answer: Response, is_delivered: bool, is_explained: bool) -> None:
    dls = Subscriber()
    serves = serving(clock, {"f": Subscriber(answer), "dls": dls}, trigger(delivery=dead_letter_sink()))
    assert await serves.receive(EVENT, b"") == 202
    assert (not dls.requests) == is_delivered
    assert all(("knativeerrorcode" in received(r).attributes) == is_explained for r in dls.requests)


@pytest.mark.parametrize(
    "status, seen",
    [
        pytest.param(301, ("GET", b""), id="301"),
        pytest.param(302, ("GET", b""), id="D21 302: the event is not sent"),
        pytest.param(303, ("GET", b""), id="303"),
        pytest.param(307, ("POST", b"x"), id="D22 307"),
        pytest.param(308, ("POST", b"x"), id="308"),
    ],
)
@pytest.mark.parametrize("location", ["/there", f"{FUNCTION}/there"])
async def test_redirects(clock: Clock, status: int, seen: tuple[str, bytes], location: str) -> None:
    def answer(request: Request) -> Response:
        return Response(200) if request.path == "/there" else Response(status, {"location": location})

    function = Subscriber(answer)
    assert await serving(clock, {"f": function}, trigger()).receive(EVENT, b"x") == 202
    assert (function.requests[1].method, function.requests[1].body) == seen


async def test_redirects_without_end(clock: Clock) -> None:
    function = Subscriber(Response(307, {"location": "/"}))
    assert await serving(clock, {"f": function}, trigger()).receive(EVENT, b"") == 500
    assert len(function.requests) == 10


async def test_format_json(clock: Clock) -> None:
    """D23."""
    function = Subscriber()
    serves = serving(clock, {"f": function}, trigger(delivery={"format": "json"}))
    await serves.receive({**EVENT, "content-type": "text/plain"}, b"hi")
    [request] = function.requests
    assert request.headers["content-type"] == "application/cloudevents+json"
    assert b'"data":"hi"' in request.body


async def test_format_of_the_broker_is_not_taken_over(clock: Clock) -> None:
    function = Subscriber()
    await serving(clock, {"f": function}, broker(delivery={"format": "json"}), trigger()).receive(EVENT, b"")
    assert function.requests[0].headers["ce-id"] == "1"


async def test_dead_letter_sink_fails_too(clock: Clock) -> None:
    """D24."""
    dls = Subscriber(500)
    serves = serving(clock, {"f": Subscriber(400), "dls": dls}, trigger(delivery=dead_letter_sink(2)))
    assert await serves.receive(EVENT, b"") == 500
    assert len(dls.requests) == 3


@pytest.mark.parametrize(
    "answer, code, error",
    [
        pytest.param(Response(422, {}, b"bad\nthing"), "422", b"bad\nthing", id="L1"),
        pytest.param(Response(400), "400", b"", id="L2 present and empty"),
        pytest.param(
            ConnectionRefusedError("dial tcp 10.0.0.1:80: refused"),
            "500",
            f'dispatch error: Post "{FUNCTION}": dial tcp 10.0.0.1:80: refused'.encode(),
            id="L3",
        ),
        pytest.param(Response(400, {}, b"x" * 768), "400", b"x" * 768, id="L6 1024 characters"),
        pytest.param(Response(400, {}, b"x" * 769), "400", b"x" * 768, id="L7 the first 768 bytes"),
    ],
)
async def test_dead_letter(clock: Clock, answer: Response | Exception, code: str, error: bytes) -> None:
    dls = Subscriber()
    serves = serving(clock, {"f": Subscriber(answer), "dls": dls}, trigger(delivery=dead_letter_sink()))
    assert await serves.receive({**EVENT, "ce-foo": "x"}, b"data") == 202
    [request] = dls.requests
    assert request.headers == {
        **EVENT,
        "ce-foo": "x",
        "ce-knativebrokerttl": "255",
        "ce-knativearrivaltime": "2026-11-25T08:00:30Z",
        "ce-knativeerrordest": FUNCTION,
        "ce-knativeerrorcode": code,
        "ce-knativeerrordata": base64.b64encode(error).decode(),
        "kn-namespace": "ns",
        "host": "dls.ns.svc.cluster.local",
    }
    assert request.body == b"data"


async def test_dead_letter_that_was_one_before(clock: Clock) -> None:
    """L5."""
    dls = Subscriber()
    serves = serving(clock, {"f": Subscriber(400), "dls": dls}, trigger(delivery=dead_letter_sink()))
    await serves.receive({**EVENT, "ce-knativeerrorcode": "999"}, b"")
    assert dls.requests[0].headers["ce-knativeerrorcode"] == "999"


async def test_dead_letter_of_a_304(clock: Clock) -> None:
    """L8."""
    dls = Subscriber()
    serves = serving(clock, {"f": Subscriber(304), "dls": dls}, trigger(delivery=dead_letter_sink(3)))
    await serves.receive(EVENT, b"")
    assert "ce-knativeerrorcode" not in dls.requests[0].headers


async def test_path_of_a_dead_letter_sink(clock: Clock) -> None:
    function = Subscriber(400, 200)
    sink = {"deadLetterSink": {**service("f"), "uri": "/deadletters"}}
    await serving(clock, {"f": function}, trigger(delivery=sink)).receive(EVENT, b"")
    assert [request.path for request in function.requests] == ["/", "/deadletters"]
