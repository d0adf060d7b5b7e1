"""Cherry-picks and stacks over real HTTP, at the local GitHub, with tokens."""

import asyncio
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from cutwater.errors import Later, Refused
from cutwater.git.clones import Clones
from cutwater.git.effects import CherryPick, KeepCommits, Picked, PushStack
from cutwater.git.remotes import Remotes
from cutwater.git.stacks import Change
from cutwater.storage.memory import MemoryStore
from infra.local.github.code import git_of
from infra.local.github.handles import Issue
from infra.local.github.repositories import fork
from infra.local.github.server import GitHub

pytestmark = pytest.mark.slow

REPOSITORY, FORK = "acme/rocket", "ci-robot/rocket"


class Served:
    """A local GitHub at work, a pull request in it that was merged, and the bot's fork."""

    def __init__(self, folder: Path) -> None:
        self.local = GitHub(folder)
        self._server = uvicorn.Server(uvicorn.Config(self.local.app, port=0, lifespan="off", log_level="error"))
        self._thread = threading.Thread(target=lambda: asyncio.run(self._server.serve()), daemon=True)

    pull: Issue

    async def make(self) -> None:
        world = self.local.world()
        world.organisation("acme", members=["alice"])
        self.token = world.token("ci-robot")
        here = world.repository(
            REPOSITORY,
            files={"a": "1\n2\n3\n"},
            is_private=True,
            collaborators=["alice", "ci-robot"],
            hook=("http://127.0.0.1:9/", "secret"),
        )
        await world.push(here, "stage", {"r": "r\n"}, author="alice")
        self.stage = here.head("stage")
        self.pull = await world.pull_request(here, author="alice", files={"a": "1\n2\n3\n4\n"})
        with self.local.hub.store.transaction():
            fork(self.local.hub, here.record, "ci-robot")

    def start(self) -> None:
        self._thread.start()
        while not self._server.started:
            threading.Event().wait(0.01)
        port = self._server.servers[0].sockets[0].getsockname()[1]
        self.address = f"http://127.0.0.1:{port}"

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join()
        self.local.close()

    # The world of the effect

    def remotes(self, token: str) -> Remotes:
        async def given(org: str, repo: str) -> str:
            return token

        return Remotes(self.address, given)

    async def patch(self, org: str, repo: str, number: int) -> bytes:
        here = self.local.hub.repository(f"{org}/{repo}")
        assert here is not None
        return git_of(self.local.hub, here).patch_text(self.pull.pull.base_sha, self.pull.head)


class World:
    """What the effect needs."""

    def __init__(self, served: Served, token: str) -> None:
        self.github, self.git = served, served.remotes(token)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    served = Served(tmp_path)
    asyncio.run(served.make())
    served.start()
    try:
        yield served
    finally:
        served.stop()


def picking(served: Served) -> CherryPick:
    return CherryPick(
        org="acme",
        repo="rocket",
        number=served.pull.number,
        commits=1,
        onto=served.stage,
        place=FORK,
        branch="pick",
        name="ci-robot",
        email="ci-robot@example.com",
        at=datetime(2026, 1, 5, tzinfo=UTC),
        why="test",
    )


async def test_it_is_pushed_with_the_bot_s_right(served: Served) -> None:
    picked = await picking(served).apply(World(served, served.token))
    here = served.local.hub.repository(FORK)
    assert here is not None and picked["failed"] == ""
    ref = served.local.hub.branch(here, "pick")
    assert ref is not None and ref.sha == picked["sha"], "GitHub has heard of it"
    assert git_of(served.local.hub, here).read(f"{ref.sha}:a").body == b"1\n2\n3\n4\n"  # type: ignore[union-attr]
    assert await picking(served).apply(World(served, served.token)) == picked


async def test_without_a_right_to_the_fork(served: Served) -> None:
    stranger = served.local.world().token("alice")
    picked = await picking(served).apply(World(served, stranger))
    assert picked["failed"] == "push" and "Repository not found." in picked["words"]


async def test_a_commit_that_is_gone(served: Served) -> None:
    served.stage = "1" * 40
    picked = await picking(served).apply(World(served, served.token))
    assert picked["failed"] == "fetch" and "not our ref" in picked["words"]


async def test_nobody_at_home(served: Served) -> None:
    served.address = "http://127.0.0.1:9"
    with pytest.raises(Later, match=r"Failed to connect|Couldn't connect"):
        await picking(served).apply(World(served, served.token))


async def test_a_patch_that_is_too_large(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cutwater.git.effects.LARGEST_PATCH", 10)
    picked: Picked = await picking(served).apply(World(served, served.token))
    assert (picked["failed"], picked["words"]) == ("patch", "it is larger than 0 MB")


class HasStacks:
    """What the effects of stacks need."""

    def __init__(self, served: Served, token: str, state: MemoryStore) -> None:
        self.stacks = Clones(served.remotes(token), lambda: state)


@pytest.fixture
def state() -> MemoryStore:
    return MemoryStore(lambda: datetime(2026, 1, 5, tzinfo=UTC))


def stacking(served: Served) -> dict[str, Any]:
    head = served.pull.head
    return {"base": served.stage, "changes": [Change(number=served.pull.number, head=head, method="merge")]}


async def test_a_stack_is_pushed_and_nobody_is_told(served: Served, state: MemoryStore) -> None:
    here = served.local.hub.repository(REPOSITORY)
    assert here is not None
    keep = KeepCommits(org="acme", repo="rocket", branches=("stage",), why="test")
    await keep.apply(HasStacks(served, served.token, state))
    world = HasStacks(served, served.token, state)
    stack = await world.stacks.stack("acme", "rocket", "stage", **stacking(served))
    commit = stack.layers[0].commit
    told = len(served.local.hub.deliveries)
    assert told, "of the branches it was"
    push = PushStack(org="acme", repo="rocket", commit=commit, ref="refs/cutwater/tide/stage", why="test")
    await push.apply(world)
    await push.apply(world)
    git = git_of(served.local.hub, here)
    assert git.read(f"{commit}:a").body == b"1\n2\n3\n4\n"  # type: ignore[union-attr]
    assert git.commit("refs/cutwater/tide/stage").sha == commit  # type: ignore[union-attr]
    assert len(served.local.hub.deliveries) == told


async def test_a_stack_of_a_repository_that_we_may_not_see(served: Served, state: MemoryStore) -> None:
    world = HasStacks(served, "", state)
    with pytest.raises(Refused, match=r"Authentication failed|could not read Username|terminal prompts disabled"):
        await world.stacks.stack("acme", "rocket", "stage", **stacking(served))


async def test_a_stack_where_nobody_is_at_home(served: Served, state: MemoryStore) -> None:
    served.address = "http://127.0.0.1:9"
    world = HasStacks(served, served.token, state)
    with pytest.raises(Later, match=r"Failed to connect|Couldn't connect"):
        await world.stacks.stack("acme", "rocket", "stage", **stacking(served))
    with pytest.raises(Later):
        await KeepCommits(org="acme", repo="rocket", branches=("stage",), why="test").apply(world)
