"""Calls an ASGI application in this process, as a server would on behalf of a client over the network.

An application is not stopped when its client goes away: a function runs on in its container when the broker has lost
patience, and what it does then must be right, too.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from urllib.parse import unquote

from msgspec import Struct
from starlette.types import ASGIApp, Message, Scope

log = logging.getLogger(__name__)

_running: set[asyncio.Task[None]] = set()


class Request(Struct, frozen=True):
    """What is asked of a function. `path` has the query; header names are lower-case."""

    method: str
    path: str
    headers: Mapping[str, str] = {}
    body: bytes = b""


class Response(Struct, frozen=True):
    """What a function answers. Header names are lower-case."""

    status: int
    headers: Mapping[str, str] = {}
    body: bytes = b""


class Died(ConnectionError):
    """The application ended without an answer, as a process does that is killed."""


class Exchange:
    """One request to an application, whose answer is read while it is written.

    An exception of the application is answered with 500, as a server does. One that is no `Exception` (a test that
    kills a function in the middle of its work) ends the exchange without an answer.
    """

    def __init__(self, app: ASGIApp, request: Request) -> None:
        self._request = request
        self._messages: asyncio.Queue[Message | None] = asyncio.Queue()
        self._gone = asyncio.Event()
        self._is_asked = False
        self._is_answered = False
        task = asyncio.get_running_loop().create_task(self._run(app))
        _running.add(task)
        task.add_done_callback(_running.discard)

    async def start(self) -> Response:
        """Status and headers of the answer. Raises Died."""
        message = await self._messages.get()
        if message is None:
            raise Died("the function ended without an answer")
        return Response(message["status"], {_text(k).lower(): _text(v) for k, v in message["headers"]})

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body, piece by piece. Raises Died where it breaks off."""
        while True:
            message = await self._messages.get()
            if message is None:
                raise Died("the function ended in the middle of its answer")
            if body := message.get("body"):
                yield body
            if not message.get("more_body"):
                return

    def leave(self) -> None:
        """The client is gone: the application can find out, and runs on."""
        self._gone.set()

    async def _run(self, app: ASGIApp) -> None:
        try:
            await app(_scope(self._request), self._receive, self._send)
        except Exception:
            log.exception("%s %s failed", self._request.method, self._request.path)
            if not self._is_answered:
                await self._send({"type": "http.response.start", "status": 500, "headers": []})
                await self._send({"type": "http.response.body"})
        except (KeyboardInterrupt, SystemExit, asyncio.CancelledError):
            raise
        except BaseException as death:
            log.warning("%s %s died: %r", self._request.method, self._request.path, death)
        finally:
            self._messages.put_nowait(None)

    async def _receive(self) -> Message:
        if not self._is_asked:
            self._is_asked = True
            return {"type": "http.request", "body": self._request.body, "more_body": False}
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        self._is_answered = True
        if not self._gone.is_set():
            self._messages.put_nowait(message)


async def call(app: ASGIApp, request: Request) -> Response:
    """One request and its whole answer. Raises Died."""
    exchange = Exchange(app, request)
    try:
        start = await exchange.start()
        body = b"".join([chunk async for chunk in exchange.chunks()])
    finally:
        exchange.leave()
    return Response(start.status, start.headers, body)


def _scope(request: Request) -> Scope:
    path, _, query = request.path.partition("?")
    headers = [(name.encode(), _bytes(value)) for name, value in request.headers.items()]
    if request.body and "content-length" not in request.headers:
        headers.append((b"content-length", str(len(request.body)).encode()))
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 0),
        "server": (request.headers.get("host", "localhost").partition(":")[0], 80),
    }


def _text(value: bytes) -> str:
    return value.decode(errors="surrogateescape")


def _bytes(value: str) -> bytes:
    return value.encode(errors="surrogateescape")
