"""How a pull request is merged, and what stands in the way. The tables are those of upstream's tests."""

from collections.abc import Collection, Mapping
from typing import Any

import pytest

from cutwater.config.tide import MERGE_METHODS, MergeMethod, MergeMethods, Tide, TideQuery
from functions.tide.mergeability import CONFLICTING_LABELS, method_of, obstacle
from functions.tide.statuses import Standing, expected
from tests.functions.tide.making import policy, pull

LABELS: dict[str, Any] = {
    "squash_label": "tide/squash",
    "rebase_label": "tide/rebase",
    "merge_label": "tide/merge",
}


# TestMergeMethodCheckerAndPRMergeMethod


@pytest.mark.parametrize(
    ("configured", "labels", "method"),
    [
        pytest.param({}, [], "merge", id="nothing is said"),
        pytest.param({}, ["tide/squash"], "squash", id="a label before the default"),
        pytest.param({"acme/rocket": "squash"}, ["tide/rebase"], "rebase", id="a label before the repository's"),
        pytest.param({"acme/rocket": "squash"}, ["tide/merge"], "merge", id="back to the default by a label"),
        pytest.param({}, ["tide/squash", "tide/rebase"], None, id="two labels"),
    ],
)
def test_method(configured: Mapping[str, MergeMethods], labels: list[str], method: MergeMethod | None) -> None:
    tide = Tide(merge_method=configured, **LABELS)
    assert method_of(pull(labels=tuple(labels)), tide) == method


@pytest.mark.parametrize(
    ("change", "allowed", "why"),
    [
        pytest.param({}, MERGE_METHODS, "", id="nothing"),
        pytest.param({}, {"squash"}, 'Merge type "merge" disallowed by repo settings', id="the default is forbidden"),
        pytest.param(
            {"labels": ("tide/squash",)}, {"merge"}, 'Merge type "squash" disallowed by repo settings',
            id="what the label says is forbidden",
        ),
        pytest.param({"labels": ("tide/squash", "tide/rebase")}, MERGE_METHODS, CONFLICTING_LABELS, id="two labels"),
        pytest.param({"labels": ("tide/rebase",)}, MERGE_METHODS, "PR can't be rebased", id="no rebase"),
        pytest.param({"labels": ("tide/rebase",), "can_be_rebased": True}, MERGE_METHODS, "", id="a rebase"),
        pytest.param({"mergeable": "CONFLICTING"}, MERGE_METHODS, "PR has a merge conflict.", id="a conflict"),
        pytest.param({"mergeable": "UNKNOWN"}, MERGE_METHODS, "", id="GitHub does not know yet"),
    ],
)  # fmt: skip
def test_obstacle(change: dict[str, Any], allowed: Collection[MergeMethod], why: str) -> None:
    assert obstacle(pull(**change), Tide(**LABELS), allowed) == why


# TestOrgRepoMatchMergeMethod


@pytest.mark.parametrize(
    ("configured", "branch", "method"),
    [
        pytest.param({"acme": "squash"}, "main", "squash", id="the organisation's"),
        pytest.param({"acme": "squash"}, "", "squash", id="the organisation's, of no branch"),
        pytest.param({"acme": "squash", "acme/rocket": "rebase"}, "main", "rebase", id="the repository's before it"),
        pytest.param(
            {"acme/rocket@main": "squash", "acme": {"rocket": {"main": "rebase"}}}, "main", "squash",
            id="the branch's by its name before a pattern",
        ),
        pytest.param(
            {"acme/rocket": "squash", "acme": {"rocket": {"main": "rebase"}}}, "main", "rebase",
            id="the branch's by a pattern before the repository's",
        ),
        pytest.param(
            {"acme/rocket": "squash", "acme": {"rocket": "rebase"}}, "main", "squash",
            id="the repository's by its name before what stands below the organisation",
        ),
        pytest.param({"acme": {"other": "rebase", "*": "squash"}}, "main", "squash", id="any other repository's"),
        pytest.param({"acme": {"rocket": {"mai": "rebase", "ma.*": "squash"}}}, "main", "squash", id="two patterns"),
        pytest.param({"acme/rocket@main": "squash"}, "", "merge", id="another branch's"),
        pytest.param({"acme": {"rocket": {"next": "squash"}}}, "main", "merge", id="another pattern's"),
    ],
)  # fmt: skip
def test_configured_method(configured: Mapping[str, MergeMethods], branch: str, method: str) -> None:
    assert Tide(merge_method=configured).merge_method_of("acme", "rocket", branch) == method


# TestIsAllowedToMerge_ReviewDecision, TestPoolStatus

DESPITE, PLAIN = "In merge pool (despite BLOCKED).", "In merge pool."


@pytest.mark.parametrize(
    ("merge_state", "policies", "says"),
    [
        pytest.param("BLOCKED", {"*": "block"}, None, id="block, everywhere"),
        pytest.param("BLOCKED", {"acme": "block"}, None, id="block, in the organisation"),
        pytest.param("BLOCKED", {"acme/rocket": "block"}, None, id="block, in the repository"),
        pytest.param("BLOCKED", {}, DESPITE, id="nothing is said"),
        pytest.param("BLOCKED", {"*": "permit"}, DESPITE, id="permit"),
        pytest.param("BLOCKED", {"*": "ignore"}, PLAIN, id="ignore"),
        pytest.param("BLOCKED", {"acme": "block", "acme/rocket": "ignore"}, PLAIN, id="all but this repository"),
        pytest.param("BLOCKED", {"acme": "permit", "acme/rocket": "block"}, None, id="permit, but not here"),
        pytest.param("BLOCKED", {"acme": "ignore", "acme/rocket": "block"}, None, id="ignore, but not here"),
        pytest.param("CLEAN", {"*": "block"}, PLAIN, id="not blocked"),
        pytest.param("BEHIND", {"*": "block"}, PLAIN, id="behind"),
    ],
)
def test_what_github_blocks(merge_state: str, policies: Mapping[str, Any], says: str | None) -> None:
    tide = Tide(queries=(TideQuery(orgs=("acme",)),), github_merge_blocks_policy=policies)
    one = pull(merge_state=merge_state)
    why = obstacle(one, tide, MERGE_METHODS)
    assert bool(why) is (says is None)
    told = expected(Standing(pull=one, is_in_pool=True, policy=policy(), obstacle=why), tide)
    assert told.description == (says or f"Not mergeable. {why}")
