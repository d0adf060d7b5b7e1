"""Pictures and words from sites that give another one each time."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import msgspec

from cutwater.errors import Refused
from cutwater.events.look import Look
from cutwater.outgoing.web import Page

T = TypeVar("T")
LARGEST = 5 * 1024 * 1024
"""Bytes of a picture that GitHub shows."""


async def tried(times: int, once: Callable[[], Awaitable[str]]) -> str | None:
    """What comes of it the first time that it is not refused; None where it always is."""
    for _ in range(times):
        try:
            return await once()
        except Refused:
            continue
    return None


def answer(page: Page, type_: type[T]) -> T:
    """What a site says, as a value. Raises Refused for any other answer."""
    if not 200 <= page.status <= 299:
        raise Refused(f"the site answers {page.status}")
    try:
        return msgspec.json.decode(page.body, type=type_)
    except msgspec.MsgspecError as error:
        raise Refused(f"the site's answer cannot be read: {error}") from error


async def expect_picture(look: Look, address: str) -> None:
    """Raises Refused for what GitHub would not show: nothing, or more than 5 MB."""
    if not address:
        raise Refused("no picture was named")
    page = await look.web.head(address)
    if page.status != 200:
        raise Refused(f"the picture is not there: {page.status}")
    if page.length > LARGEST:
        raise Refused(f"the picture is too large: {page.length} bytes")
