"""Two ways to an API server on this machine: over HTTP, and by a call into its ASGI application."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableMapping
from typing import Any
from urllib.parse import quote, urlencode

import httpx2

from cutwater.errors import Later, Refused
from cutwater.kube.transport import JSON, Answer

CALL_SECONDS = 15

Message = MutableMapping[str, Any]
App = Callable[
    [Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]],
    Awaitable[None],
]
"""An ASGI application."""


class HttpTransport:
    """The API server at `address`, with `token` where it wants one. Close it when done."""

    def __init__(self, address: str, token: str = "") -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._client = httpx2.AsyncClient(base_url=address, headers=headers, timeout=CALL_SECONDS)

    async def close(self) -> None:
        await self._client.aclose()

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: bytes | None = None,
        content_type: str = JSON,
        accept: str = JSON,
    ) -> Answer:
        headers = {"Accept": accept, "Content-Type": content_type}
        try:
            answer = await self._client.request(method, path, params=query, content=body, headers=headers)
        except httpx2.TransportError as error:
            raise Later(f"the API server does not answer: {error!r}") from error
        return Answer(answer.status_code, answer.content)

    async def stream(self, path: str, *, query: Mapping[str, str] | None = None) -> AsyncIterator[bytes]:
        patient = httpx2.Timeout(CALL_SECONDS, read=None)
        try:
            async with self._client.stream("GET", path, params=query, timeout=patient) as answer:
                if answer.status_code != 200:
                    raise _refused(answer.status_code, await answer.aread())
                async for chunk in answer.aiter_bytes():
                    yield chunk
        except httpx2.TransportError as error:
            raise Later(f"the API server hung up: {error!r}") from error


class InProcessTransport:
    """The API server that is the ASGI application `app`: no sockets, and answers come as they are sent."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: bytes | None = None,
        content_type: str = JSON,
        accept: str = JSON,
    ) -> Answer:
        headers = {"accept": accept, "content-type": content_type}
        status, pieces = 0, []
        async for message in self._call(method, path, query, headers, body or b""):
            status = message.get("status", status)
            pieces.append(message.get("body", b""))
        return Answer(status, b"".join(pieces))

    async def stream(self, path: str, *, query: Mapping[str, str] | None = None) -> AsyncIterator[bytes]:
        status = 0
        async for message in self._call("GET", path, query, {"accept": JSON}, b""):
            if status not in {0, 200}:
                raise _refused(status, message.get("body", b""))
            status = message.get("status", status)
            if chunk := message.get("body"):
                yield chunk

    async def _call(
        self, method: str, path: str, query: Mapping[str, str] | None, headers: Mapping[str, str], body: bytes
    ) -> AsyncIterator[Message]:
        scope: Message = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": quote(path, safe="/%:").encode(),
            "root_path": "",
            "query_string": urlencode(query or {}).encode(),
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()]
            + [(b"host", b"localhost"), (b"content-length", str(len(body)).encode())],
            "client": ("127.0.0.1", 0),
            "server": ("localhost", 80),
        }
        sent: asyncio.Queue[Message | None] = asyncio.Queue()
        inbox: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> Message:
            if inbox:
                return inbox.pop()
            await asyncio.Event().wait()  # the caller hangs up by cancelling
            raise AssertionError

        async def serve() -> None:
            try:
                await self._app(scope, receive, sent.put)
            finally:
                sent.put_nowait(None)

        serving = asyncio.create_task(serve())
        try:
            while (message := await sent.get()) is not None:
                yield message
                if message["type"] == "http.response.body" and not message.get("more_body"):
                    break
            else:
                await serving
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)


def _refused(status: int, body: bytes) -> Exception:
    why = f"the API server answers {status}: {body[:300].decode(errors='replace')}"
    return Later(why) if status in {408, 429} or status >= 500 else Refused(why)
