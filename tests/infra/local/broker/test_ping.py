"""PingSources."""

import asyncio
import base64
from uuid import UUID

from infra.local.broker.asgi import Response
from infra.local.broker.ping import PingSources, upto_half_a_second
from tests.infra.local.broker.world import Clock, Json, Subscriber, broker, resources, service, serving, source, trigger


def pinging(clock: Clock, function: Subscriber, *sources: Json, jitter: float = 0.25) -> PingSources:
    """These sources over Broker b with one Trigger."""
    serves = serving(clock, {"f": function}, broker(), trigger())
    return PingSources(resources(*sources).ping_sources, serves.post, clock=clock, jitter=lambda: jitter)


async def run(sources: PingSources, seconds: float) -> None:
    running = asyncio.create_task(sources.run())
    await asyncio.sleep(seconds)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_ticks(clock: Clock) -> None:
    """S17. The clock starts half a minute before a tick."""
    function = Subscriber()
    await run(pinging(clock, function, source("PingSource", schedule="* * * * *")), 151)
    assert function.times == [30.25, 90.25, 150.25]
    headers = function.requests[0].headers
    assert headers["ce-type"] == "dev.knative.sources.ping"
    assert headers["ce-source"] == "/apis/v1/namespaces/ns/pingsources/s"
    assert headers["ce-time"] == "2026-11-25T08:01:00.25Z"
    assert UUID(headers["ce-id"]) != UUID(function.requests[1].headers["ce-id"])
    assert "content-type" not in headers
    assert "ce-subject" not in headers


async def test_content(clock: Clock) -> None:
    """S16."""
    function = Subscriber()
    content = base64.b64encode(b"Hello World.").decode()
    overrides = {"extensions": {"role": "plank"}}
    wanted = source("PingSource", contentType="text/plain", dataBase64=content, ceOverrides=overrides)
    await run(pinging(clock, function, wanted), 31)
    [request] = function.requests
    assert (request.headers["content-type"], request.body) == ("text/plain", b"Hello World.")
    assert request.headers["ce-role"] == "plank"


async def test_ticks_overlap(clock: Clock) -> None:
    function = Subscriber(takes=100)
    await run(pinging(clock, function, source("PingSource")), 91)
    assert function.times == [30.25, 90.25]


async def test_zone(clock: Clock) -> None:
    function = Subscriber()
    await run(pinging(clock, function, source("PingSource", schedule="2 9 * * *", timezone="Europe/Oslo")), 3600)
    assert function.times == [90.25]


async def test_a_function_as_sink(clock: Clock) -> None:
    function = Subscriber(Response(204))
    await run(pinging(clock, function, source("PingSource", sink={**service("f"), "uri": "/tick"}, data="{}")), 31)
    assert (function.requests[0].path, function.requests[0].body) == ("/tick", b"{}")
    assert function.requests[0].headers["kn-namespace"] == "ns"


async def test_a_schedule_that_never_ticks_harms_nobody(clock: Clock) -> None:
    function = Subscriber()
    never = source("PingSource", "never", schedule="0 0 30 2 *")
    await run(pinging(clock, function, never, source("PingSource")), 31)
    assert len(function.requests) == 1


def test_jitter() -> None:
    assert all(0 <= upto_half_a_second() < 0.5 for _ in range(100))
