"""Requests to GitHub, by gidgethub. What GitHub refuses becomes Refused, what it may grant later becomes Later."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Protocol

from cutwater.errors import Later, Refused

CALL_SECONDS = 15
"""No call lasts longer: a receipt's lease must outlive it."""
PAGE = 100

Json = Any
"""What GitHub answers; `cutwater.github.types.read` makes values of it."""


class Asks(Protocol):
    """What may be asked of GitHub: the client itself, or one that remembers what it asked."""

    async def get(self, path: str, **parts: str | int) -> Json | None: ...

    async def exists(self, path: str, **parts: str | int) -> bool: ...

    async def pages(self, path: str, **parts: str | int) -> list[Json]: ...

    async def graphql(self, query: str, org: str, **variables: Any) -> Json: ...


class GitHub:
    """GitHub's API under one identity.

    Paths are URI templates whose parts are escaped: `get("/repos/{org}/{repo}/labels/{name}", org=…)`. The part `org`
    also says whose token is used: `token` answers with the token for an organisation. `client` is an
    `httpx2.AsyncClient`, `api` the address of the REST API.
    """

    def __init__(self, client: Any, token: Callable[[str], Awaitable[str]], *, api: str, graphql_api: str) -> None:
        self._client, self._token = client, token
        self._base, self._graphql = api.rstrip("/"), graphql_api

    async def get(self, path: str, **parts: str | int) -> Json | None:
        """One object, or None where there is none (404)."""
        api = await self._api(parts)
        try:
            async with _answered(CALL_SECONDS):
                return await api.getitem(path, _escapable(parts))
        except NotFound:
            return None

    async def exists(self, path: str, **parts: str | int) -> bool:
        """Whether GitHub answers 2xx (memberships: 204 or 404)."""
        api = await self._api(parts)
        try:
            async with _answered(CALL_SECONDS):
                await api.getitem(path, _escapable(parts))
        except NotFound:
            return False
        return True

    async def pages(self, path: str, **parts: str | int) -> list[Json]:
        """All items of all pages. Raises NotFound."""
        api = await self._api(parts)
        first = f"{path}{'&' if '?' in path else '?'}per_page={PAGE}"
        async with _answered(CALL_SECONDS * 4):
            return [item async for item in api.getiter(first, _escapable(parts))]

    async def send(self, method: str, path: str, body: Json = None, **parts: str | int) -> Json:
        """A change: POST, PATCH, PUT or DELETE. Raises Refused in GitHub's words."""
        api = await self._api(parts)
        change = {"POST": api.post, "PATCH": api.patch, "PUT": api.put, "DELETE": api.delete}[method]
        async with _answered(CALL_SECONDS):
            return await change(path, _escapable(parts), data=b"" if body is None else body)

    async def graphql(self, query: str, org: str, **variables: Any) -> Json:
        """The data of a GraphQL query. Raises Refused with the first error's message."""
        api = await self._api({"org": org})
        async with _answered(CALL_SECONDS):
            answer = await api.post(self._graphql, data={"query": query, "variables": variables})
        if answer.get("errors"):
            raise Refused(f"GitHub: {answer['errors'][0].get('message', 'unknown error')}")
        return answer["data"]

    async def _api(self, parts: Mapping[str, str | int]) -> Any:
        from gidgethub.httpx import GitHubAPI

        token = await self._token(str(parts.get("org", "")))
        return GitHubAPI(self._client, "cutwater", oauth_token=token or None, base_url=self._base)


@asynccontextmanager
async def _answered(seconds: float) -> AsyncIterator[None]:
    """A call to GitHub that ends in time, and whose failure is one of ours."""
    import httpx2
    from gidgethub import HTTPException

    try:
        async with asyncio.timeout(seconds):
            yield
    except HTTPException as error:
        raise _no(error) from error
    except TimeoutError as error:
        raise Later("GitHub does not answer in time") from error
    except httpx2.TransportError as error:
        raise Later(f"GitHub cannot be reached: {type(error).__name__}") from error


class NotFound(Refused):
    """404."""


class Unprocessable(Refused):
    """405, 409 or 422: GitHub will not do this as things stand. `status` says which."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def _escapable(parts: Mapping[str, str | int]) -> dict[str, str]:
    return {name: str(value) for name, value in parts.items()}


def _no(error: Any) -> Exception:
    """What GitHub's refusal means to us (gidgethub's exceptions carry the status and GitHub's message)."""
    status, headers = int(error.status_code), error.headers or {}
    message = f"GitHub answers {status}: {error}"
    if status == 404:
        return NotFound(message)
    if status >= 500 or status == 429:
        return Later(message, seconds=_wait(headers))
    if status == 403 and _is_too_fast(message, headers):
        return Later(message, seconds=_wait(headers))
    if status in {405, 409, 422}:
        return Unprocessable(status, message)
    return Refused(message)


def _is_too_fast(message: str, headers: Mapping[str, str]) -> bool:
    """Whether a 403 means that too much was asked. Of its secondary limits GitHub sometimes speaks in words only."""
    is_used_up = headers.get("x-ratelimit-remaining") == "0"
    return is_used_up or "retry-after" in headers or "secondary rate limit" in message.lower()


def _wait(headers: Mapping[str, str]) -> float | None:
    after = headers.get("retry-after", "")
    return float(after) if after.isdigit() else None
