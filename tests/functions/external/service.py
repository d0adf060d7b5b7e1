"""A plugin of somebody else's, as Prow's library for them makes one: it checks the webhook, and answers."""

import hashlib
import hmac
from collections.abc import Callable, Sequence
from typing import Any

import httpx2

from cutwater.outgoing.client import Outgoing
from tests.world import SECRET

RECEIVED = "Event received. Have a nice day."
Trouble = Exception | httpx2.Response


class Service:
    """What is at some address. `troubles` come first, one for each request; then it does what it should."""

    def __init__(self, troubles: Sequence[Trouble] = ()) -> None:
        self._troubles = list(troubles)
        self.asked: list[httpx2.Request] = []
        self.taken: list[httpx2.Request] = []

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(request)
        if self._troubles:
            trouble = self._troubles.pop(0)
            if isinstance(trouble, Exception):
                raise trouble
            return trouble
        if request.headers.get("x-hub-signature-256") != signature(request.content):
            return httpx2.Response(403, text="403 Forbidden: Invalid X-Hub-Signature-256")
        self.taken.append(request)
        return httpx2.Response(200, text=RECEIVED)


def signature(body: bytes) -> str:
    """GitHub's, of a webhook."""
    return "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()


def way_to(services: dict[str, Service]) -> Callable[[], Outgoing]:
    """The way out to these services by their hosts; nobody is anywhere else."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.url.host not in services:
            raise httpx2.ConnectError("there is no such host")
        return services[request.url.host].answer(request)

    def client() -> Any:
        return httpx2.AsyncClient(transport=httpx2.MockTransport(answer))

    return lambda: Outgoing(client, slack_token=lambda host: "", secret=lambda name: b"")
