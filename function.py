"""The front door: kn func calls `new()`, functions-framework calls `main`; CUTWATER_ROLE names the role behind it."""

import importlib
import os

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from cutwater.events import environment
from cutwater.events.serve import Respond, Role

environment.prepare()
role: Role = importlib.import_module(f"functions.{os.environ['CUTWATER_ROLE'].replace('-', '_')}.function").role
respond: Respond = role.open(environment.edges())


async def main(request: Request) -> Response:
    return Response() if request.url.path.startswith("/health/") else await respond(request)


class Function:
    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await (await main(Request(scope, receive, send)))(scope, receive, send)


def new() -> Function:
    return Function()
