"""Messages out over HTTP. Of each is known whether it was taken, refused, or may have been taken.

What nobody has received may be sent again; what somebody may have received is sent twice only where that does no harm.
"""

import asyncio
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from msgspec import Struct

from cutwater.errors import Later, Refused

SLACK = "https://slack.com/api/chat.postMessage"
CALL_SECONDS = 10
LONGEST_ANSWER = 64 * 1024
"""Bytes of an answer that are read."""

NOT_NOW = frozenset({408, 425, 429, 500, 502, 503})
"""By these a server says that it has not taken the message."""
PERHAPS = 504
"""By this, that somebody behind it may have."""


class Unknown(Exception):
    """The message may have been received; its receiver's answer was not, or says neither yes nor no."""


class Silent(Unknown):
    """The receiver has the message, as far as we know, and does not answer in time."""


class Answer(Struct, frozen=True):
    """What the receiver said."""

    status: int
    body: bytes

    @property
    def shown(self) -> str:
        """In a few words, for people."""
        words = self.body[:200].decode(errors="replace").strip()
        return f"{self.status} {words}" if words else f"{self.status} {_phrase(self.status)}".strip()


class Outgoing:
    """The way out. `slack` is the address of Slack's chat.postMessage.

    `slack_token` answers with the token for a host of Slack, `secret` with the key that a receiver knows us by; both
    raise Refused where there is none. `client` makes an `httpx2.AsyncClient`; redirections are not followed.
    """

    def __init__(
        self,
        client: Callable[[], Any],
        *,
        slack_token: Callable[[str], str],
        secret: Callable[[str], bytes],
        slack: str = SLACK,
    ) -> None:
        self._make, self._client = client, None
        self.slack_token, self.secret, self.slack = slack_token, secret, slack

    async def post(
        self,
        address: str,
        *,
        headers: Mapping[str, str],
        body: bytes,
        seconds: float = CALL_SECONDS,
        most: int = LONGEST_ANSWER,
    ) -> Answer:
        """The receiver's answer to one POST: it is waited for so long, and so many bytes of it are read.

        Raises Later where nothing was received, Unknown where that cannot be said (Silent where there was no answer in
        time), and Refused for what is no address.
        """
        return await self._ask("POST", address, dict(headers), body, seconds, most)

    async def get(self, address: str, *, seconds: float = CALL_SECONDS, most: int = LONGEST_ANSWER) -> Answer:
        """The same for a GET."""
        return await self._ask("GET", address, {}, b"", seconds, most)

    async def _ask(
        self, method: str, address: str, headers: dict[str, str], body: bytes, seconds: float, most: int
    ) -> Answer:
        import httpx2

        if self._client is None:
            self._client = self._make()
        client: Any = self._client
        try:
            async with asyncio.timeout(seconds):
                async with client.stream(method, address, headers=headers, content=body, timeout=seconds) as response:
                    return Answer(response.status_code, await _start_of(response, most))
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
            raise Later(f"{_host(address)} cannot be reached: {type(error).__name__}") from error
        except (TimeoutError, httpx2.ReadTimeout) as error:
            raise Silent(f"{_host(address)} does not answer within {seconds:g} s") from error
        except (httpx2.InvalidURL, httpx2.UnsupportedProtocol) as error:
            raise Refused(f"{_host(address) or address[:100]} is no address that can be asked") from error
        except httpx2.HTTPError as error:
            raise Unknown(f"{_host(address)} broke off: {type(error).__name__}") from error


def expect_word(answer: Answer, receiver: str) -> None:
    """Raises Later where the receiver takes nothing now, and Unknown where it cannot say."""
    if answer.status == PERHAPS:
        raise Unknown(f"{receiver} answers {answer.shown}")
    if answer.status in NOT_NOW:
        raise Later(f"{receiver} answers {answer.shown}")


async def _start_of(response: Any, most: int) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > most:
            break
    return bytes(body[:most])


def _host(address: str) -> str:
    """Who was asked; not the whole address, which may hold a secret."""
    return address.partition("://")[2].partition("/")[0].rpartition("@")[2]


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
