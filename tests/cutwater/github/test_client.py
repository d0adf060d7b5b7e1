"""What GitHub's no means: never, or not now."""

import httpx2
import pytest

from cutwater.errors import Later, Refused
from cutwater.github.client import GitHub, NotFound, Unprocessable

SLOWLY = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."


async def ask(status: int, message: str, headers: dict[str, str]) -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(status, json={"message": message}, headers=headers)

    async def token(org: str) -> str:
        return "token"

    client = httpx2.AsyncClient(transport=httpx2.MockTransport(answer))
    github = GitHub(client, token, api="http://github", graphql_api="http://github/graphql")
    await github.send("POST", "/repos/{org}/{repo}/statuses/x", {}, org="acme", repo="rocket")


@pytest.mark.parametrize(
    ("status", "message", "headers", "no"),
    [
        pytest.param(404, "Not Found", {}, NotFound, id="404"),
        pytest.param(422, "Validation Failed", {}, Unprocessable, id="422"),
        pytest.param(403, "Resource not accessible by integration", {}, Refused, id="no right"),
        pytest.param(401, "Bad credentials", {}, Refused, id="bad credentials"),
    ],
)
async def test_never(status: int, message: str, headers: dict[str, str], no: type[Exception]) -> None:
    with pytest.raises(Refused) as found:
        await ask(status, message, headers)
    assert type(found.value) is no and message in str(found.value)


@pytest.mark.parametrize(
    ("status", "message", "headers", "seconds"),
    [
        pytest.param(403, "Forbidden", {"retry-after": "60"}, 60, id="403 with retry-after"),
        pytest.param(403, "API rate limit exceeded", {"x-ratelimit-remaining": "0"}, None, id="the hour's is used up"),
        pytest.param(403, SLOWLY, {}, None, id="a secondary limit, in words"),
        pytest.param(429, "Too many", {"retry-after": "7"}, 7, id="429"),
        pytest.param(502, "Bad Gateway", {}, None, id="502"),
    ],
)
async def test_not_now(status: int, message: str, headers: dict[str, str], seconds: float | None) -> None:
    with pytest.raises(Later) as found:
        await ask(status, message, headers)
    assert found.value.seconds == seconds
