"""Refs by the API: what a branch may be put at, what its protection has against it, and what follows from it."""

from collections.abc import Callable
from typing import Any

import pytest

from infra.local.github import records as r
from infra.local.github.code import code_of
from infra.local.github.world import Issue, Repository, World
from tests.contract.github.descriptions import CheckedGitHub

REFS = "/repos/acme/rocket/git/refs"
MAIN = f"{REFS}/heads/main"
TREE = """{repository(owner: "acme", name: "rocket") {ref(qualifiedName: "refs/heads/main") {
  target {oid ... on Commit {tree {oid}}}
}}}"""


@pytest.fixture
def rocket(world: World) -> Repository:
    world.organisation("acme", admins=["root"])
    return world.repository(
        "acme/rocket", files={"README.md": "one\n"}, collaborators=["alice"], hook=("http://receiver", "")
    )


async def change_of(world: World, rocket: Repository, name: str = "main.py") -> Issue:
    return await world.pull_request(rocket, author="bob", title=name, files={name: "print()\n"})


def stacked(rocket: Repository, *changes: Issue) -> str:
    """The commit that has the changes merged one upon the other; no branch is there yet."""
    hub, tip = rocket.github.hub, rocket.head()
    me = r.Person("Lane", "lane@example.com", hub.now())
    for change in changes:
        merged = code_of(hub, rocket.record).merge(tip, change.head, change.title, author=me, committer=me)
        assert merged is not None
        tip = merged
    return tip


async def test_a_branch_is_put_further(world: World, rocket: Repository, client_of: Any, github: CheckedGitHub) -> None:
    """Pull requests whose heads it then has are merged; everybody hears of it."""
    first, second, other = [await change_of(world, rocket, name) for name in ("a.py", "b.py", "c.py")]
    tip = stacked(rocket, first, second)
    answered = client_of("alice")("PATCH", MAIN, {"sha": tip})
    assert (answered.status, answered.body["object"]["sha"]) == (200, tip)
    assert rocket.head() == tip
    assert [(one.is_merged, one.pull.merge_sha) for one in (first, second, other)] == [
        (True, tip),
        (True, tip),
        (False, None),
    ]
    await github.settle()
    assert [payload["after"] for event, payload in github.webhooks if event == "push"] == [tip]
    closed: list[Any] = [payload["pull_request"] for _, payload in github.webhooks if payload.get("action") == "closed"]
    assert [(one["number"], one["merged"], one["merged_by"]["login"]) for one in closed] == [
        (first.number, True, "alice"),
        (second.number, True, "alice"),
    ]


@pytest.mark.parametrize(
    ("sha", "message"),
    [
        pytest.param("{base}", "Update is not a fast forward", id="back"),
        pytest.param("0" * 40, "Object does not exist", id="nowhere"),
    ],
)
async def test_a_branch_is_not_put_back(
    world: World, rocket: Repository, client_of: Any, sha: str, message: str
) -> None:
    base = rocket.head()
    now = await world.push(rocket, "main", {"README.md": "two\n"}, author="alice")
    answered = client_of("alice")("PATCH", MAIN, {"sha": sha.format(base=base)})
    assert (answered.status, answered.body["message"]) == (422, message)
    assert rocket.head() == now
    assert client_of("alice")("PATCH", f"{REFS}/heads/nowhere", {"sha": base}).body["message"] == (
        "Reference does not exist"
    )


Protect = Callable[[World], None]


def protected(**how: Any) -> Protect:
    return lambda world: world.protect("acme/rocket", **how)


@pytest.mark.parametrize(
    ("protect", "passed", "by", "message"),
    [
        pytest.param(protected(), (), "alice", "", id="nothing is required"),
        pytest.param(
            protected(contexts=["unit"]), (), "alice", 'Required status check "unit" is expected.', id="a check"
        ),
        pytest.param(
            protected(contexts=["unit", "e2e"]),
            ("lint",),
            "alice",
            "2 of 2 required status checks are",
            id="two checks",
        ),
        pytest.param(protected(contexts=["unit"]), ("unit",), "alice", "", id="the check has passed"),
        pytest.param(protected(contexts=["unit"]), (), "root", "", id="an administrator"),
        pytest.param(
            protected(contexts=["unit"], enforce_admins=True),
            (),
            "root",
            'Required status check "unit" is expected.',
            id="an administrator as everybody",
        ),
        pytest.param(
            protected(approvals=1), (), "alice", "Changes must be made through a pull request.", id="by reviews alone"
        ),
        pytest.param(
            protected(push_users=["root"]), (), "alice", "You're not authorized to push to this", id="not authorized"
        ),
        pytest.param(
            protected(linear_history=True), (), "alice", "This branch must not contain merge commits.", id="no merges"
        ),
    ],
)
async def test_protection_holds_for_refs(
    world: World, rocket: Repository, client_of: Any, protect: Protect, passed: tuple[str, ...], by: str, message: str
) -> None:
    base, merged = rocket.head(), stacked(rocket, await change_of(world, rocket))
    protect(world)
    for context in passed:
        path = f"/repos/acme/rocket/statuses/{merged}"
        assert client_of("alice")("POST", path, {"context": context, "state": "success"}).status == 201
    answered = client_of(by)("PATCH", MAIN, {"sha": merged})
    assert answered.status == (422 if message else 200)
    assert answered.body.get("message", "").startswith(message)
    assert rocket.head() == (base if message else merged)


@pytest.mark.parametrize(
    ("method", "body", "message"),
    [
        pytest.param("PATCH", {"sha": "{base}", "force": True}, "Cannot force-push to this branch", id="force"),
        pytest.param("DELETE", None, "Cannot delete this branch", id="deletion"),
    ],
)
async def test_a_protected_branch_loses_nothing(
    world: World, rocket: Repository, client_of: Any, method: str, body: dict[str, object] | None, message: str
) -> None:
    base = rocket.head()
    await world.push(rocket, "main", {"README.md": "two\n"}, author="alice")
    world.protect("acme/rocket")
    asked = {**body, "sha": base} if body else None
    answered = client_of("root")(method, MAIN, asked)
    assert (answered.status, answered.body["message"]) == (422, message)


async def test_refs_of_ones_own_are_nobodys_business(
    world: World, rocket: Repository, client_of: Any, github: CheckedGitHub
) -> None:
    alice, head = client_of("alice"), rocket.head()
    assert alice("POST", REFS, {"ref": "refs/cutwater/lane", "sha": head}).status == 201
    new = await world.push(rocket, "main", {"README.md": "two\n"}, author="alice")
    assert alice("PATCH", f"{REFS}/cutwater/lane", {"sha": new}).status == 200
    assert alice.get("/repos/acme/rocket/git/ref/cutwater/lane")["object"]["sha"] == new
    assert alice("DELETE", f"{REFS}/cutwater/lane").status == 204
    await github.settle()
    assert [payload["ref"] for event, payload in github.webhooks if event in {"push", "create", "delete"}] == [
        "refs/heads/main"
    ]


async def test_the_tree_of_a_branch(world: World, rocket: Repository, client_of: Any) -> None:
    found = client_of("alice").query(TREE)["data"]["repository"]["ref"]["target"]
    commit = client_of("alice").get(f"/repos/acme/rocket/git/commits/{rocket.head()}")
    assert found == {"oid": rocket.head(), "tree": {"oid": commit["tree"]["sha"]}}
