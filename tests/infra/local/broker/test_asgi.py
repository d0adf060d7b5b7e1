"""Functions in this process."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from starlette.applications import Starlette
from starlette.requests import Request as StarletteRequest
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.responses import Response as StarletteResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from infra.local.broker.asgi import Exchange, Request, Response, call
from infra.local.broker.functions import InProcess


class Killed(BaseException):
    """The function dies."""


async def echo(request: StarletteRequest) -> StarletteResponse:
    said = f"{request.method} {request.url.path}?{request.url.query} {request.headers['x-a']} "
    return PlainTextResponse(said.encode() + await request.body(), status_code=201)


async def fails(request: StarletteRequest) -> StarletteResponse:
    raise LookupError


async def dies(request: StarletteRequest) -> StarletteResponse:
    raise Killed


async def dies_midway(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"half", "more_body": True})
    raise Killed


APP = Starlette(
    routes=[
        Route("/echo {x}", echo, methods=["PUT"]),
        Route("/fails", fails),
        Route("/dies", dies),
    ]
)


async def test_request_and_answer() -> None:
    answer = await InProcess(APP).send(Request("PUT", "/echo%20x?y=1", {"x-a": "ä"}, b"body"))
    # Starlette decodes header values as Latin-1.
    assert (answer.status, answer.body.decode()) == (201, "PUT /echo x?y=1 Ã¤ body")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize(
    "path, status",
    [
        pytest.param("/fails", 500, id="an exception is a 500"),
        pytest.param("/dies", 502, id="a death before the answer"),
        pytest.param("/none", 404, id="no such path"),
    ],
)
async def test_failures(path: str, status: int) -> None:
    assert (await InProcess(APP).send(Request("GET", path))).status == status


async def test_a_death_in_the_middle_of_the_answer() -> None:
    assert (await InProcess(dies_midway).send(Request("GET", "/"))).status == 502


async def test_function_runs_on_when_the_caller_leaves() -> None:
    steps: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        steps.append("begun")
        steps.append((await receive())["type"])
        await asyncio.sleep(0)
        steps.append("done")
        await StarletteResponse()(scope, receive, send)

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(call(app, Request("POST", "/")), timeout=0.01)
    while len(steps) < 3:
        await asyncio.sleep(0)
    assert steps == ["begun", "http.disconnect", "done"]


async def test_answer_is_read_while_it_is_written() -> None:
    go_on = asyncio.Event()

    async def lines() -> AsyncIterator[bytes]:
        yield b"one"
        await go_on.wait()
        yield b"two"

    exchange = Exchange(StreamingResponse(lines()), Request("GET", "/"))
    assert await exchange.start() == Response(200)
    chunks = exchange.chunks()
    assert await anext(chunks) == b"one"
    go_on.set()
    assert [chunk async for chunk in chunks] == [b"two"]
