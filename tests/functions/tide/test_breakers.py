"""Ten pull requests, one of which breaks whatever batch it is in: the nine others are merged all the same, and soon."""

import random
from collections import Counter
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


class Schedule:
    """A queue of any kind, in which some break what they are in, and people do as they like while it is worked off."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self.numbers = range(1, self._random.randint(2, 14) + 1)
        share, count = self._random.choice([0, 0.1, 0.3]), self._random.choice([0, 0, 1])
        self.broken = {number for number in self.numbers if self._random.random() < share}
        self.touchy = {number for number in self.numbers if self._random.random() < 0.08}
        self.foes = [{*self._random.sample(self.numbers, 2)} for _ in range(count)]
        self._flakes = self._random.choice([0, 0, 0.05, 0.2])
        self._people_act = self._random.random() < 0.5
        lanes, largest = self._random.choice([1, 2, 4, 8]), self._random.choice([1, 2, 4, 16])
        self.line = Line(len(self.numbers), self._breaks, flakes=self._flake, lanes=lanes, largest=largest)

    @property
    def may_be_red(self) -> set[int]:
        """Whose own tests may fail."""
        return {*self.numbers} if self._flakes else self.broken.union(*self.foes)

    @property
    def most_runs(self) -> int:
        """How often a test of the same code may be run: once more where it fails by chance."""
        return 2 if self._flakes else 1

    def _breaks(self, branch: Sequence[int], members: Sequence[int]) -> bool:
        all_of_them, trial = {*branch, *members}, {*members}
        is_hurt = any(foes <= all_of_them and foes & trial for foes in self.foes)
        return is_hurt or bool(self.broken & trial) or (len(members) > 1 and bool(self.touchy & trial))

    def _flake(self, _: str) -> bool:
        return self._random.random() < self._flakes

    def ends(self, running: Sequence[ProwJob]) -> Sequence[ProwJob]:
        """Some runs end; and somebody may push to the branch, or hold a pull request for a while."""
        self.line.lift()
        if self._people_act and len(self.line.jobs) < 100 and self._random.random() < 0.3:
            if self._random.random() < 0.5:
                self.line.push()
            else:
                self.line.hold(self._random.choice(self.numbers))
        return self._random.sample(running, self._random.randint(1, len(running)))


@pytest.mark.parametrize(
    "seeds", [range(30), pytest.param(range(30, 600), marks=pytest.mark.slow)], ids=["a few", "many"]
)
async def test_whatever_happens_nobody_waits_for_ever_and_nothing_is_tried_twice(seeds: range) -> None:
    for seed in seeds:
        schedule = Schedule(seed)
        line = schedule.line
        await line.run(schedule.ends)
        assert {*schedule.numbers} <= {*line.merged, *line.left}, f"seed {seed}: somebody waits for ever"
        assert {*line.left} <= schedule.may_be_red, f"seed {seed}: an innocent is blamed"
        times = Counter((job.spec.type, str(job.spec.refs)) for job in line.jobs)
        assert max(times.values()) <= schedule.most_runs, f"seed {seed}: {times.most_common(1)} is tried again"
        assert len(line.jobs) < 200, f"seed {seed}: there is no end"


async def test_where_all_break_nobody_is_merged_and_the_queue_comes_to_rest() -> None:
    line = Line(10, lambda *_: True)
    await worked_off(line, together)
    assert line.merged == []


async def test_where_nothing_breaks_the_lanes_are_all_there_is() -> None:
    line = Line(10, lambda *_: False)
    await worked_off(line, together)
    assert sorted(line.merged) == [*TEN]
    assert len(line.batches) == 2
