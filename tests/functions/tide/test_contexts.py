"""What stands on heads. The tables are those of upstream's tests, whose names stand beside them."""

from typing import Any

import pytest
from msgspec.structs import replace

from cutwater.github.types import CheckRun
from cutwater.prowjob.labels import BASE_REF, CONTEXT, CREATED_BY_TIDE, ORG, PULL, REPO, TYPE
from functions.tide.contexts import is_passing, may_be_retested, may_stay_in_pool
from functions.tide.pull_requests import Context, contexts_of_runs
from tests.functions.tide.making import policy, presubmits, pull, run

POLICY = policy(required=("pj-a", "pj-b", "other-a"), optional=("pj-c",), skip_unknown=True)
GREEN = {"pj-a": "SUCCESS", "pj-b": "SUCCESS", "other-a": "SUCCESS"}


# TestFilterSubpool


@pytest.mark.parametrize(
    ("contexts", "stays", "passes"),
    [
        pytest.param(GREEN, True, True, id="all green"),
        pytest.param(GREEN | {"other-a": "PENDING"}, False, False, id="another's is pending"),
        pytest.param(GREEN | {"other-a": "FAILURE"}, False, False, id="another's has failed"),
        pytest.param(GREEN | {"pj-b": "PENDING"}, True, False, id="our test is pending"),
        pytest.param(GREEN | {"pj-b": "FAILURE"}, False, False, id="our test has failed"),
        pytest.param({"pj-b": "SUCCESS", "other-a": "SUCCESS"}, False, False, id="a required one is not there"),
        pytest.param(GREEN | {"unknown": "FAILURE"}, True, True, id="an unknown one has failed"),
        pytest.param(GREEN | {"pj-c": "ERROR"}, True, True, id="an optional one has failed"),
        pytest.param(GREEN | {"tide": "ERROR"}, True, True, id="our own"),
    ],
)
def test_who_may_stay(contexts: dict[str, str], stays: bool, passes: bool) -> None:
    one = pull(2, contexts=contexts)
    assert may_stay_in_pool(one, POLICY, presubmits("pj-a", "pj-b")) is stays
    assert is_passing(one, POLICY) is passes


def test_whose_tests_are_not_ours_must_be_green() -> None:
    waiting = pull(1, contexts=GREEN | {"pj-b": "PENDING"})
    assert not may_stay_in_pool(waiting, POLICY, presubmits("pj-a"))


@pytest.mark.parametrize(
    ("status", "conclusion", "stays"),
    [
        pytest.param("COMPLETED", "SUCCESS", True, id="success"),
        pytest.param("COMPLETED", "NEUTRAL", True, id="neutral"),
        pytest.param("COMPLETED", "SKIPPED", True, id="skipped"),
        pytest.param("IN_PROGRESS", "", False, id="not completed"),
        pytest.param("COMPLETED", "FAILURE", False, id="failure"),
    ],
)
def test_a_check_run_is_a_context(status: str, conclusion: str, stays: bool) -> None:
    found = contexts_of_runs([CheckRun(name="other-a", status=status, conclusion=conclusion)])
    jobs = tuple(Context(name, "SUCCESS") for name in ("pj-a", "pj-b"))
    assert may_stay_in_pool(pull(1, contexts=(*jobs, *found)), POLICY, presubmits("pj-a")) is stays


@pytest.mark.parametrize(
    ("runs", "state"),
    [
        pytest.param([("COMPLETED", "FAILURE"), ("COMPLETED", "SUCCESS")], "SUCCESS", id="one has passed"),
        pytest.param([("COMPLETED", "FAILURE"), ("QUEUED", "")], "PENDING", id="one has not ended"),
        pytest.param([("COMPLETED", "TIMED_OUT")], "FAILURE", id="none has passed"),
    ],
)
def test_of_check_runs_with_one_name_the_best_counts(runs: list[tuple[str, str]], state: str) -> None:
    found = contexts_of_runs(CheckRun(name="x", status=status, conclusion=said) for status, said in runs)
    assert found == (Context("x", state),)


def test_whose_contexts_are_not_known_is_not_in_the_pool() -> None:
    unknown = pull(contexts=None)
    assert not may_stay_in_pool(unknown, policy(), ())
    assert not is_passing(unknown, policy())
    assert not may_be_retested(unknown, policy(), ())


# TestIsBatchCandidateEligible

UNIT = policy(required=("unit",), optional=("lint",))


@pytest.mark.parametrize(
    ("contexts", "has_run", "expected"),
    [
        pytest.param({"unit": "PENDING"}, True, True, id="our own run"),
        pytest.param({"unit": "PENDING"}, False, False, id="no run"),
        pytest.param({"unit": "SUCCESS"}, False, True, id="green"),
        pytest.param({"unit": "FAILURE"}, True, False, id="red"),
        pytest.param({"unit": "ERROR"}, True, False, id="an error"),
        pytest.param({}, True, False, id="not there"),
        pytest.param({"unit": "PENDING", "lint": "FAILURE"}, True, True, id="an optional one has failed"),
        pytest.param({"unit": "SUCCESS", "tide": "FAILURE"}, True, True, id="tide's own does not count"),
    ],
)
def test_who_may_be_retested(contexts: dict[str, str], has_run: bool, expected: bool) -> None:
    jobs = [run("1/unit:P", is_ours=True)] if has_run else []
    assert may_be_retested(pull(1, contexts=contexts), UNIT, jobs) is expected


@pytest.mark.parametrize("label", [CREATED_BY_TIDE, TYPE, ORG, REPO, BASE_REF, PULL, CONTEXT])
def test_a_run_with_another_label_is_not_ours(label: str) -> None:
    job = run("1/unit:P", is_ours=True)
    other = replace(job, metadata=replace(job.metadata, labels={**job.metadata.labels, label: "other"}))
    waiting = pull(1, contexts={"unit": "PENDING"})
    assert may_be_retested(waiting, UNIT, [job])
    assert not may_be_retested(waiting, UNIT, [other])


@pytest.mark.parametrize(
    "subject", [pytest.param("1@old", id="another head"), pytest.param("1+2", id="another pull request beside it")]
)
def test_a_run_for_something_else_is_not_ours(subject: str) -> None:
    jobs: list[Any] = [run(f"{subject}/unit:P", is_ours=True)]
    assert not may_be_retested(pull(1, contexts={"unit": "PENDING"}), UNIT, jobs)
