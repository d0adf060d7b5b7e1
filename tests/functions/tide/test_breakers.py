"""Ten pull requests, one of which breaks whatever batch it is in: the nine others are merged all the same, and soon."""

from collections.abc import Callable, Sequence

import pytest

from cutwater.prowjob.types import ProwJob
from tests.functions.tide.trying import Breaks, Line

TEN = range(1, 11)
MOST_BATCHES = 9
Ends = Callable[[Sequence[ProwJob]], Sequence[ProwJob]]


def breaks_all(breaker: int) -> Breaks:
    """It breaks its own tests as well: it was green where the branch has been."""
    return lambda _, members: breaker in members


def breaks_batches(breaker: int) -> Breaks:
    """It does no harm alone."""
    return lambda _, members: breaker in members and len(members) > 1


def together(running: Sequence[ProwJob]) -> Sequence[ProwJob]:
    """What was started together ends together: tests take as long for one batch as for another."""
    return running


def oldest(running: Sequence[ProwJob]) -> Sequence[ProwJob]:
    return running[:1]


def newest(running: Sequence[ProwJob]) -> Sequence[ProwJob]:
    return running[-1:]


class Nth:
    """One run fails by chance: that which is the `nth` to end."""

    def __init__(self, nth: int) -> None:
        self._left = nth

    def __call__(self, _: str) -> bool:
        self._left -= 1
        return self._left == 0


async def worked_off(line: Line, ends: Ends) -> None:
    """Until nothing runs any more. That nothing is tried for ever is a part of it."""
    await line.run(ends)
    assert len(line.jobs) < 40


def others(breaker: int) -> list[int]:
    return [number for number in TEN if number != breaker]


@pytest.mark.parametrize("lanes", [4, 1, 8])
@pytest.mark.parametrize("breaker", TEN)
async def test_the_nine_others_are_merged_by_nine_batches_at_most(breaker: int, lanes: int) -> None:
    line = Line(10, breaks_all(breaker), lanes=lanes)
    await worked_off(line, together)
    assert sorted(line.merged) == others(breaker)
    assert len(line.batches) <= MOST_BATCHES


@pytest.mark.parametrize("breaker", TEN)
async def test_so_they_are_where_it_does_no_harm_alone_and_it_is_merged_as_well(breaker: int) -> None:
    line = Line(10, breaks_batches(breaker))
    await worked_off(line, together)
    assert sorted(line.merged) == [*TEN]
    assert len(line.batches) <= MOST_BATCHES


@pytest.mark.parametrize("ends", [oldest, newest])
@pytest.mark.parametrize("breaks", [breaks_all, breaks_batches])
@pytest.mark.parametrize("breaker", TEN)
async def test_in_whichever_order_the_runs_end(breaker: int, breaks: Callable[[int], Breaks], ends: Ends) -> None:
    line = Line(10, breaks(breaker))
    await worked_off(line, ends)
    assert {*others(breaker)} <= {*line.merged}
    assert len(line.batches) <= MOST_BATCHES


@pytest.mark.parametrize("nth", [1, 2, 3, 5])
@pytest.mark.parametrize("breaker", TEN)
async def test_beside_a_run_that_fails_by_chance(breaker: int, nth: int) -> None:
    """If that was of a pull request alone, its author is asked: it has left the queue as well."""
    line = Line(10, breaks_all(breaker), flakes=Nth(nth))
    await worked_off(line, together)
    assert {*others(breaker)} <= {*line.merged, *line.left}
    assert len(line.left) <= 2
    assert len(line.batches) <= MOST_BATCHES + 4


async def test_of_two_that_only_break_together_one_is_merged() -> None:
    """The other one fails alone on what the branch is then: its author sees why."""
    line = Line(6, lambda branch, members: {2, 5} <= {*branch, *members})
    await worked_off(line, together)
    assert {1, 3, 4, 6} < {*line.merged}
    assert len(line.merged) == 5


async def test_where_all_break_nobody_is_merged_and_the_queue_comes_to_rest() -> None:
    line = Line(10, lambda *_: True)
    await worked_off(line, together)
    assert line.merged == []


async def test_where_nothing_breaks_the_lanes_are_all_there_is() -> None:
    line = Line(10, lambda *_: False)
    await worked_off(line, together)
    assert sorted(line.merged) == [*TEN]
    assert len(line.batches) == 2
