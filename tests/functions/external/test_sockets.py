"""The same over real sockets: what a server may do to a webhook, and what comes of it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import httpx2
import pytest

from cutwater.errors import Later, Refused
from cutwater.events import ledger
from cutwater.events.edges import Edges
from cutwater.events.ledger import Delivery
from cutwater.outgoing.client import Outgoing
from cutwater.storage.memory import MemoryStore
from functions.external import forwarding
from functions.external.forwarding import Forward
from tests.edges import edges

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
BODY = b'{"zen": "' + b"x" * 100_000 + b'"}'
DELIVERY = Delivery(
    guid="guid",
    event="ping",
    received=NOW,
    headers={"x-github-event": "ping", "user-agent": "GitHub-Hookshot/1"},
    body=BODY,
    plugins=("external:x",),
)
Serve = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving(serve: Serve) -> AsyncIterator[str]:
    """A server that reads one request, and does with it what the test says. Gives its address."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        await serve(head + await reader.readexactly(len(BODY)), writer)
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def world() -> Edges:
    state = MemoryStore(lambda: NOW)
    await ledger.store(state, DELIVERY)
    way = Outgoing(httpx2.AsyncClient, slack_token=lambda host: "", secret=lambda name: b"")
    return edges(state=state, clock=lambda: NOW, outgoing=lambda: way)


async def forward(address: str) -> forwarding.Answered:
    effect = Forward(stored=DELIVERY.stored, address=address, since=NOW, why="")
    return await effect.apply(await world())


async def test_bytes_and_headers() -> None:
    seen: list[bytes] = []

    async def serve(request: bytes, writer: asyncio.StreamWriter) -> None:
        seen.append(request)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfine")

    async with serving(serve) as address:
        assert await forward(f"{address}/hook") == forwarding.Answered(200, "fine")
    head, _, body = seen[0].partition(b"\r\n\r\n")
    assert body == BODY
    assert head.startswith(b"POST /hook HTTP/1.1\r\n")
    assert b"\r\nuser-agent: ProwHook" in head and b"Hookshot" not in head


async def test_nobody_there() -> None:
    async with serving(_silent) as address:
        pass
    with pytest.raises(Later, match="cannot be reached"):
        await forward(address)


async def _silent(request: bytes, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(0.3)


async def test_one_that_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forwarding, "SECONDS", 0.1)
    async with serving(_silent) as address:
        with pytest.raises(Later, match=r"does not answer within 0.1 s"):
            await forward(address)


async def test_one_that_breaks_off() -> None:
    async def serve(request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    async with serving(serve) as address:
        with pytest.raises(Later, match="broke off"):
            await forward(address)


async def test_one_that_is_no_web_server() -> None:
    async def serve(request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example.com ESMTP\r\n")

    async with serving(serve) as address:
        with pytest.raises(Later, match="broke off"):
            await forward(address)


async def test_a_page_of_html_that_never_ends() -> None:
    async def serve(request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 404 Not Found\r\ncontent-type: text/html\r\n\r\n" + b"<p>no</p>" * 100_000)

    async with serving(serve) as address:
        with pytest.raises(Refused, match=r"the plugin answers 404 <p>no</p>"):
            await forward(address)
