"""What the model answers to tide, the local GitHub with real git answers, too, in the midst of everything."""

import pytest

from tests import virtual_time
from tests.functions.tide.model.observer import Mode
from tests.functions.tide.model.schedules import play, schedule
from tests.functions.tide.model.stage import Stage
from tests.functions.tide.model.test_schedules import MODES
from tests.functions.tide.model.twins import twins


def compare(seed: int, mode: Mode) -> None:
    """Play a schedule on both at once."""

    async def run() -> None:
        wanted = schedule(seed)
        async with Stage(mode, wanted.method, at=twins) as stage:
            await play(stage, wanted)
        assert not stage.observer.violations, "\n".join([*stage.observer.violations, *stage.story])

    virtual_time.run(run())


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(500, 504))
@pytest.mark.parametrize("mode", MODES)
def test_they_answer_alike(mode: Mode, seed: int) -> None:
    compare(seed, mode)


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(600, 700, 20))
@pytest.mark.parametrize("mode", MODES)
def test_they_answer_alike_for_long(mode: Mode, seed: int) -> None:
    for one in range(seed, seed + 20):
        compare(one, mode)
