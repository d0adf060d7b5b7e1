"""Why each job runs or does not, and where the rule is written."""

import pytest

from cutwater.config import explaining
from cutwater.config.configuration import Configuration
from cutwater.config.explaining import Places
from cutwater.config.findings import Source
from cutwater.config.matching import Filter, all_automatic, comment_filter
from tests.cutwater.config.configured import configured

JOBS = """\
presubmits:
  acme/rocket:
  - name: always
    always_run: true
    spec: &pod {containers: [{image: x}]}
  - name: sources
    optional: true
    run_if_changed: '\\.go$'
    spec: *pod
  - name: not-docs
    skip_if_only_changed: ^docs/
    skip_report: true
    spec: *pod
  - name: manual
    spec: *pod
  - name: released
    always_run: true
    branches:
    - release-.*
    spec: *pod
  - name: unreleased
    always_run: true
    skip_branches: [main]
    spec: *pod
postsubmits:
  acme/rocket:
  - {name: publish, spec: *pod}
  - {name: never, always_run: false, spec: *pod}
  - {name: docs, run_if_changed: ^docs/, spec: *pod}
"""
FAILED, REPORTED = {"sources"}, {"always", "sources"}


@pytest.fixture
def config() -> Configuration:
    return configured(jobs=JOBS)


def places() -> Places:
    return Places(lambda name: Source(name, JOBS.encode()))


def said(found: list[explaining.Explanation]) -> dict[str, str]:
    """By job: whether it runs, why, and the line of the rule."""
    return {one.job: f"{'runs' if one.runs else 'not'}, line {one.line}: {one.why}" for one in found}


@pytest.mark.parametrize(
    "changes, asked, expected",
    [
        pytest.param(
            ["docs/a.md", "main.go"],
            all_automatic,
            {
                "always": "runs, line 4: always_run is true",
                "sources": r"runs, line 8: run_if_changed (\.go$) matches main.go",
                "not-docs": "runs, line 11: skip_if_only_changed (^docs/) does not match main.go",
                "manual": "not, line 14: only a comment starts it (/test manual)",
                "released": "not, line 18: branches (release-.*) does not have main",
                "unreleased": "not, line 23: skip_branches (main) has main",
            },
            id="a new head",
        ),
        pytest.param(
            ["docs/a.md", "docs/b.md"],
            all_automatic,
            {
                "sources": r"not, line 8: run_if_changed (\.go$) does not match any of the 2 changed files",
                "not-docs": "not, line 11: skip_if_only_changed (^docs/) matches all of the 2 changed files",
            },
            id="other files",
        ),
        pytest.param([], all_automatic, {"sources": "not, line 8: no changed file is known"}, id="no files"),
        pytest.param(
            [],
            comment_filter("/test manual"),
            {
                "always": "not, line 3: the comment does not name it (/test always does)",
                "manual": "runs, line 14: the comment matches its trigger",
            },
            id="one is named",
        ),
        pytest.param(
            ["docs/a.md"],
            comment_filter("/retest", failed=FAILED, reported=REPORTED),
            {
                "always": "not, line 3: the comment does not name it (/test always does); "
                "its context always has not failed",
                "sources": "runs, line 6: its context sources has failed",
                "not-docs": "not, line 11: skip_if_only_changed (^docs/) matches docs/a.md",
                "manual": "not, line 14: the comment does not name it (/test manual does); "
                "its context manual has not failed, and only a comment starts it",
            },
            id="retest",
        ),
        pytest.param(
            [],
            comment_filter("/retest-required", failed=FAILED, reported=REPORTED),
            {
                "sources": "not, line 7: the comment does not name it (/test sources does); it is optional",
            },
            id="retest of what is required",
        ),
        pytest.param(
            [],
            comment_filter("/test-manual-required"),
            {"manual": "runs, line 14: it is required, and only a comment starts it"},
            id="what is required and waits",
        ),
    ],
)
def test_pull_request(config: Configuration, changes: list[str], asked: Filter, expected: dict[str, str]) -> None:
    presubmits = config.jobs.presubmits_of("acme", "rocket")
    found = said(list(explaining.of_pull_request(presubmits, "main", changes, asked, places())))
    assert {name: found[name] for name in expected} == expected


def test_push(config: Configuration) -> None:
    postsubmits = config.jobs.postsubmits_of("acme", "rocket")
    assert said(list(explaining.of_push(postsubmits, "main", ["a.go"], places()))) == {
        "publish": "runs, line 27: a push to the branch starts it",
        "never": "not, line 28: always_run is false, and no changed file can start it",
        "docs": "not, line 29: run_if_changed (^docs/) does not match a.go",
    }


def test_what_a_red_result_means(config: Configuration) -> None:
    weights = {job.name: explaining.weight_of(job) for job in config.jobs.presubmits_of("acme", "rocket")}
    assert weights == {
        "always": "required",
        "sources": "optional",
        "not-docs": "unreported",
        "manual": "if it runs",
        "released": "required",
        "unreleased": "required",
    }
