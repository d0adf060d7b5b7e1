"""How far a pull request is from a query, and what it is told of that. The tables are those of upstream's tests."""

from collections.abc import Sequence
from typing import Any

import pytest

from cutwater.config.contexts import Contexts
from cutwater.config.tide import Tide, TideQuery
from cutwater.github.types import CheckRun
from functions.tide.pull_requests import contexts_of_runs
from functions.tide.requirements import difference
from functions.tide.statuses import Standing, expected, target_url, untested
from tests.functions.tide.making import BASE, policy, pull, run

REVIEW = " PullRequest is missing sufficient approving GitHub review(s)"
BLOCKED = " Blocked by GitHub (branch rulesets or protection)"


# TestRequirementDiff


@pytest.mark.parametrize(
    ("change", "query", "text", "weight"),
    [
        pytest.param({"merge_state": "BLOCKED"}, {}, BLOCKED, 100, id="blocked"),
        pytest.param(
            {"merge_state": "BLOCKED"},
            {"review_approved_required": True},
            REVIEW,
            150,
            id="the review before the block",
        ),
        pytest.param({}, {"review_approved_required": True}, REVIEW, 50, id="no review"),
        pytest.param(
            {"review_decision": "CHANGES_REQUESTED"}, {"review_approved_required": True}, REVIEW, 50, id="a bad review"
        ),
        pytest.param({"review_decision": "APPROVED"}, {"review_approved_required": True}, "", 0, id="a review"),
        pytest.param(
            {}, {"included_branches": ("next",)}, " Merging to branch main is forbidden.", 2000, id="a branch"
        ),
        pytest.param(
            {"contexts": {"job": "FAILURE"}},
            {"excluded_branches": ("main",), "author": "ann", "labels": ("x",)},
            " Merging to branch main is forbidden.",
            3002,
            id="branch, author, label and context",
        ),
        pytest.param(
            {"contexts": {"job": "FAILURE"}},
            {"author": "ann", "labels": ("x",)},
            " Must be by author ann.",
            1002,
            id="author, label and context",
        ),
        pytest.param(
            {"contexts": {"job": "FAILURE"}},
            {"milestone": "v1", "labels": ("x",)},
            " Must be in milestone v1.",
            102,
            id="milestone, label and context",
        ),
        pytest.param({"author": "Ann"}, {"author": "@ann"}, "", 0, id="an author, however it is written"),
        pytest.param({"labels": ("b",)}, {"labels": ("a,b",)}, "", 0, id="one of the alternatives"),
        pytest.param({}, {"labels": ("b", "a,c")}, " Needs a or c, b labels.", 2, id="names in order"),
        pytest.param(
            {}, {"labels": ("a" * 40, "b" * 20, "c")}, f" Needs {'a' * 40} label.", 3, id="as many names as fit"
        ),
    ],
)
def test_difference(change: dict[str, Any], query: dict[str, Any], text: str, weight: int) -> None:
    asked = TideQuery(orgs=("acme",), **query)
    found = difference(pull(**change), asked, policy(), is_block_respected=True)
    assert (found.text, found.weight) == (text, weight)


def test_a_required_context_that_is_not_there_weighs_twice_and_is_named_once() -> None:
    found = difference(pull(), TideQuery(orgs=("acme",)), policy(required=("cla",)), is_block_respected=True)
    assert (found.text, found.weight) == (" Job cla has not succeeded.", 2)


# TestExpectedStatus: several queries, check runs, retests

FIRST = TideQuery(orgs=("acme",), labels=("need-1", "need-2"), author="batman", milestone="v1.0")
SECOND = TideQuery(orgs=("acme",), labels=("1", "2", "3", "4", "5", "6", "7"), milestone="v1.0")
ALL = {"labels": ("need-1", "need-2"), "author": "batman", "milestone": "v1.0"}


def told(change: dict[str, Any], queries: Sequence[TideQuery], contexts: Contexts, **settings: Any) -> str:
    standing = Standing(pull=pull(**change), is_in_pool=False, policy=contexts)
    return expected(standing, Tide(queries=tuple(queries), **settings)).description


def elsewhere(query: TideQuery) -> TideQuery:
    return TideQuery(orgs=query.orgs, labels=query.labels, milestone=query.milestone, included_branches=("next",))


