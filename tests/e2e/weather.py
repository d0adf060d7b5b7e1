"""The way to GitHub's API, on which the weather may be bad: every request is answered with 502, or as is said; or one
of them meets something on its way.
"""

import asyncio
import threading
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager

import httpx2
import uvicorn
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from infra.local.settings import HOST

OWN = frozenset({"host", "content-length", "transfer-encoding", "connection"})
"""Headers that are each connection's own."""
API = "/api/v3"

Passage = Callable[[], Awaitable[Response]]
"""What takes a request to GitHub, and gives the answer."""
Meeting = Callable[[Passage], Awaitable[Response]]
"""What a request meets: it may let it pass, and answers."""


class Weather:
    """An ASGI application in front of the GitHub at `address`, served in a thread at `port`."""

    def __init__(self, address: str, port: int) -> None:
        self._address = address
        self._instead: tuple[int, Mapping[str, str], bytes] | None = None
        self.refused = 0
        """How many requests met the bad weather."""
        self._meetings: defaultdict[tuple[str, str], list[Meeting]] = defaultdict(list)
        config = uvicorn.Config(self, host=HOST, port=port, lifespan="off", log_level="error", access_log=False)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self._client: httpx2.AsyncClient | None = None

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join()

    @contextmanager
    def bad(
        self, status: int = 502, headers: Mapping[str, str] = {}, body: bytes = b"<html><h1>Unicorn!</h1></html>"
    ) -> Iterator[None]:
        """GitHub answers so to everything."""
        self._instead = status, headers, body
        try:
            yield
        finally:
            self._instead = None

    def meets(self, method: str, path: str, *meetings: Meeting) -> None:
        """The next requests for it (`path`: `/repos/…`) meet these, one each."""
        self._meetings[method, API + path] += meetings

    @property
    def unmet(self) -> list[tuple[str, str]]:
        """The requests of which not all have come that were to meet something."""
        return [request for request, meetings in self._meetings.items() if meetings]

    async def _serve(self) -> None:
        async with httpx2.AsyncClient(base_url=self._address, timeout=30) as self._client:
            await self._server._serve()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        await (await self._answer(request))(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        if self._instead is not None:
            self.refused += 1
            status, said, body = self._instead
            return Response(body, status_code=status, headers=said)
        path = request.scope["raw_path"].decode().partition("?")[0]
        body = await request.body()
        meetings = self._meetings[request.method, path]
        if meetings:
            return await meetings.pop(0)(lambda: self._pass(request, path, body))
        return await self._pass(request, path, body)

    async def _pass(self, request: Request, path: str, body: bytes) -> Response:
        if self._client is None:
            return Response(status_code=502)
        headers = {name: value for name, value in request.headers.items() if name not in OWN}
        try:
            answer = await self._client.request(
                request.method,
                f"{path}?{request.url.query}" if request.url.query else path,
                headers=headers,
                content=body,
            )
        except httpx2.TransportError:
            return Response(b"", status_code=502)
        kept = {name: value for name, value in answer.headers.items() if name not in OWN | {"content-encoding"}}
        return Response(answer.content, status_code=answer.status_code, headers=kept)
