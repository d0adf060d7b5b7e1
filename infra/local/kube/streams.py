"""An HTTP answer without an end: watches and followed logs."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress

from starlette.types import Receive, Scope, Send


class Stream:
    """A response whose chunks are sent as they come. It ends with them, or as soon as the client is gone."""

    def __init__(self, chunks: AsyncGenerator[bytes], media_type: str) -> None:
        self._chunks = chunks
        self._media_type = media_type

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", self._media_type.encode()), (b"cache-control", b"no-cache, private")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        writer = asyncio.ensure_future(self._write(send))
        listener = asyncio.ensure_future(_until_disconnected(receive))
        try:
            await asyncio.wait((writer, listener), return_when=asyncio.FIRST_COMPLETED)
        finally:
            listener.cancel()
            if not writer.done():
                writer.cancel()
            with suppress(asyncio.CancelledError):
                await listener
            with suppress(asyncio.CancelledError, OSError):
                await writer

    async def _write(self, send: Send) -> None:
        # The head goes out at once: a client of a quiet watch waits for it.
        await send({"type": "http.response.body", "body": b"", "more_body": True})
        async with aclosing(self._chunks):
            async for chunk in self._chunks:
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _until_disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
