"""A GitHub App against the local GitHub: whose token, for what, for how long."""

import asyncio
from collections.abc import Callable
from contextlib import nullcontext
from datetime import timedelta

import httpx2
import msgspec
import pytest

from cutwater.errors import Later, Refused
from cutwater.github.app import App
from cutwater.github.asking import asking, permitted
from cutwater.github.client import GitHub
from cutwater.github.effects import AddComment, Subject
from cutwater.github.permissions import needed_by
from cutwater.github.read import Bot, Reader
from infra.local.github.handles import Repository
from infra.local.github.records import Token
from infra.local.github.server import GitHub as LocalGitHub
from tests import virtual_time

pytestmark = pytest.mark.virtual


class Scene:
    """An App `cutwater`, installed in acme, and who asks as it."""

    def __init__(
        self,
        limit: dict[str, str] | None = None,
        granted: dict[str, str] | None = None,
        key: Callable[[str], str] = lambda key: key,
    ) -> None:
        self.local = LocalGitHub(clock=virtual_time.clock)
        self.world = self.local.world()
        self.world.organisation("acme", members=["alice"])
        self.repositories: dict[str, Repository] = {}
        for name in ("rocket", "moon"):
            self.repositories[name] = self.world.repository(f"acme/{name}", files={"README.md": ""})
        self.world.repository("bob/toy", files={"README.md": ""})
        made = self.world.app(
            "cutwater", owner="acme", installed_in=["acme"], permissions=granted and {"metadata": "read", **granted}
        )
        self.key = key(made.private_key)
        self.asked: list[str] = []
        self.app = App(str(made.id), lambda: self.key, clock=virtual_time.clock, limit=limit)

        async def note(request: httpx2.Request) -> None:
            self.asked.append(f"{request.method} {request.url.path.removeprefix('/api/v3')}")

        transport = httpx2.ASGITransport(app=self.local.app)
        client = httpx2.AsyncClient(transport=transport, base_url="http://github", event_hooks={"request": [note]})
        api, graphql_api = "http://github/api/v3", "http://github/api/graphql"
        self.github = GitHub(client, self.app, api=api, graphql_api=graphql_api, clock=virtual_time.clock)

    @property
    def tokens(self) -> list[Token]:
        """Those of the App, as they were made."""
        return [token for token in self.local.hub.tokens if token.installation]

    def grant(self, permissions: dict[str, str]) -> None:
        """The account decides anew what the App may do there."""
        installations = self.local.hub.installations
        with self.local.hub.store.transaction():
            for one in list(installations):
                installations.put(msgspec.structs.replace(one, permissions={"metadata": "read", **permissions}))

    async def read(self, repo: str = "rocket", org: str = "acme") -> object:
        return await self.github.get("/repos/{org}/{repo}", org=org, repo=repo)


async def test_it_is_the_bot_of_its_name() -> None:
    scene = Scene()
    bot = await Reader(scene.github).bot()
    assert bot == Bot("cutwater", is_app=True) and bot.is_me("cutwater[bot]")
    assert not bot.is_me("alice") and not bot.is_me("cutwater")
    await Reader(scene.github).bot()
    assert scene.asked == ["GET /app"]


async def test_a_token_is_made_once_for_each_repository() -> None:
    scene = Scene()
    await asyncio.gather(*(scene.read() for _ in range(3)))
    await scene.read("moon")
    assert [asked for asked in scene.asked if "installation" in asked] == [
        "GET /repos/acme/rocket/installation",
        "POST /app/installations/1/access_tokens",
        "POST /app/installations/1/access_tokens",
    ]


async def test_a_token_is_for_its_repository_alone() -> None:
    scene = Scene()
    await scene.read()
    (token,) = scene.tokens
    rocket = scene.local.hub.repository("acme/rocket")
    assert rocket and token.repositories == (rocket.id,)


