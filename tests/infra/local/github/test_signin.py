"""Who is let in, to what: tokens, Apps and their installations, levels of access, members."""

import base64
from typing import Any

import jwt
import pytest

from infra.local.github.apps import key_pair
from infra.local.github.world import World
from tests.contract.github.descriptions import CheckedGitHub
from tests.infra.local.github.conftest import Client, Clock, app_token


@pytest.mark.parametrize(
    ("header", "status"),
    [
        pytest.param("Bearer ghp_bob", 200, id="bearer"),
        pytest.param("token ghp_bob", 200, id="token"),
        pytest.param("Basic " + base64.b64encode(b"bob:ghp_bob").decode(), 200, id="basic, as password"),
        pytest.param("Basic " + base64.b64encode(b"ghp_bob:").decode(), 200, id="basic, as user"),
        pytest.param("Basic %%%", 401, id="broken basic"),
        pytest.param("Bearer nonsense", 401, id="unknown token"),
        pytest.param("Digest x", 401, id="another scheme"),
        pytest.param("Bearer a.b.c", 401, id="broken JWT"),
    ],
)
def test_headers(world: World, github: CheckedGitHub, header: str, status: int) -> None:
    world.user("bob")
    answered = Client(github)("GET", "/user", headers={"authorization": header})
    assert answered.status == status


@pytest.mark.parametrize(
    ("changes", "status", "message"),
    [
        pytest.param({}, 200, "", id="good"),
        pytest.param({"exp": -1}, 401, "'Expiration time' claim ('exp') must be", id="expired"),
        pytest.param({"exp": 660}, 401, "'Expiration time' claim ('exp') is too far", id="lives too long"),
        pytest.param({"iat": 120}, 401, "'Issued at' claim ('iat') must be", id="from the future"),
        pytest.param({"iss": "99"}, 401, "Integration not found", id="unknown app"),
    ],
)
def test_jwts(world: World, github: CheckedGitHub, changes: dict[str, Any], status: int, message: str) -> None:
    app = world.app("ci", installed_in=["acme"])
    now = int(github.hub.now().timestamp())
    claims: dict[str, Any] = {"iat": now, "exp": now + 540, "iss": str(app.id)}
    claims |= {name: value if name == "iss" else now + value for name, value in changes.items()}
    answered = Client(github, jwt.encode(claims, key_pair()[0], algorithm="RS256"))("GET", "/app")
    assert answered.status == status
    assert status == 200 or answered.body["message"].startswith(message)


@pytest.mark.parametrize(
    ("scope", "method", "path", "body", "status"),
    [
        pytest.param({}, "POST", "/repos/acme/rocket/issues/1/labels", ["x"], 200, id="all permissions"),
        pytest.param(
            {"permissions": {"issues": "write"}},
            "POST",
            "/repos/acme/rocket/issues/1/labels",
            ["x"],
            200,
            id="the right one",
        ),
        pytest.param(
            {"permissions": {"issues": "read"}},
            "POST",
            "/repos/acme/rocket/issues/1/labels",
            ["x"],
            403,
            id="read only",
        ),
        pytest.param(
            {"permissions": {"statuses": "write"}},
            "POST",
            "/repos/acme/rocket/issues/1/labels",
            ["x"],
            403,
            id="another",
        ),
        pytest.param(
            {"repositories": ["tower"]},
            "POST",
            "/repos/acme/rocket/issues/1/labels",
            ["x"],
            403,
            id="another repository",
        ),
        pytest.param({"repositories": ["tower"]}, "GET", "/repos/acme/secret", None, 404, id="hidden repository"),
        pytest.param({}, "GET", "/repos/acme/secret", None, 200, id="private repository"),
        pytest.param({}, "POST", "/repos/other/repo/issues/1/comments", {"body": "x"}, 404, id="another account"),
        pytest.param({}, "GET", "/user", None, 403, id="it is no user"),
        pytest.param({}, "GET", "/orgs/acme/members/alice", None, 204, id="members"),
    ],
)
async def test_installation_tokens(
    world: World, github: CheckedGitHub, scope: dict[str, Any], method: str, path: str, body: Any, status: int
) -> None:
    world.organisation("acme", members=["alice"])
    rocket = world.repository("acme/rocket", files={"README.md": ""})
    world.repository("acme/tower", files={"README.md": ""})
    world.repository("acme/secret", files={"README.md": ""}, is_private=True)
    await world.issue(rocket, author="bob", title="A bug")
    app = world.app("ci", installed_in=["acme"])
    made = Client(github, app_token(github, app.id))("POST", "/app/installations/1/access_tokens", scope)
    assert made.status == 201
    assert Client(github, made.body["token"])(method, path, body).status == status


