"""approve is killed before or after any of its effects: there is one notification, and it says how things stand."""

from typing import Any

import pytest

from cutwater.events.edges import Edges
from cutwater.events.effect import Effect
from tests import mortal
from tests.world import BOT, CONFIG, JOBS, World, configuration

pytestmark = pytest.mark.virtual

PLUGINS = "plugins: {acme/rocket: {plugins: [approve]}}\nowners: {skip_collaborators: [acme]}"


@pytest.mark.parametrize(
    "nth, after",
    [
        pytest.param(0, True, id="after the old notification is gone"),
        pytest.param(1, False, id="before the new one is there", marks=pytest.mark.slow),
        pytest.param(1, True, id="after it is there"),
        pytest.param(2, False, id="before the label", marks=pytest.mark.slow),
        pytest.param(2, True, id="after the label", marks=pytest.mark.slow),
    ],
)
async def test_an_approval(nth: int, after: bool) -> None:
    killers = [mortal.Killer(-1, after=after)]

    async def apply(effect: Effect[object], edges: Edges) -> object:
        return await killers[-1].apply(effect, edges)

    how: dict[str, Any] = {"before_github": mortal.through, "before_api_server": mortal.through}
    config = configuration(CONFIG, JOBS, PLUGINS)
    async with World(config, apply=apply, around=mortal.around, store=mortal.MortalStore, **how) as world:
        await world.github.push(world.rocket, "main", {"OWNERS": "approvers: [alice]\n"}, author="alice")
        pull = await world.github.pull_request(world.rocket, author="bob", files={"a": "b"})
        await world.settle()
        killers.append(mortal.Killer(nth, after=after))
        await pull.comment("alice", "/approve")
        await world.settle(600)
        (notification,) = [text for who, text in pull.comments if who == BOT]
        assert notification.startswith("[APPROVALNOTIFIER] This PR is **APPROVED**")
        assert pull.labels == {"approved"}
        assert killers[-1].done[nth] == ("DeleteComment", "AddComment", "Label")[nth]
