"""Pull requests in real git: mergeability, merges and their refusals, pushes that move them, reviews."""

import subprocess
from typing import Any

import pytest
from msgspec.structs import replace

from infra.local.github.errors import Refusal
from infra.local.github.world import Issue, Repository, World
from tests.contract.github.descriptions import CheckedGitHub

URL = "/repos/acme/rocket/pulls/1"


@pytest.fixture
def rocket(world: World) -> Repository:
    world.organisation("acme", members=["alice"], admins=["root"])
    return world.repository(
        "acme/rocket",
        files={"README.md": "one\n", "docs/a.md": "a\n"},
        collaborators={"alice": "write"},
        hook=("http://receiver", ""),
        branches=["release"],
    )


async def change_of(world: World, rocket: Repository, **more: Any) -> Issue:
    return await world.pull_request(
        rocket, author="bob", title="Two", files={"README.md": "two\n"}, message="Make it two", **more
    )


def log(rocket: Repository, form: str, revisions: str = "main") -> list[str]:
    folder = rocket.github.hub.repositories_folder / f"{rocket.id}.git"
    done = subprocess.run(
        ["git", "--git-dir", folder, "log", "--topo-order", f"--format={form}", revisions],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip().split("\n")


@pytest.mark.parametrize(
    ("method", "subjects", "parents"),
    [
        pytest.param(
            "merge", ["Merge pull request #1 from bob/topic", "More", "Make it two", "On main"], 2, id="merge"
        ),
        pytest.param("squash", ["Two (#1)", "On main", "First commit"], 1, id="squash"),
        pytest.param("rebase", ["More", "Make it two", "On main"], 1, id="rebase"),
    ],
)
async def test_merges(
    world: World, rocket: Repository, client_of: Any, method: str, subjects: list[str], parents: int
) -> None:
    change = await change_of(world, rocket)
    await change.push({"more.md": "more\n"}, message="More")
    await world.push(rocket, "main", {"other.md": "other\n"}, author="alice", message="On main")
    answered = client_of("alice")("PUT", URL + "/merge", {"merge_method": method, "sha": change.head})
    assert (answered.status, answered.body["merged"]) == (200, True)
    assert rocket.head() == answered.body["sha"] == change.pull.merge_sha
    assert log(rocket, "%s")[: len(subjects)] == subjects
    assert len(log(rocket, "%p")[0].split()) == parents
    assert (rocket.file("README.md"), rocket.file("more.md"), rocket.file("other.md")) == ("two\n", "more\n", "other\n")
    assert (change.is_merged, change.state) == (True, "closed")


@pytest.mark.parametrize(
    ("ask", "expected"),
    [
        pytest.param({"commit_title": "T", "commit_message": "M"}, "T\n\nM", id="both given"),
        pytest.param({"commit_title": "T"}, "T\n\nTwo", id="title given"),
        pytest.param({"commit_title": "T", "commit_message": ""}, "T", id="no message wanted"),
        pytest.param({"merge_method": "squash"}, "Make it two (#1)", id="squash of one commit has its title"),
    ],
)
async def test_messages_of_merges(
    world: World, rocket: Repository, client_of: Any, ask: dict[str, str], expected: str
) -> None:
    await change_of(world, rocket)
    assert client_of("alice")("PUT", URL + "/merge", ask).status == 200
    assert "\n".join(log(rocket, "%B", "-1")) == expected


async def conflict(world: World, rocket: Repository, change: Issue) -> None:
    await world.push(rocket, "main", {"README.md": "three\n"}, author="alice")


async def draft(world: World, rocket: Repository, change: Issue) -> None:
    await change.set_draft("bob", is_draft=True)


async def closed(world: World, rocket: Repository, change: Issue) -> None:
    await change.close("bob")


async def required(world: World, rocket: Repository, change: Issue) -> None:
    world.protect(rocket.name, contexts=["unit"], enforce_admins=True)


async def approval(world: World, rocket: Repository, change: Issue) -> None:
    world.protect(rocket.name, approvals=1)


async def behind(world: World, rocket: Repository, change: Issue) -> None:
    world.protect(rocket.name, contexts=["unit", "e2e"], is_strict=True)
    for context in ("unit", "e2e"):
        await change.set_status("alice", context, "success")
    await world.push(rocket, "main", {"other.md": "other\n"}, author="alice")


async def failing(world: World, rocket: Repository, change: Issue) -> None:
    world.protect(rocket.name, contexts=["unit", "e2e"], approvals=2)
    await change.set_status("alice", "e2e", "failure")


async def linear(world: World, rocket: Repository, change: Issue) -> None:
    world.protect(rocket.name, linear_history=True)


async def archived(world: World, rocket: Repository, change: Issue) -> None:
    with rocket.github.hub.store.transaction():
        rocket.github.hub.repositories.put(replace(rocket.record, is_archived=True))


async def restricted(world: World, rocket: Repository, change: Issue) -> None:
    world.protect(rocket.name, push_users=["root"])


async def fine(world: World, rocket: Repository, change: Issue) -> None:
    """Nothing stands in the way."""


@pytest.mark.parametrize(
    ("before", "ask", "status", "message"),
    [
        pytest.param(conflict, {}, 405, "Pull Request is not mergeable", id="conflict"),
        pytest.param(closed, {}, 405, "Pull Request is not mergeable", id="closed"),
        pytest.param(draft, {}, 405, "Pull Request is still a draft", id="draft"),
        pytest.param(required, {}, 405, 'Required status check "unit" is expected.', id="required status"),
        pytest.param(behind, {}, 405, "2 of 2 required status checks are expected.", id="behind a strict branch"),
        pytest.param(
            failing,
            {},
            405,
            "2 of 2 required status checks have not succeeded: 1 expected and 1 failing. "
            "At least 2 approving reviews are required by reviewers with write access.",
            id="everything lacks",
        ),
        pytest.param(linear, {}, 405, "This branch must not contain merge commits.", id="linear history"),
        pytest.param(archived, {}, 403, "Repository was archived so is read-only.", id="archived"),
        pytest.param(approval, {}, 405, "At least 1 approving review is required", id="required approval"),
        pytest.param(restricted, {}, 405, "You're not authorized to push to this branch.", id="restricted branch"),
        pytest.param(fine, {"sha": "0" * 40}, 409, "Head branch was modified.", id="head moved"),
        pytest.param(fine, {"merge_method": "octopus"}, 422, "Invalid request.", id="unknown method"),
        pytest.param(fine, {}, 200, "Pull Request successfully merged", id="nothing in the way"),
    ],
)
async def test_refused_merges(
    world: World, rocket: Repository, client_of: Any, before: Any, ask: Any, status: int, message: str
) -> None:
    change = await change_of(world, rocket)
    await before(world, rocket, change)
    head = rocket.head()
    answered = client_of("alice")("PUT", URL + "/merge", ask)
    assert answered.status == status
    assert answered.body["message"].startswith(message)
    assert (rocket.head() != head) == (status == 200)


@pytest.mark.parametrize("method", ["merge", "squash", "rebase"])
async def test_a_method_that_the_repository_forbids(
    world: World, rocket: Repository, client_of: Any, method: str
) -> None:
    await change_of(world, rocket)
    setting = {"merge": "allow_merge_commit", "squash": "allow_squash_merge", "rebase": "allow_rebase_merge"}[method]
    assert client_of("root")("PATCH", "/repos/acme/rocket", {setting: False}).status == 200
    answered = client_of("alice")("PUT", URL + "/merge", {"merge_method": method})
    assert answered.status == 405
    assert answered.body["message"].endswith("not allowed on this repository.")


async def test_mergeability_follows_the_base(world: World, rocket: Repository, client_of: Any) -> None:
    await change_of(world, rocket)
    bob = client_of("bob")
    found = bob.get(URL)
    assert (found["mergeable"], found["rebaseable"], found["mergeable_state"]) == (True, True, "clean")
    await world.push(rocket, "main", {"README.md": "three\n"}, author="alice")
    found = bob.get(URL)
    assert (found["mergeable"], found["rebaseable"], found["mergeable_state"]) == (False, False, "dirty")


async def test_a_merge_can_be_possible_where_a_rebase_is_not(world: World, rocket: Repository, client_of: Any) -> None:
    change = await change_of(world, rocket)
    await change.push({"README.md": "one\n", "b.md": "b\n"}, message="Back again")
    await world.push(rocket, "main", {"README.md": "three\n"}, author="alice")
    found = client_of("bob").get(URL)
    assert (found["mergeable"], found["rebaseable"]) == (True, False)
    answered = client_of("alice")("PUT", URL + "/merge", {"merge_method": "rebase"})
    assert (answered.status, answered.body["message"]) == (405, "This branch can't be rebased")


async def test_files_and_commits(world: World, rocket: Repository, client_of: Any) -> None:
    change = await change_of(world, rocket)
    await change.push({"docs/a.md": None, "docs/b.md": "a\n", "new.txt": "x\ny\n"}, message="Move")
    await world.push(rocket, "main", {"unrelated.md": ""}, author="alice")
    files = {one["filename"]: one for one in client_of("bob").get(URL + "/files")}
    assert {name: one["status"] for name, one in files.items()} == {
        "README.md": "modified",
        "docs/b.md": "renamed",
        "new.txt": "added",
    }
    assert files["docs/b.md"]["previous_filename"] == "docs/a.md"
    assert (files["new.txt"]["additions"], files["new.txt"]["patch"]) == (2, "@@ -0,0 +1,2 @@\n+x\n+y")
    commits = client_of("bob").get(URL + "/commits")
    assert [one["commit"]["message"] for one in commits] == ["Make it two", "Move"]
    assert commits[0]["author"]["login"] == "bob"


async def test_a_push_moves_the_pull_request(world: World, rocket: Repository, github: CheckedGitHub) -> None:
    change = await change_of(world, rocket)
    await change.review("alice", "APPROVE")
    old = change.head
    new = await change.push({"more.md": ""})
    assert change.head == new
    await github.settle()
    told = [payload for event, payload in github.webhooks if payload.get("action") == "synchronize"]
    assert [(one["before"], one["after"]) for one in told] == [(old, new)]


async def test_a_push_of_its_commits_to_the_base_merges_it(world: World, rocket: Repository) -> None:
    change = await change_of(world, rocket)
    await world.force_push(rocket, "main", change.head, author="alice")
    assert change.is_merged
    assert change.pull.merge_sha == change.head


async def test_a_pull_request_ends_with_its_branch(world: World, rocket: Repository, client_of: Any) -> None:
    change = await change_of(world, rocket)
    assert client_of("bob")("DELETE", "/repos/bob/rocket/git/refs/heads/topic").status == 204
    assert change.state == "closed"
    answered = client_of("bob")("PATCH", URL, {"state": "open"})
    assert answered.status == 422
    assert "state cannot be changed. The topic branch has been deleted." in str(answered.body["errors"])


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        pytest.param({"head": "bob:nowhere", "base": "main"}, "'field': 'head'", id="no such head"),
        pytest.param({"head": "bob:topic", "base": "nowhere"}, "'field': 'base'", id="no such base"),
        pytest.param({"head": "bob:topic", "base": "main"}, "already exists for bob:topic", id="there already"),
        pytest.param({"head": "release", "base": "main"}, "No commits between", id="nothing new"),
    ],
)
async def test_pull_requests_that_cannot_be_opened(
    world: World, rocket: Repository, client_of: Any, ask: dict[str, str], message: str
) -> None:
    await change_of(world, rocket)
    answered = client_of("bob")("POST", "/repos/acme/rocket/pulls", {"title": "x", **ask})
    assert answered.status == 422
    assert message in str(answered.body["errors"])


