"""What a Bugzilla's answers mean."""

import httpx2
import pytest

from cutwater.bugzilla.client import Bugzilla, Denied, Pull, Reader, Unanswered


def reader(answer: httpx2.Response | Exception, way: str = "") -> Reader:
    def handle(request: httpx2.Request) -> httpx2.Response:
        shown = {name for name in ("authorization", "x-bugzilla-api-key") if name in request.headers}
        shown |= {"query"} if request.url.params.get("api_key") == "key" else set()
        assert shown == ({"query", "x-bugzilla-api-key"} if not way else {"authorization" if way == "bearer" else way})
        if isinstance(answer, Exception):
            raise answer
        return answer

    client = httpx2.AsyncClient(transport=httpx2.MockTransport(handle))
    return Reader(Bugzilla(lambda: client, "https://bugs", lambda: "key", way))


@pytest.mark.parametrize(
    "answer, error",
    [
        pytest.param(httpx2.Response(401), Denied, id="nobody that it knows"),
        pytest.param(httpx2.Response(200, json={"error": True, "code": 102}), Denied, id="a secret"),
        pytest.param(httpx2.Response(429), Unanswered, id="too often"),
        pytest.param(httpx2.Response(500), Unanswered, id="broken"),
        pytest.param(httpx2.Response(200, text="<html>"), Unanswered, id="no JSON"),
        pytest.param(httpx2.Response(200, json={"bugs": []}), Unanswered, id="another shape"),
        pytest.param(httpx2.ConnectError("no"), Unanswered, id="not there"),
    ],
)
async def test_no_answers(answer: httpx2.Response | Exception, error: type[Exception]) -> None:
    with pytest.raises(error) as raised:
        await reader(answer).bug(1)
    assert "key" not in str(raised.value)


@pytest.mark.parametrize("way", ["", "bearer", "query", "x-bugzilla-api-key"])
async def test_ways_to_show_the_key(way: str) -> None:
    assert await reader(httpx2.Response(404), way).bug(1) is None


@pytest.mark.parametrize(
    "name, is_pull",
    [("a/b/pull/7", True), ("a/b/pull/7/files", True), ("a/b/issues/7", False), ("a/b/pull/x", False), ("a", False)],
)
async def test_links(name: str, is_pull: bool) -> None:
    link = {"bug_id": 1, "ext_bz_bug_id": name, "type": {"url": "https://github.com/"}}
    found = await reader(httpx2.Response(200, json={"bugs": [{"external_bugs": [link]}]})).links(1)
    assert found == ([Pull("a", "b", 7)] if is_pull else [])
