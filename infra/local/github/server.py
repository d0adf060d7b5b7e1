"""The local GitHub as a whole: state, API, GraphQL, git and pages in one ASGI application.

REST      /api/v3/…            (as GitHub Enterprise Server has it)
GraphQL   /api/graphql
git       /<owner>/<repository>[.git]/info/refs, …
pages     /<owner>/<repository>/pull/<number>, …
"""

import tempfile
import weakref
from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING, Self

from starlette.types import Receive, Scope, Send

from infra.local.github import pushes, webhooks
from infra.local.github.graphql import GraphQL
from infra.local.github.hub import DEFAULT_ADDRESS, Hub, utc_now
from infra.local.github.pages import Pages
from infra.local.github.rates import Rates
from infra.local.github.rest.api import PREFIX, Planned, Request, Response, Rest
from infra.local.github.rest.calls import Answer
from infra.local.github.smart_http import SmartHttp
from infra.local.github.store import Store
from infra.local.github.webhooks import Deliver, Sender

if TYPE_CHECKING:
    from infra.local.github.world import World

GRAPHQL = "/api/graphql"
LARGEST_BODY = 25_000_000
"""Bytes of a request to the API; pushes are not bounded."""


class GitHub:
    """A GitHub of one's own.

    `state` is the folder of its database and repositories, None for one that is gone afterwards. `deliver` sends
    webhooks (by default over HTTP), `clock` tells the time that everything carries, `base_url` is where it is served.
    `search_lag` is how long its search does not notice what has changed.
    """

    def __init__(
        self,
        state: Path | None = None,
        clock: Callable[[], datetime] = utc_now,
        deliver: Deliver | None = None,
        base_url: str = DEFAULT_ADDRESS,
        search_lag: timedelta = timedelta(),
    ) -> None:
        if state is None:
            folder = Path(tempfile.mkdtemp(prefix="github-"))
            weakref.finalize(self, rmtree, folder, ignore_errors=True)
        else:
            folder = state
        (folder / "repositories").mkdir(parents=True, exist_ok=True)
        database = folder / "github.sqlite" if state else None
        self.hub = Hub(Store(database), clock=clock, address=base_url, repositories=folder / "repositories")
        self.hub.recent_issues.lag = search_lag
        self.rates = Rates(clock)
        self.rest = Rest(self.hub, self.rates)
        self._graphql = GraphQL(self.hub, self.rates)
        self._sender = Sender(self.hub, deliver or webhooks.post)
        self._pages = Pages(self.hub)
        self._git = SmartHttp(self.hub)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the database and of git; a temporary folder goes with the object."""
        for repository in self.hub.code.values():
            repository.close()
        self.hub.store.close()

    def world(self) -> "World":
        """What sets the scene: users, repositories, pull requests in a few words."""
        from infra.local.github.world import World

        return World(self)

    async def settle(self) -> None:
        """Wait until no webhook is under way."""
        await self._sender.settle()

    def send_webhooks(self) -> None:
        """Begin to send what is pending; needs a running event loop, and returns at once."""
        self._sender.start()

    def plan(self, method: str, path: str, *answers: Answer, is_lasting: bool = True) -> None:
        """Answer this REST request ("/repos/…") with these instead, one after the other; for tests of bad weather."""
        self.rest.planned[method, path] = Planned(list(answers), is_lasting)

    def answer(self, request: Request) -> Response:
        """Carry out one request to the REST API, without ASGI."""
        return self.rest.answer(request)

    def answer_graphql(self, request: Request) -> Response:
        """Carry out one GraphQL request, without ASGI."""
        return self._graphql.answer(request)

    @property
    def app(self) -> Self:
        """The ASGI application: the object itself."""
        return self

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        path: str = scope["path"]
        if path.startswith((PREFIX + "/", GRAPHQL)):
            await self._answer_api(scope, receive, send)
        elif SmartHttp.serves(path):
            await self._git.app(scope, receive, send)
        else:
            await self._pages.app(scope, receive, send)
        self._sender.start()

    async def _answer_api(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        body = await _read(receive)
        raw_path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1").partition("?")[0]
        request = Request(
            method=scope["method"],
            raw_path=raw_path.removeprefix(PREFIX),
            query=scope["query_string"].decode("latin-1"),
            headers=headers,
            body=body,
        )
        response = self.answer_graphql(request) if raw_path == GRAPHQL else self.answer(request)
        # Before the answer is sent: whoever gets it finds the webhooks under way.
        self._sender.start()
        always = [
            (b"content-length", b"%d" % len(response.body)),
            (b"date", format_datetime(self.hub.now(), usegmt=True).encode()),
        ]
        await send({"type": "http.response.start", "status": response.status, "headers": [*response.headers, *always]})
        await send({"type": "http.response.body", "body": response.body})

    async def _live(self, receive: Receive, send: Send) -> None:
        """Pick up where the process last ended: refs that had moved unnoticed, webhooks that were not sent."""
        await receive()
        with self.hub.store.transaction():
            for repository in self.hub.repositories:
                if not repository.is_described and (owner := self.hub.account(repository.owner)) is not None:
                    pushes.read_refs(self.hub, repository, owner)
        self._sender.start()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._sender.settle()
        self.close()
        await send({"type": "lifespan.shutdown.complete"})


async def _read(receive: Receive) -> bytes:
    parts = []
    size = 0
    while True:
        message = await receive()
        part = message.get("body", b"")
        size += len(part)
        if size <= LARGEST_BODY:
            parts.append(part)
        if not message.get("more_body"):
            return b"".join(parts)
