"""Requests to one Jenkins. What it refuses becomes Denied, what it may grant later becomes Unanswered.

Only reading is tried again here. A start is not: whoever asked looks for it in the queue and the builds first. A POST
that is forbidden is sent a second time with a crumb, which Jenkins wants from those who have a password, and ties to a
session: its cookie is the client's to keep.

Source of the conversation: sigs.k8s.io/prow pkg/jenkins (jenkins.go).
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import msgspec

from cutwater.jenkins.errors import Denied, NotThere, Unanswered
from cutwater.jenkins.read import Json, Reader

CALL_SECONDS = 15.0
"""No call lasts longer, with all of its tries: a Lease must outlive it."""
PAUSES = (0.1, 0.2, 0.4, 0.8)
"""Seconds between the tries of a question that Jenkins fails to answer (5xx), or cannot be asked."""
CRUMBS = "/crumbIssuer/api/json"


class _Crumb(msgspec.Struct, frozen=True, rename="camel"):
    crumb: str
    crumb_request_field: str


class Console(msgspec.Struct, frozen=True):
    """What a build has written since some byte of its log. `end`: the byte after it; `is_all`: nothing will follow.

    Jenkins counts marks of its own among a log's bytes, and leaves them out of the text: only its own `end` says where
    to go on. It ends lines as a form does; here they end as they were written.
    """

    text: AsyncIterator[bytes]
    end: int
    is_all: bool


class Jenkins:
    """One Jenkins under one identity. `client` is an `httpx2.AsyncClient`, `address` where Jenkins is.

    `authorization` is asked for the header at each request: a token may be changed while we run. `read` is the reading
    half; the rest is for effects.
    """

    def __init__(self, client: Any, address: str, authorization: Callable[[], str]) -> None:
        self._client, self._address, self._authorization = client, address.rstrip("/"), authorization
        self._crumb: dict[str, str] = {}
        self.read = Reader(self)

    async def get(self, path: str) -> Json | None:
        """The JSON at a path, or None where there is none (404). Raises Unanswered and Denied."""
        async with _in_time(f"GET {_bare(path)}"):
            for pause in PAUSES:
                try:
                    return await self._get(path)
                except Unanswered:
                    await asyncio.sleep(pause)
            return await self._get(path)

    async def _get(self, path: str) -> Json | None:
        answer = await self._send("GET", path, follow_redirects=True)
        try:
            _check(answer, path)
        except NotThere:
            return None
        try:
            return msgspec.json.decode(answer.content)
        except msgspec.DecodeError as error:
            kind = answer.headers.get("content-type", "").partition(";")[0] or "nothing"
            raise Unanswered(f"it answers {kind} to GET {_bare(path)}, not JSON") from error

    async def start(self, job: str, parameters: Mapping[str, str]) -> None:
        """Have a job built with parameters. Raises Denied, and Unanswered where nobody knows."""
        from urllib.parse import urlencode

        body = urlencode(sorted(parameters.items())).encode()
        await self._post(f"{job}/buildWithParameters", body)

    async def build(self, job: str) -> None:
        """Have a job built that takes no parameters, so that it reads which ones it takes."""
        await self._post(f"{job}/build")

    async def stop(self, job: str, number: int) -> None:
        """Abort a build. One that has ended stays as it is. Raises NotThere."""
        await self._post(f"{job}/{number}/stop")

    async def cancel(self, queued: int) -> None:
        """Take a build out of the queue. One that has left it is left alone."""
        try:
            await self._post(f"/queue/cancelItem?id={queued}")
        except NotThere:
            return

    async def _post(self, path: str, body: bytes = b"") -> None:
        async with _in_time(f"POST {_bare(path)}"):
            answer = await self._send("POST", path, body)
            if answer.status_code == 403 and await self._renew_crumb():
                answer = await self._send("POST", path, body)
        if _leads_back(answer, path):
            return
        _check(answer, path)

    async def _renew_crumb(self) -> bool:
        """Fetch a crumb; False where Jenkins issues none."""
        self._crumb = {}
        answer = await self._send("GET", CRUMBS, follow_redirects=True)
        if answer.status_code != 200:
            return False
        try:
            found = msgspec.json.decode(answer.content, type=_Crumb)
        except msgspec.DecodeError:
            return False
        self._crumb = {found.crumb_request_field: found.crumb}
        return True

    @asynccontextmanager
    async def console(self, job: str, number: int, start: int) -> AsyncIterator[Console]:
        """The log of a build from a byte of it on. Raises Denied and Unanswered."""
        path = f"{job}/{number}/logText/progressiveText?start={start}"
        async with _answered(f"GET {_bare(path)}"):
            request = self._client.build_request("GET", self._address + path, headers=self._headers("GET"))
            answer = await self._client.send(request, stream=True, follow_redirects=True)
            try:
                _check(answer, path)
                end = answer.headers.get("x-text-size", "")
                if not end.isdigit():
                    raise Unanswered(f"it answers no log to GET {_bare(path)}")
                is_all = answer.headers.get("x-more-data", "").lower() != "true"
                yield Console(_with_plain_ends(answer.aiter_bytes()), int(end), is_all)
            finally:
                await answer.aclose()

    async def _send(self, method: str, path: str, body: bytes = b"", *, follow_redirects: bool = False) -> Any:
        headers = self._headers(method)
        if body:
            headers["content-type"] = "application/x-www-form-urlencoded"
        async with _answered(f"{method} {_bare(path)}"):
            return await self._client.request(
                method, self._address + path, headers=headers, content=body, follow_redirects=follow_redirects
            )

    def _headers(self, method: str) -> dict[str, str]:
        crumb = self._crumb if method == "POST" else {}
        return {"authorization": self._authorization(), "accept": "application/json, text/plain", **crumb}


async def _with_plain_ends(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The text with LF where it has CRLF."""
    rest = b""
    async for chunk in chunks:
        text = rest + chunk
        rest = b"\r" if text.endswith(b"\r") else b""
        yield text[: len(text) - len(rest)].replace(b"\r\n", b"\n")
    yield rest


@asynccontextmanager
async def _in_time(what: str) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(CALL_SECONDS):
            yield
    except TimeoutError as error:
        raise Unanswered(f"it does not answer {what} in {CALL_SECONDS:.0f} s") from error


@asynccontextmanager
async def _answered(what: str) -> AsyncIterator[None]:
    """A request whose failure is one of ours."""
    import httpx2

    try:
        yield
    except httpx2.HTTPError as error:
        raise Unanswered(f"it cannot be reached ({type(error).__name__}) for {what}") from error


def _check(answer: Any, path: str) -> None:
    """Raises what the status means."""
    status = int(answer.status_code)
    if 200 <= status < 300:
        return
    message = f"it answers {status} {answer.reason_phrase} to {answer.request.method} {_bare(path)}"
    if status == 404:
        raise NotThere(message)
    if status == 429 or status >= 500:
        raise Unanswered(message)
    raise Denied(message)


def _leads_back(answer: Any, path: str) -> bool:
    """Whether Jenkins has done it, and sends the browser to see: `stop` does so, and old servers at a start.

    Whoever is not logged in is sent elsewhere.
    """
    if answer.status_code not in {302, 303}:
        return False
    job, _, _ = _bare(path).rpartition("/")
    there: str = urlsplit(answer.headers.get("location", "")).path
    return there.rstrip("/").endswith(job)


def _bare(path: str) -> str:
    return path.partition("?")[0]
