"""Questions to an API server."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from cutwater.errors import Later, Refused
from infra.local.broker.kube import Change, Watched
from infra.local.transport import HttpTransport, InProcessTransport

ADDED = {"type": "ADDED", "object": {"metadata": {"name": "a"}}}


class ApiServer:
    """Lists one object, and watches in two pieces that do not end where lines do."""

    def __init__(self) -> None:
        self.more = asyncio.Event()
        self.query: dict[str, str] = {}
        self.app = Starlette(
            routes=[Route("/pods", self.pods), Route("/busy", self.busy), Route("/cut", self.cut)],
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

    async def busy(self, request: Request) -> Response:
        return Response("etcd is slow", 503)

    async def cut(self, request: Request) -> Response:
        return Response(json.dumps(ADDED).encode() + b"\n" + b'{"type": "AD')


def watched(server: ApiServer) -> Watched:
    return Watched(InProcessTransport(server.app))


async def test_list() -> None:
    server = ApiServer()
    assert (await watched(server).list("/pods", {"labelSelector": "a=b"}))["items"] == [ADDED["object"]]
    assert server.query == {"labelSelector": "a=b"}


async def test_watch_streams() -> None:
    server = ApiServer()
    changes = watched(server).watch("/pods", {"resourceVersion": "1"})
    assert await anext(changes) == Change("ADDED", {"metadata": {"name": "a"}})
    assert server.query == {"resourceVersion": "1", "watch": "true"}
    server.more.set()
    assert len([change async for change in changes]) == 1


@pytest.mark.parametrize("verb", ["list", "watch"])
@pytest.mark.parametrize("path, answer", [("/none", Refused), ("/busy", Later)])
async def test_an_answer_that_is_no(verb: str, path: str, answer: type[Exception]) -> None:
    kube = watched(ApiServer())
    with pytest.raises(answer):
        await (kube.list(path, {}) if verb == "list" else anext(kube.watch(path, {})))


async def test_a_watch_that_breaks() -> None:
    changes = watched(ApiServer()).watch("/cut", {})
    await anext(changes)
    with pytest.raises(Later):
        await anext(changes)


@pytest.mark.parametrize("verb", ["list", "watch"])
async def test_nothing_listens(verb: str) -> None:
    kube = Watched(HttpTransport("http://127.0.0.1:9"))
    with pytest.raises(Later):
        await (kube.list("/pods", {}) if verb == "list" else anext(kube.watch("/pods", {})))
