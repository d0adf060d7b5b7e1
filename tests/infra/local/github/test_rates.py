"""Rate limits in the headers, and answers that have not changed."""

from typing import Any

from infra.local.github.world import World
from tests.contract.github.descriptions import CheckedGitHub
from tests.infra.local.github.conftest import Clock


def limits(answered: Any) -> tuple[str, ...]:
    """Resource, limit, what is left and what is used."""
    return tuple(answered.headers[f"x-ratelimit-{name}"] for name in ("resource", "limit", "remaining", "used"))


def test_every_answer_tells_what_is_left(world: World, client_of: Any) -> None:
    bob = client_of("bob")
    assert limits(bob("GET", "/user")) == ("core", "5000", "4999", "1")
    assert limits(bob("GET", "/repos/no/thing")) == ("core", "5000", "4998", "2")
    assert limits(bob("GET", "/search/issues?q=x")) == ("search", "30", "29", "1")
    assert limits(bob("GET", "/rate_limit")) == ("core", "5000", "4998", "2")
    assert limits(client_of()("GET", "/users/bob")) == ("core", "60", "59", "1")
    assert limits(client_of("alice")("GET", "/user")) == ("core", "5000", "4999", "1")


def test_an_exhausted_limit_comes_back_after_an_hour(
    world: World, github: CheckedGitHub, client_of: Any, clock: Clock
) -> None:
    bob = client_of("bob")
    github.rates.exhaust("user/1")
    refused = bob("GET", "/user")
    assert (refused.status, refused.headers["x-ratelimit-remaining"]) == (403, "0")
    assert refused.body["message"].startswith("API rate limit exceeded for")
    assert int(refused.headers["x-ratelimit-reset"]) > clock().timestamp()
    assert bob("GET", "/rate_limit").status == 200
    clock.put_forward(hours=1)
    assert bob("GET", "/user").status == 200


def test_graphql_has_a_limit_of_its_own(world: World, github: CheckedGitHub, client_of: Any) -> None:
    bob = client_of("bob")
    assert bob.query("{rateLimit {limit cost remaining}}") == {
        "data": {"rateLimit": {"limit": 5000, "cost": 1, "remaining": 4999}}
    }
    github.rates.exhaust("user/1", "graphql")
    assert bob.query("{viewer {login}}")["errors"][0]["type"] == "RATE_LIMITED"


async def test_what_has_not_changed_is_not_sent_again(world: World, client_of: Any) -> None:
    rocket = world.repository("acme/rocket", files={"README.md": ""})
    issue = await world.issue(rocket, author="bob", title="A bug")
    bob, path = client_of("bob"), "/repos/acme/rocket/issues/1"
    etag = bob("GET", path).headers["etag"]
    again = bob("GET", path, headers={"if-none-match": etag})
    assert (again.status, again.body, again.headers["etag"]) == (304, b"", etag)
    assert limits(again)[3] == "1"
    await issue.comment("bob", "hm")
    assert bob("GET", path, headers={"if-none-match": etag}).status == 200
