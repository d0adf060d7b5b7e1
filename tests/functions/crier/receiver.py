"""Slack, and whoever else is told over HTTP: remembers what it got, and answers as the test wants."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

import httpx2
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from cutwater.outgoing.client import Outgoing

KEY = b"audit's key"
POSTED = b'{"ok": true}'


class Got(Struct, frozen=True):
    """One message."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode()))


class Receiver:
    """`answer` is what it says, or `answers` by host; an exception is raised instead, after it has read.

    `is_deaf`: it does not hear.
    """

    def __init__(self) -> None:
        self.answer: tuple[int, bytes] | Exception = (200, POSTED)
        self.answers: dict[str, tuple[int, bytes]] = {}
        self.is_deaf = False
        self.got: list[Got] = []
        self.way = Outgoing(
            lambda: httpx2.AsyncClient(transport=httpx2.ASGITransport(app=self)),
            slack_token=lambda host: f"token of {host}",
            secret=lambda name: KEY,
            slack="http://slack/api/chat.postMessage",
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.is_deaf:
            raise httpx2.ConnectError("nobody listens")
        request = Request(scope, receive)
        self.got.append(Got(request.url.path, dict(request.headers), await request.body()))
        answer = self.answers.get(request.headers["host"], self.answer)
        if isinstance(answer, Exception):
            raise answer
        status, body = answer
        await Response(body, status)(scope, receive, send)
