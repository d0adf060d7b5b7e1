"""What a speculative queue does when a trial has failed: who breaks it is looked for, beside the lanes that go on.

Unless it says otherwise, there are two lanes, each adds two pull requests at most, and all must pass `unit`.
"""

from collections.abc import Sequence
from typing import Any

import pytest

from cutwater.prowjob.types import ProwJob
from functions.tide.results import Candidate
from tests.functions.tide.making import candidate
from tests.functions.tide.trying import alone, due, runs

Tried = Sequence[Sequence[ProwJob]]


@pytest.mark.parametrize(
    ("candidates", "tried", "expected"),
    [
        pytest.param([1, 2, 3, 4], [runs("1+2+3+4", unit="F")], ["TRIGGER_BATCH 1+2 unit"], id="half of them"),
        pytest.param([1, 2, 3], [runs("1+2+3", unit="F")], ["TRIGGER_BATCH 1+2 unit"], id="the larger half"),
        pytest.param([1, 2], [runs("1+2", unit="F")], ["TRIGGER 1 unit"], id="one of two, alone"),
        pytest.param(
            [1, 2, 3, 4],
            [runs("1+2+3+4", unit="F"), runs("1+2", at=1, unit="P")],
            [],
            id="nothing more while one half is tested",
        ),
        pytest.param(
            [1, 2, 3, 4],
            [runs("1+2+3+4", unit="F"), runs("1+2", at=1, unit="P"), alone("3", at=1, unit="P")],
            [],
            id="and no more than that",
        ),
        pytest.param(
            [1, 2, 3, 4],
            [runs("1+2+3+4", unit="F"), runs("1+2", at=1, unit="F")],
            ["TRIGGER 1 unit", "TRIGGER_BATCH 3+4 unit"],
            id="half of the half that fails; the others are free",
        ),
        pytest.param(
            [1, 2, 3, 4],
            [runs("1+2+3+4", unit="F"), runs("1+2", at=1, unit="F"), alone("1", at=2, on=[9], unit="S")],
            ["TRIGGER 2 unit", "TRIGGER_BATCH 1+3 unit", "TRIGGER_BATCH 1+3+4 unit"],
            id="the only one that is left is tested alone",
        ),
        pytest.param(
            [2, 3],
            [runs("1+2", on=[9], unit="F"), alone("1", at=1, on=[9], unit="S"), alone("2", at=2, on=[9], unit="P")],
            ["TRIGGER 3 unit"],
            id="but not while it is tested alone where the branch was",
        ),
        pytest.param(
            [2, 3],
            [runs("1+2", unit="F"), alone("1", at=1, unit="S"), alone("2", at=2, unit="F")],
            ["TRIGGER 3 unit"],
            id="nor where it has failed on this commit",
        ),
        pytest.param(
            [1, 2, 3],
            [runs("1+2", unit="P"), runs("1+2+3", unit="F")],
            [],
            id="nothing while what it stands on is tested",
        ),
        pytest.param(
            [1, 2, 3, 4],
            [runs("1+2", unit="F"), runs("1+2+3+4", unit="P")],
            ["TRIGGER 1 unit", "TRIGGER_BATCH 3+4 unit"],
            id="what stands on a lane that has failed begins anew",
        ),
        pytest.param(
            [1, 2, 3, 4, 5],
            [runs("1+2", unit="F"), runs("3+4", unit="P")],
            ["TRIGGER 1 unit", "TRIGGER_BATCH 3+4+5 unit"],
            id="lanes go on beside the suspects",
        ),
        pytest.param(
            [1, 2, 3],
            [runs("1+2", on=[8], unit="F"), runs("1+3", at=1, on=[8], unit="S")],
            ["TRIGGER 2 unit", "TRIGGER_BATCH 1+3 unit"],
            id="who has passed since is free, wherever that was",
        ),
        pytest.param(
            [1, 2, 3, 4, 5, 6, 7],
            [
                runs("1+2+3+4+5", unit="F"),
                runs("1+2+3", at=1, unit="P"),
                runs("6", at=1, unit="P"),
                alone("4", unit="P"),
            ],
            ["TRIGGER_BATCH 6+7 unit"],
            id="what is new stands rather on others than on half of the suspects",
        ),
        pytest.param([1, 2], [runs("1+3", unit="F")], ["TRIGGER 1 unit", "TRIGGER 2 unit"], id="others have left"),
        pytest.param([1, 2], [runs("1@old+2@old", unit="F")], ["TRIGGER_BATCH 1+2 unit"], id="they have changed"),
    ],
)
async def test_what_comes_after_a_failure(candidates: list[Candidate | int], tried: Tried, expected: list[str]) -> None:
    assert await due(candidates, tried) == expected


