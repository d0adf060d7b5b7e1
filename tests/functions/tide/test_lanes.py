"""What a speculative queue does next, and what it says that each pull request waits for.

Unless it says otherwise, there are two lanes, each adds two pull requests at most, and all must pass `unit`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from cutwater.config.jobs import Presubmit
from cutwater.errors import Refused
from cutwater.git.stacks import Stack
from cutwater.prowjob.types import ProwJob
from functions.tide.lanes import Queue, plan
from functions.tide.results import Candidate, Results
from tests.functions.tide.making import candidate
from tests.functions.tide.trying import alone, building, commit, due, planned, required, runs, said, tree

Tried = Sequence[Sequence[ProwJob]]


# New ones


@pytest.mark.parametrize(
    ("candidates", "tried", "more", "expected"),
    [
        pytest.param([], [], {}, [], id="nobody is there"),
        pytest.param([1], [], {}, ["TRIGGER 1 unit"], id="one is tested alone"),
        pytest.param([1, 2], [], {}, ["TRIGGER_BATCH 1+2 unit"], id="two are tested together"),
        pytest.param(
            [1, 2, 3, 4, 5],
            [],
            {},
            ["TRIGGER_BATCH 1+2 unit", "TRIGGER_BATCH 1+2+3+4 unit"],
            id="a lane stands on the one below, and the lanes have an end",
        ),
        pytest.param([1, 2, 3], [], {"lanes": 1}, ["TRIGGER_BATCH 1+2 unit"], id="with one lane, none stands on it"),
        pytest.param([1, 2, 3], [], {}, ["TRIGGER_BATCH 1+2 unit", "TRIGGER_BATCH 1+2+3 unit"], id="one on top of two"),
        pytest.param(
            [1, 2], [], {"largest": 1}, ["TRIGGER 1 unit", "TRIGGER_BATCH 1+2 unit"], id="lanes of one pull request"
        ),
        pytest.param([2, 1], [], {}, ["TRIGGER_BATCH 2+1 unit"], id="in their order, whatever their numbers"),
        pytest.param([1, 2], [], {"without": [1]}, ["TRIGGER 2 unit"], id="whose head is not green is left"),
        pytest.param([1, 2], [alone("1", unit="P")], {}, ["TRIGGER_BATCH 1+2 unit"], id="on top of one that is tested"),
        pytest.param([1, 2, 3], [alone("2", unit="P")], {}, ["TRIGGER_BATCH 2+1+3 unit"], id="whoever that is"),
        pytest.param(
            [1, 2, 3], [runs("1+2", unit="P")], {}, ["TRIGGER_BATCH 1+2+3 unit"], id="on top of those that are tested"
        ),
        pytest.param(
            [1, 2, 3, 4, 5], [runs("1+2", unit="P"), runs("1+2+3+4", unit="P")], {}, [], id="all lanes are taken"
        ),
        pytest.param(
            [2, 3, 4],
            [runs("1+2+3", unit="P")],
            {"on": [1]},
            ["TRIGGER_BATCH 2+3+4 unit"],
            id="on top of what is left of a lane",
        ),
        pytest.param(
            [1, 2], [alone("1", unit="P")], {"landed": [1]}, ["TRIGGER 2 unit"], id="not on top of what the branch has"
        ),
        pytest.param(
            [candidate(1, "unit"), candidate(2, "flight")],
            [],
            {},
            ["TRIGGER_BATCH 1+2 unit flight"],
            id="all that one of them must pass",
        ),
    ],
)
async def test_what_is_started(
    candidates: list[Candidate | int], tried: Tried, more: dict[str, Any], expected: list[str]
) -> None:
    assert await due(candidates, tried, **more) == expected


async def test_a_run_is_told_the_trees_that_it_will_see() -> None:
    found = await planned([1, 2, 3], on=[9])
    assert [len(action.trees) for action in found.actions] == [3, 4]
    assert found.actions[0].trees == (tree([9]), tree([9, 1]), tree([9, 1, 2]))
    found = await planned([1, 2, 3], [runs("1+2", unit="P", on=[9])], on=[9])
    assert [action.trees for action in found.actions] == [tuple(tree([9, 1, 2, 3][:n]) for n in (1, 2, 3, 4))]


@pytest.mark.parametrize(
    ("tried", "expected"),
    [
        pytest.param([runs("1+2", unit="S", flight="P")], [], id="what goes on is not"),
        pytest.param([runs("1+2", unit="P")], ["TRIGGER_BATCH 1+2 flight"], id="a run that is not there"),
        pytest.param([runs("1+2", unit="S", flight="A")], ["TRIGGER_BATCH 1+2 flight"], id="one that was aborted"),
        pytest.param([runs("1+2", unit="S", flight="AA")], ["TRIGGER_BATCH 1+2 flight"], id="and aborted once more"),
        pytest.param([runs("1+2", unit="A", flight="A")], ["TRIGGER_BATCH 1+2 unit flight"], id="both were aborted"),
        pytest.param([runs("1+2", unit="P", flight="C")], [], id="one that no cluster has yet is"),
    ],
)
async def test_what_was_begun_is_completed(tried: Tried, expected: list[str]) -> None:
    found = await due([candidate(number, "unit", "flight") for number in (1, 2)], tried, lanes=1)
    assert found[:1] == expected


@pytest.mark.parametrize(
    ("tried", "expected"),
    [
        pytest.param([alone("1", unit="P")], [], id="runs"),
        pytest.param([alone("1", unit="C")], [], id="waits for a cluster"),
        pytest.param([alone("1", unit="A")], ["TRIGGER 1 unit"], id="was aborted"),
        pytest.param([alone("1", unit="AAA")], [], id="was aborted three times"),
        pytest.param([alone("1", unit="F")], [], id="has failed on just this commit"),
        pytest.param([alone("1", on=[9], unit="P")], ["TRIGGER 1 unit"], id="runs where the branch was"),
        pytest.param([alone("1@old", unit="P")], ["TRIGGER 1 unit"], id="runs for another head"),
    ],
)
async def test_one_alone_whose_test(tried: Tried, expected: list[str]) -> None:
    assert await due([1], tried) == expected


async def test_what_one_alone_lacks_is_started() -> None:
    assert await due([candidate(1, "unit", "flight")], [alone("1", unit="P")]) == ["TRIGGER 1 flight"]


async def test_a_batch_that_was_aborted_three_times_has_failed() -> None:
    assert await due([1, 2], [runs("1+2", unit="AAA")]) == ["TRIGGER 1 unit"]


async def test_a_run_that_is_gone_counts_no_more_where_the_branch_has_moved() -> None:
    """It could be started on the old commit only."""
    both = [candidate(number, "unit", "flight") for number in (2, 3)]
    assert await due(both, [runs("1+2+3", unit="S")], on=[1]) == ["TRIGGER_BATCH 2+3 unit flight"]


# Merges


@pytest.mark.parametrize(
    ("candidates", "tried", "more", "expected"),
    [
        pytest.param([1], [alone("1", unit="S")], {}, ["MERGE 1"], id="one that has passed"),
        pytest.param([1, 2], [runs("1+2", unit="S")], {}, ["MERGE_BATCH 1+2"], id="two that have"),
        pytest.param(
            [1, 2, 3],
            [runs("1+2", unit="P"), runs("1+2+3", unit="S")],
            {},
            ["MERGE_BATCH 1+2+3"],
            id="the longest, though a shorter one goes on",
        ),
        pytest.param(
            [1, 2, 3],
            [runs("1+2", unit="S"), runs("1+2+3", unit="S")],
            {},
            ["MERGE_BATCH 1+2+3"],
            id="the longest, where a shorter one has passed too",
        ),
        pytest.param(
            [1, 2, 3],
            [runs("1+2", unit="F"), runs("1+2+3", unit="S")],
            {},
            ["MERGE_BATCH 1+2+3"],
            id="the longest, though a shorter one has failed",
        ),
        pytest.param(
            [1, 2, 3],
            [runs("1+2", unit="S"), runs("1+2+3", unit="P")],
            {},
            ["MERGE_BATCH 1+2"],
            id="what has passed, though a longer one goes on",
        ),
        pytest.param([2, 3], [runs("1+2+3", unit="S")], {"on": [1]}, ["MERGE_BATCH 2+3"], id="what is left of one"),
        pytest.param([3], [runs("1+2+3", unit="S")], {"on": [1, 2]}, ["MERGE 3"], id="the last of one"),
        pytest.param([1, 2], [runs("1+2", has_trees=False, unit="S")], {}, ["MERGE_BATCH 1+2"], id="without trees"),
        pytest.param(
            [2, 3],
            [runs("1+2+3", has_trees=False, unit="S")],
            {"on": [1]},
            ["TRIGGER_BATCH 2+3 unit"],
            id="but no part of it without trees",
        ),
        pytest.param(
            [1, 3],
            [runs("1", unit="S"), runs("1+2", unit="S"), runs("1+2+3", unit="S")],
            {},
            ["MERGE 1"],
            id="one has gone: what has passed without it is saved",
        ),
        pytest.param(
            [1, 3],
            [runs("1+2", unit="S"), runs("1+2+3", unit="S")],
            {},
            ["TRIGGER_BATCH 1+3 unit"],
            id="one has gone, and nothing has passed without it",
        ),
        pytest.param(
            [1, 2, 3],
            [alone("3", unit="S"), runs("1+2", unit="P")],
            {},
            ["TRIGGER_BATCH 1+2+3 unit"],
            id="who has passed alone joins the lanes",
        ),
        pytest.param(
            [1, 2],
            [alone("1", unit="S"), runs("1+2", unit="P")],
            {},
            ["MERGE 1"],
            id="with whom the lanes begin need not wait for them",
        ),
        pytest.param(
            [1, 2, 5, 6],
            [alone("1", unit="S"), runs("1+2", unit="P"), runs("5+6", unit="P")],
            {},
            ["MERGE 1"],
            id="whatever is tested beside",
        ),
        pytest.param([1], [alone("1", unit="S")], {"without": [1]}, [], id="nobody whose head is not green"),
        pytest.param(
            [2, 1], [alone("1", unit="S"), alone("2", unit="S")], {}, ["MERGE 2"], id="one at a time, in order"
        ),
        pytest.param([candidate(1)], [], {}, ["MERGE 1"], id="who must pass nothing"),
        pytest.param([1], [alone("1", unit="S")], {"landed": [1]}, [], id="nobody who is on the branch"),
        pytest.param([1], [runs("1+2", unit="S")], {}, ["TRIGGER 1 unit"], id="not what was tested with another"),
        pytest.param([1, 2], [runs("1@old+2", unit="S")], {}, ["TRIGGER_BATCH 1+2 unit"], id="nor under another head"),
        pytest.param(
            [1, 2], [runs("1+2", on=[8], unit="S")], {"on": [9]}, ["TRIGGER_BATCH 1+2 unit"], id="nor on another branch"
        ),
    ],
)
async def test_what_is_merged(
    candidates: list[Candidate | int], tried: Tried, more: dict[str, Any], expected: list[str]
) -> None:
    assert await due(candidates, tried, **more) == expected


async def test_a_merge_knows_the_trees_from_where_the_branch_is() -> None:
    found = await planned([2, 3], [runs("1+2+3", unit="S")], on=[1])
    assert found.actions[0].trees == (tree([1]), tree([1, 2]), tree([1, 2, 3]))


async def test_what_is_void_is_tested_again_apart() -> None:
    void = [(commit([]), ((1, "head-1"), (2, "head-2")))]
    assert await due([1, 2], [runs("1+2", unit="S")], void=void) == ["TRIGGER 1 unit"]


async def test_what_an_older_lane_took_along_must_have_passed_what_is_asked_for_now() -> None:
    both = [candidate(2, "unit", "flight"), candidate(3, "unit")]
    assert await due(both, [runs("1+2+3", unit="S")], on=[1]) == ["TRIGGER_BATCH 2+3 unit flight"]


# What conflicts, and what nobody can tell


async def test_who_does_not_go_on_the_branch_even_alone_has_something_to_mend() -> None:
    found = await planned([1, 2, 3], conflicts=[(0, 2), (1, 3)])
    assert list(found.obstacles) == [2]


async def test_what_conflicts_is_left_out_and_told_why() -> None:
    found = await planned([1, 2, 3], conflicts=[(1, 2)])
    assert said(found.actions) == ["TRIGGER_BATCH 1+3 unit"]
    assert found.waits[2] == "it does not go with those before it: CONFLICT of #2"


async def test_lanes_whose_ground_is_gone_are_not_built_upon() -> None:
    """What is being tested does not go together any more: that will show."""
    found = await planned([1, 2, 3, 4], [runs("1+2", unit="P")], conflicts=[(1, 2)])
    assert found.actions == []


@pytest.mark.parametrize("fails", ["git", "the tests"])
async def test_what_nobody_can_tell_is_an_error_of_the_pool(fails: str) -> None:
    async def no_stack(_: Sequence[Candidate], limit: int) -> Stack:
        raise Refused("no such commit")

    async def no_tests(_: Sequence[Candidate]) -> Sequence[Presubmit]:
        raise Refused("its jobs cannot be read")

    queue = Queue(
        candidates=(candidate(1, "unit"), candidate(2, "unit")),
        fit={1, 2},
        passing={1, 2},
        results=Results(),
        trials=(),
        base=commit([]),
        tree=tree([]),
        lanes=1,
        largest=2,
    )
    if fails == "git":
        found = await plan(queue, required=required, build=no_stack)
        assert found.error == "git cannot tell what goes together: no such commit"
    else:
        found = await plan(queue, required=no_tests, build=building([]))
        assert found.error == "its jobs cannot be read"
    assert found.actions == []


async def test_no_more_is_built_than_is_tested() -> None:
    """Each layer may cost git a minute."""
    asked: list[str] = []
    queue = Queue(
        candidates=tuple(candidate(number, "unit") for number in range(1, 100)),
        fit=range(1, 100),
        passing=range(1, 100),
        results=Results(),
        trials=(),
        base=commit([]),
        tree=tree([]),
        lanes=2,
        largest=3,
    )
    await plan(queue, required=required, build=building([], asked=asked))
    assert asked == ["1+2+3+4+5+6"]


# What each waits for


@pytest.mark.parametrize(
    ("candidates", "tried", "waits"),
    [
        pytest.param([1], [], {1: "it is tested"}, id="a test of its own"),
        pytest.param(
            [1, 2, 3, 4, 5, 6],
            [],
            {
                1: "it is tested with #2",
                2: "it is tested with #1",
                3: "it is tested with #4 on top of #1, #2",
                4: "it is tested with #3 on top of #1, #2",
                5: "all lanes are taken",
                6: "all lanes are taken, and 1 wait before it",
            },
            id="a lane, or its turn",
        ),
        pytest.param(
            [1, 2, 3],
            [runs("1+2", unit="P"), runs("1+2+3", unit="P")],
            {1: "it is tested with #2", 2: "it is tested with #1", 3: "it is tested on top of #1, #2"},
            id="lanes that go on",
        ),
        pytest.param(
            [1, 2, 3],
            [runs("1+2+3", unit="F")],
            {
                1: "it is tested with #2",
                2: "it is tested with #1",
                3: "one of #1, #2, #3 breaks a batch: half of them are tested",
            },
            id="the other half of the suspects",
        ),
        pytest.param([1], [runs("1+2", unit="F")], {1: "batches with it have failed: it is tested alone"}, id="blame"),
    ],
)
async def test_what_each_waits_for(candidates: list[int], tried: Tried, waits: Mapping[int, str]) -> None:
    assert (await planned(candidates, tried)).waits == waits
