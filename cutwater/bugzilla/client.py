"""Requests to a Bugzilla. What it refuses becomes Denied, what it may grant later becomes Unanswered.

Nothing is tried again here: a role that is told "later" asks once more.

Source of the conversation: sigs.k8s.io/prow pkg/bugzilla (client.go).
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
"""Bytes of an answer: the comments of one bug are the longest."""
GITHUB = "https://github.com/"
"""What Bugzilla calls GitHub among the trackers that it links to."""
BEARER, HEADER, QUERY = "bearer", "x-bugzilla-api-key", "query"

Json = Any
Read = TypeVar("Read")


class Unanswered(Later):
    """It does not answer, or not with what was asked for."""


class Denied(Refused):
    """It will not, and did not."""


class User(Struct, frozen=True):
    """Somebody in Bugzilla."""

    email: str = ""


class Bug(Struct, frozen=True, kw_only=True):
    """A bug, as far as decisions need it. `target_release` is a list in which Bugzilla keeps one."""

    id: int
    summary: str = ""
    status: str = ""
    resolution: str = ""
    severity: str = ""
    is_open: bool = False
    groups: tuple[str, ...] = ()
    depends_on: tuple[int, ...] = ()
    blocks: tuple[int, ...] = ()
    target_release: tuple[str, ...] = ()
    whiteboard: str = ""
    qa_contact_detail: User | None = None


class Pull(Struct, frozen=True):
    """A pull request to which a bug is linked."""

    org: str
    repo: str
    number: int

    @property
    def identifier(self) -> str:
        """Its name in Bugzilla."""
        return f"{self.org}/{self.repo}/pull/{self.number}"


class _Tracker(Struct, frozen=True):
    url: str = ""


class _Link(Struct, frozen=True):
    bug_id: int = 0
    ext_bz_bug_id: str = ""
    type: _Tracker = field(default_factory=_Tracker)


class Asks(Protocol):
    """What answers questions: a Bugzilla, or its record."""

    address: str

    async def get(self, path: str) -> Json | None:
        """The answer; None where there is nothing. Raises Unanswered and Denied."""


class Reader:
    """Questions to a Bugzilla, with typed answers. They raise Unanswered and Denied."""

    def __init__(self, asks: Asks) -> None:
        self._asks, self.address = asks, asks.address

    async def bug(self, number: int) -> Bug | None:
        """A bug; None where there is none."""
        found = _first(await self._asks.get(bug_path(number)))
        return None if found is None else _as(found, Bug)

    async def links(self, number: int) -> list[Pull]:
        """The pull requests that a bug is linked to."""
        found = _first(await self._asks.get(f"/rest/bug/{number}?include_fields=external_bugs")) or {}
        links = _as(found.get("external_bugs") or [], list[_Link])
        mine = (link.ext_bz_bug_id for link in links if link.bug_id == number and link.type.url == GITHUB)
        return [pull for name in mine if (pull := _pull(name)) is not None]


class Bugzilla:
    """One Bugzilla under one identity. `client` makes an `httpx2.AsyncClient`, `address` is where Bugzilla is.

    `key` is asked for at each request: it may be changed while we run. "" is nobody's. `way`: how the key is shown
    (BEARER, HEADER, QUERY); "" is the header and the query together, one of which every Bugzilla understands.
    """

    def __init__(self, client: Callable[[], Any], address: str, key: Callable[[], str], way: str = "") -> None:
        if way not in {"", BEARER, HEADER, QUERY}:
            raise Refused(f"Bugzilla's key cannot be shown in the way '{way}'")
        self._make, self._client = client, None
        self.address, self._key, self._way = address.rstrip("/"), key, way

    async def get(self, path: str) -> Json | None:
        """The answer; None where there is nothing. Raises Unanswered and Denied."""
        return await self._ask("GET", path)

    async def send(self, method: str, path: str, body: Mapping[str, Json]) -> Json:
        """Change something. Raises Unanswered and Denied."""
        return await self._ask(method, path, body)

    async def _ask(self, method: str, path: str, body: Mapping[str, Json] | None = None) -> Json | None:
        import httpx2

        if self._client is None:
            self._client = self._make()
        client: Any = self._client
        what = f"{method} {path.partition('?')[0]}"
        headers = {"accept": "application/json", "content-type": "application/json"}
        if key := self._key():
            if self._way == BEARER:
                headers["authorization"] = f"Bearer {key}"
            if self._way in {"", HEADER}:
                headers["x-bugzilla-api-key"] = key
            if self._way in {"", QUERY}:
                path += f"{'&' if '?' in path else '?'}api_key={quote(key, safe='')}"
        content = b"" if body is None else msgspec.json.encode(body)
        try:
            async with asyncio.timeout(CALL_SECONDS):
                answer = await client.request(method, self.address + path, headers=headers, content=content)
        except (TimeoutError, httpx2.HTTPError) as error:
            raise Unanswered(f"Bugzilla cannot be asked for {what}: {type(error).__name__}") from error
        status = int(answer.status_code)
        if status == 404 and method == "GET":
            return None
        if status in {408, 429} or status >= 500:
            raise Unanswered(f"Bugzilla answers {status} to {what}")
        found = _decoded(answer.content, what, is_good=200 <= status < 300)
        if isinstance(found, dict) and found.get("error") is True:
            raise Denied(f"code {found.get('code')}: {found.get('message')}")
        if not 200 <= status < 300:
            raise Denied(f"Bugzilla answers {status} to {what}")
        return found


def bug_path(number: int) -> str:
    """Where a bug is. Flags are no default field everywhere."""
    return f"/rest/bug/{number}?include_fields=_default&include_fields=flags"


def _decoded(content: bytes, what: str, *, is_good: bool) -> Json | None:
    if len(content) > LONGEST_ANSWER:
        raise Denied(f"Bugzilla's answer to {what} is longer than {LONGEST_ANSWER} bytes")
    try:
        return msgspec.json.decode(content) if content else None
    except msgspec.DecodeError as error:
        if not is_good:
            return None  # its status says enough
        raise Unanswered(f"Bugzilla's answer to {what} is no JSON") from error


def _first(found: Json | None) -> Json | None:
    """The one bug of an answer."""
    if found is None:
        return None
    bugs = found.get("bugs") if isinstance(found, dict) else None
    if not isinstance(bugs, list) or len(bugs) != 1 or not isinstance(bugs[0], dict):
        raise Unanswered("Bugzilla's answer is not about one bug")
    return bugs[0]


def _as(found: Json, kind: type[Read]) -> Read:
    try:
        return msgspec.convert(found, kind)
    except msgspec.ValidationError as error:
        raise Unanswered(f"Bugzilla's answer cannot be read: {error}") from error


def _pull(identifier: str) -> Pull | None:
    """The pull request of a link, which people may have typed; None for anything else."""
    org, _, rest = identifier.partition("/")
    repo, _, rest = rest.partition("/")
    kind, _, rest = rest.partition("/")
    number, _, tail = rest.partition("/")
    is_pull = kind == "pull" and number.isascii() and number.isdigit() and len(number) < 19
    return Pull(org, repo, int(number)) if is_pull and tail in {"", "files", "files/"} else None
