"""`/artifacts/…`: the files of a run, and the folders they lie in.

A file is whatever a test wrote. It is served as what it claims to be only where that is text or a picture, and always
into a sandbox: no script of it runs, and nothing of this site is near it.
"""

import zlib
from collections.abc import AsyncIterator, Mapping
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from cutwater.storage.store import Stored
from functions.deck import pages
from functions.deck.places import NotServed, Place, place
from functions.deck.storage import BLOCK, Storage

SANDBOX: Mapping[str, str] = {
    "content-security-policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "private, max-age=60",
}
PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml"})
TEXTS = frozenset({"application/json", "application/xml", "application/yaml", "application/x-yaml", "application/toml"})
TEXT_NAMES = (".txt", ".log", ".json", ".xml", ".yaml", ".yml", ".md", ".csv", ".out", ".err", ".toml", ".sh", ".go")
TEXT = "text/plain; charset=utf-8"
HTML = "text/html; charset=utf-8"
ANY = "application/octet-stream"


def shown_as(name: str, claimed: str) -> str:
    """The type under which a file is served; ANY is for saving only."""
    kind = claimed.partition(";")[0].strip().lower()
    if kind in PICTURES:
        return kind
    if kind == "text/html":
        return HTML
    if kind.startswith("text/") or kind in TEXTS or is_text(name):
        return TEXT
    return ANY


def is_text(name: str) -> bool:
    """Whether a file of this name is one to read in the log view."""
    return name.lower().endswith(TEXT_NAMES)


class Artifacts:
    """Folders as pages, files as they are."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    async def show(self, request: Request) -> Response:
        path = request.path_params["path"]
        wanted = await self._storage.follow(place(path))
        if not path.endswith("/") and (stored := await self._storage.head(wanted)) is not None:
            return await self._file(request, wanted, stored)
        entries, is_all = await self._storage.files(wanted, below=False)
        if not entries:
            raise NotServed(f"there is no {wanted.key}")
        if not path.endswith("/"):
            return pages.see(f"/artifacts/{wanted.address}/")
        return pages.html(
            "files.html", folder=wanted, entries=entries, is_all=is_all, is_text=is_text, ancestors=ancestors(wanted)
        )

    async def _file(self, request: Request, file: Place, stored: Stored) -> Response:
        kind = shown_as(file.name, stored.content_type)
        headers = dict(SANDBOX)
        if kind == ANY:
            headers["content-disposition"] = f"attachment; filename*=UTF-8''{quote(file.name, safe='')}"
        body = self._storage.blocks(file, 0, stored.size)
        if stored.content_encoding == "gzip":
            if "gzip" in request.headers.get("accept-encoding", ""):
                headers["content-encoding"] = "gzip"
            else:
                return StreamingResponse(_unpacked(body), media_type=kind, headers=headers)
        headers["content-length"] = str(stored.size)
        if request.method == "HEAD":
            return Response(media_type=kind, headers=headers)
        return StreamingResponse(body, media_type=kind, headers=headers)


async def _unpacked(body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Unpacked a block at a time: it may become a thousand times as long, and is nowhere held."""
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
    async for packed in body:
        while packed:
            yield unpacker.decompress(packed, BLOCK)
            packed = unpacker.unconsumed_tail


def ancestors(folder: Place) -> list[tuple[str, Place]]:
    """The folders above, from the top, each with its name; and the folder itself."""
    parts = folder.key.split("/")
    return [
        (part, Place(provider=folder.provider, bucket=folder.bucket, key="/".join(parts[: index + 1])))
        for index, part in enumerate(parts)
    ]
