"""A GitHub that gives the answers of a test, one after the other, and keeps what it was asked."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx2

from cutwater.github.app import App
from cutwater.github.client import GitHub
from cutwater.github.etags import ETags
from cutwater.github.limits import Shares, Sums

API = "http://github/api/v3"
NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
Given = httpx2.Response | Exception


def response(status: int = 200, body: Any = None, **headers: str) -> httpx2.Response:
    """An answer; names of headers are written with `_`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx2.Response(status, json={} if body is None else body, headers=named)


class Answering:
    """GitHub, as far as `answers` go; the last one again and again."""

    def __init__(
        self,
        *answers: Given | Callable[[httpx2.Request], Given],
        app: App | None = None,
        etags: ETags | None = None,
        shares: Shares | None = None,
        sums: Sums | None = None,
    ) -> None:
        self._answers = list(answers)
        self.asked: list[httpx2.Request] = []
        self.token = "token"
        client = httpx2.AsyncClient(transport=httpx2.MockTransport(self._answer))
        self.github = GitHub(
            client,
            app or self._token,
            api=API,
            graphql_api="http://github/api/graphql",
            etags=etags,
            shares=shares,
            sums=sums,
            clock=lambda: NOW,
        )

    async def _token(self, place: str) -> str:
        return self.token

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(request)
        given = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        answer = given(request) if callable(given) else given
        if isinstance(answer, Exception):
            raise answer
        return answer
