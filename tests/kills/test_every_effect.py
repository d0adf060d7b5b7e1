"""A function is killed before or after any effect of any role, and everything ends as if it had not been."""

import random

import pytest

from tests import mortal
from tests.kills.story import Story
from tests.world import World

pytestmark = pytest.mark.virtual

EFFECTS = 200
"""More effects than the story has: the last kills find nobody."""
SEED = 20261125
SOME = random.Random(SEED).sample([(n, after) for n in range(170) for after in (False, True)], 2)


async def play(nth: int, *, after: bool) -> list[str]:
    """The story with one kill. The kinds of the effects that were begun."""
    killer = mortal.Killer(nth, after=after)
    world = World(
        apply=killer.apply,
        around=mortal.around,
        before_github=mortal.through,
        before_api_server=mortal.through,
        store=mortal.MortalStore,
    )
    async with world:
        story = Story(world)
        await story.check(await story.play())
    return killer.done


async def test_nobody_dies() -> None:
    done = await play(-1, after=False)
    assert {"CreateProwJob", "CreatePod", "Transition", "SetStatus", "AddComment", "Merge", "Label"} <= set(done)
    assert len(done) < EFFECTS


@pytest.mark.slow
@pytest.mark.parametrize("nth, after", SOME, ids=[f"{'after' if after else 'before'} effect {n}" for n, after in SOME])
async def test_somebody_dies(nth: int, after: bool) -> None:
    await play(nth, after=after)


@pytest.mark.slow
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("nth", range(EFFECTS))
async def test_anybody_dies(nth: int, after: bool) -> None:
    await play(nth, after=after)
