"""Requests to GitHub, by gidgethub. What GitHub refuses becomes Refused, what it may grant later becomes Later."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from cutwater.github.app import App
from cutwater.github.asking import Calls, caller
from cutwater.github.credentials import Credentials, Identity, Tokens
from cutwater.github.etags import ETags
from cutwater.github.exchange import CALL_SECONDS, Exchange
from cutwater.github.limits import Limits, Shares, Sums
from cutwater.github.refusals import Forbidden as Forbidden
from cutwater.github.refusals import Incomplete as Incomplete
from cutwater.github.refusals import NotFound as NotFound
from cutwater.github.refusals import Unprocessable as Unprocessable
from cutwater.github.refusals import answered, complaint

if TYPE_CHECKING:
    from cutwater.github.wire import Wire

PAGE = 100
PATCH = "application/vnd.github.patch"
ME = "/user"
YOUNG = timedelta(minutes=1)
"""GitHub's replicas may not know yet, for so long, what an event tells of."""
PATIENCE = (1.0, 3.0)
"""Seconds before something is asked for again that an event tells of and that is not there."""
_TOLD_OF = {
    "/repos/{org}/{repo}/pulls/{number}",
    "/repos/{org}/{repo}/issues/{number}",
    "/repos/{org}/{repo}/commits/{sha}",
}

Json = Any
"""What GitHub answers; `cutwater.github.types.read` makes values of it."""
T = TypeVar("T")


class Asks(Protocol):
    """What may be asked of GitHub: the client itself, or one that remembers what it asked."""

    async def get(self, path: str, **parts: str | int) -> Json | None: ...

    async def exists(self, path: str, **parts: str | int) -> bool: ...

    async def pages(self, path: str, **parts: str | int) -> list[Json]: ...

    async def graphql(self, query: str, org: str, **variables: Any) -> Json: ...


def utc_now() -> datetime:
    return datetime.now(UTC)


