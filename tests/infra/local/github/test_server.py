"""The server as a whole: a kill loses nothing that was answered, planned answers, the routes of the API."""

import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx2
import pytest

from infra.local.github import Answer, GitHub
from infra.local.github.rest.calls import Call, Route, Routes
from infra.local.github.world import World
from tests.contract.github.descriptions import CheckedGitHub

SEED = '{"repositories": [{"name": "acme/rocket", "branches": {"main": {"files": {"README.md": "one\\n"}}}}]}'
ROOT = Path(__file__).parents[4]


def start(port: int, folder: Path) -> "subprocess.Popen[bytes]":
    """A server that answers."""
    (folder / "seed.json").write_text(SEED)
    command = [sys.executable, "-m", "infra.local.github", "--port", str(port), "--state", str(folder / "state")]
    server = subprocess.Popen([*command, "--seed", str(folder / "seed.json")], cwd=ROOT)
    until = time.monotonic() + 20
    while time.monotonic() < until and server.poll() is None:
        try:
            httpx2.get(f"http://127.0.0.1:{port}/api/v3/rate_limit")
            return server
        except httpx2.ConnectError:
            time.sleep(0.02)
    raise AssertionError("the server did not start")


@pytest.mark.slow
def test_what_was_answered_is_still_there_after_a_kill(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    api = f"http://127.0.0.1:{port}/api/v3/repos/acme/rocket"
    server = start(port, tmp_path)
    try:
        head = httpx2.get(f"{api}/branches/main").json()["commit"]["sha"]
        said = httpx2.post(f"{api}/issues", json={"title": "x"}, headers={"authorization": "token ghp_bob"})
        assert said.status_code == 401
    finally:
        server.kill()
        server.wait()
    with GitHub(tmp_path / "state") as github:
        github.world().user("bob")
    server = start(port, tmp_path)
    try:
        bob = {"authorization": "token ghp_bob"}
        assert httpx2.post(f"{api}/issues", json={"title": "A bug"}, headers=bob).status_code == 201
        server.kill()
        server.wait()
        server = start(port, tmp_path)
        assert [one["title"] for one in httpx2.get(f"{api}/issues").json()] == ["A bug"]
        assert httpx2.get(f"{api}/branches/main").json()["commit"]["sha"] == head
        assert httpx2.get(f"{api}/contents/README.md").json()["content"] == "b25lCg==\n"
    finally:
        server.kill()
        server.wait()


async def test_a_ref_that_moved_unnoticed_is_found_at_the_next_start(tmp_path: Path) -> None:
    with GitHub(tmp_path) as github:
        rocket = github.world().repository("acme/rocket", files={"README.md": ""}, branches=["topic"])
        folder = github.hub.repositories_folder / f"{rocket.id}.git"
    subprocess.run(["git", "--git-dir", folder, "update-ref", "-d", "refs/heads/topic"], check=True)
    github = GitHub(tmp_path)
    answers: list[str] = []
    asked = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])

    async def receive() -> Any:
        return next(asked)

    async def send(message: Any) -> None:
        answers.append(message["type"])
        if len(answers) == 1:
            repository = github.hub.repository("acme/rocket")
            assert repository is not None
            assert [ref.name for ref in github.hub.refs_of.all(repository.id)] == ["refs/heads/main"]

    await github.app({"type": "lifespan"}, receive, send)
    assert answers == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


async def test_planned_answers_come_in_turn_and_the_last_stays(
    world: World, github: CheckedGitHub, client_of: Any
) -> None:
    rocket = world.repository("acme/rocket", files={"README.md": ""})
    change = await world.pull_request(rocket, author="bob", files={"a": ""})
    path = "/repos/acme/rocket/pulls/1/merge"
    busy = Answer(405, {"message": "Base branch was modified. Review and try the merge again."})
    github.plan("PUT", path, busy, busy, is_lasting=False)
    assert [client_of("acme")("PUT", path, {}).status for _ in range(3)] == [405, 405, 200]
    assert change.is_merged
    github.plan("GET", "/repos/acme/rocket", Answer(502, {"message": "Bad Gateway"}))
    assert [client_of("acme")("GET", "/repos/acme/rocket").status for _ in range(3)] == [502, 502, 502]


def nothing(call: Call) -> Answer:
    return Answer(204)


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        pytest.param("GET", "/repos/a/b", ("", {"owner": "a", "repo": "b"}), id="named parts"),
        pytest.param("GET", "/repos/a/b/issues/comments", ("/issues/comments", {}), id="exact first"),
        pytest.param("GET", "/repos/a/b/issues/7", ("/issues/{number}", {"number": "7"}), id="number"),
        pytest.param("GET", "/repos/a/b/refs/heads/x/y", ("/refs/{ref*}", {"ref": "heads/x/y"}), id="rest"),
        pytest.param("POST", "/repos/a/b", None, id="another method"),
        pytest.param("GET", "/repos/a", None, id="too short"),
        pytest.param("GET", "/", None, id="nothing"),
    ],
)  # fmt: skip
def test_routes(method: str, path: str, expected: tuple[str, dict[str, str]] | None) -> None:
    here = "/repos/{owner}/{repo}"
    paths = ("", "/issues/{number}", "/issues/comments", "/refs/{ref*}")
    found = Routes(Route("GET", here + one, nothing) for one in paths).find(method, path)
    if expected is None:
        assert found is None
        return
    assert found is not None
    assert found[0].path == here + expected[0]
    assert found[1] | expected[1] == found[1]
