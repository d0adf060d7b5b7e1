"""Which tests tide waits for. The table is that of upstream's TestPresubmitsByPull."""

from collections.abc import Sequence
from typing import Any

import pytest

from functions.tide.presubmits import depend_on_changes, required
from tests.cutwater.config.configured import presubmit


@pytest.mark.parametrize(
    ("job", "manual_jobs_count", "changes", "is_required"),
    [
        pytest.param({"always_run": True}, False, (), True, id="one that always runs"),
        pytest.param({"always_run": True, "optional": True}, False, (), False, id="an optional one"),
        pytest.param({"always_run": True, "skip_report": True}, False, (), False, id="one that GitHub is not told of"),
        pytest.param({"always_run": True, "branches": ("next",)}, False, (), False, id="another branch's"),
        pytest.param({"run_if_changed": "go$"}, False, ("a.go",), True, id="one that the changes need"),
        pytest.param({"run_if_changed": "go$"}, False, ("a.py",), False, id="one that they do not need"),
        pytest.param({"skip_if_only_changed": "md$"}, False, ("a.md",), False, id="one that they can do without"),
        pytest.param({"skip_if_only_changed": "md$"}, False, ("a.md", "b"), True, id="one that they cannot"),
        pytest.param({}, False, (), False, id="one that somebody must ask for"),
        pytest.param({}, True, (), True, id="the same, where such jobs count"),
        pytest.param({"optional": True}, True, (), False, id="an optional one, where such jobs count"),
        pytest.param({"run_if_changed": "go$"}, True, ("a.py",), False, id="no change needs it, where they count"),
        pytest.param({"run_before_merge": True}, False, (), True, id="one that runs before a merge"),
        pytest.param({"run_before_merge": True, "optional": True}, False, (), True, id="the same, optional"),
        pytest.param({"run_before_merge": True, "branches": ("next",)}, False, (), False, id="the same, elsewhere"),
    ],
)
def test_required(job: dict[str, Any], manual_jobs_count: bool, changes: Sequence[str], is_required: bool) -> None:
    found = required([presubmit(**job)], "main", changes, manual_jobs_count=manual_jobs_count)
    assert bool(found) is is_required


@pytest.mark.parametrize(
    ("job", "do_depend"),
    [
        pytest.param({"run_if_changed": "go$"}, True, id="one with a pattern"),
        pytest.param({"always_run": True}, False, id="one that always runs"),
        pytest.param({"run_if_changed": "go$", "optional": True}, False, id="an optional one"),
    ],
)
def test_whether_the_changes_must_be_known(job: dict[str, Any], do_depend: bool) -> None:
    assert depend_on_changes([presubmit(**job)], "main", manual_jobs_count=False) is do_depend
