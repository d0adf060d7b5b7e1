"""What is done next. The tables are those of upstream's behaviour, as far as no batch is to be started."""

from collections.abc import Sequence

import pytest

from cutwater.config.tide import Priority
from functions.tide.choose import choose, pick
from functions.tide.contexts import is_passing, may_be_retested, may_stay_in_pool
from functions.tide.results import Batches, Candidate, Results
from tests.functions.tide.making import candidate, policy, presubmits, pull, run


def some(numbers: Sequence[int], *, tested: bool = True) -> tuple[Candidate, ...]:
    return tuple(candidate(number, *(["foo"] if tested else [])) for number in numbers)


@pytest.mark.parametrize(
    ("pending_batch", "successes", "pendings", "missings", "passed_batch", "tested", "expected", "targets"),
    [
        pytest.param([9], [], [], [], [], True, "WAIT", [], id="a batch runs"),
        pytest.param([9], [], [1], [0, 2], [], True, "WAIT", [], id="a batch and a test run"),
        pytest.param([9], [1], [], [0, 2], [], True, "WAIT", [], id="no merge beside a batch"),
        pytest.param([9], [], [], [0, 1, 2], [], True, "TRIGGER", [0], id="a test beside a batch"),
        pytest.param([], [], [], [0], [], True, "TRIGGER", [0], id="one to be tested"),
        pytest.param([], [], [3], [0], [], True, "WAIT", [], id="one is being tested"),
        pytest.param([], [0], [], [1, 2, 3], [], True, "MERGE", [0], id="one has passed"),
        pytest.param([], [0, 1], [2, 3], [4, 5], [6, 7, 8], True, "MERGE_BATCH", [6, 7, 8], id="a batch has passed"),
        pytest.param([], [5, 4], [], [], [], False, "MERGE", [4], id="nothing need be tested: the oldest"),
        pytest.param([], [], [], [], [], False, "WAIT", [], id="nobody"),
    ],
)
def test_choose(
    pending_batch: list[int],
    successes: list[int],
    pendings: list[int],
    missings: list[int],
    passed_batch: list[int],
    tested: bool,
    expected: str,
    targets: list[int],
) -> None:
    results = Results(
        successes=some(successes, tested=tested),
        pendings=some(pendings),
        missings=some(missings),
        missing_tests={number: presubmits("foo") for number in missings},
    )
    action = choose(
        results,
        Batches(some(passed_batch), some(pending_batch)),
        priorities=(),
        is_passing=lambda _: True,
        may_be_retested=lambda _: True,
    )
    assert (action.kind, [one.number for one in action.targets]) == (expected, targets)
    assert [job.name for job in action.tests] == (["foo"] if expected == "TRIGGER" else [])


PRIORITIES = (
    Priority(labels=("failing-test",)),
    Priority(labels=("deflake",)),
    Priority(labels=("bug", "critical-urgent")),
    Priority(labels=("feature,enhancement,undefined",)),
)


@pytest.mark.parametrize(
    ("labels", "first"),
    [
        pytest.param({5: [], 3: []}, 3, id="the oldest"),
        pytest.param({3: ["enhancement", "undefined"], 1: ["enhancement"]}, 1, id="the oldest of a priority"),
        pytest.param({5: [], 3: [], 7: ["deflake"]}, 7, id="a priority before its age"),
        pytest.param({7: ["deflake"], 6: ["deflake"], 1: ["deflake"]}, 1, id="all of one"),
        pytest.param({5: [], 3: [], 6: ["bug"]}, 3, id="half of the labels"),
        pytest.param(
            {5: [], 6: ["bug"], 7: ["deflake"], 9: ["failing-test"], 10: ["bug", "critical-urgent"]},
            9,
            id="the first priority",
        ),
    ],
)
def test_pick(labels: dict[int, list[str]], first: int) -> None:
    candidates = [candidate(number, labels=tuple(names)) for number, names in labels.items()]
    found = pick(candidates, PRIORITIES, lambda _: True)
    assert found is not None and found.number == first


def test_pick_passes_over_whom_the_rule_does_not_admit() -> None:
    found = pick([candidate(1), candidate(2)], (), lambda one: one.number != 1)
    assert found is not None and found.number == 2


POLICY = policy(required=("pj-a", "pj-b", "other-a"), optional=("pj-c",), skip_unknown=True)
GREEN = {"pj-a": "SUCCESS", "pj-b": "SUCCESS", "other-a": "SUCCESS"}


@pytest.mark.parametrize(
    ("contexts", "stays", "passes"),
    [
        pytest.param(GREEN, True, True, id="all green"),
        pytest.param(GREEN | {"other-a": "PENDING"}, False, False, id="another's is pending"),
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


def test_whose_contexts_are_not_known_is_not_in_the_pool() -> None:
    unknown = pull(contexts=None)
    assert not may_stay_in_pool(unknown, policy(), ())
    assert not is_passing(unknown, policy())
    assert not may_be_retested(unknown, policy(), ())


@pytest.mark.parametrize(
    ("contexts", "is_ours", "head", "expected"),
    [
        pytest.param({"unit": "PENDING"}, True, "", True, id="our own run"),
        pytest.param({"unit": "PENDING"}, False, "", False, id="somebody else's"),
        pytest.param({"unit": "PENDING"}, True, "other", False, id="our own for another head"),
        pytest.param({"unit": "SUCCESS"}, False, "", True, id="green"),
        pytest.param({"unit": "FAILURE"}, True, "", False, id="red"),
        pytest.param({}, True, "", False, id="not there"),
        pytest.param({"unit": "SUCCESS", "tide": "FAILURE"}, True, "", True, id="tide's own does not count"),
    ],
)
def test_who_may_be_retested(contexts: dict[str, str], is_ours: bool, head: str, expected: bool) -> None:
    jobs = [run("1/unit:P", is_ours=is_ours)]
    assert may_be_retested(pull(1, head=head, contexts=contexts), policy(required=("unit",)), jobs) is expected
