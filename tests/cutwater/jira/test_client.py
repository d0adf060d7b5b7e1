"""What a Jira's answers mean."""

import httpx2
import pytest

from cutwater.jira.client import Denied, Jira, Unanswered


def jira(answer: httpx2.Response | Exception, authorization: str = "") -> Jira:
    def handle(request: httpx2.Request) -> httpx2.Response:
        assert request.headers.get("authorization", "") == authorization
        if isinstance(answer, Exception):
            raise answer
        return answer

    client = httpx2.AsyncClient(transport=httpx2.MockTransport(handle))
    return Jira(lambda: client, "https://jira", lambda: authorization)


@pytest.mark.parametrize(
    "answer, error",
    [
        pytest.param(httpx2.Response(401), Denied, id="nobody that it knows"),
        pytest.param(httpx2.Response(302, headers={"location": "https://login"}), Denied, id="sent to log in"),
        pytest.param(httpx2.Response(429), Unanswered, id="too often"),
        pytest.param(httpx2.Response(500), Unanswered, id="broken"),
        pytest.param(httpx2.Response(200, text="<html>"), Unanswered, id="no JSON"),
        pytest.param(httpx2.Response(200, json={"a": "page"}), Unanswered, id="another shape"),
        pytest.param(httpx2.ConnectError("no"), Unanswered, id="not there"),
    ],
)
async def test_no_answers(answer: httpx2.Response | Exception, error: type[Exception]) -> None:
    with pytest.raises(error) as raised:
        await jira(answer, "Bearer token").projects()
    assert "token" not in str(raised.value)


@pytest.mark.parametrize(
    "answer, is_there", [(httpx2.Response(200, json={"key": "A-1"}), True), (httpx2.Response(404), False)]
)
async def test_issues(answer: httpx2.Response, is_there: bool) -> None:
    assert await jira(answer).has_issue("A-1") is is_there


async def test_projects_are_asked_for_seldom() -> None:
    asked = []

    def handle(request: httpx2.Request) -> httpx2.Response:
        asked.append(request.url.path)
        return httpx2.Response(200, json=[{"key": "ABC"}])

    client = httpx2.AsyncClient(transport=httpx2.MockTransport(handle))
    one = Jira(lambda: client, "https://jira", lambda: "")
    assert [await one.projects(), await one.projects()] == [["ABC"], ["ABC"]]
    assert asked == ["/rest/api/2/project"]
