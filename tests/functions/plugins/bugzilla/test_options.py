"""Which options are in force for a branch."""

import msgspec
import pytest

from cutwater.bugzilla.client import Bug
from cutwater.config.sections import BugOptions, BugState
from functions.plugins.bugzilla.options import is_in, missing, options_for, pretty
from tests.functions.plugins.scene import configuration


def options(default: str = "{}", org: str = "{}", repo: str = "{}", branch: str = "main") -> BugOptions:
    text = (
        f"bugzilla: {{default: {default}, orgs: {{acme: {{default: {org}, repos: {{rocket: {{branches: {repo}}}}}}}}}}}"
    )
    return options_for(configuration(text), "acme", "rocket", branch)


@pytest.mark.parametrize(
    "levels, expected",
    [
        pytest.param([], {}, id="nothing"),
        pytest.param(["{'*': {is_open: true}, main: {target_release: r1}}"], {"is_open": True, "target_release": "r1"}),
        pytest.param(["{'*': {is_open: true}, main: {is_open: false}}"], {"is_open": False}, id="the branch wins"),
        pytest.param(["{other: {is_open: true}}"], {}, id="another branch"),
        pytest.param(["{'*': {is_open: true}}", "{'*': {is_open: false}}"], {"is_open": False}, id="organisation"),
        pytest.param(["{}", "{main: {is_open: true}}", "{'*': {is_open: false}}"], {"is_open": False}, id="repository"),
        pytest.param(
            ["{'*': {is_open: true}}", "{'*': {exclude_defaults: true, target_release: r}}"],
            {"exclude_defaults": True, "target_release": "r"},
            id="cut off",
        ),
        pytest.param(
            ["{'*': {is_open: true}}", "{}", "{'*': {exclude_defaults: true}, main: {target_release: r}}"],
            {"exclude_defaults": True, "target_release": "r"},
            id="cut off for all branches",
        ),
        pytest.param(
            ["{'*': {statuses: [B, A], valid_states: [{status: C, resolution: D}]}}"],
            {"valid_states": [("A", ""), ("B", ""), ("C", "D")]},
            id="statuses are states",
        ),
        pytest.param(
            ["{'*': {valid_states: [{status: C}]}, main: {statuses: [A]}}"],
            {"valid_states": [("A", "")]},
            id="statuses take the place of states",
        ),
        pytest.param(
            ["{'*': {dependent_bug_statuses: [A]}}"], {"dependent_bug_states": [("A", "")]}, id="dependents' statuses"
        ),
        pytest.param(
            ["{'*': {dependent_bug_target_release: b, dependent_bug_target_releases: [a]}}"],
            {"dependent_bug_target_releases": ["a", "b"]},
            id="one more release",
        ),
        pytest.param(
            ["{'*': {dependent_bug_target_releases: [a]}, main: {dependent_bug_target_release: b}}"],
            {"dependent_bug_target_releases": ["b"]},
            id="one release instead",
        ),
        pytest.param(
            ["{'*': {status_after_merge: A, status_after_validation: B, state_after_validation: {status: C}}}"],
            {"state_after_merge": ("A", ""), "state_after_validation": ("C", "")},
            id="a state beats a status",
        ),
        pytest.param(
            ["{'*': {state_after_merge: {status: A}}, main: {status_after_merge: B}}"],
            {"state_after_merge": ("B", "")},
            id="a later status beats a state",
        ),
        pytest.param(
            ["{'*': {allowed_groups: [b]}}", "{'*': {allowed_groups: [a, b]}}"], {"allowed_groups": ["a", "b"]}
        ),
        pytest.param(["{'*': {enable_backporting: true}}"], {"enable_backporting": True}, id="backporting"),
    ],
)
def test_levels(levels: list[str], expected: dict[str, object]) -> None:
    found = msgspec.to_builtins(options(*levels))
    said = {key: value for key, value in found.items() if value not in (None, [], ())}

    def plain(value: object) -> object:
        if isinstance(value, dict):
            return (value.get("status", ""), value.get("resolution", ""))
        return [plain(one) for one in value] if isinstance(value, list | tuple) else value

    assert {key: plain(value) for key, value in said.items()} == expected


@pytest.mark.parametrize(
    "status, resolution, text",
    [("", "", ""), ("A", "", "A"), ("", "B", "any status with resolution B"), ("A", "B", "A (B)")],
)
def test_words(status: str, resolution: str, text: str) -> None:
    assert pretty(BugState(status=status, resolution=resolution)) == text


@pytest.mark.parametrize(
    "status, resolution, is_match, changes",
    [
        ("", "", True, {}),
        ("CLOSED", "", True, {}),
        ("", "ERRATA", True, {}),
        ("CLOSED", "WONTFIX", False, {"resolution": "WONTFIX"}),
        ("NEW", "ERRATA", False, {"status": "NEW"}),
    ],
)
def test_states(status: str, resolution: str, is_match: bool, changes: dict[str, str]) -> None:
    state, bug = BugState(status=status, resolution=resolution), Bug(id=1, status="CLOSED", resolution="ERRATA")
    assert is_in(bug, [state]) is is_match
    assert missing(state, bug) == (BugState(**changes) if changes else None)