async def test_the_branch_is_brought_up_to_date(world: World, rocket: Repository, client_of: Any) -> None:
    change = await change_of(world, rocket)
    old = change.head
    await world.push(rocket, "main", {"other.md": ""}, author="alice")
    assert client_of("bob")("PUT", URL + "/update-branch", {"expected_head_sha": "0" * 40}).status == 422
    assert client_of("bob")("PUT", URL + "/update-branch", {"expected_head_sha": old}).status == 202
    assert change.head != old
    assert client_of("bob").get(f"/repos/acme/rocket/compare/main...{change.head}")["status"] == "ahead"


async def test_diff_and_patch(world: World, rocket: Repository, client_of: Any) -> None:
    await change_of(world, rocket)
    diff = client_of("bob")("GET", URL, headers={"accept": "application/vnd.github.diff"})
    assert diff.body.endswith(b"-one\n+two\n")
    patch = client_of("bob")("GET", URL, headers={"accept": "application/vnd.github.patch"})
    assert b"Subject: [PATCH] Make it two" in patch.body


@pytest.mark.parametrize(
    ("reviews", "decision"),
    [
        pytest.param([("alice", "APPROVE")], "APPROVED", id="approved"),
        pytest.param([("alice", "REQUEST_CHANGES")], "CHANGES_REQUESTED", id="changes requested"),
        pytest.param([("alice", "REQUEST_CHANGES"), ("alice", "APPROVE")], "APPROVED", id="the last word counts"),
        pytest.param([("alice", "APPROVE"), ("alice", "COMMENT")], "APPROVED", id="a comment decides nothing"),
        pytest.param([("carol", "APPROVE")], "REVIEW_REQUIRED", id="without write it does not count"),
        pytest.param([], "REVIEW_REQUIRED", id="none"),
    ],
)
async def test_review_decisions(
    world: World, rocket: Repository, client_of: Any, reviews: list[tuple[str, str]], decision: str
) -> None:
    world.protect(rocket.name, approvals=1)
    change = await change_of(world, rocket)
    for author, event in reviews:
        await change.review(author, event, "because")
    query = '{repository(owner: "acme", name: "rocket") {pullRequest(number: 1) {reviewDecision}}}'
    assert client_of("bob").query(query)["data"]["repository"]["pullRequest"]["reviewDecision"] == decision


