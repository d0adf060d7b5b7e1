"""What we open at a local GitHub: once, however often it is tried."""

from datetime import datetime, timedelta

import httpx2
import pytest

from cutwater.errors import Later, Refused
from cutwater.github.client import GitHub as Client
from cutwater.github.opening import Fork, OpenIssue, OpenPullRequest
from infra.local.github import Answer
from infra.local.github.server import GitHub
from tests import virtual_time

BOT = "ci-robot"


class World:
    """A local GitHub and us at it; `now` is what time it is for us."""

    def __init__(self) -> None:
        self.now = virtual_time.BEGINNING
        self.local = GitHub(clock=lambda: self.now)
        made = self.local.world()
        made.organisation("acme", members=["alice"])
        self.rocket = made.repository(
            "acme/rocket", files={"a": "1\n"}, branches=["stage"], collaborators=["alice", BOT]
        )
        token = made.token(BOT)

        async def given(place: str) -> str:
            return token

        client = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=self.local.app), base_url="http://github")
        api, graphql = "http://github/api/v3", "http://github/api/graphql"
        self.github = Client(client, given, api=api, graphql_api=graphql, clock=self.clock)

    def clock(self) -> datetime:
        return self.now

    async def push(self, branch: str, text: str) -> None:
        await self.local.world().push(self.rocket, branch, {"a": text}, author="alice")


PULL = OpenPullRequest(org="acme", repo="rocket", source="topic", base="stage", title="t", body="b", why="w")
ISSUE = OpenIssue(org="acme", repo="rocket", title="t", body="b", assignees=("alice",), why="w")
FORK = Fork(org="acme", repo="rocket", owner=BOT, until=virtual_time.BEGINNING + timedelta(minutes=6), why="w")


async def test_a_pull_request() -> None:
    world = World()
    await world.push("topic", "2\n")
    assert await PULL.stands(world, world.now) is None
    number = await PULL.apply(world)
    assert await PULL.stands(world, world.now) == number
    with pytest.raises(Refused, match="A pull request already exists for acme:topic"):
        await PULL.apply(world)


async def test_somebody_else_s_pull_request_is_not_ours() -> None:
    world = World()
    await world.push("topic", "2\n")
    alice = world.local.world().token("alice")
    body = {"title": "t", "head": "topic", "base": "stage"}
    client = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=world.local.app), base_url="http://github")
    await client.post("/api/v3/repos/acme/rocket/pulls", json=body, headers={"authorization": f"token {alice}"})
    assert await PULL.stands(world, world.now) is None


async def test_an_issue() -> None:
    world = World()
    assert await ISSUE.stands(world, world.now) is None
    number = await ISSUE.apply(world)
    assert await ISSUE.stands(world, world.now - timedelta(seconds=5)) == number
    world.now += timedelta(hours=1)
    assert await ISSUE.stands(world, world.now) is None, "one of an hour ago is another"


async def test_a_fork_is_waited_for() -> None:
    world = World()
    assert await FORK.stands(world, world.now) is None
    with pytest.raises(Later, match="ci-robot/rocket is being made") as later:
        await FORK.apply(world)
    assert later.value.seconds == 30 and await FORK.stands(world, world.now) is None
    world.now += timedelta(seconds=30)
    assert await FORK.stands(world, world.now) == await FORK.apply(world) == "rocket"


async def test_a_fork_that_does_not_come() -> None:
    world = World()
    world.local.plan("GET", f"/repos/{BOT}/rocket", Answer(404, {"message": "Not Found"}))
    world.now = FORK.until + timedelta(seconds=1)
    with pytest.raises(Refused, match="timed out waiting for ci-robot/rocket to appear on GitHub"):
        await FORK.apply(world)


@pytest.mark.parametrize(
    ("status", "name"), [pytest.param(403, "", id="forbidden"), pytest.param(422, None, id="otherwise refused")]
)
async def test_a_fork_that_is_refused(status: int, name: str | None) -> None:
    world = World()
    world.local.plan("POST", "/repos/acme/rocket/forks", Answer(status, {"message": "no"}))
    if name is None:
        with pytest.raises(Refused):
            await FORK.apply(world)
    else:
        assert await FORK.apply(world) == name


async def test_a_repository_of_that_name_that_is_no_fork() -> None:
    world = World()
    world.local.world().repository(f"{BOT}/rocket", files={"a": "1\n"})
    world.now += timedelta(minutes=1)
    assert await FORK.stands(world, world.now) is None