class GitHub:
    """GitHub's API under one identity.

    Paths are URI templates whose parts are escaped: `get("/repos/{org}/{repo}/labels/{name}", org=…)`. The parts `org`
    and `repo` also say whose token is used. `client` is an `httpx2.AsyncClient`, `api` the address of the REST API.
    `credentials`: an App, or what answers with the token for a place (`cutwater.github.credentials`). `etags`: where
    answers are kept that may be asked for again. `shares`: what each caller may use of GitHub's limits. `sums`: where
    it is known what was used in other processes.
    """

    def __init__(
        self,
        client: Any,
        credentials: App | Callable[[str], Awaitable[str]],
        *,
        api: str,
        graphql_api: str,
        etags: ETags | None = None,
        shares: Shares | None = None,
        sums: Sums | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._credentials: Credentials = credentials if isinstance(credentials, App) else Tokens(credentials)
        self._base, self._graphql, self._clock = api.rstrip("/"), graphql_api, clock
        self.calls = Calls()
        limits = Limits(shares or Shares(), sums)
        self._exchange = Exchange(client, limits=limits, calls=self.calls, etags=etags, clock=clock)
        self._me: dict[str, Json] = {}

    @property
    def is_app(self) -> bool:
        """Whether we are a GitHub App."""
        return self._credentials.is_app

    async def get(self, path: str, **parts: str | int) -> Json | None:
        """One object, or None where there is none (404). `/user` is who we are, an App too."""
        if path == ME:
            return await self._who_we_are()
        try:
            return await self._call(
                "GET", path, parts, lambda wire: wire.getitem(path, _escapable(parts)), may_come=path in _TOLD_OF
            )
        except NotFound:
            return None

    async def exists(self, path: str, **parts: str | int) -> bool:
        """Whether GitHub answers 2xx (memberships: 204 or 404)."""
        try:
            await self._call("GET", path, parts, lambda wire: wire.getitem(path, _escapable(parts)))
        except NotFound:
            return False
        return True

    async def pages(self, path: str, **parts: str | int) -> list[Json]:
        """All items of all pages. Raises NotFound."""
        first = f"{path}{'&' if '?' in path else '?'}per_page={PAGE}"

        async def items(wire: "Wire") -> list[Json]:
            return [item async for item in wire.getiter(first, _escapable(parts))]

        return await self._call("GET", path, parts, items, seconds=CALL_SECONDS * 4)

    async def patch(self, org: str, repo: str, number: int) -> bytes:
        """What a pull request changes, as `git format-patch` mails it. Raises Refused."""
        path, parts = "/repos/{org}/{repo}/pulls/{number}", {"org": org, "repo": repo, "number": str(number)}
        return await self._call("GET", path, parts, lambda wire: wire.text(path, _escapable(parts), PATCH))

    async def token(self, org: str, repo: str) -> str:
        """What git signs in with at a repository; "" for nothing. Raises Refused and Later."""
        place = _place({"org": org, "repo": repo})
        async with answered(CALL_SECONDS, self._clock):
            return await self._credentials.token(place, self._own)

    async def send(self, method: str, path: str, body: Json = None, **parts: str | int) -> Json:
        """A change: POST, PATCH, PUT or DELETE. Raises Refused in GitHub's words."""

        def change(wire: "Wire") -> Awaitable[Json]:
            by_method: dict[str, Any] = {
                "POST": wire.post,
                "PATCH": wire.patch,
                "PUT": wire.put,
                "DELETE": wire.delete,
            }
            sent: Awaitable[Json] = by_method[method](path, _escapable(parts), data=b"" if body is None else body)
            return sent

        return await self._call(method, path, parts, change, may_come=method == "POST")

    async def graphql(self, query: str, org: str, **variables: Any) -> Json:
        """The data of a GraphQL query. Raises Refused with the first error's message, Incomplete where there is a part.

        One about a repository ($owner, $name) is asked with the repository's token, any other with that of the account.
        """
        name = f"GRAPHQL {_operation(query)}"
        asked = {"query": query, "variables": variables}
        is_read = not query.lstrip().startswith("mutation")

        async def ask(wire: "Wire") -> tuple[Json, Identity]:
            return await wire.post(self._graphql, data=asked), wire.identity

        here = {"repo": str(variables["name"])} if variables.get("owner") == org and "name" in variables else {}
        answer, identity = await self._call(name, "", {"org": org, **here}, ask, is_read=is_read)
        data = answer.get("data") or {}
        cost = (data.get("rateLimit") or {}).get("cost", 1)
        self._exchange.charge(identity, name, resource="graphql", cost=cost - 1)
        wrong = complaint(answer)
        if wrong is not None:
            raise wrong
        return data

    async def _who_we_are(self) -> Json:
        """Our account, asked for once in a process. An App's is the bot that its comments are by."""
        if self._credentials.is_app:
            if "" not in self._me:
                app = await self._call("GET", "/app", {}, lambda wire: wire.getitem("/app"))
                self._me[""] = {"login": f"{app['slug']}[bot]", "type": "Bot"}
            return self._me[""]
        us = (await self._wire(f"GET {ME}", "", is_read=True)).identity.sees
        if us not in self._me:
            self._me[us] = await self._call("GET", ME, {}, lambda wire: wire.getitem(ME))
        return self._me[us]

    async def _call(
        self,
        method: str,
        path: str,
        parts: Mapping[str, str | int],
        ask: Callable[["Wire"], Awaitable[T]],
        *,
        seconds: float = CALL_SECONDS,
        is_read: bool | None = None,
        may_come: bool = False,
    ) -> T:
        """One call. What is not there and `may_come` is asked for again, while the event that tells of it is young."""
        name = f"{method} {path.partition('?')[0]}".strip()
        place = "/app" if path.startswith("/app") else _place(parts)
        may_repeat = method == "GET" if is_read is None else is_read
        async with answered(seconds, self._clock):
            from gidgethub import BadRequest

            for pause in PATIENCE if may_come and self._is_young() else ():
                try:
                    return await self._authorised(name, place, ask, is_read=may_repeat)
                except BadRequest as error:
                    if int(error.status_code) != 404:
                        raise
                    await asyncio.sleep(pause)
            return await self._authorised(name, place, ask, is_read=may_repeat)

    def _is_young(self) -> bool:
        since = caller().since
        return since is not None and self._clock() - since < YOUNG

    async def _authorised(self, call: str, place: str, ask: Callable[["Wire"], Awaitable[T]], *, is_read: bool) -> T:
        """A call with the token for a place; once again where that was replaced meanwhile."""
        from gidgethub import BadRequest

        wire = await self._wire(call, place, is_read=is_read)
        try:
            return await ask(wire)
        except BadRequest as error:
            if int(error.status_code) != 401:
                raise
            self._credentials.forget(place)
            renewed = await self._wire(call, place, is_read=is_read)
            if renewed.oauth_token == wire.oauth_token:
                raise
            return await ask(renewed)

    async def _wire(self, call: str, place: str, *, is_read: bool) -> "Wire":
        if place == "/app":
            return self._own(call, is_read=is_read)
        from cutwater.github.wire import Wire

        token = await self._credentials.token(place, self._own)
        identity = self._credentials.identity(place, token)
        return Wire(self._exchange, self._base, call=call, is_read=is_read, identity=identity, token=token or None)

    def _own(self, call: str, *, is_read: bool = True) -> "Wire":
        """The App's own way, which acts for nobody."""
        from cutwater.github.wire import Wire

        identity = self._credentials.identity("", "")
        proof = self._credentials.jwt()
        return Wire(self._exchange, self._base, call=call, is_read=is_read, identity=identity, proof=proof)


def _place(parts: Mapping[str, str | int]) -> str:
    org, repo = str(parts.get("org", "")), str(parts.get("repo", ""))
    return f"{org}/{repo}" if repo else org


def _operation(query: str) -> str:
    """The name that a query gives itself."""
    return query.split("{")[0].split("(")[0].strip() or "query"


def _escapable(parts: Mapping[str, str | int]) -> dict[str, str]:
    """Raises NotFound for a name that would lead to another address: dots are not escaped."""
    for value in parts.values():
        if value in {"", ".", ".."}:
            raise NotFound(f'nothing on GitHub is called "{value}"')
    return {name: str(value) for name, value in parts.items()}
