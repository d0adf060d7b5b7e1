"""override is killed before or after any of its effects: what it reads anew must not change what it had decided."""

from typing import Any

import pytest

from cutwater.events.edges import Edges
from cutwater.events.effect import Effect
from tests import mortal
from tests.world import BOT, CONFIG, World, configuration

pytestmark = pytest.mark.virtual

OVERRIDE = "plugins: {acme/rocket: {plugins: [override]}}"
JOBS = "presubmits: {acme/rocket: [{name: job, always_run: true, spec: {containers: [{image: x}]}}]}"
BOTH = "Cancelled overrides on behalf of root: one, two"
SET = "Overrode contexts on behalf of root: job, one"


@pytest.mark.slow
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("nth", range(3))
async def test_overrides_are_taken_back(nth: int, after: bool) -> None:
    overridden = {"one": ("success", "Overridden by root"), "two": ("success", "Overridden by root")}
    assert await said(nth, after, "/override-cancel", overridden) == (BOTH, {"one": "failure", "two": "failure"})


@pytest.mark.slow
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("nth", range(4))
async def test_contexts_are_overridden(nth: int, after: bool) -> None:
    failed = {"one": ("failure", "no"), "job": ("failure", "no")}
    assert await said(nth, after, "/override one job", failed) == (SET, {"one": "success", "job": "success"})


async def said(nth: int, after: bool, text: str, statuses: dict[str, tuple[str, str]]) -> tuple[str, dict[str, str]]:
    """What the bot says, once, and what the contexts are then."""
    killers = [mortal.Killer(-1, after=after)]

    async def apply(effect: Effect[object], edges: Edges) -> object:
        return await killers[-1].apply(effect, edges)

    how: dict[str, Any] = {"before_github": mortal.through, "before_api_server": mortal.through}
    config = configuration(CONFIG, JOBS, OVERRIDE)
    async with World(config, apply=apply, around=mortal.around, store=mortal.MortalStore, **how) as world:
        world.github.collaborator("acme/rocket", "root", "admin")
        pull = await world.github.pull_request(world.rocket, author="bob", files={"a": "b"})
        for context, (state, description) in statuses.items():
            await pull.set_status(BOT, context, state, description)
        await world.settle()
        killers.append(mortal.Killer(nth, after=after))
        await pull.comment("root", text)
        await world.settle(600)
        (answer,) = [text for who, text in pull.comments if who == BOT]
        return answer.partition("\n")[0].partition(": ")[2], {name: pull.statuses[name][0] for name in statuses}
