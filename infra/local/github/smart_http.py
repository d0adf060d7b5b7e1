"""Repositories over smart HTTP: `git http-backend` behind a small CGI bridge, with GitHub's tokens as passwords.

A push is answered when what follows from it is done: pull requests have their new heads, webhooks are under way.
"""

import asyncio
import re
from collections.abc import Callable, Mapping
from http import HTTPStatus

from starlette.types import Receive, Scope, Send

from infra.local.github import pushes
from infra.local.github import records as r
from infra.local.github.access import Actor, Level, actor_level
from infra.local.github.errors import Refusal
from infra.local.github.git import ENVIRONMENT
from infra.local.github.hub import Hub
from infra.local.github.signin import actor_of

_PATH = re.compile(r"/(?P<owner>[^/]+)/(?P<name>[^/]+?)(?:\.git)?/(?P<rest>info/refs|git-upload-pack|git-receive-pack)")
PIECE = 65_536


class SmartHttp:
    """The ASGI application for the addresses that git asks for."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    @staticmethod
    def serves(path: str) -> bool:
        return _PATH.fullmatch(path) is not None

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = _PATH.fullmatch(scope["path"])
        assert found is not None
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        query = scope["query_string"].decode("latin-1")
        is_push = found["rest"] == "git-receive-pack" or "service=git-receive-pack" in query
        try:
            here, actor = self._admit(found["owner"], found["name"], headers, is_push=is_push)
        except Refusal as refusal:
            await _refuse(refusal, send)
            return
        pusher = actor.account
        environment = {
            **ENVIRONMENT,
            "GIT_PROJECT_ROOT": str(self._hub.repositories_folder),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GATEWAY_INTERFACE": "CGI/1.1",
            "PATH_INFO": f"/{here.id}.git/{found['rest']}",
            "QUERY_STRING": query,
            "REQUEST_METHOD": scope["method"],
            "CONTENT_TYPE": headers.get("content-type", ""),
            "REMOTE_ADDR": "127.0.0.1",
        }
        if pusher is not None:
            environment["REMOTE_USER"] = pusher.login
        for name in ("content-length", "content-encoding", "git-protocol"):
            if name in headers:
                key = "GIT_PROTOCOL" if name == "git-protocol" else "HTTP_" + name.upper().replace("-", "_")
                environment["CONTENT_LENGTH" if name == "content-length" else key] = headers[name]
        # What a push brings about comes before its answer ends: whoever has pushed finds it done.
        after = (lambda: self._read_refs(here, pusher)) if is_push and pusher is not None else None
        await _bridge(environment, receive, send, after)

    def _admit(self, owner: str, name: str, headers: Mapping[str, str], *, is_push: bool) -> tuple[r.Repository, Actor]:
        actor = actor_of(self._hub, headers)
        here = self._hub.repository(f"{owner}/{name}")
        level = actor_level(self._hub, here, actor) if here else Level.NONE
        wanted = Level.WRITE if is_push else Level.READ
        if here is None or here.is_described or level < Level.READ:
            if actor.kind == "anonymous":
                raise Refusal(401, "Repository not found.")
            raise Refusal(404, "Repository not found.")
        if level < wanted:
            if actor.kind == "anonymous":
                raise Refusal(401, "Authentication required.")
            raise Refusal(403, f"Permission to {here.full_name}.git denied to {actor.login}.")
        if is_push and here.is_archived:
            raise Refusal(403, "This repository was archived so it is read-only.")
        return here, actor

    def _read_refs(self, here: r.Repository, pusher: r.Account) -> None:
        with self._hub.store.transaction():
            pushes.read_refs(self._hub, self._hub.repositories[here.id], pusher)


async def _refuse(refusal: Refusal, send: Send) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    if refusal.status == HTTPStatus.UNAUTHORIZED:
        headers.append((b"www-authenticate", b'Basic realm="GitHub"'))
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": refusal.message.encode()})


async def _bridge(
    environment: Mapping[str, str], receive: Receive, send: Send, after: Callable[[], None] | None
) -> None:
    """Run the backend once: the request's body to its input, its output to the answer, `after` before the end."""
    backend = await asyncio.create_subprocess_exec(
        "git",
        "http-backend",
        env=environment,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert backend.stdin is not None and backend.stdout is not None
    feeding = asyncio.create_task(_feed(receive, backend.stdin))
    try:
        status, headers = await _head(backend.stdout)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        while piece := await backend.stdout.read(PIECE):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await backend.wait()
        if after is not None:
            after()
        await send({"type": "http.response.body", "body": b""})
    finally:
        feeding.cancel()
        if backend.returncode is None:
            backend.kill()
            await backend.wait()


async def _feed(receive: Receive, sink: asyncio.StreamWriter) -> None:
    try:
        while True:
            message = await receive()
            if message["type"] != "http.request":
                break
            sink.write(message.get("body", b""))
            await sink.drain()
            if not message.get("more_body"):
                break
    except (BrokenPipeError, ConnectionResetError):
        return
    finally:
        sink.close()


async def _head(source: asyncio.StreamReader) -> tuple[int, list[tuple[bytes, bytes]]]:
    """Status and headers of a CGI answer."""
    status, headers = 200, []
    while line := (await source.readline()).strip():
        name, _, value = line.partition(b":")
        if name.lower() == b"status":
            status = int(value.split()[0])
        else:
            headers.append((name.lower(), value.strip()))
    return status, headers
