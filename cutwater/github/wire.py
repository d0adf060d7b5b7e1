"""gidgethub on our way to GitHub: it makes requests and reads answers, `Exchange` carries them."""

import asyncio
from collections.abc import Mapping

from gidgethub.abc import GitHubAPI

from cutwater.github.credentials import Identity
from cutwater.github.exchange import Exchange, Question

VERSION = "2022-11-28"
"""Of GitHub's API."""


class Wire(GitHubAPI):
    """GitHub for one call. `call` is its name in the figures, `is_read` whether it may be made twice."""

    def __init__(
        self,
        exchange: Exchange,
        base: str,
        *,
        call: str,
        is_read: bool,
        identity: Identity,
        token: str | None = None,
        proof: str | None = None,
    ) -> None:
        super().__init__("cutwater", oauth_token=token, base_url=base)
        self._exchange, self._call, self._is_read = exchange, call, is_read
        self.identity, self._proof = identity, proof

    async def _request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes = b""
    ) -> tuple[int, Mapping[str, str], bytes]:
        sent = {**headers, "x-github-api-version": VERSION}
        if self._proof is not None:
            sent["authorization"] = f"Bearer {self._proof}"
        question = Question(
            method=method,
            url=url,
            headers=sent,
            body=body,
            identity=self.identity,
            call=self._call,
            is_read=self._is_read,
        )
        answer = await self._exchange.ask(question)
        return answer.status, answer.headers, answer.body

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
