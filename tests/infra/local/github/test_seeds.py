"""Worlds from JSON: described repositories answer like real ones, without git."""

import json
from pathlib import Path
from typing import Any

import pytest

from infra.local.github.seeds import load_file
from infra.local.github.world import World
from tests.contract.github.descriptions import CheckedGitHub

SEED: dict[str, Any] = {
    "organisations": [{"login": "acme", "members": ["alice"], "base_permission": "none"}],
    "teams": [{"organisation": "acme", "slug": "leads", "id": 42, "members": ["alice"]}],
    "repositories": [
        {
            "name": "acme/rocket",
            "is_described": True,
            "collaborators": {"alice": "write", "frank": "none"},
            "labels": ["lgtm"],
            "milestones": [{"title": "v1", "number": 4}],
            "branches": {"main": {"sha": "base1", "files": {"README.md": "one\n", "docs/a.md": "a\n"}}},
            "issues": [
                {
                    "number": 101,
                    "title": "Improve",
                    "author": "pat",
                    "author_association": "CONTRIBUTOR",
                    "labels": ["lgtm"],
                    "milestone": "v1",
                    "created_at": "2026-01-05T10:00:00Z",
                    "comments": [{"author": "alice", "body": "/hold", "id": 9000}],
                    "events": [{"actor": "alice", "event": "labeled", "label": "lgtm"}],
                    "pull_request": {
                        "base_ref": "main",
                        "head_ref": "feature",
                        "head_sha": "abcdef",
                        "mergeable": True,
                        "can_be_rebased": False,
                        "merge_state_status": "BLOCKED",
                        "review_decision": "APPROVED",
                        "requested_reviewers": ["alice"],
                        "requested_teams": [],
                        "commits": [{"sha": "abcdef", "message": "a", "author": "pat", "parents": ["base1", "other"]}],
                        "files": [
                            {"filename": "docs/a.md", "status": "removed"},
                            {"filename": "new.md", "status": "added", "additions": 3, "head_content": "new\n"},
                        ],
                        "reviews": [{"author": "alice", "state": "APPROVED", "id": 77}],
                        "statuses": [{"context": "unit", "state": "success", "description": "fine"}],
                        "check_runs": [{"name": "build", "status": "completed", "conclusion": "failure"}],
                    },
                }
            ],
        }
    ],
}
R = "/repos/acme/rocket"


@pytest.fixture
def seeded(world: World, tmp_path: Path) -> World:
    file = tmp_path / "seed.json"
    file.write_text(json.dumps(SEED))
    load_file(world, file)
    world.hook("acme/rocket", "http://receiver")
    return world


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        pytest.param(f"{R}/pulls/101", {"mergeable": True, "mergeable_state": "blocked", "commits": 1}, id="pull"),
        pytest.param(f"{R}/pulls/101/files", [{"status": "removed"}, {"additions": 3}], id="files"),
        pytest.param(f"{R}/pulls/101/commits", [{"sha": "abcdef", "author": {"login": "pat"}}], id="commits"),
        pytest.param(f"{R}/pulls/101/reviews", [{"id": 77, "state": "APPROVED"}], id="reviews"),
        pytest.param(f"{R}/issues/101", {"author_association": "CONTRIBUTOR", "milestone": {"number": 4}}, id="issue"),
        pytest.param(f"{R}/issues/101/comments", [{"id": 9000, "body": "/hold"}], id="comments"),
        pytest.param(f"{R}/issues/101/events", [{"event": "labeled", "label": {"name": "lgtm"}}], id="events"),
        pytest.param(f"{R}/commits/abcdef/status", {"state": "success", "total_count": 1}, id="statuses"),
        pytest.param(f"{R}/commits/abcdef/check-runs", {"check_runs": [{"conclusion": "failure"}]}, id="check runs"),
        pytest.param(f"{R}/git/ref/heads/main", {"object": {"sha": "base1"}}, id="base"),
        pytest.param(f"{R}/contents/new.md?ref=abcdef", {"content": "bmV3Cg==\n"}, id="content at the head"),
        pytest.param(f"{R}/contents/docs", [{"path": "docs/a.md", "type": "file"}], id="folder"),
        pytest.param(f"{R}/git/trees/main?recursive=1", {"tree": [{}, {"path": "docs"}, {}]}, id="tree"),
        pytest.param(f"{R}/compare/main...abcdef", {"merge_base_commit": {"sha": "base1"}}, id="compare"),
        pytest.param("/teams/42/members", [{"login": "alice"}], id="team by id"),
    ],
)  # fmt: skip
def test_described_facts(seeded: World, client_of: Any, path: str, expected: Any) -> None:
    assert_like(client_of("alice").get(path), expected)


def assert_like(found: Any, expected: Any) -> None:
    """Everything expected is there; lists are of equal length."""
    if isinstance(expected, dict):
        for name, value in expected.items():
            assert_like(found[name], value)
    elif isinstance(expected, list):
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            assert_like(one, other)
    else:
        assert found == expected


def test_a_removed_file_is_not_at_the_head(seeded: World, client_of: Any) -> None:
    assert client_of("alice")("GET", f"{R}/contents/docs/a.md?ref=abcdef").status == 404


def test_what_graphql_says_of_it(seeded: World, client_of: Any) -> None:
    fields = "canBeRebased mergeStateStatus reviewDecision headRefOid commits(last: 4) {nodes {commit {oid}}}"
    query = f'{{repository(owner: "acme", name: "rocket") {{pullRequest(number: 101) {{{fields}}}}}}}'
    assert client_of("alice").query(query)["data"]["repository"]["pullRequest"] == {
        "canBeRebased": False,
        "mergeStateStatus": "BLOCKED",
        "reviewDecision": "APPROVED",
        "headRefOid": "abcdef",
        "commits": {"nodes": [{"commit": {"oid": "abcdef"}}]},
    }


async def test_a_described_pull_request_is_merged(seeded: World, client_of: Any, github: CheckedGitHub) -> None:
    answered = client_of("alice")("PUT", f"{R}/pulls/101/merge", {"sha": "abcdef"})
    assert answered.status == 200
    alice = client_of("alice")
    assert alice.get(f"{R}/git/ref/heads/main")["object"]["sha"] == answered.body["sha"]
    assert alice.get(f"{R}/contents/new.md")["content"] == "bmV3Cg==\n"
    assert alice("GET", f"{R}/contents/docs/a.md").status == 404
    await github.settle()
    assert [event for event, _ in github.webhooks] == ["pull_request", "push"]


def test_only_real_repositories_have_git(seeded: World, github: CheckedGitHub) -> None:
    assert list(github.hub.repositories_folder.iterdir()) == []


def test_a_mistake_is_told_with_its_place(world: World, tmp_path: Path) -> None:
    file = tmp_path / "seed.json"
    file.write_text('{"repositories": [{"name": "acme/rocket", "colour": "red"}]}')
    with pytest.raises(SystemExit, match=r"seed.json: .*colour.*repositories"):
        load_file(world, file)
