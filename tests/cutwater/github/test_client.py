"""What GitHub's no means, what is asked again, and what must not be."""

import asyncio
from datetime import timedelta

import httpx2
import pytest

from cutwater.errors import Later, Refused
from cutwater.github.asking import asking
from cutwater.github.client import Forbidden, GitHub, NotFound, Unprocessable
from tests.cutwater.github.answers import NOW, Answering, Given, response

pytestmark = pytest.mark.virtual
SLOWLY = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
AT_NINE_PAST = "Mon, 02 Mar 2026 12:09:00 GMT"
AT_NOON = "Mon, 02 Mar 2026 12:00:00 GMT"
IN_TEN_MINUTES = str(int(NOW.timestamp()) + 600)
PULL = "/repos/{org}/{repo}/pulls/{number}"


async def post(github: GitHub) -> None:
    await github.send("POST", "/repos/{org}/{repo}/statuses/x", {}, org="acme", repo="rocket")


async def pull(github: GitHub) -> object:
    return await github.get(PULL, org="acme", repo="rocket", number=1)


@pytest.mark.parametrize(
    ("status", "message", "no"),
    [
        pytest.param(404, "Not Found", NotFound, id="404"),
        pytest.param(422, "Validation Failed", Unprocessable, id="422"),
        pytest.param(405, "Pull Request is not mergeable", Unprocessable, id="405"),
        pytest.param(403, "Resource not accessible by integration", Forbidden, id="no right"),
        pytest.param(410, "Issues are disabled for this repo", Refused, id="410"),
    ],
)
async def test_never(status: int, message: str, no: type[Exception]) -> None:
    given = Answering(response(status, {"message": message}))
    with pytest.raises(Refused) as found:
        await post(given.github)
    assert type(found.value) is no and message in str(found.value)
    assert len(given.asked) == 1


@pytest.mark.parametrize(
    ("status", "message", "headers", "seconds"),
    [
        pytest.param(403, "Forbidden", {"retry-after": "60"}, 60, id="403 with retry-after"),
        pytest.param(403, "API rate limit exceeded", {"x-ratelimit-remaining": "0"}, None, id="the hour's is used up"),
        pytest.param(
            403,
            "API rate limit exceeded",
            {"x-ratelimit-remaining": "0", "x-ratelimit-reset": IN_TEN_MINUTES, "date": AT_NOON},
            600,
            id="the hour's is used up, and it says until when",
        ),
        pytest.param(
            403,
            "API rate limit exceeded",
            {
                "x-ratelimit-remaining": "0",
                "x-ratelimit-reset": IN_TEN_MINUTES,
                "date": AT_NINE_PAST,
            },
            60,
            id="GitHub's clock counts, not ours",
        ),
        pytest.param(403, SLOWLY, {}, 60, id="a secondary limit, in words"),
        pytest.param(429, "Too many", {"retry-after": "7"}, 7, id="429"),
        pytest.param(429, "Too many", {}, None, id="429 without a word of how long"),
        pytest.param(502, "Bad Gateway", {}, None, id="502"),
        pytest.param(401, "Bad credentials", {}, None, id="a token that is not taken may be renewed"),
    ],
)
async def test_not_now(status: int, message: str, headers: dict[str, str], seconds: float | None) -> None:
    given = Answering(httpx2.Response(status, json={"message": message}, headers=headers))
    with pytest.raises(Later) as found:
        await post(given.github)
    assert found.value.seconds == seconds
    assert len(given.asked) == 1


UNSENT = httpx2.ConnectError("refused")
LOST = httpx2.ReadError("reset")
WELL = response(200, {"number": 1})


@pytest.mark.parametrize(
    ("answers", "requests"),
    [
        pytest.param([response(502), response(503), WELL], 3, id="5xx"),
        pytest.param([LOST, WELL], 2, id="an answer that got lost"),
        pytest.param([UNSENT, UNSENT, WELL], 3, id="no connection"),
    ],
)
async def test_a_question_is_asked_again(answers: list[Given], requests: int) -> None:
    given = Answering(*answers)
    assert await pull(given.github) == {"number": 1}
    assert len(given.asked) == requests


async def test_a_question_is_not_asked_again_for_ever() -> None:
    given = Answering(response(502))
    with pytest.raises(Later):
        await pull(given.github)
    assert len(given.asked) == 3


@pytest.mark.parametrize(
    ("answers", "requests", "is_done"),
    [
        pytest.param([response(502), WELL], 1, False, id="GitHub may have done it"),
        pytest.param([LOST, WELL], 1, False, id="an answer that got lost"),
        pytest.param([UNSENT, WELL], 2, True, id="it was never sent"),
    ],
)
async def test_a_change_is_not_made_twice(answers: list[Given], requests: int, is_done: bool) -> None:
    given = Answering(*answers)
    try:
        await post(given.github)
    except Later:
        assert not is_done
    else:
        assert is_done
    assert len(given.asked) == requests


