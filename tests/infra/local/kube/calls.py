"""Requests to a server in process: no sockets, so time may be virtual."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

from starlette.types import Message

from infra.local.kube import ApiServer

JsonObject: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """What a request was answered."""

    code: int
    content: bytes

    @property
    def body(self) -> JsonObject:
        parsed: JsonObject = json.loads(self.content)
        return parsed

    @property
    def names(self) -> list[str]:
        return [item["metadata"]["name"] for item in self.body["items"]]


class Exchange:
    """One request under way: its chunks as they come."""

    def __init__(self) -> None:
        self.code = 0
        self.chunks: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.gone = asyncio.Event()

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.code = message["status"]
            return
        if message.get("body"):
            self.chunks.put_nowait(message["body"])
        if not message.get("more_body", False):
            self.chunks.put_nowait(None)

    async def rest(self) -> bytes:
        """All that is still to come."""
        parts = []
        while (chunk := await self.chunks.get()) is not None:
            parts.append(chunk)
        return b"".join(parts)

    async def event(self) -> JsonObject:
        """The next event of a watch; each is a chunk of its own where they come one by one."""
        chunk = await self.chunks.get()
        assert chunk is not None, "the stream has ended"
        event: JsonObject = json.loads(chunk)
        return event


@asynccontextmanager
async def exchange(
    server: ApiServer, method: str, path: str, body: object = None, **headers: str
) -> AsyncIterator[Exchange]:
    """A request under way; the client goes away at the end."""
    content = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    path, _, query = path.partition("?")
    named = {"content-type": "application/json"} | {name.replace("_", "-"): value for name, value in headers.items()}
    scope: dict[str, Any] = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in named.items()],
    }
    under_way = Exchange()
    incoming = iter([{"type": "http.request", "body": content, "more_body": False}])

    async def receive() -> Message:
        for message in incoming:
            return message
        await under_way.gone.wait()
        return {"type": "http.disconnect"}

    task = asyncio.ensure_future(server.app(scope, receive, under_way.send))
    try:
        yield under_way
    finally:
        under_way.gone.set()
        await task


async def call(server: ApiServer, method: str, path: str, body: object = None, **headers: str) -> Answer:
    """One request and its whole answer."""
    async with exchange(server, method, path, body, **headers) as under_way:
        content = await under_way.rest()
        return Answer(under_way.code, content)
