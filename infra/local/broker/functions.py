"""Where events arrive: a function by the name of its Knative Service."""

from collections.abc import Mapping
from typing import Protocol

from starlette.types import ASGIApp, Receive, Scope, Send

from infra.local.broker.asgi import Died, Request, Response, call


class Function(Protocol):
    """One role, however it runs."""

    async def send(self, request: Request) -> Response:
        """One request with its whole answer; 502 where the function dies over it. Raises OSError where none runs."""

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The function as an ASGI application: bodies stream both ways."""


Functions = Mapping[str, Function]
"""Functions by the name of their Service."""


class InProcess:
    """A function in this process: fast, and a debugger stops in it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def send(self, request: Request) -> Response:
        """One request with its whole answer."""
        try:
            return await call(self._app, request)
        except Died as death:
            return Response(502, body=str(death).encode())

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The application itself."""
        await self._app(scope, receive, send)
