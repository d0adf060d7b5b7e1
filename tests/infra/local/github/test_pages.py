"""The pages: what one sees, that one can take part, that nothing written by others is let through."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import httpx2
import pytest

from infra.local.github.world import Issue, World
from tests.contract.github.descriptions import CheckedGitHub


@pytest.fixture
def browser(github: CheckedGitHub) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(github.app), base_url="http://github.local")


async def build(world: World) -> Issue:
    rocket = world.repository("acme/rocket", files={"README.md": "one\n"}, collaborators=["alice"])
    change = await world.pull_request(
        rocket, author="bob", title="Fly <b>now</b>", body="It **flies**.", files={"main.py": "x = '<i>'\n"}
    )
    await change.comment("alice", "/lgtm <script>alert(1)</script>")
    await change.label("lgtm", by="alice")
    await change.set_status("alice", "unit", "failure", "Job failed.", "http://deck/view")
    await change.set_status("alice", "evil", "pending", "", "javascript:alert(1)")
    return change


async def test_a_pull_requests_story(world: World, browser: httpx2.AsyncClient) -> None:
    await build(world)
    page = (await browser.get("/acme/rocket/pull/1")).text
    text = " ".join(re.sub(r"<[^>]*>", " ", page).split())
    for words in (
        "bob wants to merge bob:topic into main",
        "It flies .",
        "alice commented",
        "alice added the label lgtm",
        "unit Job failed. details",
        "1 changed file",
        "Merge state: unstable.",
    ):
        assert words in text
    assert 'href="http://deck/view"' in page
    assert "<script>alert" not in page and "Fly <b>" not in page and "<i>" not in page and "javascript:" not in page


@pytest.mark.parametrize(
    "path",
    ["/", "/acme", "/acme/rocket", "/acme/rocket/pulls", "/acme/rocket/issues", "/acme/rocket/pulls?state=closed",
     "/acme/rocket/blob/main/README.md", "/acme/rocket/raw/main/README.md", "/acme/rocket/pull/1.diff",
     "/acme/rocket/pull/1?part=story", "/-/page.css", "/-/page.js"],
)  # fmt: skip
async def test_pages_there_are(world: World, browser: httpx2.AsyncClient, path: str) -> None:
    await build(world)
    found = await browser.get(path)
    assert found.status_code == 200
    again = await browser.get(path, headers={"if-none-match": found.headers["etag"]})
    assert again.status_code == 304


async def test_a_commit_has_a_page(world: World, browser: httpx2.AsyncClient) -> None:
    change = await build(world)
    assert "main.py" in (await browser.get(f"/acme/rocket/commit/{change.head}")).text


@pytest.mark.parametrize("path", ["/acme/moon", "/acme/rocket/pull/7", "/acme/rocket/pull/x", "/moon", "/a/b/c/d/e"])
async def test_pages_there_are_not(world: World, browser: httpx2.AsyncClient, path: str) -> None:
    await build(world)
    assert (await browser.get(path)).status_code == 404


async def send(
    browser: httpx2.AsyncClient, who: str, do: str, text: str = "", headers: Mapping[str, str] | None = None
) -> Any:
    form = urlencode({"as": who, "do": do, "text": text})
    return await browser.post("/acme/rocket/pull/1", content=form, headers=headers)


async def test_taking_part(world: World, browser: httpx2.AsyncClient) -> None:
    change = await build(world)
    said = await send(browser, "bob", "comment", "/test all")
    assert (said.status_code, said.headers["location"]) == (303, "/acme/rocket/pull/1#end")
    assert change.comments[-1] == ("bob", "/test all")
    await send(browser, "alice", "approve", "fine")
    page = (await browser.get("/acme/rocket/pull/1")).text
    assert "approved" in page
    await send(browser, "alice", "close")
    assert change.state == "closed"
    await send(browser, "bob", "reopen", "once more")
    assert (change.state, change.comments[-1]) == ("open", ("bob", "once more"))


@pytest.mark.parametrize(
    ("who", "do", "text", "headers", "status"),
    [
        pytest.param("bob", "approve", "", {}, 422, id="approving one's own"),
        pytest.param("bob", "comment", "", {}, 422, id="nothing said"),
        pytest.param("nobody", "comment", "x", {}, 404, id="as nobody"),
        pytest.param("carol", "close", "", {}, 403, id="closing another's"),
        pytest.param("bob", "dance", "", {}, 404, id="an unknown deed"),
        pytest.param("bob", "comment", "x", {"origin": "http://elsewhere"}, 403, id="from another site"),
    ],
)
async def test_refused_deeds(
    world: World,
    browser: httpx2.AsyncClient,
    who: str,
    do: str,
    text: str,
    headers: dict[str, str],
    status: int,
) -> None:
    change = await build(world)
    world.user("carol")
    before = change.record
    assert (await send(browser, who, do, text, headers)).status_code == status
    assert change.record == before
