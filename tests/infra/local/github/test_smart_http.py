"""Real git over HTTP, against a real server: clones and pushes, and what a push brings about."""

import asyncio
import os
import socket
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from msgspec.structs import replace

from infra.local.github.world import Issue, World
from tests.contract.github.descriptions import CheckedGitHub

ME = ["-c", "user.name=Bob", "-c", "user.email=bob@example.com", "-c", "protocol.version=2"]
ENVIRONMENT = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0"}


@asynccontextmanager
async def served(github: CheckedGitHub) -> AsyncIterator[str]:
    """The address at which the server answers, without its scheme."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(github.app, log_level="error", lifespan="off"))
    serving = asyncio.create_task(server.serve([listener]))
    try:
        yield f"127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving


async def git(*command: str, folder: Path | None = None) -> tuple[int, str]:
    """Exit code and all that git says."""
    process = await asyncio.create_subprocess_exec(
        "git", *ME, *command, cwd=folder, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode().strip()


async def open_change(world: World) -> Issue:
    rocket = world.repository(
        "acme/rocket", files={"README.md": "one\n"}, collaborators=["alice"], hook=("http://receiver", "")
    )
    world.repository("acme/secret", files={"README.md": "hidden\n"}, is_private=True, collaborators=["alice"])
    past = world.repository("acme/past", files={"README.md": "done\n"}, collaborators=["alice"])
    with world.github.hub.store.transaction():
        world.github.hub.repositories.put(replace(past.record, is_archived=True))
    world.user("bob", email="bob@example.com")
    world.user("alice")
    return await world.pull_request(rocket, author="bob", files={"main.py": "print()\n"})


async def test_a_clone_has_the_branches_and_the_heads_of_pull_requests(
    world: World, github: CheckedGitHub, tmp_path: Path
) -> None:
    change = await open_change(world)
    async with served(github) as address:
        assert await git("clone", "-q", f"http://{address}/acme/rocket", str(tmp_path / "a")) == (0, "")
        assert await git("clone", "-q", "--depth=1", f"http://{address}/acme/rocket.git", str(tmp_path / "b")) == (
            0,
            "",
        )
        blobless = ("--filter=blob:none", "--no-checkout")
        assert await git("clone", "-q", *blobless, f"http://{address}/acme/rocket", str(tmp_path / "c")) == (0, "")
        assert await git("fetch", "-q", "origin", "pull/1/head", folder=tmp_path / "a") == (0, "")
        assert await git("fetch", "-q", "origin", change.head, folder=tmp_path / "b") == (0, "")
    assert await git("rev-parse", "FETCH_HEAD", folder=tmp_path / "a") == (0, change.head)


async def test_a_push_to_a_fork_moves_its_pull_request(world: World, github: CheckedGitHub, tmp_path: Path) -> None:
    change = await open_change(world)
    clone = tmp_path / "clone"
    async with served(github) as address:
        remote = f"http://bob:ghp_bob@{address}/bob/rocket"
        await git("clone", "-q", "--branch=topic", remote, str(clone))
        (clone / "more.py").write_text("print(1)\n")
        await git("add", ".", folder=clone)
        await git("commit", "-qm", "More", folder=clone)
        assert await git("push", "-q", "origin", "topic", folder=clone) == (0, "")
        _, head = await git("rev-parse", "HEAD", folder=clone)
        assert change.head == head
        (clone / "more.py").write_text("print(2)\n")
        await git("commit", "-qam", "More", "--amend", folder=clone)
        assert await git("push", "-q", "--force", "origin", "topic", folder=clone) == (0, "")
    await github.settle()
    told = [payload["action"] for event, payload in github.webhooks if event == "pull_request"]
    assert told == ["opened", "synchronize", "synchronize"]
    assert "head_ref_force_pushed" in [event.kind for event in github.hub.events_of.all(change.id)]


async def test_a_push_makes_branches_and_tags(world: World, github: CheckedGitHub, tmp_path: Path) -> None:
    await open_change(world)
    clone = tmp_path / "clone"
    async with served(github) as address:
        await git("clone", "-q", f"http://alice:ghp_alice@{address}/acme/rocket", str(clone))
        (clone / "new.md").write_text("new\n")
        await git("add", ".", folder=clone)
        await git("commit", "-qm", "Add new.md", folder=clone)
        await git("tag", "v1", folder=clone)
        assert await git("push", "-q", "origin", "HEAD:main", "HEAD:refs/heads/extra", "v1", folder=clone) == (0, "")
        assert await git("push", "-q", "origin", ":extra", folder=clone) == (0, "")
    await github.settle()
    pushes = {payload["ref"]: payload for event, payload in github.webhooks if event == "push"}
    assert set(pushes) == {"refs/heads/main", "refs/heads/extra", "refs/tags/v1"}
    told = pushes["refs/heads/main"]["commits"]
    assert isinstance(told, list)
    assert [(one["message"], one["added"], one["author"]["username"]) for one in told] == [
        ("Add new.md", ["new.md"], "bob")
    ]
    kinds = [event for event, _ in github.webhooks if event in ("create", "delete")]
    assert kinds == ["create", "create", "delete"]


async def test_a_ref_of_ones_own_is_nobodys_business(
    world: World, github: CheckedGitHub, client_of: Any, tmp_path: Path
) -> None:
    change = await open_change(world)
    clone = tmp_path / "clone"
    async with served(github) as address:
        await git("clone", "-q", f"http://alice:ghp_alice@{address}/acme/rocket", str(clone))
        await git("fetch", "-q", "origin", "pull/1/head", folder=clone)
        assert await git("push", "-q", "origin", "FETCH_HEAD:refs/cutwater/lane", folder=clone) == (0, "")
        _, said = await git("ls-remote", "origin", "refs/cutwater/*", folder=clone)
        await git("push", "-q", "origin", "HEAD:refs/heads/extra", folder=clone)
    assert said == f"{change.head}\trefs/cutwater/lane"
    found = client_of("alice").get("/repos/acme/rocket/git/ref/cutwater/lane")
    assert found["object"]["sha"] == change.head
    await github.settle()
    assert [payload["ref"] for event, payload in github.webhooks if event == "push"] == ["refs/heads/extra"]


@pytest.mark.parametrize(
    ("remote", "words"),
    [
        pytest.param("bob:ghp_bob@{}/acme/rocket", "Permission to acme/rocket.git denied to bob", id="no write access"),
        pytest.param("{}/acme/rocket", "Authentication", id="nobody"),
        pytest.param("bob:wrong@{}/acme/rocket", "Authentication failed", id="wrong token"),
        pytest.param("bob:ghp_bob@{}/acme/moon", "Repository not found", id="no such repository"),
        pytest.param("alice:ghp_alice@{}/acme/past", "This repository was archived", id="archived"),
    ],
)
async def test_refused_pushes(world: World, github: CheckedGitHub, tmp_path: Path, remote: str, words: str) -> None:
    await open_change(world)
    async with served(github) as address:
        await git("clone", "-q", f"http://{address}/acme/rocket", str(tmp_path / "clone"))
        code, said = await git("push", f"http://{remote.format(address)}", "HEAD:x", folder=tmp_path / "clone")
    assert code != 0
    assert words in said or "could not read Username" in said


async def test_a_private_repository_is_cloned_by_who_may_read_it(
    world: World, github: CheckedGitHub, tmp_path: Path
) -> None:
    await open_change(world)
    async with served(github) as address:
        code, _ = await git("clone", "-q", f"http://bob:ghp_bob@{address}/acme/secret", str(tmp_path / "a"))
        assert code != 0
        remote = f"http://x-access-token:ghp_alice@{address}/acme/secret"
        assert await git("clone", "-q", remote, str(tmp_path / "b")) == (0, "")
