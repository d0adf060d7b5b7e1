"""Issues and what is said and done on them: labels, assignees, comments, locks, permissions."""

from typing import Any

import pytest

from infra.local.github.world import Issue, Repository, World
from tests.contract.github.descriptions import CheckedGitHub

URL = "/repos/acme/rocket/issues/1"


@pytest.fixture
def rocket(world: World) -> Repository:
    world.organisation("acme", members=["alice"], admins=["root"])
    return world.repository(
        "acme/rocket",
        files={"README.md": ""},
        labels=["Bug"],
        collaborators={"alice": "write", "tina": "triage"},
        hook=("http://receiver", ""),
    )


async def new_issue(world: World, rocket: Repository) -> Issue:
    return await world.issue(rocket, author="bob", title="A bug")


@pytest.mark.parametrize(
    ("asks", "labels"),
    [
        pytest.param([("POST", "/labels", ["bug"])], {"Bug"}, id="spelt as the repository spells it"),
        pytest.param([("POST", "/labels", ["new"])], {"new"}, id="an unknown one is made"),
        pytest.param([("POST", "/labels", {"labels": ["a", "b"]})], {"a", "b"}, id="in an object"),
        pytest.param([("POST", "/labels", ["a"]), ("PUT", "/labels", ["b"])], {"b"}, id="put replaces"),
        pytest.param([("POST", "/labels", ["a"]), ("DELETE", "/labels/A", None)], set(), id="removed in any case"),
        pytest.param([("POST", "/labels", ["a"]), ("PATCH", "", {"labels": []})], set(), id="patched away"),
    ],
)
async def test_labels(world: World, rocket: Repository, client_of: Any, asks: Any, labels: set[str]) -> None:
    issue = await new_issue(world, rocket)
    for method, path, body in asks:
        assert client_of("alice")(method, URL + path, body).status == 200
    assert issue.labels == labels


@pytest.mark.parametrize(
    ("who", "method", "path", "body", "status", "message"),
    [
        pytest.param("alice", "DELETE", "/labels/Bug", None, 404, "Label does not exist", id="label that is not there"),
        pytest.param("bob", "POST", "/labels", ["Bug"], 403, "Must have push access to repository.", id="no triage"),
        pytest.param(None, "POST", "/comments", {"body": "x"}, 401, "Requires authentication", id="nobody"),
        pytest.param("alice", "POST", "/comments", {"body": " "}, 422, "Validation Failed", id="empty comment"),
        pytest.param("alice", "POST", "/comments", {}, 422, "Invalid request.\n\n", id="comment without body"),
        pytest.param("alice", "POST", "/comments", {"body": "x" * 65537}, 422, "Validation Failed", id="too long"),
        pytest.param("alice", "PATCH", "", {"state": "odd"}, 422, "Validation Failed", id="unknown state"),
        pytest.param("alice", "PATCH", "", {"milestone": 7}, 422, "Validation Failed", id="unknown milestone"),
        pytest.param("dan", "PATCH", "", {"title": "x"}, 403, "Must have admin rights", id="not the author"),
    ],
)
async def test_refusals(
    world: World,
    rocket: Repository,
    client_of: Any,
    who: str,
    method: str,
    path: str,
    body: Any,
    status: int,
    message: str,
) -> None:
    await new_issue(world, rocket)
    answered = client_of(who)(method, URL + path, body)
    assert (answered.status, answered.body["status"]) == (status, str(status))
    assert answered.body["message"].startswith(message)


async def test_what_a_failed_request_had_begun_is_undone(world: World, rocket: Repository, client_of: Any) -> None:
    issue = await new_issue(world, rocket)
    answered = client_of("alice")("PATCH", URL, {"title": "Changed", "labels": ["Bug"], "milestone": 7})
    assert answered.status == 422
    assert (issue.title, issue.labels) == ("A bug", set())


async def test_who_cannot_be_assigned_is_left_out(world: World, rocket: Repository, client_of: Any) -> None:
    issue = await new_issue(world, rocket)
    world.user("stranger")
    answered = client_of("tina")("POST", URL + "/assignees", {"assignees": ["alice", "bob", "stranger", "nobody"]})
    assert answered.status == 201
    assert issue.assignees == {"alice", "bob"}


async def test_a_locked_issue_takes_comments_of_writers_only(world: World, rocket: Repository, client_of: Any) -> None:
    await new_issue(world, rocket)
    assert client_of("alice")("PUT", URL + "/lock", {"lock_reason": "spam"}).status == 204
    assert client_of("bob")("POST", URL + "/comments", {"body": "x"}).status == 403
    assert client_of("alice")("POST", URL + "/comments", {"body": "x"}).status == 201


@pytest.mark.parametrize(("who", "status"), [("bob", 200), ("alice", 200), ("tina", 403)])
async def test_own_comments_may_be_changed(
    world: World, rocket: Repository, client_of: Any, who: str, status: int
) -> None:
    issue = await new_issue(world, rocket)
    id_ = await issue.comment("bob", "first")
    assert client_of(who)("PATCH", f"/repos/acme/rocket/issues/comments/{id_}", {"body": "second"}).status == status


async def test_the_same_reaction_twice(world: World, rocket: Repository, client_of: Any) -> None:
    await new_issue(world, rocket)
    asked = ("POST", URL + "/reactions", {"content": "heart"})
    assert [client_of("bob")(*asked).status, client_of("bob")(*asked).status] == [201, 200]
    assert client_of("bob").get(URL)["reactions"]["heart"] == 1


async def test_the_history_tells_who_did_what(world: World, rocket: Repository, client_of: Any) -> None:
    issue = await new_issue(world, rocket)
    await issue.label("bug", by="alice")
    await issue.comment("bob", "hm")
    await issue.edit("bob", title="A beetle")
    await issue.close("alice")
    events = client_of("bob").get(URL + "/events")
    assert [(one["event"], one["actor"]["login"]) for one in events] == [
        ("labeled", "alice"),
        ("renamed", "bob"),
        ("closed", "alice"),
    ]
    assert events[0]["label"]["name"] == "Bug"
    timeline = client_of("bob").get(URL + "/timeline")
    assert [one["event"] for one in timeline] == ["labeled", "commented", "renamed", "closed"]


async def test_pages_and_their_links(world: World, rocket: Repository, client_of: Any) -> None:
    issue = await new_issue(world, rocket)
    for number in range(5):
        await issue.comment("bob", f"comment {number}")
    answered = client_of("bob")("GET", URL + "/comments?per_page=2&page=2")
    assert [one["body"] for one in answered.body] == ["comment 2", "comment 3"]
    url = f"http://github.local/api/v3{URL}/comments?per_page=2&page="
    assert answered.headers["link"] == (
        f'<{url}1>; rel="prev", <{url}1>; rel="first", <{url}3>; rel="next", <{url}3>; rel="last"'
    )


async def test_closing_with_a_reason(world: World, rocket: Repository, client_of: Any, github: CheckedGitHub) -> None:
    issue = await new_issue(world, rocket)
    client_of("alice")("PATCH", URL, {"state": "closed", "state_reason": "not_planned"})
    assert (issue.state, issue.record.state_reason) == ("closed", "not_planned")
    client_of("alice")("PATCH", URL, {"state": "open"})
    assert issue.state == "open"
    await github.settle()
    told = [payload["action"] for event, payload in github.webhooks if event == "issues"]
    assert told == ["opened", "closed", "reopened"]
