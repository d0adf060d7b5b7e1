"""The function dies before or after any of its effects, and everything ends as if it had not."""

import pytest

from infra.local.github.handles import Issue
from tests import mortal
from tests.world import BOT, World, configuration

pytestmark = pytest.mark.virtual

PLUGINS = "external_plugins: {acme/rocket: [{name: cherrypicker}]}"
EFFECTS = ["CherryPick", "OpenPullRequest", "AddComment", "Label", "Assign"]
LONG_ENOUGH = 1200
"""Seconds: what a dead function held while it had git work is another's after five minutes."""


async def play(nth: int, *, after: bool, has_fork: bool = True) -> list[str]:
    """A cherry-pick with one death. The kinds of its effects that were begun."""
    killer = mortal.Killer(nth, after=after)
    world = World(
        configuration(plugins=PLUGINS),
        apply=killer.apply,
        around=mortal.around,
        before_github=mortal.through,
        before_api_server=mortal.through,
        store=mortal.MortalStore,
    )
    async with world:
        rocket = world.rocket
        world.github.user(BOT, email="ci-robot@example.com")
        await world.github.push(rocket, "stage", {"r": "r\n"}, author="alice")
        change = await world.github.pull_request(rocket, author="alice", files={"x": "y\n"}, title="Fix")
        await change.merge("alice")
        if has_fork:
            await world.functions.edges.github.send("POST", "/repos/acme/rocket/forks", {})
        await world.settle(60)
        killer.done.clear()
        await change.comment("alice", "/cherrypick stage")
        await world.settle(LONG_ENOUGH)
        made = [Issue(world.hub, row.id) for row in world.hub.hub.issues if row.author == BOT]
        assert [(one.title, one.pull.base_ref, one.labels, one.assignees) for one in made] == [
            ("[stage] Fix", "stage", {"picked"}, {"alice"})
        ]
        said = [text for who, text in change.comments if who == BOT]
        assert len(said) == 1 and f"new pull request created: #{made[0].number}" in said[0]
    return [kind for kind in killer.done if kind in {"Fork", *EFFECTS}]


@pytest.fixture(autouse=True)
def labels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUTWATER_CHERRYPICKER_LABELS", "picked")


@pytest.mark.slow
async def test_nobody_dies() -> None:
    assert await play(-1, after=False) == EFFECTS


@pytest.mark.slow
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("nth", range(len(EFFECTS)), ids=EFFECTS)
async def test_somebody_dies(nth: int, after: bool) -> None:
    assert EFFECTS[nth] in await play(nth, after=after)


@pytest.mark.slow
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_somebody_dies_at_the_fork(after: bool) -> None:
    assert (await play(0, after=after, has_fork=False))[0] == "Fork"
