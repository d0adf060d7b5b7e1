"""A model check: whatever people do and whatever goes wrong, tide merges what was tested, and leaves nothing waiting.

The first seed is in each test's name: the same one gives the same schedules. A schedule that fails is made as short as
it can be, and told as a story.
"""

from collections import Counter
from collections.abc import Iterable

import pytest

from tests import virtual_time
from tests.functions.tide.model.observer import Mode
from tests.functions.tide.model.schedules import (
    Brew,
    Label,
    Open,
    PushByHand,
    Schedule,
    Step,
    play,
    schedule,
    shortened,
)
from tests.functions.tide.model.stage import Stage
from tests.functions.tide.model.weather import FAULTS

MODES: tuple[Mode, ...] = ("compatible", "speculative")
EACH = 30
"""Schedules of one test."""


def played(schedule: Schedule, mode: Mode) -> Stage:
    """What became of a schedule."""
    stages: list[Stage] = []

    async def run() -> None:
        async with Stage(mode, schedule.method) as stage:
            stages.append(stage)
            await play(stage, schedule)

    virtual_time.run(run())
    return stages[0]


def check(schedule: Schedule, mode: Mode) -> Stage:
    """Play a schedule. Raises AssertionError with the story of the shortest that fails, too."""
    stage = played(schedule, mode)
    if stage.observer.violations:
        schedule = shortened(schedule, lambda shorter: bool(played(shorter, mode).observer.violations))
        stage = played(schedule, mode)
        raise AssertionError("\n".join([*stage.observer.violations, repr(schedule), *stage.story]))
    return stage


def check_all(seeds: Iterable[int], mode: Mode) -> Counter[str]:
    """Play the schedules of all seeds. The faults that happened."""
    faults = Counter[str]()
    for seed in seeds:
        print(f"seed {seed}, {mode}")
        faults.update(check(schedule(seed), mode).weather.happened)
    return faults


@pytest.mark.parametrize("mode", MODES)
def test_a_few_schedules(mode: Mode) -> None:
    check_all(range(4), mode)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(0, 5 * EACH, EACH))
@pytest.mark.parametrize("mode", MODES)
def test_three_hundred_schedules(mode: Mode, seed: int) -> None:
    faults = check_all(range(seed, seed + EACH), mode)
    assert len(faults) > 0.8 * len(FAULTS), {*FAULTS} - {*faults}


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(10_000, 12_000, 100))
@pytest.mark.parametrize("mode", MODES)
def test_thousands_of_schedules(mode: Mode, seed: int) -> None:
    check_all(range(seed, seed + 100), mode)


@pytest.mark.parametrize("number", [pytest.param(n, marks=() if n == 1 else pytest.mark.slow) for n in range(3)])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("method", ["merge", "squash"])
def test_who_is_held_while_a_batch_is_half_merged_is_not_merged(mode: Mode, method: str, number: int) -> None:
    """A function dies after the landing with this number. The others lose their labels before anybody else may look."""
    steps: list[tuple[int, Step]] = [
        *((0, Open("fine")) for _ in range(3)),
        (20, PushByHand("main")),
        (70, Brew("killed after a landing", number)),
        (40, Label(1, "hold", is_there=True)),
        (1, Label(2, "lgtm", is_there=False)),
    ]
    check(Schedule(method, steps), mode)