@pytest.mark.parametrize(
    ("conflicts", "expected"),
    [
        pytest.param([(0, 1)], ["TRIGGER_BATCH 2+3 unit"], id="the first"),
        pytest.param([(0, 1), (0, 2)], ["TRIGGER_BATCH 3+4 unit"], id="the whole first half"),
        pytest.param([(0, 1), (0, 2), (0, 3)], ["TRIGGER 4 unit"], id="all but the last"),
    ],
)
async def test_suspects_who_conflict_with_the_branch_hold_up_nobody(
    conflicts: list[tuple[int, int]], expected: list[str]
) -> None:
    tried = [runs("1+2+3+4", on=[8], unit="F")]
    assert await due([1, 2, 3, 4], tried, conflicts=conflicts) == expected


@pytest.mark.parametrize("order", ["1+2", "2+1"])
async def test_what_has_failed_is_not_started_again(order: str) -> None:
    """Twice would tell nothing new: as much is tested as was not."""
    tried = [runs(order, unit="F"), alone("1", at=1, unit="S", on=[9]), alone("2", at=1, unit="S", on=[9])]
    assert await due([1, 2], tried) == ["TRIGGER 1 unit"]
    assert await due([1, 2, 3], tried, largest=3) == ["TRIGGER_BATCH 1+2+3 unit"]


# Flakes


FLAKY = [runs(f"{number}+{number + 1}", on=[9], unit="FS") for number in range(50, 90, 2)]
"""A test that passes whenever it is run again."""


@pytest.mark.parametrize(
    ("tried", "more", "expected"),
    [
        pytest.param([runs("1+2", unit="F")], {}, ["TRIGGER 1 unit"], id="a test that is not known to be flaky"),
        pytest.param([*FLAKY, runs("1+2", unit="F")], {}, ["TRIGGER_BATCH 1+2 unit"], id="a flaky one is run again"),
        pytest.param(
            [*FLAKY[:5], runs("1+2", unit="F"), runs("1+2+3+4", unit="F")],
            {"candidates": [1, 2, 3, 4]},
            ["TRIGGER_BATCH 1+2 unit"],
            id="what stands on it waits for that: there may be more to blame than chance",
        ),
        pytest.param([*FLAKY, runs("1+2", unit="FP")], {}, [], id="its second run is waited for"),
        pytest.param([*FLAKY, runs("1+2", unit="FS")], {}, ["MERGE_BATCH 1+2"], id="and counts where it passes"),
        pytest.param([*FLAKY, runs("1+2", unit="FF")], {}, ["TRIGGER 1 unit"], id="and where it does not"),
        pytest.param(
            [*FLAKY, runs("0+1+2", unit="F")], {"on": [0]}, ["TRIGGER 1 unit"], id="not where the branch has moved"
        ),
        pytest.param(
            [*FLAKY, runs("1+2", unit="F", flight="F")],
            {"candidates": [candidate(1, "unit", "flight"), candidate(2, "unit", "flight")]},
            ["TRIGGER 1 unit flight"],
            id="not where another has failed as well, which is not flaky",
        ),
    ],
)
async def test_a_test_that_may_have_failed_by_chance(tried: Tried, more: dict[str, Any], expected: list[str]) -> None:
    candidates = more.pop("candidates", [1, 2])
    assert await due(candidates, tried, **more) == expected
