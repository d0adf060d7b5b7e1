"""gidgethub on our way to GitHub: it makes requests and reads answers, `Exchange` carries them."""

import asyncio
from collections.abc import Mapping

from gidgethub import sansio
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

    async def text(self, url: str, parts: Mapping[str, str], accept: str) -> bytes:
        """An answer that is no JSON, byte for byte: a patch may be in any encoding, whatever its header says."""
        headers = sansio.create_headers(self.requester, accept=accept, oauth_token=self.oauth_token)
        filled = sansio.format_url(url, parts, base_url=self.base_url)
        status, told, body = await self._request("GET", filled, headers)
        if status >= 300:
            sansio.decipher_response(status, told, body)  # raises what it says
        return body

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
