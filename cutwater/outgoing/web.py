"""The public web, read: small answers of sites that have nothing to do with us, and how large a picture there is.

What a site names may be any address at all, so that only https and public names are asked, redirections included.
"""

import asyncio
import ipaddress
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from msgspec import Struct

from cutwater.errors import Refused

CALL_SECONDS = 10
LONGEST_ANSWER = 256 * 1024
"""Bytes of an answer that are read, unless more is asked for."""
REDIRECTS = 5
INNER = (".local", ".internal", ".localhost", ".svc", ".test", ".home.arpa")
"""Endings of names that are nobody's on the public web."""


class Page(Struct, frozen=True):
    """What a site answers. `length`: the bytes that it says to have; 0 where it does not say."""

    status: int
    body: bytes = b""
    length: int = 0


class Web:
    """The way to it. `client` makes an `httpx2.AsyncClient` that follows no redirections."""

    def __init__(self, client: Callable[[], Any]) -> None:
        self._make, self._client = client, None

    async def get(self, address: str, *, accept: str = "*/*", most: int = LONGEST_ANSWER) -> Page:
        """An answer, its first `most` bytes where it is longer. Raises Refused, also where nobody answers."""
        return await self._ask("GET", address, {"accept": accept}, most)

    async def head(self, address: str) -> Page:
        """An answer without its body. Raises Refused, also where nobody answers."""
        return await self._ask("HEAD", address, {})

    async def key(self, file: str) -> str:
        """The key that a site knows us by, which a file holds; "" where there is none."""
        try:
            return (await asyncio.to_thread(Path(file).read_text)).strip() if file else ""
        except OSError:
            return ""

    async def _ask(self, method: str, address: str, headers: Mapping[str, str], most: int = 0) -> Page:
        import httpx2

        try:
            async with asyncio.timeout(CALL_SECONDS):
                for _ in range(REDIRECTS):
                    expect_public(address)
                    page, onward = await self._once(method, address, headers, most)
                    if onward is None:
                        return page
                    address = urljoin(address, onward)
        except TimeoutError as error:
            raise Refused(f"{_host(address)} does not answer within {CALL_SECONDS} s") from error
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise Refused(f"{_host(address)} cannot be asked: {type(error).__name__}") from error
        raise Refused(f"{_host(address)} sends us round and round")

    async def _once(self, method: str, address: str, headers: Mapping[str, str], most: int) -> tuple[Page, str | None]:
        """One request: its answer, and where it sends us instead."""
        if self._client is None:
            self._client = self._make()
        client: Any = self._client
        async with client.stream(method, address, headers=dict(headers)) as response:
            if response.has_redirect_location:
                return Page(response.status_code), str(response.headers["location"])
            length = response.headers.get("content-length", "")
            body = b"" if method == "HEAD" else await _start_of(response, most)
            return Page(response.status_code, body, int(length) if length.isdigit() else 0), None


async def _start_of(response: Any, most: int) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > most:
            break
    return bytes(body[:most])


def expect_public(address: str) -> None:
    """Raises Refused for an address that is not plainly one of the public web: no https, a number, an inner name."""
    host = _host(address)
    is_inner = "." not in host or host.endswith(INNER) or _is_number(host)
    if is_inner or urlsplit(address).scheme != "https":
        raise Refused(f"{address[:100]} is no address of the public web")


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host.rpartition(".")[2].isdigit()
    return True


def _host(address: str) -> str:
    try:
        return (urlsplit(address).hostname or "").rstrip(".").lower()
    except ValueError:
        return ""
