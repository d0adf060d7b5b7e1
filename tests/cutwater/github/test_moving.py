"""A branch of a local GitHub is moved to a commit that GitHub has."""

import pytest
from msgspec.structs import replace

from cutwater.github.client import Unprocessable
from cutwater.github.edits import MoveBranch, NotFastForward
from tests.cutwater.github.test_opening import World


async def topic(world: World) -> MoveBranch:
    """The branch `stage` is to be at what `topic` is at: a commit above it."""
    await world.push("topic", "2\n")
    return MoveBranch(org="acme", repo="rocket", branch="stage", sha=world.rocket.head("topic"), why="w")


async def test_a_branch_is_moved() -> None:
    world = World()
    move = await topic(world)
    assert await move.stands(world, world.now) is None
    await move.apply(world)
    assert await move.stands(world, world.now)
    await move.apply(world)
    assert world.rocket.head("stage") == move.sha


async def test_a_branch_that_has_moved() -> None:
    world = World()
    move = await topic(world)
    await world.push("stage", "3\n")
    with pytest.raises(NotFastForward, match="Update is not a fast forward"):
        await move.apply(world)
    assert await move.stands(world, world.now) is None


async def test_an_answer_that_was_lost() -> None:
    """Somebody has put another commit on top meanwhile: to do it again says no; but it is where it was to be before."""
    world = World()
    move = await topic(world)
    await move.apply(world)
    await world.push("stage", "3\n")
    with pytest.raises(NotFastForward):
        await move.apply(world)


async def test_a_commit_that_github_does_not_have() -> None:
    world = World()
    move = await topic(world)
    with pytest.raises(Unprocessable, match="Object does not exist") as raised:
        await replace(move, sha="1" * 40).apply(world)
    assert not isinstance(raised.value, NotFastForward)


async def test_a_branch_with_slashes() -> None:
    world = World()
    move = await topic(world)
    await world.push("release/1.0#x", "1\n")
    with pytest.raises(NotFastForward):
        await replace(move, branch="release/1.0#x").apply(world)


async def test_a_protected_branch() -> None:
    world = World()
    move = await topic(world)
    world.local.world().protect("acme/rocket", "stage", approvals=1)
    with pytest.raises(Unprocessable, match="Changes must be made through a pull request"):
        await move.apply(world)
