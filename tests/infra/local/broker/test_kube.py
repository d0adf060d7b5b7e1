"""Questions to an API server over HTTP."""

import asyncio
import json
from collections.abc import AsyncIterator

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from infra.local.broker.kube import Change, HttpKube, InProcess, Refusal

ADDED = {"type": "ADDED", "object": {"metadata": {"name": "a"}}}


class ApiServer:
    """Lists one object, and watches in two pieces that do not end where lines do."""

    def __init__(self) -> None:
        self.more = asyncio.Event()
        self.query: dict[str, str] = {}
        self.app = Starlette(
            routes=[Route("/pods", self.pods), Route("/broken", self.broken), Route("/cut", self.cut)],
        )

    async def pods(self, request: Request) -> Response:
        self.query = dict(request.query_params)
        if "watch" in self.query:
            return StreamingResponse(self.lines())
        return JSONResponse({"items": [ADDED["object"]], "metadata": {"resourceVersion": "1"}})

    async def lines(self) -> AsyncIterator[bytes]:
        line = json.dumps(ADDED).encode() + b"\n"
        yield line + line[:10]
        await self.more.wait()
        yield line[10:]

    async def broken(self, request: Request) -> Response:
        async def lines() -> AsyncIterator[bytes]:
            yield json.dumps(ADDED).encode() + b"\n"
            raise RuntimeError

        return StreamingResponse(lines())

    async def cut(self, request: Request) -> Response:
        return Response(json.dumps(ADDED).encode() + b"\n" + b'{"type": "AD')


def client(server: ApiServer) -> HttpKube:
    return HttpKube(httpx2.AsyncClient(transport=InProcess(server.app), base_url="http://kube"))


async def test_list() -> None:
    server = ApiServer()
    assert (await client(server).list("/pods", {"labelSelector": "a=b"}))["items"] == [ADDED["object"]]
    assert server.query == {"labelSelector": "a=b"}


async def test_watch_streams() -> None:
    server = ApiServer()
    changes = client(server).watch("/pods", {"resourceVersion": "1"})
    assert await anext(changes) == Change("ADDED", {"metadata": {"name": "a"}})
    assert server.query == {"resourceVersion": "1", "watch": "true"}
    server.more.set()
    assert len([change async for change in changes]) == 1


@pytest.mark.parametrize("verb", ["list", "watch"])
async def test_refused(verb: str) -> None:
    kube = client(ApiServer())
    with pytest.raises(Refusal) as error:
        await (kube.list("/none", {}) if verb == "list" else anext(kube.watch("/none", {})))
    assert error.value.status == 404


@pytest.mark.parametrize("path", ["/broken", "/cut"])
async def test_a_watch_that_breaks(path: str) -> None:
    changes = client(ApiServer()).watch(path, {})
    await anext(changes)
    with pytest.raises(ConnectionError):
        await anext(changes)


@pytest.mark.parametrize("verb", ["list", "watch"])
async def test_nothing_listens(verb: str) -> None:
    kube = HttpKube(httpx2.AsyncClient(base_url="http://127.0.0.1:9", trust_env=False))
    with pytest.raises(ConnectionError):
        await (kube.list("/pods", {}) if verb == "list" else anext(kube.watch("/pods", {})))
