"""A GitHub whose GraphQL answers what a test wants."""

from collections.abc import Callable
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from infra.local.broker import asgi

Json = dict[str, Any]
Lie = Callable[[str, Json], Json | Response]
"""What is answered in place of the truth; of the query's name, and the true answer."""


class Lying:
    """Put before GitHub; `lie` is for a test to change."""

    def __init__(self) -> None:
        self.lie: Lie = lambda name, truth: truth

    def before(self, app: ASGIApp) -> ASGIApp:
        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http" or not scope["path"].endswith("/graphql"):
                await app(scope, receive, send)
                return
            request = Request(scope, receive)
            body = await request.body()
            truth = await asgi.call(app, asgi.Request("POST", scope["path"], dict(request.headers), body))
            said = self.lie(_name(msgspec.json.decode(body)["query"]), msgspec.json.decode(truth.body))
            if not isinstance(said, Response):
                headers = {name: value for name, value in truth.headers.items() if name != "content-length"}
                said = Response(msgspec.json.encode(said), truth.status, headers)
            await said(scope, receive, send)

        return answer


def _name(query: str) -> str:
    return query.split("(")[0].split()[-1]


def part(data: Json, message: str) -> Json:
    """An answer that lacks something, with the reason."""
    return {"data": data, "errors": [{"type": "FORBIDDEN", "message": message}]}
