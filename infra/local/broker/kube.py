"""The two questions that a source asks of a Kubernetes API server: what is there, and what changes."""

from collections.abc import AsyncIterator, Mapping
from typing import Any, Protocol

import httpx2
import msgspec
from msgspec import Struct
from starlette.types import ASGIApp

from infra.local.broker.asgi import Died, Exchange, Request

Json = dict[str, Any]

IDLE = 330.0
"""Seconds without a byte after which a watch counts as broken: longer than a server keeps one open."""


class Refusal(Exception):
    """The API server's answer was no: `status` is its HTTP status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status} {message}")
        self.status = status


class Change(Struct, frozen=True):
    """One line of a watch: ADDED, MODIFIED, DELETED, BOOKMARK or ERROR, with the object."""

    type: str
    object: Json


class Kube(Protocol):
    """A Kubernetes API server."""

    async def list(self, path: str, query: Mapping[str, str]) -> Json:
        """The list at a path. Raises Refusal; OSError where nothing answers."""

    def watch(self, path: str, query: Mapping[str, str]) -> AsyncIterator[Change]:
        """Changes as they come, until the server ends it. Raises Refusal; OSError where the connection breaks."""


class HttpKube:
    """An API server over HTTP. The client knows its address, and its credentials if it wants any."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self._client = client

    async def list(self, path: str, query: Mapping[str, str]) -> Json:
        """The list at a path."""
        try:
            response = await self._client.get(path, params=query)
        except httpx2.TransportError as error:
            raise ConnectionError(str(error)) from error
        if response.status_code != 200:
            raise Refusal(response.status_code, response.text)
        return msgspec.json.decode(response.content, type=Json)

    async def watch(self, path: str, query: Mapping[str, str]) -> AsyncIterator[Change]:
        """Changes as they come."""
        timeout = httpx2.Timeout(10, read=IDLE)
        try:
            async with self._client.stream("GET", path, params={**query, "watch": "true"}, timeout=timeout) as response:
                if response.status_code != 200:
                    raise Refusal(response.status_code, (await response.aread()).decode(errors="replace"))
                async for line in response.aiter_lines():
                    if line:
                        yield msgspec.json.decode(line, type=Change)
        except (httpx2.TransportError, msgspec.DecodeError) as error:
            raise ConnectionError(f"the watch broke off: {error}") from error


class InProcess(httpx2.AsyncBaseTransport):
    """A transport to an API server in this process, whose answers stream as they do over a network."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """One request; the answer's body comes as it is read."""
        headers = {name.decode().lower(): value.decode() for name, value in request.headers.raw}
        asked = Request(request.method, request.url.raw_path.decode(), headers, await request.aread())
        exchange = Exchange(self._app, asked)
        try:
            start = await exchange.start()
        except BaseException as error:
            exchange.leave()
            if isinstance(error, Died):
                raise httpx2.RemoteProtocolError(str(error), request=request) from error
            raise
        return httpx2.Response(start.status, headers=dict(start.headers), stream=_Body(exchange))


class _Body(httpx2.AsyncByteStream):
    """The body of an answer that may go on for ever."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._exchange.chunks():
                yield chunk
        except Died as error:
            raise httpx2.ReadError(str(error)) from error

    async def aclose(self) -> None:
        self._exchange.leave()
