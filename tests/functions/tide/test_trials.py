"""What has been tried together, and what is left of it when the branch has moved."""

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from cutwater.prowjob.types import ProwJob
from functions.tide.trials import Outcome, Said, trials_of
from tests.functions.tide.making import NOW
from tests.functions.tide.trying import alone, commit, runs, tree, trial, trials

QUEUE = {(number, f"head-{number}") for number in (1, 2, 3, 4)}


# What the runs make


def test_the_runs_of_the_same_code_are_one_trial() -> None:
    [one] = trials(runs("1+2", unit="FS", flight="P"))
    assert one.members == ((1, "head-1"), (2, "head-2"))
    assert (one.base, one.started) == (commit([]), NOW)
    assert one.said == {"unit": ("failure", "success"), "flight": ("pending",)}
    assert one.trees == (tree([]), tree([1]), tree([1, 2]))


def test_the_oldest_comes_first() -> None:
    found = trials(runs("3", at=2, unit="P"), runs("1+2", at=1, unit="P"), runs("1+2+3", at=0, unit="P"))
    assert [[number for number, _ in one.members] for one in found] == [[1, 2, 3], [1, 2], [3]]


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(runs("2+1", unit="P"), id="in another order"),
        pytest.param(runs("1@new+2", unit="P"), id="at another head"),
        pytest.param(runs("1+2", on=[3], unit="P"), id="on another commit of the branch"),
        pytest.param(runs("1", unit="P"), id="without one of them"),
    ],
)
def test_other_code_is_another_trial(other: Sequence[ProwJob]) -> None:
    assert len(trials(runs("1+2", unit="P"), other)) == 2


def test_what_runs_for_one_alone_is_known_as_such() -> None:
    found = trials(alone("1", unit="P"), runs("1", unit="P"))
    assert sorted(one.is_alone for one in found) == [False, True]


def test_trees_that_nobody_wrote_down_are_not_known() -> None:
    assert trial("1+2", has_trees=False, unit="P").trees == ()


def test_the_trees_are_known_though_one_run_lacks_them() -> None:
    jobs = [*runs("1+2", has_trees=False, unit="P"), *runs("1+2", flight="P")]
    assert [one.trees for one in trials_of(jobs, NOW)] == [(tree([]), tree([1]), tree([1, 2]))]


def test_a_run_without_refs_is_nobody_s() -> None:
    [job] = runs("1+2", unit="P")
    spec = replace(job.spec, refs=None)
    assert trials_of([replace(job, spec=spec)], NOW) == []


# How it stands


@pytest.mark.parametrize(
    ("letters", "result"),
    [
        pytest.param("S", "success", id="it has passed"),
        pytest.param("F", "failure", id="it has failed"),
        pytest.param("P", "pending", id="it runs"),
        pytest.param("C", "pending", id="it waits for a cluster"),
        pytest.param("A", "nothing", id="aborted, it says nothing"),
        pytest.param("AA", "nothing", id="aborted twice, it says nothing"),
        pytest.param("AAA", "failure", id="aborted three times, it is given up"),
        pytest.param("AF", "failure", id="aborted, then failed"),
        pytest.param("FA", "failure", id="failed, and aborted when it was tried again"),
        pytest.param("FP", "pending", id="failed, and runs again"),
        pytest.param("FS", "success", id="failed, and passed when it was tried again"),
        pytest.param("SF", "success", id="passed, whatever comes later"),
    ],
)
def test_what_a_test_has_said(letters: str, result: Said) -> None:
    assert trial("1+2", unit=letters).result("unit") == result


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        pytest.param({"unit": "S", "flight": "S"}, "green", id="all have passed"),
        pytest.param({"unit": "S", "flight": "P"}, "pending", id="one runs"),
        pytest.param({"unit": "S"}, "pending", id="one was never started, or is deleted"),
        pytest.param({"unit": "S", "flight": "A"}, "pending", id="one was aborted"),
        pytest.param({"unit": "F", "flight": "P"}, "red", id="one has failed, though another runs"),
        pytest.param({"unit": "S", "flight": "S", "other": "F"}, "green", id="what nobody asks for does not count"),
    ],
)
def test_how_a_trial_stands(said: dict[str, str], outcome: Outcome) -> None:
    assert trial("1+2", **said).outcome(["unit", "flight"]) == outcome


def test_where_no_test_is_required_nothing_is_waited_for() -> None:
    assert trial("1+2", unit="F").outcome([]) == "green"


@pytest.mark.parametrize(
    ("said", "failed", "is_going_on"),
    [
        pytest.param({"unit": "F", "flight": "P"}, ["unit"], True, id="one of each"),
        pytest.param({"unit": "FP"}, [], True, id="what is tried again has not failed"),
        pytest.param({"unit": "A"}, [], False, id="aborted"),
        pytest.param({"unit": "FF", "flight": "S"}, ["unit"], False, id="all have ended"),
    ],
)
def test_what_has_failed_and_what_goes_on(said: dict[str, str], failed: list[str], *, is_going_on: bool) -> None:
    one = trial("1+2", **said)
    assert (list(one.failed), one.is_going_on) == (failed, is_going_on)


# What is left of it


@pytest.mark.parametrize(
    ("on", "left", "rest"),
    [
        pytest.param([], QUEUE, [1, 2, 3], id="the branch is where it was"),
        pytest.param([1], QUEUE, [2, 3], id="the branch has taken the lowest"),
        pytest.param([1, 2], QUEUE, [3], id="the branch has taken two"),
        pytest.param([2], QUEUE, [], id="the branch has taken another than the lowest"),
        pytest.param([4], QUEUE, [], id="the branch has something else"),
        pytest.param([1, 2, 3], QUEUE, [], id="the branch has all of it"),
        pytest.param([], QUEUE - {(2, "head-2")}, [], id="one has left the queue"),
        pytest.param([1], QUEUE - {(1, "head-1")}, [2, 3], id="who was merged has left the queue"),
        pytest.param([1], QUEUE - {(3, "head-3")}, [], id="one above has left the queue"),
        pytest.param([], QUEUE - {(3, "head-3")} | {(3, "new")}, [], id="one has another head"),
    ],
)
def test_what_is_left_to_be_merged(on: list[int], left: set[tuple[int, str]], rest: list[int]) -> None:
    found = trial("1+2+3", unit="S").rest(commit(on), tree(on), left)
    assert [number for number, _ in found] == rest


def test_without_trees_only_the_very_commit_counts() -> None:
    one = trial("1+2", has_trees=False, unit="S")
    assert one.rest(commit([]), tree([]), QUEUE) == one.members
    assert one.rest(commit([1]), tree([1]), QUEUE) == ()


def test_another_commit_with_the_same_tree_is_as_good() -> None:
    one = trial("1+2", unit="S")
    assert one.rest("a commit that changes nothing", tree([]), QUEUE) == one.members


def test_one_that_changes_nothing_may_be_on_the_branch_or_not() -> None:
    """The branch has the same tree with and without it: the queue says which."""
    one = replace(trial("1+2", unit="S"), trees=("same", "same", "other"))
    assert one.rest("elsewhere", "same", QUEUE) == one.members
    assert one.rest("elsewhere", "same", QUEUE - {(1, "head-1")}) == one.members[1:]