@pytest.mark.parametrize(
    ("change", "queries", "settings", "text"),
    [
        pytest.param(
            {"milestone": "v1.0"}, [elsewhere(FIRST), SECOND], {},
            "Not mergeable. Needs 1, 2, 3, 4, 5, 6, 7 labels.", id="one query is for another branch",
        ),
        pytest.param(
            {}, [elsewhere(FIRST), elsewhere(SECOND)], {},
            "Not mergeable. Merging to branch main is forbidden.", id="both are for another branch",
        ),
        pytest.param(
            {}, [elsewhere(FIRST), elsewhere(SECOND)], {"display_all_tide_queries_in_status": True},
            "Not mergeable. No Tide query for branch main found.", id="both are, and all are to be told",
        ),
        pytest.param(
            {"milestone": "v1.0"}, [elsewhere(FIRST), SECOND], {"display_all_tide_queries_in_status": True},
            "Not mergeable. Needs 1, 2, 3, 4, 5, 6, 7 labels.", id="one is, and all are to be told",
        ),
        pytest.param(
            ALL | {"author": "robin"}, [FIRST, TideQuery(orgs=("acme",), author="joker", labels=("x",))], {},
            "Not mergeable. Must be by author batman.", id="of two authors the nearer query's",
        ),
        pytest.param(
            ALL | {"contexts": {"job-name": "ERROR", "other-job-name": "ERROR"}}, [FIRST], {},
            "Not mergeable. Jobs job-name, other-job-name have not succeeded.", id="two bad statuses",
        ),
        pytest.param(
            ALL | {"contexts": contexts_of_runs([CheckRun(name="job-name", status="COMPLETED", conclusion="FAILURE")])},
            [FIRST], {}, "Not mergeable. Job job-name has not succeeded.", id="a bad check run",
        ),
        pytest.param({}, [], {}, "Not mergeable.", id="no query for the repository"),
    ],
)  # fmt: skip
def test_what_is_told(change: dict[str, Any], queries: list[TideQuery], settings: dict[str, Any], text: str) -> None:
    assert told(change, queries, policy(), **settings) == text


@pytest.mark.parametrize(
    ("runs", "retesting"),
    [
        pytest.param(["1/foo:S", "1/bar:P"], {"bar"}, id="one of two"),
        pytest.param(["1/baz:P", "1/foo:S", "1/bar:P"], {"bar"}, id="in whichever order"),
        pytest.param(["1/foo:S", "1/bar:S"], set(), id="none"),
        pytest.param(["1+2/foo:S", "2+1/bar:S"], set(), id="in a batch"),
        pytest.param(["1@old/foo:S", "1/bar:S"], {"foo"}, id="of another head"),
        pytest.param([], {"foo", "bar"}, id="both"),
    ],
)
def test_untested(runs: list[str], retesting: set[str]) -> None:
    jobs = [run(text, kind="batch" if "+" in text else "presubmit") for text in runs]
    assert untested(pull(1), BASE, ("foo", "bar"), jobs) == retesting


# TestTargetUrl


@pytest.mark.parametrize("author", ["dependabot", "app/dependabot"])
def test_a_bot_is_searched_for_as_an_app(author: str) -> None:
    tide = Tide(pr_status_base_urls={"*": "https://prs"})
    one = pull(author=author, is_by_bot=True, head_ref="a b")
    assert target_url(one, tide) == (
        "https://prs?query=is%3Apr+repo%3Aacme%2Frocket+author%3Aapp%2Fdependabot+head%3Aa+b"
    )


# TestTideContextPolicy_MissingRequiredContexts, TestTideContextPolicy_IsOptional


@pytest.mark.parametrize(
    ("required", "there", "missing"),
    [
        pytest.param(("c1", "c2", "c3"), ["c1", "c2"], ("c3",), id="one is not there"),
        pytest.param(("c1",), ["c1", "t1"], (), id="all are there"),
        pytest.param((), ["c1"], (), id="nothing is required"),
    ],
)
def test_missing_contexts(required: tuple[str, ...], there: list[str], missing: tuple[str, ...]) -> None:
    assert tuple(policy(required=required).missing(there)) == missing


@pytest.mark.parametrize(
    ("contexts", "name", "is_optional"),
    [
        pytest.param(policy(required=("c1",)), "t1", False, id="an unknown one"),
        pytest.param(policy(required=("c1",), skip_unknown=True), "t1", True, id="an unknown one, passed over"),
        pytest.param(policy(required=("c1",), skip_unknown=True), "c1", False, id="a required one"),
        pytest.param(policy(required_if_present=("c1",), skip_unknown=True), "c1", False, id="one that may be there"),
        pytest.param(policy(optional=("c1",)), "c1", True, id="an optional one"),
        pytest.param(policy(optional_patterns=("o.*",)), "o1", True, id="one by a pattern"),
        pytest.param(policy(optional_patterns=("o.*",)), "t1", False, id="one that the pattern does not find"),
    ],
)
def test_optional_contexts(contexts: Contexts, name: str, is_optional: bool) -> None:
    assert contexts.is_optional(name) is is_optional
