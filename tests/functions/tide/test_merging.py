"""Merges that GitHub refuses. The tables are those of upstream's tests, whose names stand beside them."""

from typing import Any

import pytest

from functions.tide.pull_requests import TIDE
from tests.functions.tide.scenes import JOBS, history, looked_at, pull, scene

pytestmark = pytest.mark.virtual

BATCH = {"type": "batch", "job": "unit", "context": "unit", "org": "acme", "repo": "rocket", "base_ref": "main"}


def answers(status: int, message: str) -> dict[str, Any]:
    """GitHub merges all but #2, of which it says so."""
    return {"merge_answers": {2: [{"status": status, "message": message}]}}


def passed_batch() -> dict[str, Any]:
    """A batch of three whose test has passed."""
    refs = {"base_sha": "b" * 40, "pulls": [{"number": number, "sha": f"head-{number}"} for number in (1, 2, 3)]}
    labels = {"prow.k8s.io/refs.org": "acme", "prow.k8s.io/refs.repo": "rocket", "prow.k8s.io/refs.base_ref": "main"}
    return {**BATCH, **refs, "name": "a-batch", "state": "success", "labels": labels}


# TestTakeActionV2: batch merge errors


@pytest.mark.parametrize(
    ("said", "merged", "tried", "error"),
    [
        pytest.param(
            answers(405, "Pull Request is not mergeable"), [1, 3], [1, 2, 3],
            "#2: PR is unmergable. Do the Tide merge requirements match the GitHub settings for the repo? "
            "Pull Request is not mergeable", id="unmergable",
        ),
        pytest.param(
            answers(409, "Head branch was modified."), [1, 3], [1, 2, 3],
            "#2: PR was modified: Head branch was modified.", id="head modified",
        ),
        pytest.param(answers(422, "strange"), [1, 3], [1, 2, 3], "#2: GitHub answers 422: strange", id="unknown error"),
        pytest.param(
            answers(405, "You're not authorized to push to this branch"), [1], [1, 2],
            "#2: branch needs to be configured to allow this robot to push: "
            "You're not authorized to push to this branch", id="not authorised to push",
        ),
        pytest.param(
            answers(405, "Merge commits are not allowed on this repository"), [1], [1, 2],
            "#2: Tide needs to be configured to use the 'rebase' merge method for this repo or the repo needs to allow "
            "merge commits: Merge commits are not allowed on this repository", id="merge commits forbidden",
        ),
        pytest.param(
            answers(405, "Base branch was modified"), [1, 3], [1, 2, 3],
            "#2: base branch was modified: Base branch was modified", id="base modified",
        ),
    ],
)  # fmt: skip
async def test_a_batch_of_which_one_is_refused(
    said: dict[str, Any], merged: list[int], tried: list[int], error: str
) -> None:
    world = scene(pull(1), pull(2), pull(3), prowjobs=[passed_batch()], **said)
    await looked_at(world)
    assert world.github.merged == merged
    (entry,) = await history(world)
    assert entry["action"] == "MERGE_BATCH"
    whole = f"failed merging [2] from batch [1 2 3], partial merge [{' '.join(map(str, merged))}]: {error}"
    assert entry["err"] == whole
    assert sorted({one["pr"] for one in world.github.merges}) == tried


async def test_an_error_that_is_none_of_theirs_is_not_told_to_people() -> None:
    world = scene(pull(1), pull(2), pull(3), prowjobs=[passed_batch()], status_errors=[2])
    await looked_at(world)
    assert world.github.merged == [1, 3]
    (entry,) = await history(world)
    assert entry["err"].endswith("#2: merge error (contact Prow admin)")


# TestSetTideStatusSuccess


@pytest.mark.parametrize(
    ("state", "is_set"),
    [
        pytest.param("SUCCESS", False, id="success already"),
        pytest.param("PENDING", True, id="pending"),
        pytest.param("", True, id="not there"),
    ],
)
async def test_the_status_is_green_before_the_merge(state: str, is_set: bool) -> None:
    unit = {"context": "unit", "state": "SUCCESS", "description": "[prow:skip-retest]"}
    own = {"context": TIDE, "state": state, "description": "In merge pool."}
    world = scene(pull(1, contexts=[unit, own] if state else [unit]), jobs=JOBS)
    await looked_at(world)
    assert world.github.merged == [1]
    assert [one["state"] for one in world.github.statuses] == ["success"] * is_set
