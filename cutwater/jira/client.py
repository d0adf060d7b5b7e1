"""Requests to a Jira. What it refuses becomes Denied, what it may grant later becomes Unanswered.

Nothing is tried again here: a role that is told "later" asks once more, and each request is one that may be repeated.

Source of the conversation: sigs.k8s.io/prow pkg/jira (jira.go).
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar
from urllib.parse import quote

import msgspec
from msgspec import Struct, field

from cutwater.errors import Later, Refused

CALL_SECONDS = 15.0
"""No call lasts longer."""
LONGEST_ANSWER = 8 * 1024 * 1024
"""Bytes of an answer: the projects of the largest public Jira take one million."""
PROJECTS_SECONDS = 600.0
"""For so long the list of projects is good."""
ICON = {"url16x16": "https://github.com/favicon.ico", "title": "GitHub"}

Json = Any
Read = TypeVar("Read")


class Unanswered(Later):
    """It does not answer, or not with what was asked for."""


class Denied(Refused):
    """It will not, and did not."""


class Target(Struct, frozen=True):
    """Where a link leads, and what it is called."""

    url: str = ""
    title: str = ""


class RemoteLink(Struct, frozen=True):
    """A link on an issue."""

    id: int
    object: Target = field(default_factory=Target)


class Reader(Protocol):
    """What a role may ask of Jira before it decides. Raises Unanswered and Denied."""

    address: str

    async def projects(self) -> list[str]:
        """The keys of the projects that we may see."""

    async def has_issue(self, key: str) -> bool:
        """Whether there is an issue of this key that we may see."""


class _Project(Struct, frozen=True):
    key: str


class Jira:
    """One Jira under one identity. `client` makes an `httpx2.AsyncClient`, `address` is where Jira is.

    `authorization` is asked for the header at each request: a token may be changed while we run. "" is nobody's.
    """

    def __init__(self, client: Callable[[], Any], address: str, authorization: Callable[[], str]) -> None:
        self._make, self._client = client, None
        self.address, self._authorization = address.rstrip("/"), authorization
        self._projects: list[str] = []
        self._good_until = 0.0

    async def projects(self) -> list[str]:
        """The keys of the projects that we may see. They are asked for seldom: new ones are rare."""
        now = asyncio.get_running_loop().time()
        if not self._projects or now > self._good_until:
            found = _as(await self._ask("GET", "/rest/api/2/project"), list[_Project])
            self._projects, self._good_until = [project.key for project in found], now + PROJECTS_SECONDS
        return self._projects

    async def has_issue(self, key: str) -> bool:
        """Whether there is an issue of this key that we may see."""
        return await self._ask("GET", f"{_issue(key)}?fields=key") is not None

    async def links(self, key: str) -> list[RemoteLink]:
        """The links on an issue; none of one that is not there."""
        return _as(await self._ask("GET", f"{_issue(key)}/remotelink") or [], list[RemoteLink])

    async def add_link(self, key: str, to: Target) -> None:
        """Put a link on an issue. One to the same place that was put there by us before is changed instead."""
        await self._ask("POST", f"{_issue(key)}/remotelink", {"globalId": to.url, **_link(to)})

    async def change_link(self, key: str, link: int, to: Target) -> None:
        """Let a link lead elsewhere, or have it called otherwise."""
        await self._ask("PUT", f"{_issue(key)}/remotelink/{link}", _link(to))

    async def _ask(self, method: str, path: str, body: Mapping[str, Json] | None = None) -> Json | None:
        """The answer's JSON, None for an empty one, and for what a GET does not find. Raises Unanswered and Denied."""
        import httpx2

        if self._client is None:
            self._client = self._make()
        client: Any = self._client
        what = f"{method} {path.partition('?')[0]}"
        headers = {"accept": "application/json", "content-type": "application/json"}
        if authorization := self._authorization():
            headers["authorization"] = authorization
        content = b"" if body is None else msgspec.json.encode(body)
        try:
            async with asyncio.timeout(CALL_SECONDS):
                answer = await client.request(method, self.address + path, headers=headers, content=content)
        except (TimeoutError, httpx2.HTTPError) as error:
            raise Unanswered(f"Jira cannot be asked for {what}: {type(error).__name__}") from error
        status = int(answer.status_code)
        if status == 404 and method == "GET":
            return None
        if status in {408, 429} or status >= 500:
            raise Unanswered(f"Jira answers {status} to {what}")
        if not 200 <= status < 300:
            raise Denied(f"Jira answers {status} to {what}")
        return _decoded(answer.content, what)


def _decoded(content: bytes, what: str) -> Json | None:
    if len(content) > LONGEST_ANSWER:
        raise Denied(f"Jira's answer to {what} is longer than {LONGEST_ANSWER} bytes")
    try:
        return msgspec.json.decode(content) if content else None
    except msgspec.DecodeError as error:
        raise Unanswered(f"Jira's answer to {what} is no JSON") from error


def _as(found: Json, kind: type[Read]) -> Read:
    try:
        return msgspec.convert(found or [], kind)
    except msgspec.ValidationError as error:
        raise Unanswered(f"Jira's answer cannot be read: {error}") from error


def _issue(key: str) -> str:
    return f"/rest/api/2/issue/{quote(key, safe='')}"


def _link(to: Target) -> dict[str, Json]:
    return {"object": {"url": to.url, "title": to.title, "icon": ICON}}
