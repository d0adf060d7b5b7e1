"""Every answer of the API fits GitHub's OpenAPI description, and every webhook its schema: the tour asks for all."""

import json
from typing import Any

import pytest

from infra.local.github.rest.api import Response
from infra.local.github.world import World
from tests.contract.github.descriptions import CheckedGitHub, judge_answer, judge_webhook
from tests.contract.github.tour import AS_APP, AS_INSTALLATION, CHANGES, READS, Ask, build
from tests.contract.schemas.cut_github import WEBHOOKS
from tests.infra.local.github.conftest import Client, app_token


async def test_the_tour_of_all_routes_fits_the_descriptions(
    world: World, github: CheckedGitHub, client_of: Any
) -> None:
    change = await build(world)
    rocket = change.repository
    await github.settle()
    root = client_of("root")
    places = {
        "head": change.head,
        "base": rocket.head(),
        "blob": root.get("/repos/acme/rocket/contents/README.md")["sha"],
    }
    visited = set()
    for ask in (*READS, *CHANGES):
        await github.settle()
        visited.add(_visit(github, client_of(ask.by), ask, places))
    for ask in AS_APP:
        visited.add(_visit(github, Client(github, app_token(github, 1)), ask, places))
    secret = Client(github, app_token(github, 1))("POST", "/app/installations/1/access_tokens").body["token"]
    for ask in AS_INSTALLATION:
        visited.add(_visit(github, Client(github, secret), ask, places))

    await issue_mutations(root, github)
    await github.settle()
    assert github.violations == []
    assert {(route.method, route.path) for route in github.rest.routes.all} - visited == set()
    sent = {_name(event, payload) for event, payload in github.webhooks}
    assert set(WEBHOOKS) - sent == set()


async def issue_mutations(client: Client, github: CheckedGitHub) -> None:
    """What only GraphQL does, for its webhooks."""
    issue = client.get("/repos/acme/rocket/issues/2")["node_id"]
    there = client.get("/repos/acme/second")["node_id"]
    pin = "mutation($id: ID!) {pinIssue(input: {issueId: $id}) {issue {id}}}"
    assert "errors" not in client.query(pin, id=issue)
    assert "errors" not in client.query(pin.replace("pinIssue", "unpinIssue"), id=issue)
    move = "mutation($id: ID!, $to: ID!) {transferIssue(input: {issueId: $id, repositoryId: $to}) {issue {url}}}"
    assert "errors" not in client.query(move, id=issue, to=there)
    for method in ("PUT", "DELETE"):
        assert client(method, "/repos/acme/rocket/issues/1/lock").status == 204


def _visit(github: CheckedGitHub, client: Client, ask: Ask, places: dict[str, str]) -> tuple[str, str]:
    last = (
        {"last": str(max(row.id for row in github.hub.deliveries if row.hook == _hook_of(ask)))}
        if "{last}" in ask.path
        else {}
    )
    body = json.loads(json.dumps(ask.body).replace("{head}", places["head"]).replace("{base}", places["base"]))
    path = ask.path.format(**places, **last)
    answered = client(ask.method, path, body)
    assert answered.status == ask.status, (ask, answered)
    found = github.rest.routes.find(ask.method, path.partition("?")[0])
    assert found is not None
    return found[0].method, found[0].path


def _hook_of(ask: Ask) -> int:
    return 4 if ask.path.startswith("/orgs") else 2


def _name(event: str, payload: dict[str, object]) -> str:
    action = f"-{payload['action']}" if "action" in payload else ""
    return f"{event}{action}".replace("_", "-")


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(
            judge_answer("GET /user", Response(200, [(b"content-type", b"application/json")], b"{}")), id="REST"
        ),
        pytest.param(judge_webhook("push", {"ref": "refs/heads/main"}), id="webhook"),
        pytest.param(judge_webhook("issues", {"action": "exploded"}), id="unknown action"),
        pytest.param(judge_answer("GET /moon", Response(200, [], b"")), id="unknown operation"),
    ],
)
def test_the_judges_see_what_is_wrong(wrong: str) -> None:
    assert wrong