@pytest.mark.parametrize(
    "scope", [{"permissions": {"deployments": "write"}}, {"repositories": ["moon"]}, {"repository_ids": [99]}]
)
def test_more_than_was_granted_cannot_be_had(world: World, github: CheckedGitHub, scope: dict[str, Any]) -> None:
    app = world.app("ci", installed_in=["acme"])
    made = Client(github, app_token(github, app.id))("POST", "/app/installations/1/access_tokens", scope)
    assert made.status == 422


async def test_an_app_acts_as_its_bot_until_its_token_ends(world: World, github: CheckedGitHub, clock: Clock) -> None:
    rocket = world.repository("acme/rocket", files={"README.md": ""})
    issue = await world.issue(rocket, author="bob", title="A bug")
    app = world.app("ci", installed_in=["acme"])
    token = Client(github, app_token(github, app.id))("POST", "/app/installations/1/access_tokens").body["token"]
    said = Client(github, token)("POST", "/repos/acme/rocket/issues/1/comments", {"body": "hello"})
    assert (said.body["user"]["login"], said.body["user"]["type"]) == ("ci[bot]", "Bot")
    clock.put_forward(hours=1)
    assert Client(github, token)("GET", "/repos/acme/rocket").status == 401
    assert issue.comments == [("ci[bot]", "hello")]


@pytest.mark.parametrize(
    ("who", "permission", "role", "collaborates"),
    [
        pytest.param("root", "admin", "admin", True, id="owner of the organisation"),
        pytest.param("alice", "read", "read", True, id="member"),
        pytest.param("lead", "write", "maintain", True, id="by team; maintain counts as write"),
        pytest.param("carol", "write", "write", True, id="direct"),
        pytest.param("tina", "read", "triage", True, id="triage counts as read"),
        pytest.param("bob", "read", "read", False, id="anybody, of a public repository"),
        pytest.param("frank", "none", "none", False, id="denied"),
    ],
)
def test_levels(world: World, client_of: Any, who: str, permission: str, role: str, collaborates: bool) -> None:
    world.organisation("acme", members=["alice"], admins=["root"])
    levels = {"carol": "write", "tina": "triage", "frank": "none"}
    world.repository("acme/rocket", files={"README.md": ""}, collaborators=levels)
    world.team("acme", "leads", members=["lead"], repositories={"acme/rocket": "maintain"})
    world.user("bob")
    path = f"/repos/acme/rocket/collaborators/{who}"
    found = client_of("root").get(f"{path}/permission")
    assert (found["permission"], found["role_name"]) == (permission, role)
    assert client_of("root")("GET", path).status == (204 if collaborates else 404)


@pytest.mark.parametrize(
    ("asker", "about", "status"),
    [
        pytest.param("alice", "root", 204, id="a member of a member"),
        pytest.param("alice", "bob", 404, id="a member of a stranger"),
        pytest.param("bob", "root", 302, id="a stranger is sent to the public list"),
    ],
)
def test_members(world: World, client_of: Any, asker: str, about: str, status: int) -> None:
    world.organisation("acme", members=["alice"], admins=["root"])
    answered = client_of(asker)("GET", f"/orgs/acme/members/{about}")
    assert answered.status == status
    if status == 302:
        assert answered.headers["location"].endswith(f"/orgs/acme/public_members/{about}")


def test_what_one_may_not_see_is_not_there(world: World, client_of: Any) -> None:
    world.repository("acme/secret", files={"README.md": ""}, is_private=True)
    assert client_of("bob")("GET", "/repos/acme/secret").status == 404
    assert client_of()("GET", "/repos/acme/secret").status == 404
    assert client_of("bob")("GET", "/repos/acme/moon").status == 404