@pytest.mark.parametrize(
    "needed, limit, granted, made",
    [
        pytest.param(None, None, {"issues": "write"}, None, id="whoever says nothing has all"),
        pytest.param({"issues": "write"}, None, None, {"issues": "write"}, id="what the caller needs"),
        pytest.param({"issues": "write"}, {"issues": "read"}, None, {"issues": "read"}, id="a limit"),
        pytest.param({"issues": "write"}, {"checks": "read"}, None, {}, id="a limit without it"),
        pytest.param(None, {"issues": "read"}, None, {"issues": "read"}, id="a limit alone"),
        pytest.param({"issues": "read"}, {"issues": "write"}, None, {"issues": "read"}, id="a limit above it"),
        pytest.param(
            {"issues": "write", "checks": "read"},
            None,
            {"issues": "read"},
            {"issues": "read"},
            id="what was not granted is left out",
        ),
        pytest.param({"packages": "read"}, None, None, {}, id="nothing of it was granted"),
    ],
)
async def test_what_a_token_is_for(
    needed: dict[str, str] | None,
    limit: dict[str, str] | None,
    granted: dict[str, str] | None,
    made: dict[str, str] | None,
) -> None:
    scene = Scene(limit=limit, granted=granted)
    with nullcontext() if needed is None else permitted(needed):
        await scene.read()
    (token,) = scene.tokens
    assert token.permissions == (made if made is None else {"metadata": "read", **made})


async def test_each_caller_has_tokens_for_what_it_needs() -> None:
    scene = Scene()
    issue = await scene.world.issue(scene.repositories["rocket"], author="alice", title="x")
    subject = Subject("acme", "rocket", issue.number)
    for _ in range(2):
        with asking("cat"), permitted(needed_by([AddComment])):
            await AddComment(subject=subject, body="meow", why="").apply(scene)
        with asking("sigmention"), permitted(needed_by([])), pytest.raises(Refused, match="not accessible by integra"):
            await AddComment(subject=subject, body="hello", why="").apply(scene)
    assert len(scene.tokens) == 2


async def test_what_is_granted_later_is_known_within_the_hour() -> None:
    scene = Scene(granted={"issues": "read"})
    issue = await scene.world.issue(scene.repositories["rocket"], author="alice", title="x")
    effect = AddComment(subject=Subject("acme", "rocket", issue.number), body="hello", why="")
    with permitted(needed_by([AddComment])):
        with pytest.raises(Refused, match="not accessible by integration"):
            await effect.apply(scene)
        scene.grant({"issues": "write"})
        await asyncio.sleep(3600)
        assert await effect.apply(scene)


async def test_what_is_taken_away_is_not_asked_for() -> None:
    scene = Scene()
    with permitted({"issues": "write", "contents": "read"}):
        await scene.read()
        scene.grant({"issues": "read"})
        await scene.read("moon")
    assert scene.tokens[-1].permissions == {"metadata": "read", "issues": "read"}


async def test_an_account_s_token_reaches_all_of_it() -> None:
    scene = Scene()
    assert await scene.github.exists("/orgs/{org}/members/{login}", org="acme", login="alice")
    (token,) = [token for token in scene.local.hub.tokens if token.installation]
    assert token.repositories is None


async def test_a_comment_by_it_is_found_again() -> None:
    scene = Scene()
    issue = await scene.world.issue(scene.repositories["rocket"], author="alice", title="x")
    subject = Subject("acme", "rocket", issue.number)
    effect = AddComment(subject=subject, body="hello", why="")
    id_ = await effect.apply(scene)
    assert await effect.stands(scene, virtual_time.clock() - timedelta(minutes=1)) == id_


async def test_a_token_is_renewed_before_its_end() -> None:
    scene = Scene()
    await scene.read()
    await asyncio.sleep(56 * 60)
    await scene.read()
    assert scene.asked.count("POST /app/installations/1/access_tokens") == 2


async def test_a_token_that_is_not_taken_any_more_is_made_again() -> None:
    scene = Scene()
    await scene.read()
    with scene.local.hub.store.transaction():
        for token in [token for token in scene.local.hub.tokens if token.installation]:
            scene.local.hub.tokens.remove(token)
    assert await scene.read()


async def test_where_it_is_not_installed() -> None:
    scene = Scene()
    with pytest.raises(Refused, match="not installed for bob/toy"):
        await scene.read("toy", org="bob")


async def test_a_call_that_names_nobody() -> None:
    with pytest.raises(Refused, match="names none"):
        await Scene().github.get("/rate_limit")


async def test_a_key_that_is_none() -> None:
    with pytest.raises(Later, match="no RSA key") as found:
        await Scene(key=lambda key: "-----BEGIN SECRET").read()
    assert "BEGIN" not in repr(found.value)


async def test_a_key_that_is_replaced() -> None:
    scene = Scene()
    good, scene.key = scene.key, "torn"
    with pytest.raises(Later):
        await scene.read()
    scene.key = good
    assert await scene.read()
