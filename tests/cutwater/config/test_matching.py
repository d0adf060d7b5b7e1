"""Which jobs run. The tables are upstream's own cases."""

from typing import Any

import pytest

from cutwater.config.jobs import BranchJob
from cutwater.config.matching import (
    Filter,
    Wish,
    all_automatic,
    asks_for_contexts,
    by_changes,
    chosen,
    comment_filter,
    may_meet,
    needs_changes,
    postsubmit_runs,
    presubmit_verdict,
    runs_on,
)
from tests.cutwater.config.configured import postsubmit, presubmit

SOURCES = r"(Makefile|\.sh|_(windows|linux|osx|unknown)(_test)?\.go)$"
DOCS = r"^docs/|\.(md|adoc)$|/?(README|OWNERS)$"


@pytest.mark.parametrize(
    "fields, branch, runs",
    [
        pytest.param({}, "any", True, id="no lists: every branch"),
        pytest.param({"branches": ("master",)}, "master-2", True, id="a pattern is not anchored"),
        pytest.param({"branches": ("^master$",)}, "master-2", False, id="unless it says so"),
        pytest.param({"branches": ("a", "b")}, "b", True, id="any of several"),
        pytest.param({"skip_branches": ("s",)}, "s", False, id="skipped"),
        pytest.param({"skip_branches": ("s",)}, "r", True, id="not skipped"),
        pytest.param({"skip_branches": ("s",), "branches": ("s", "r")}, "s", False, id="skipping wins"),
        pytest.param({"skip_branches": ("s",), "branches": ("s", "r")}, "r", True, id="over what is left"),
    ],
)
def test_branches(fields: dict[str, Any], branch: str, runs: bool) -> None:
    assert runs_on(presubmit(**fields), branch) is runs


@pytest.mark.parametrize(
    "fields, changes, runs",
    [
        ({"run_if_changed": SOURCES}, ["some random file"], False),
        ({"run_if_changed": SOURCES}, ["./pkg/util/rlimit/rlimit_linux.go"], True),
        ({"run_if_changed": SOURCES}, ["build.sh"], True),
        ({"run_if_changed": SOURCES}, ["build.shoo"], False),
        ({"run_if_changed": SOURCES}, ["x", "Makefile"], True),
        ({"run_if_changed": SOURCES}, [], False),
        ({"skip_if_only_changed": DOCS}, ["docs/cobragen.go"], False),
        ({"skip_if_only_changed": DOCS}, ["./docs/cobragen.go"], True),
        ({"skip_if_only_changed": DOCS}, ["README", "README.md", "path/to/something.adoc"], False),
        ({"skip_if_only_changed": DOCS}, ["README", "foo"], True),
        ({"skip_if_only_changed": DOCS}, [], False),
    ],
)
def test_changed_files(fields: dict[str, Any], changes: list[str], runs: bool) -> None:
    assert by_changes(presubmit(**fields), changes).runs is runs


@pytest.mark.parametrize(
    "fields, wish, runs",
    [
        pytest.param({"always_run": True}, Wish(forced=False, otherwise=False), True, id="always"),
        pytest.param({}, Wish(forced=True, otherwise=False), True, id="forced"),
        pytest.param({}, Wish(forced=False, otherwise=False), False, id="neither"),
        pytest.param({"run_if_changed": "^file$"}, Wish(forced=False, otherwise=False), False, id="other files"),
        pytest.param({"run_if_changed": "^file$"}, Wish(forced=False, otherwise=True), True, id="but wished"),
        pytest.param({"run_if_changed": "some"}, Wish(forced=False, otherwise=False), True, id="its files"),
        pytest.param(
            {"always_run": True, "skip_branches": ("main",)},
            Wish(forced=True, otherwise=True),
            False,
            id="another branch",
        ),
    ],
)
def test_presubmits(fields: dict[str, Any], wish: Wish, runs: bool) -> None:
    assert presubmit_verdict(presubmit(**fields), "main", ["something"], wish).runs is runs


@pytest.mark.parametrize(
    "fields, runs",
    [
        pytest.param({}, True, id="by default"),
        pytest.param({"always_run": False}, False, id="not always"),
        pytest.param({"always_run": False, "run_if_changed": "some"}, True, id="its files"),
        pytest.param({"run_if_changed": "other"}, False, id="other files"),
        pytest.param({"always_run": True, "skip_branches": ("main",)}, False, id="another branch"),
    ],
)
def test_postsubmits(fields: dict[str, Any], runs: bool) -> None:
    assert postsubmit_runs(postsubmit(**fields), "main", ["something"]) is runs


