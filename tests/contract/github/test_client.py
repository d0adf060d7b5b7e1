"""gidgethub, and cutwater's client upon it, over ASGI in process."""

from typing import Any

import gidgethub
import httpx2
import pytest
from gidgethub.httpx import GitHubAPI

from cutwater.github.app import App
from cutwater.github.asking import asking
from cutwater.github.client import GitHub
from cutwater.github.etags import ETags
from cutwater.storage.memory import MemoryStore
from infra.local.github.world import World
from tests.contract.github.descriptions import CheckedGitHub


@pytest.fixture
def session(github: CheckedGitHub) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(github.app))


def api(session: httpx2.AsyncClient, github: CheckedGitHub, token: str | None, cache: Any = None) -> GitHubAPI:
    return GitHubAPI(session, "cutwater", oauth_token=token, base_url=github.hub.api, cache=cache)


async def test_items_of_all_pages(world: World, github: CheckedGitHub, session: httpx2.AsyncClient) -> None:
    rocket = world.repository("acme/rocket", files={"README.md": ""}, labels=[f"label-{n}" for n in range(250)])
    client = api(session, github, world.token("acme"))
    names = [item["name"] async for item in client.getiter(f"/repos/{rocket.name}/labels?per_page=100")]
    assert names == [f"label-{n}" for n in range(250)]


async def test_what_has_not_changed_is_answered_from_the_cache(
    world: World, github: CheckedGitHub, session: httpx2.AsyncClient
) -> None:
    rocket = world.repository("acme/rocket", files={"README.md": ""})
    client = api(session, github, world.token("acme"), cache={})
    first = await client.getitem(f"/repos/{rocket.name}")
    assert await client.getitem(f"/repos/{rocket.name}") == first
    assert github.rates.bucket("user/1", "core", is_anonymous=False).used == 1


@pytest.mark.parametrize(
    ("path", "error"),
    [
        pytest.param("/repos/acme/moon", gidgethub.BadRequest, id="not there"),
        pytest.param("/search/issues?q=", gidgethub.InvalidField, id="invalid"),
    ],
)
async def test_errors(
    github: CheckedGitHub, world: World, session: httpx2.AsyncClient, path: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        await api(session, github, world.token("bob")).getitem(path)


async def test_an_exhausted_rate_limit(github: CheckedGitHub, world: World, session: httpx2.AsyncClient) -> None:
    client = api(session, github, world.token("bob"))
    github.rates.exhaust("user/1")
    with pytest.raises(gidgethub.RateLimitExceeded):
        await client.getitem("/user")


async def test_graphql(github: CheckedGitHub, world: World, session: httpx2.AsyncClient) -> None:
    client = api(session, github, world.token("bob"))
    answered = await client.graphql("{viewer {login}}", endpoint=f"{github.hub.address}/api/graphql")
    assert answered == {"viewer": {"login": "bob"}}
    with pytest.raises(gidgethub.QueryError):
        await client.graphql('{user(login: "nobody") {id}}', endpoint=f"{github.hub.address}/api/graphql")


async def test_an_app_by_cutwater_s_client(github: CheckedGitHub, world: World, session: httpx2.AsyncClient) -> None:
    rocket = world.repository("acme/rocket", files={"README.md": ""})
    made = world.app("cutwater", installed_in=["acme"])
    clock = github.hub.now
    app = App(str(made.id), lambda: made.private_key, clock=clock, limit={"issues": "write"})
    state = MemoryStore(clock)
    client = GitHub(
        session,
        app,
        api=github.hub.api,
        graphql_api=f"{github.hub.address}/api/graphql",
        etags=ETags(lambda: state),
        clock=clock,
    )
    issue = await world.issue(rocket, author="acme", title="x")
    parts: dict[str, str | int] = {"org": "acme", "repo": "rocket", "number": issue.number}
    comments = "/repos/{org}/{repo}/issues/{number}/comments"
    await client.send("POST", comments, {"body": "x" * 1024}, **parts)
    with asking("lgtm") as spent:
        (first,) = await client.pages(comments, **parts)
        assert first["user"]["login"] == "cutwater[bot]"
        assert await client.pages(comments, **parts) == [first]
    assert (spent.calls, spent.cost, spent.unchanged) == (2, 1, 1)
