"""The search: what each qualifier means."""

from datetime import timedelta
from typing import Any

import pytest

from infra.local.github.search import Term, parse
from infra.local.github.world import World
from tests.contract.github.descriptions import CheckedGitHub
from tests.infra.local.github.conftest import Clock


@pytest.mark.parametrize(
    ("query", "terms"),
    [
        pytest.param("is:pr -label:x", [("is", ("pr",), False), ("label", ("x",), True)], id="plain"),
        pytest.param('label:"a b","c"', [("label", ("a b", "c"), False)], id="alternatives in quotes"),
        pytest.param('org:"acme" -repo:"acme/x"', [("org", ("acme",), False), ("repo", ("acme/x",), True)], id="tide"),
        pytest.param("updated:2026-01-01T00:00:00Z..*", [("updated", ("2026-01-01T00:00:00Z..*",), False)], id="times"),
        pytest.param('word "two words"', [("", ("word",), False), ("", ("two words",), False)], id="words"),
        pytest.param("  ", [], id="nothing"),
    ],
)
def test_parsing(query: str, terms: list[tuple[str, tuple[str, ...], bool]]) -> None:
    assert parse(query) == [Term(*term) for term in terms]


async def build(world: World) -> None:
    """acme/rocket has the change #1 (merged), the change #2 and the issue #3; acme/tower the draft #1."""
    world.organisation("acme", members=["alice"])
    rocket = world.repository("acme/rocket", files={"README.md": ""}, branches=["release"], collaborators=["alice"])
    tower = world.repository("acme/tower", files={"README.md": ""})
    world.milestone(rocket.name, "v1")
    first = await world.pull_request(rocket, author="bob", title="Rocket one", files={"a": ""})
    await first.merge("alice")
    second = await world.pull_request(
        rocket, author="carol", title="Rocket two", files={"b": ""}, base="release", labels=["lgtm", "two words"]
    )
    await second.set_status("alice", "unit", "failure")
    issue = await world.issue(rocket, author="bob", title="Broken", body="the engine", labels=["lgtm"])
    await issue.comment("alice", "hm")
    await world.pull_request(tower, author="bob", title="Tower", files={"c": ""}, is_draft=True)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        pytest.param("is:pr", ["tower#1", "rocket#2", "rocket#1"], id="pull requests, newest first"),
        pytest.param("type:pr is:open", ["tower#1", "rocket#2"], id="open ones"),
        pytest.param("is:issue", ["rocket#3"], id="issues"),
        pytest.param("is:pr state:closed", ["rocket#1"], id="closed"),
        pytest.param("is:merged", ["rocket#1"], id="merged"),
        pytest.param("is:pr repo:acme/tower", ["tower#1"], id="one repository"),
        pytest.param("is:pr repo:acme/tower repo:acme/rocket is:open", ["tower#1", "rocket#2"], id="either repository"),
        pytest.param("is:pr org:acme -repo:acme/rocket", ["tower#1"], id="all but one repository"),
        pytest.param("label:lgtm", ["rocket#3", "rocket#2"], id="label"),
        pytest.param('label:LGTM label:"two words"', ["rocket#2"], id="both labels"),
        pytest.param('label:"nothing","two words"', ["rocket#2"], id="either label"),
        pytest.param("is:open -label:lgtm", ["tower#1"], id="without label"),
        pytest.param("author:carol", ["rocket#2"], id="author"),
        pytest.param("base:release", ["rocket#2"], id="base"),
        pytest.param("-base:release is:pr", ["tower#1", "rocket#1"], id="another base"),
        pytest.param("is:pr draft:true", ["tower#1"], id="draft"),
        pytest.param("is:pr draft:false is:open", ["rocket#2"], id="no draft"),
        pytest.param("status:failure", ["rocket#2"], id="status"),
        pytest.param("commenter:alice", ["rocket#3"], id="commenter"),
        pytest.param("engine", ["rocket#3"], id="word in the body"),
        pytest.param("rocket is:open", ["rocket#2"], id="word in the title"),
        pytest.param("milestone:v1", [], id="milestone that none has"),
        pytest.param("no:label is:pr", ["tower#1", "rocket#1"], id="no label"),
        pytest.param("archived:true", [], id="archived"),
        pytest.param("is:pr created:>2030-01-01", [], id="created in the future"),
        pytest.param(
            "is:pr updated:2007-01-01T00:00:00Z..2030-01-01T00:00:00Z is:open", ["tower#1", "rocket#2"], id="span"
        ),
        pytest.param("is:open sort:created-asc", ["rocket#2", "rocket#3", "tower#1"], id="oldest first"),
        pytest.param("is:open sort:updated-asc", ["rocket#2", "rocket#3", "tower#1"], id="longest untouched first"),
    ],
)
async def test_qualifiers(world: World, client_of: Any, query: str, found: list[str]) -> None:
    await build(world)
    items = client_of("bob").get(f"/search/issues?q={query}")["items"]
    assert [f"{one['repository_url'].rpartition('/')[2]}#{one['number']}" for one in items] == found


async def test_the_index_lags_behind(world: World, github: CheckedGitHub, client_of: Any, clock: Clock) -> None:
    """What fits is judged by what was; what it is like is told as it is."""
    rocket = world.repository("acme/rocket", files={"README.md": ""})
    change = await world.pull_request(rocket, author="bob", files={"a.py": ""}, labels=["lgtm"])
    github.hub.recent_issues.lag = timedelta(minutes=30)
    await change.unlabel("lgtm", by="acme")
    await world.pull_request(rocket, author="bob", files={"b.py": ""}, labels=["lgtm"])
    bob = client_of("bob")
    seen = bob.get("/search/issues?q=label:lgtm")["items"]
    assert [(one["number"], one["labels"]) for one in seen] == [(change.number, [])]
    clock.put_forward(hours=1)
    assert [one["number"] for one in bob.get("/search/issues?q=label:lgtm")["items"]] == [change.number + 1]


async def test_an_unknown_qualifier_is_refused(world: World, client_of: Any) -> None:
    answered = client_of("bob")("GET", "/search/issues?q=colour:red")
    assert answered.status == 422
    assert "colour" in str(answered.body["errors"])


async def test_private_repositories_are_for_those_who_may_read_them(world: World, client_of: Any) -> None:
    secret = world.repository("acme/secret", files={"README.md": ""}, is_private=True, collaborators={"alice": "read"})
    await world.issue(secret, author="alice", title="hidden")
    assert client_of("alice").get("/search/issues?q=hidden")["total_count"] == 1
    assert client_of("bob").get("/search/issues?q=hidden")["total_count"] == 0