async def test_a_call_ends_in_time() -> None:
    async def hang(request: httpx2.Request) -> httpx2.Response:
        await asyncio.sleep(3600)
        raise AssertionError

    async def token(place: str) -> str:
        return "token"

    client = httpx2.AsyncClient(transport=httpx2.MockTransport(hang), timeout=None)
    github = GitHub(client, token, api="http://github", graphql_api="http://github/graphql")
    began = asyncio.get_running_loop().time()
    for call in (pull, post):
        with pytest.raises(Later, match="in time"):
            await call(github)
    assert asyncio.get_running_loop().time() - began == pytest.approx(30, abs=1)


@pytest.mark.parametrize(
    ("age", "requests"),
    [pytest.param(10, 3, id="a young event"), pytest.param(90, 1, id="an old one"), pytest.param(None, 1, id="none")],
)
async def test_what_a_young_event_tells_of_may_come(age: float | None, requests: int) -> None:
    given = Answering(response(404, {"message": "Not Found"}))
    with asking("trigger", None if age is None else NOW - timedelta(seconds=age)):
        assert await pull(given.github) is None
    assert len(given.asked) == requests


async def test_that_somebody_is_no_member_is_said_at_once() -> None:
    given = Answering(response(404, {"message": "Not Found"}))
    with asking("trigger", NOW):
        assert not await given.github.exists("/orgs/{org}/members/{login}", org="acme", login="mallory")
    assert len(given.asked) == 1


async def test_a_token_that_was_replaced_meanwhile() -> None:
    def replace(request: httpx2.Request) -> httpx2.Response:
        given.token = "new"
        return response(401, {"message": "Bad credentials"})

    given = Answering(replace, WELL)
    given.token = "old"
    assert await pull(given.github) == {"number": 1}
    assert [request.headers["authorization"] for request in given.asked] == ["token old", "token new"]


async def test_parts_of_a_path_are_escaped() -> None:
    given = Answering(response(204))
    await given.github.send("DELETE", "/repos/{org}/{repo}/labels/{name}", org="acme", repo="rocket", name="a/b ?#%")
    assert given.asked[0].url.raw_path == b"/api/v3/repos/acme/rocket/labels/a%2Fb%20%3F%23%25"


@pytest.mark.parametrize("name", ["", ".", "..", "x" * 100_000], ids=["none", "a dot", "two dots", "a long one"])
async def test_a_name_leads_to_no_other_address(name: str) -> None:
    given = Answering(WELL)
    with pytest.raises(Refused, match="nothing on GitHub"):
        await given.github.send("DELETE", "/repos/{org}/{repo}/labels/{name}", org="acme", repo="rocket", name=name)
    assert given.asked == []


async def test_all_pages() -> None:
    first = response(200, [{"id": 1}], link='<http://github/api/v3/labels?page=2>; rel="next"')
    given = Answering(first, response(200, [{"id": 2}]))
    found = await given.github.pages("/repos/{org}/{repo}/labels", org="acme", repo="rocket")
    assert found == [{"id": 1}, {"id": 2}]
    assert [str(request.url) for request in given.asked] == [
        "http://github/api/v3/repos/acme/rocket/labels?per_page=100",
        "http://github/api/v3/labels?page=2",
    ]


async def test_no_error_holds_the_token() -> None:
    given = Answering(LOST)
    given.token = "ghp_secret"
    with pytest.raises(Later) as found:
        await post(given.github)
    error: BaseException | None = found.value
    while error is not None:
        assert "ghp_secret" not in f"{error!r} {error} {vars(error)}"
        error = error.__cause__


async def test_a_patch_comes_byte_for_byte() -> None:
    """GitHub says that it is UTF-8, whatever the files are in."""
    patch = b"Subject: [PATCH] \xff\xfe\n"
    headers = {"content-type": "application/vnd.github.patch; charset=utf-8"}
    given = Answering(httpx2.Response(200, content=patch, headers=headers))
    assert await given.github.patch("acme", "rocket", 1) == patch
    (asked,) = given.asked
    assert asked.headers["accept"] == "application/vnd.github.patch" and asked.headers["authorization"] == "token token"


async def test_a_patch_that_is_not_given() -> None:
    given = Answering(response(406, {"message": "Sorry, the diff exceeded the maximum number of files"}))
    with pytest.raises(Refused, match="exceeded the maximum"):
        await given.github.patch("acme", "rocket", 1)


async def test_what_git_signs_in_with() -> None:
    assert await Answering(response()).github.token("acme", "rocket") == "token"
