"""One hop over HTTP to a server on this machine: whole, or streaming both ways on behalf of a client."""

import asyncio
from collections.abc import AsyncIterator, Iterable

import httpx2
from starlette.types import Receive, Scope, Send

from infra.local.broker.asgi import Request, Response

HOP_BY_HOP = frozenset(
    [b"connection", b"keep-alive", b"te", b"trailer", b"transfer-encoding", b"upgrade", b"proxy-connection", b"expect"]
)
OF_THE_SERVER = frozenset([b"date", b"server"])
"""Headers that whoever answers the client writes himself."""

KEEP_ALIVE = 4.0
"""Seconds that an idle connection is kept: less than uvicorn keeps it, so that none is used while it closes it."""

RawHeaders = list[tuple[bytes, bytes]]


class Upstream:
    """The server at a port of this machine, with connections that are used again."""

    def __init__(self, port: int) -> None:
        self._origin = f"http://127.0.0.1:{port}"
        limits = httpx2.Limits(max_connections=None, max_keepalive_connections=100, keepalive_expiry=KEEP_ALIVE)
        self._transport = httpx2.AsyncHTTPTransport(limits=limits, trust_env=False, verify=False)

    async def send(self, request: Request) -> Response:
        """One request and its whole answer. Raises httpx2.TransportError."""
        headers = [(name.encode(), value.encode(errors="surrogateescape")) for name, value in request.headers.items()]
        response = await self._transport.handle_async_request(
            httpx2.Request(request.method, self._origin + request.path, headers=headers, content=request.body)
        )
        try:
            body = b"".join([chunk async for chunk in response.aiter_raw()])
        finally:
            await response.aclose()
        named = {k.decode().lower(): v.decode(errors="surrogateescape") for k, v in response.headers.raw}
        return Response(response.status_code, named, body)

    async def relay(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request of a client by this server, until either side ends it. Raises httpx2.TransportError."""
        client = _Client(scope, receive)
        relaying = asyncio.ensure_future(self._relay(client, send))
        leaving = asyncio.ensure_future(client.left())
        try:
            await asyncio.wait((relaying, leaving), return_when=asyncio.FIRST_COMPLETED)
            if relaying.done():
                relaying.result()
        finally:
            relaying.cancel()
            leaving.cancel()
            await asyncio.gather(relaying, leaving, return_exceptions=True)

    async def close(self) -> None:
        """Closes the connections."""
        await self._transport.aclose()

    async def _relay(self, client: "_Client", send: Send) -> None:
        response = await self._transport.handle_async_request(client.request(self._origin))
        try:
            headers = _passed_on(response.headers.raw, HOP_BY_HOP | OF_THE_SERVER)
            await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
            async for chunk in response.aiter_raw():
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body"})
        finally:
            await response.aclose()


class _Client:
    """Whoever asked, seen through an ASGI server."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self._scope = scope
        self._receive = receive
        self._has_sent_all = asyncio.Event()

    def request(self, origin: str) -> httpx2.Request:
        """The client's request, to be sent to another server. Its body streams."""
        path, query = self._scope["raw_path"].decode(), self._scope["query_string"].decode()
        headers = _passed_on(self._scope["headers"], HOP_BY_HOP)
        has_body = any(name in (b"content-length", b"transfer-encoding") for name, _ in self._scope["headers"])
        if not has_body:
            self._has_sent_all.set()
        return httpx2.Request(
            self._scope["method"],
            f"{origin}{path}?{query}" if query else origin + path,
            headers=headers,
            content=self._chunks() if has_body else None,
        )

    async def left(self) -> None:
        """Returns when the client has hung up."""
        await self._has_sent_all.wait()
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def _chunks(self) -> AsyncIterator[bytes]:
        while (message := await self._receive())["type"] == "http.request":
            yield message.get("body", b"")
            if not message.get("more_body"):
                self._has_sent_all.set()
                return
        raise httpx2.ReadError("the client hung up in the middle of its request")


def _passed_on(headers: Iterable[tuple[bytes, bytes]], dropped: frozenset[bytes]) -> RawHeaders:
    return [(name.lower(), value) for name, value in headers if name.lower() not in dropped]
