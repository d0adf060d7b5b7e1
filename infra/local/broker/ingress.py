"""The Broker over HTTP: POST /<namespace>/<broker>. Source: knative.dev/eventing pkg/broker/ingress."""

import asyncio

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from infra.local.broker.broker import Broker

PREFLIGHT = {"allow": "POST, OPTIONS", "webhook-allowed-origin": "*", "webhook-allowed-rate": "*"}


class Ingress:
    """An ASGI application over a Broker. All its answers are empty."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request as Knative's ingress does."""
        if scope["type"] != "http":
            raise ValueError(f"the ingress speaks HTTP only, not {scope['type']}")
        response = await self._answer(Request(scope, receive), receive)
        await response(scope, receive, send)

    async def _answer(self, request: Request, receive: Receive) -> Response:
        if request.method == "OPTIONS":
            return Response(headers=PREFLIGHT)
        if request.method != "POST":
            return Response(status_code=405)
        address = _address(request.scope)
        if isinstance(address, int):
            return Response(status_code=address)
        headers = {name.decode(): value.decode(errors="surrogateescape") for name, value in request.scope["headers"]}
        try:
            body = await request.body()
        except ClientDisconnect:
            return Response(status_code=400)
        receiving = asyncio.ensure_future(self._broker.receive(headers, body, broker=address))
        hanging_up = asyncio.ensure_future(_hung_up(receive))
        try:
            await asyncio.wait((receiving, hanging_up), return_when=asyncio.FIRST_COMPLETED)
            return Response(status_code=receiving.result() if receiving.done() else 500)
        finally:
            receiving.cancel()
            hanging_up.cancel()


async def _hung_up(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _address(scope: Scope) -> tuple[str, str] | int:
    """Namespace and name of the Broker, or the status for a path that names none. The query is part of the name."""
    uri = scope["raw_path"].decode() + (f"?{scope['query_string'].decode()}" if scope["query_string"] else "")
    if uri == "/":
        return 404
    namespace, _, name = uri.removeprefix("/").removesuffix("/").partition("/")
    return (namespace, name) if namespace and name and "/" not in name else 400
