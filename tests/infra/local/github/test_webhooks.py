"""Webhooks: signed, recorded, sent again, never in the way of the answer, and not lost by a restart."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from infra.local.github import GitHub
from infra.local.github.rest.api import Request
from infra.local.github.world import World
from tests.contract.github.descriptions import CheckedGitHub


class Receiver:
    """Keeps what it is sent; answers as it is told."""

    def __init__(self, status: int = 200) -> None:
        self.status = status
        self.got: list[tuple[Mapping[str, str], bytes]] = []

    async def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, str]:
        self.got.append((headers, body))
        if self.status == 0:
            raise ConnectionError("nobody listens")
        return self.status, "heard"


def world_of(receiver: Receiver, state: Path | None = None) -> tuple[GitHub, World]:
    github = GitHub(state, deliver=receiver)
    return github, github.world()


async def test_the_signature_and_the_headers() -> None:
    receiver = Receiver()
    github, world = world_of(receiver)
    rocket = world.repository("acme/rocket", files={"README.md": ""}, hook=("http://receiver", "secret"))
    issue = await world.issue(rocket, author="bob", title="é")
    await issue.comment("bob", "/test")
    await github.settle()
    headers, body = receiver.got[-1]
    assert headers["X-Hub-Signature-256"] == "sha256=" + hmac.new(b"secret", body, hashlib.sha256).hexdigest()
    assert headers["X-GitHub-Event"] == "issue_comment"
    assert headers["X-GitHub-Hook-ID"] == "1"
    assert headers["Content-Type"] == "application/json"
    assert headers["User-Agent"].startswith("GitHub-Hookshot/")
    payload = json.loads(body)
    assert (payload["action"], payload["comment"]["body"], payload["sender"]["login"]) == ("created", "/test", "bob")
    assert payload["organization"]["login"] == "acme"
    assert len({headers["X-GitHub-Delivery"] for headers, _ in receiver.got}) == 2


@pytest.mark.parametrize(
    ("events", "is_active", "told"),
    [
        pytest.param(["*"], True, ["issues", "issue_comment"], id="everything"),
        pytest.param(["issue_comment"], True, ["issue_comment"], id="one event"),
        pytest.param(["push"], True, [], id="another event"),
        pytest.param(["*"], False, [], id="switched off"),
    ],
)
async def test_who_listens_to_what(
    github: CheckedGitHub, world: World, client_of: Any, events: list[str], is_active: bool, told: list[str]
) -> None:
    rocket = world.repository("acme/rocket", files={"README.md": ""})
    ask = {"config": {"url": "http://r", "content_type": "json"}, "events": events, "active": is_active}
    assert client_of("acme")("POST", "/repos/acme/rocket/hooks", ask).status == 201
    issue = await world.issue(rocket, author="bob", title="A bug")
    await issue.comment("bob", "hm")
    await github.settle()
    assert [event for event, _ in github.webhooks if event != "ping"] == told


async def test_a_hook_that_wants_forms() -> None:
    receiver = Receiver()
    github, world = world_of(receiver)
    world.repository("acme/rocket", files={"README.md": ""})
    ask = json.dumps({"config": {"url": "http://r", "secret": "s"}}).encode()
    token = {"authorization": f"token {world.token('acme')}"}
    assert github.answer(Request("POST", "/repos/acme/rocket/hooks", "", token, ask)).status == 201
    await github.settle()
    headers, body = receiver.got[0]
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert headers["X-Hub-Signature-256"] == "sha256=" + hmac.new(b"s", body, hashlib.sha256).hexdigest()
    assert json.loads(parse_qs(body.decode())["payload"][0])["hook_id"] == 1


@pytest.mark.parametrize(
    ("status", "word", "code"),
    [
        pytest.param(200, "OK", 200, id="taken"),
        pytest.param(503, "Invalid HTTP Response: 503", 503, id="refused"),
        pytest.param(0, "failed to connect to host", 0, id="nobody listens"),
    ],
)
async def test_what_became_of_a_delivery_and_a_redelivery(status: int, word: str, code: int) -> None:
    receiver = Receiver(status)
    github, world = world_of(receiver)
    rocket = world.repository("acme/rocket", files={"README.md": ""}, hook=("http://receiver", "secret"))
    await world.issue(rocket, author="bob", title="A bug")
    await github.settle()
    token = {"authorization": f"token {world.token('acme')}"}

    def get(path: str) -> Any:
        return json.loads(
            github.answer(Request("GET", f"/repos/acme/rocket/hooks/1/deliveries{path}", "", token, b"")).body
        )

    (first,) = get("")
    assert (first["status"], first["status_code"], first["redelivery"]) == (word, code, False)
    assert get(f"/{first['id']}")["request"]["payload"]["issue"]["title"] == "A bug"
    receiver.status = 200
    again = Request("POST", f"/repos/acme/rocket/hooks/1/deliveries/{first['id']}/attempts", "", token, b"")
    assert github.answer(again).status == 202
    await github.settle()
    second, _ = get("")
    assert (second["guid"], second["redelivery"], second["status"]) == (first["guid"], True, "OK")
    assert receiver.got[0] == receiver.got[1]


async def test_the_cursor_of_deliveries(github: CheckedGitHub, world: World, client_of: Any) -> None:
    rocket = world.repository("acme/rocket", files={"README.md": ""}, hook=("http://receiver", ""))
    issue = await world.issue(rocket, author="bob", title="A bug")
    for number in range(4):
        await issue.comment("bob", f"{number}")
    await github.settle()
    first = client_of("acme")("GET", "/repos/acme/rocket/hooks/1/deliveries?per_page=3")
    assert [one["id"] for one in first.body] == [5, 4, 3]
    assert first.headers["link"].endswith('per_page=3&cursor=3>; rel="next"')
    rest = client_of("acme").get("/repos/acme/rocket/hooks/1/deliveries?per_page=3&cursor=3")
    assert [one["id"] for one in rest] == [2, 1]


async def test_an_answer_does_not_wait_for_the_receiver() -> None:
    begun, may_end = asyncio.Event(), asyncio.Event()

    async def slow(url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, str]:
        begun.set()
        await may_end.wait()
        return 200, ""

    github = GitHub(deliver=slow)
    world = github.world()
    rocket = world.repository("acme/rocket", files={"README.md": ""}, hook=("http://receiver", ""))
    issue = await world.issue(rocket, author="bob", title="A bug")
    await begun.wait()
    assert issue.state == "open"
    may_end.set()
    await github.settle()
    assert [row.status_code for row in github.hub.deliveries] == [200]


async def test_what_was_not_sent_before_a_restart_is_sent_after_it(tmp_path: Path) -> None:
    receiver = Receiver()
    github, world = world_of(receiver, tmp_path)
    rocket = world.repository("acme/rocket", files={"README.md": ""}, hook=("http://receiver", "secret"))
    with github.hub.store.transaction():
        from infra.local.github import issues

        issues.open_issue(github.hub, rocket.record, by=world.account("bob"), title="A bug")
    github.close()
    assert receiver.got == []
    github, _ = world_of(receiver, tmp_path)
    await github.settle()
    assert [headers["X-GitHub-Event"] for headers, _ in receiver.got] == ["issues"]


async def test_an_app_hears_of_the_accounts_it_is_installed_in(github: CheckedGitHub, world: World) -> None:
    app = world.app("ci", installed_in=["acme"], hook=("http://receiver", ""))
    here = world.repository("acme/rocket", files={"README.md": ""})
    there = world.repository("other/rocket", files={"README.md": ""})
    for repository in (here, there):
        await world.issue(repository, author="bob", title="A bug")
    await github.settle()
    ((_, payload),) = github.webhooks
    assert payload["installation"] == {"id": app.installations["acme"], "node_id": "MDI_MQ"}