async def test_nobody_approves_their_own(world: World, rocket: Repository) -> None:
    change = await change_of(world, rocket)
    with pytest.raises(Refusal, match="Unprocessable Entity") as refused:
        await change.review("bob", "APPROVE")
    assert refused.value.errors == ["Can not approve your own pull request"]


@pytest.mark.parametrize(
    ("ask", "status", "reviewers"),
    [
        pytest.param({"reviewers": ["alice"]}, 201, {"alice"}, id="a collaborator"),
        pytest.param({"reviewers": ["alice", "carol"]}, 422, set(), id="one is no collaborator: none is asked"),
        pytest.param({"reviewers": ["bob"]}, 422, set(), id="the author"),
        pytest.param({"team_reviewers": ["nobody"]}, 422, set(), id="no such team"),
        pytest.param({"reviewers": []}, 201, set(), id="nobody"),
    ],
)
async def test_review_requests(
    world: World, rocket: Repository, client_of: Any, ask: Any, status: int, reviewers: set[str]
) -> None:
    world.user("carol")
    change = await change_of(world, rocket)
    assert client_of("alice")("POST", URL + "/requested_reviewers", ask).status == status
    assert change.requested_reviewers == reviewers


@pytest.mark.parametrize(
    ("given", "state"),
    [
        pytest.param([], "pending", id="none"),
        pytest.param([("unit", "success")], "success", id="success"),
        pytest.param([("unit", "success"), ("lint", "pending")], "pending", id="one pending"),
        pytest.param([("unit", "error"), ("lint", "pending")], "failure", id="an error is a failure"),
        pytest.param([("unit", "failure"), ("unit", "success")], "success", id="the newest of a context"),
    ],
)
async def test_combined_status(
    world: World, rocket: Repository, client_of: Any, given: list[tuple[str, str]], state: str
) -> None:
    change = await change_of(world, rocket)
    for context, one in given:
        await change.set_status("alice", context, one)
    found = client_of("bob").get(f"/repos/acme/rocket/commits/{change.head}/status")
    assert (found["state"], found["total_count"]) == (state, len({context for context, _ in given}))


@pytest.mark.parametrize(
    ("path", "ask", "message"),
    [
        pytest.param("{head}", {"state": "done"}, "Validation Failed", id="unknown state"),
        pytest.param("{head}", {"state": "success", "description": "x" * 141}, "Validation Failed", id="too long"),
        pytest.param("0" * 40, {"state": "success"}, "No commit found for SHA", id="unknown commit"),
    ],
)
async def test_refused_statuses(
    world: World, rocket: Repository, client_of: Any, path: str, ask: Any, message: str
) -> None:
    change = await change_of(world, rocket)
    answered = client_of("alice")("POST", f"/repos/acme/rocket/statuses/{path.format(head=change.head)}", ask)
    assert answered.status == 422
    assert answered.body["message"].startswith(message)
