"""Paths lead to functions."""

import pytest
from starlette.requests import Request as StarletteRequest
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from infra.local.broker.asgi import Request, call
from infra.local.broker.front import Front
from infra.local.broker.functions import InProcess


def named(name: str) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        request = StarletteRequest(scope, receive)
        await PlainTextResponse(f"{name} {request.url.path} {(await request.body()).decode()}")(scope, receive, send)

    return app


FUNCTIONS = {name: InProcess(named(name)) for name in ("deck", "hook")}


@pytest.mark.parametrize(
    "path, answer",
    [
        ("/", "deck / x"),
        ("/hook", "hook /hook x"),
        ("/hook/more", "hook /hook/more x"),
        ("/hooks", "deck /hooks x"),
        ("/view/gs/b", "deck /view/gs/b x"),
    ],
)
async def test_routes(path: str, answer: str) -> None:
    front = Front(FUNCTIONS, {"/": "deck", "/hook": "hook"})
    assert (await call(front, Request("POST", path, {}, b"x"))).body.decode() == answer


async def test_nothing_there() -> None:
    assert (await call(Front(FUNCTIONS, {"/hook": "hook"}), Request("GET", "/"))).status == 404
