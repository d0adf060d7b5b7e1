"""Issues that are pinned and transferred, which GitHub has in GraphQL alone, and what it refuses."""

from typing import Any

import pytest

from cutwater.github import queries
from infra.local.github.handles import Repository
from infra.local.github.world import World


@pytest.fixture
def rocket(world: World) -> Repository:
    world.organisation("acme", members=["alice"], admins=["root"])
    world.organisation("other", admins=["root"])
    for name in ("acme/plane", "other/boat"):
        world.repository(name, files={"README.md": name})
    return world.repository("acme/rocket", files={"README.md": "rocket"}, collaborators={"alice": "triage"})


def told(answer: Any) -> str:
    """What was wrong; "" where nothing was."""
    return str(answer["errors"][0]["message"]) if "errors" in answer else ""


async def test_pins(world: World, rocket: Repository, client_of: Any) -> None:
    numbers = [(await world.issue(rocket, author="alice", title="x")).number for _ in range(4)]
    root, alice = client_of("root"), client_of("alice")
    nodes = [root.get(f"/repos/acme/rocket/issues/{number}")["node_id"] for number in numbers]
    denied = "alice does not have the correct permissions to execute `PinIssue`"
    assert told(alice.query(queries.PIN_ISSUE, issue=nodes[0])) == denied
    assert [told(root.query(queries.PIN_ISSUE, issue=node)) for node in nodes] == [
        *[""] * 3,
        "Maximum 3 pinned issues per repository",
    ]
    assert told(root.query(queries.PIN_ISSUE, issue=nodes[0])) == ""
    assert told(root.query(queries.UNPIN_ISSUE, issue=nodes[0])) == ""
    pinned = [root.query(queries.ISSUE, issue=node)["data"]["node"]["isPinned"] for node in nodes]
    assert pinned == [False, True, True, False]


@pytest.mark.parametrize(
    "by, there, refusal",
    [
        pytest.param("root", "acme/plane", "", id="to a neighbour"),
        pytest.param("root", "other/boat", "An issue stays with its owner.", id="to somebody else"),
        pytest.param(
            "alice",
            "acme/plane",
            "alice does not have the correct permissions to execute `TransferIssue`",
            id="by one who may not",
        ),
    ],
)
async def test_transfers(world: World, rocket: Repository, client_of: Any, by: str, there: str, refusal: str) -> None:
    issue = await world.issue(rocket, author="alice", title="x")
    root = client_of("root")
    node = root.get(f"/repos/acme/rocket/issues/{issue.number}")["node_id"]
    place = root.get(f"/repos/{there}")["node_id"]
    assert told(client_of(by).query(queries.TRANSFER_ISSUE, issue=node, repository=place)) == refusal
    found = root.query(queries.ISSUE, issue=node)["data"]["node"]["repository"]["id"]
    assert (found == place) == (refusal == "")


async def test_a_pull_request_is_no_issue(world: World, rocket: Repository, client_of: Any) -> None:
    change = await world.pull_request(rocket, author="alice", files={"x": "y"})
    root = client_of("root")
    node = root.get(f"/repos/acme/rocket/pulls/{change.number}")["node_id"]
    assert told(root.query(queries.PIN_ISSUE, issue=node)).startswith(
        "Could not resolve to Issue node with the global id"
    )
