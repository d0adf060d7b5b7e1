"""One request to GitHub, and its answer: within the limits, not oftener than needed, and counted."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import Struct

from cutwater.github.asking import Calls, Spent, caller
from cutwater.github.credentials import Identity
from cutwater.github.etags import ETags, Kept, is_worth_keeping, may_come_again, name_of
from cutwater.github.limits import Limits, is_secondary, resource_of, wait_of
from cutwater.github.sharing import Shared

if TYPE_CHECKING:
    import httpx2

PAUSES = (0.3, 1.0)
"""Seconds before a question is asked again that got no answer, or a 5xx.

A change is not: the runner of a role looks first whether it stands.
"""
CALL_SECONDS = 15
"""No call lasts longer: a receipt's lease must outlive it."""


class Question(Struct, frozen=True, kw_only=True):
    """A request. `call` names it in the figures; a read may be asked again."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    identity: Identity
    call: str
    is_read: bool

    @property
    def name(self) -> str:
        """The same for whoever asks the same and may see the same."""
        return name_of(self.identity.sees, self.url, self.headers.get("accept", ""))

    @property
    def resource(self) -> str:
        """The limit that it counts towards."""
        return resource_of(urlsplit(self.url).path)


class Answer(Struct, frozen=True):
    """An answer; the names of headers are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Exchange:
    """The way to GitHub. `client` is an HTTP client, `etags` what was answered before."""

    def __init__(
        self,
        client: "httpx2.AsyncClient",
        *,
        limits: Limits,
        calls: Calls,
        etags: ETags | None,
        clock: Callable[[], datetime],
    ) -> None:
        self._client, self._limits, self._calls = client, limits, calls
        self._etags, self._clock = etags, clock
        self._shared: Shared[Answer] = Shared()

    async def ask(self, question: Question) -> Answer:
        """The answer, whatever it says. Raises Later (the limits forbid it), TimeoutError and httpx2.TransportError."""
        self._limits.admit(question.identity.counted, question.resource, caller().name)
        if question.method != "GET":
            return await self._ask(question)
        return await self._shared.once(question.name, lambda: self._ask(question))

    def charge(self, identity: Identity, call: str, *, resource: str, cost: int) -> None:
        """Count that a call has cost so much more than a request does."""
        self._calls.add(caller(), call, Spent(cost=cost))
        self._limits.charge(identity.counted, resource, caller().name, cost)

    async def _ask(self, question: Question) -> Answer:
        async with asyncio.timeout(CALL_SECONDS):
            return await self._known_or_sent(question)

    async def _known_or_sent(self, question: Question) -> Answer:
        """The answer; that of the last time where it has not changed since."""
        if self._etags is None or question.method != "GET" or not may_come_again(question.url):
            return await self._send(question, question.headers)
        kept = await self._etags.find(question.name)
        condition = {"if-none-match": kept.etag} if kept else {}
        answer = await self._send(question, {**question.headers, **condition})
        if answer.status == 304 and kept is not None:
            headers = {**answer.headers, "content-type": kept.content_type, "link": kept.link}
            return Answer(200, headers, kept.body)
        if answer.status == 200 and "etag" in answer.headers and is_worth_keeping(answer.body):
            await self._etags.keep(_kept(question.name, answer))
        return answer

    async def _send(self, question: Question, headers: Mapping[str, str]) -> Answer:
        """Send it, and once or twice again where that can do no harm."""
        import httpx2

        for pause in PAUSES:
            try:
                answer = await self._try(question, headers)
            except httpx2.TransportError as error:
                if not question.is_read and not isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout):
                    raise
            else:
                if answer.status < 500 or not question.is_read or "retry-after" in answer.headers:
                    return answer
            await asyncio.sleep(pause)
        return await self._try(question, headers)

    async def _try(self, question: Question, headers: Mapping[str, str]) -> Answer:
        began = asyncio.get_running_loop().time()
        response = await self._client.request(
            question.method, question.url, headers=dict(headers), content=question.body
        )
        answer = Answer(response.status_code, dict(response.headers.items()), response.content)
        resource = self._count(question, answer, asyncio.get_running_loop().time() - began)
        await self._limits.add_up(question.identity.counted, resource)
        return answer

    def _count(self, question: Question, answer: Answer, seconds: float) -> str:
        """Count an answer; the limit that it counts towards."""
        by, resource = question.identity.counted, answer.headers.get("x-ratelimit-resource", question.resource)
        cost = 0 if answer.status == 304 else 1
        self._calls.add(caller(), question.call, Spent(1, cost, 1 - cost, seconds))
        self._limits.note(by, resource, answer.headers, self._clock())
        self._limits.charge(by, resource, caller().name, cost)
        message = answer.body[:1000].decode(errors="replace") if answer.status in {403, 429} else ""
        if is_secondary(answer.status, answer.headers, message):
            self._limits.pause(by, wait_of(answer.status, answer.headers, message, self._clock()) or 0.0)
        return resource


def _kept(name: str, answer: Answer) -> Kept:
    headers = answer.headers
    return Kept(name, headers["etag"], answer.body, headers.get("content-type", ""), headers.get("link", ""))