A_RELEASE = r"release-\d+\.\d+"


@pytest.mark.parametrize(
    "one, other, meet",
    [
        pytest.param({"branches": ("a",)}, {"branches": ("b",)}, False, id="different branches"),
        pytest.param({"branches": ("a",)}, {"branches": ("b", "a")}, True, id="a common branch"),
        pytest.param({"skip_branches": ("b",)}, {"branches": ("b",)}, False, id="all of one are skipped by the other"),
        pytest.param({}, {"branches": ("b",)}, True, id="one runs everywhere"),
        pytest.param({"skip_branches": ("a",)}, {"skip_branches": ("d",)}, True, id="both only skip"),
        pytest.param({"skip_branches": (A_RELEASE,)}, {"branches": ("release-1.14",)}, False, id="by a pattern"),
        pytest.param({"skip_branches": (A_RELEASE,)}, {"branches": ("release-1.14", "main")}, True, id="not all"),
    ],
)
def test_whether_two_jobs_meet(one: dict[str, Any], other: dict[str, Any], meet: bool) -> None:
    jobs: tuple[BranchJob, BranchJob] = (presubmit(**one), presubmit(**other))
    assert may_meet(*jobs) is may_meet(*reversed(jobs)) is meet


JOBS = (
    presubmit("always", always_run=True),
    presubmit("sources", run_if_changed=r"\.go$"),
    presubmit("manual"),
    presubmit("manual-optional", optional=True),
    presubmit("failed", always_run=True),
    presubmit("failed-optional", always_run=True, optional=True),
)


@pytest.mark.parametrize(
    "comment, names",
    [
        pytest.param("/test all", ["always", "sources", "failed", "failed-optional"], id="test all"),
        pytest.param("/test all,\nplease", ["always", "sources", "failed", "failed-optional"], id="with a comma"),
        pytest.param("> /test all", [], id="quoted"),
        pytest.param("/test manual", ["manual"], id="one by name"),
        pytest.param("/test manual\r\n/test always", ["always", "manual"], id="two by name"),
        pytest.param("/test something-else", [], id="none by that name"),
        pytest.param("/retest", ["sources", "failed", "failed-optional"], id="retest: failed, and those still missing"),
        pytest.param("/retest-required", ["sources", "failed"], id="retest of what is required"),
        pytest.param("/test-manual-required", ["manual"], id="what is required and waits for a word"),
        pytest.param("/ok-to-test", [], id="ok-to-test, where it is not honoured"),
        pytest.param("/retest\n/test manual", ["sources", "manual", "failed", "failed-optional"], id="two commands"),
    ],
)
def test_what_a_comment_starts(comment: str, names: list[str]) -> None:
    wanted = comment_filter(comment, failed={"failed", "failed-optional"}, reported={"always", "failed"})
    assert [job.name for job in chosen(JOBS, "main", ["main.go"], wanted)] == names


def test_ok_to_test_where_it_is_honoured() -> None:
    wanted = comment_filter("/ok-to-test", honours_ok_to_test=True)
    assert [job.name for job in chosen(JOBS, "main", [], wanted)] == ["always", "failed", "failed-optional"]


def test_a_failed_job_is_retested_whatever_changed() -> None:
    job = presubmit("sources", run_if_changed=r"\.go$")
    assert chosen([job], "main", ["README"], comment_filter("/retest", failed={"sources"}, reported={"sources"})) == (
        job,
    )


@pytest.mark.parametrize(
    "comment, asks", [("/retest", True), ("/retest-required ", True), ("/test all", False), ("/retest now", False)]
)
def test_whether_contexts_are_needed(comment: str, asks: bool) -> None:
    assert asks_for_contexts(comment) is asks


@pytest.mark.parametrize(
    "wanted, branch, needed",
    [
        pytest.param(all_automatic, "main", True, id="a job depends on them"),
        pytest.param(all_automatic, "next", False, id="not for this branch"),
        pytest.param(comment_filter("/test sources"), "main", False, id="it is forced"),
        pytest.param(comment_filter("/test always"), "main", False, id="it is not meant"),
    ],
)
def test_whether_changed_files_are_needed(wanted: Filter, branch: str, needed: bool) -> None:
    jobs = [presubmit("always", always_run=True), presubmit("sources", run_if_changed="x", branches=("main",))]
    assert needs_changes(jobs, branch, wanted) is needed
