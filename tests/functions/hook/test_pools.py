"""Which webhooks make tide look, and at which pools."""

from typing import Any

import msgspec
import pytest

from cutwater.github.webhooks import open_webhook
from cutwater.prowjob.descriptions import with_base_sha
from functions.hook.pools import looks_after
from tests.world import CONFIG, configuration

POOL, WHICHEVER = "acme/rocket:main", "acme/rocket:"
PULL: dict[str, Any] = {"pull_request": {"number": 7, "base": {"ref": "main"}}}
BLOCKER: dict[str, Any] = {"issue": {"number": 9, "labels": [{"name": "blocker"}]}}


def looks(event: str, payload: dict[str, Any], *, repo: str = "rocket") -> list[tuple[str, str]]:
    repository = {"name": repo, "full_name": f"acme/{repo}", "owner": {"login": "acme"}}
    webhook = open_webhook(event, "1", msgspec.json.encode({"repository": repository} | payload))
    found = looks_after(webhook, configuration(f"{CONFIG}  blocker_label: blocker\n"))
    assert all(look["role"] == "tide" for look in found)
    return [(look.subject, look["head"]) for look in found]


@pytest.mark.parametrize(
    ("event", "payload", "expected"),
    [
        pytest.param("pull_request", PULL | {"action": "labeled"}, [(POOL, "")], id="a label"),
        pytest.param("pull_request", PULL | {"action": "closed"}, [(POOL, "")], id="closed"),
        pytest.param("pull_request", PULL | {"action": "assigned"}, [], id="an assignee"),
        pytest.param(
            "pull_request",
            PULL | {"action": "edited", "changes": {"base": {"ref": {"from": "release"}}}},
            [(POOL, ""), ("acme/rocket:release", "")],
            id="another branch: both pools",
        ),
        pytest.param("pull_request_review", PULL | {"action": "submitted"}, [(POOL, "")], id="a review"),
        pytest.param("push", {"ref": "refs/heads/release/1"}, [("acme/rocket:release/1", "")], id="a push"),
        pytest.param("push", {"ref": "refs/tags/v1"}, [], id="a tag"),
        pytest.param(
            "status", {"context": "cla", "state": "success", "sha": "s"}, [(WHICHEVER, "s")], id="another's status"
        ),
        pytest.param("status", {"context": "cla", "state": "pending", "sha": "s"}, [], id="which says nothing yet"),
        pytest.param("status", {"context": "unit", "state": "success", "sha": "s"}, [], id="a presubmit's: by relay"),
        pytest.param("status", {"context": "publish", "state": "failure", "sha": "s"}, [], id="a postsubmit's"),
        pytest.param(
            "status",
            {
                "context": "own",
                "state": "success",
                "sha": "s",
                "description": with_base_sha("Job succeeded.", "b" * 40),
            },
            [],
            id="a presubmit's that the repository brings along",
        ),
        pytest.param("status", {"context": "tide", "state": "success", "sha": "s"}, [], id="our own"),
        pytest.param(
            "check_run", {"action": "completed", "check_run": {"head_sha": "s"}}, [(WHICHEVER, "s")], id="a check run"
        ),
        pytest.param("check_run", {"action": "created", "check_run": {"head_sha": "s"}}, [], id="one that begins"),
        pytest.param("issues", BLOCKER | {"action": "closed"}, [(WHICHEVER, "")], id="an issue that blocks"),
        pytest.param(
            "issues",
            {"action": "unlabeled", "issue": {"number": 9, "labels": []}, "label": {"name": "blocker"}},
            [(WHICHEVER, "")],
            id="an issue that blocks no more",
        ),
        pytest.param("issues", {"action": "opened", "issue": {"number": 9, "labels": []}}, [], id="another issue"),
        pytest.param("issue_comment", PULL | {"action": "created"}, [], id="a comment"),
        pytest.param("pull_request", {"action": "labeled", "pull_request": "7"}, [], id="another shape than GitHub's"),
    ],
)
def test_looks(event: str, payload: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert looks(event, payload) == expected


def test_a_repository_that_is_in_no_query() -> None:
    assert looks("pull_request", PULL | {"action": "labeled"}, repo="other") == []
