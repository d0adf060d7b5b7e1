"""A burst of webhooks in bad weather: each is in the ledger, each effect happened once, and the last word won.

The seed is in each test's name: the same one gives the same run.
"""

import pytest

from functions.plugins.lgtm import REMOVED
from infra.local.github import webhooks
from tests.faults.burst import Burst
from tests.faults.people import OTHER

pytestmark = pytest.mark.virtual

FAULTS = {
    "GitHub 403",
    "GitHub 403, too fast",
    "GitHub 429, too fast",
    "a webhook comes late",
    "a webhook comes twice",
    "a webhook is lost",
    "killed after a write",
    "killed after an effect",
    "killed before a write",
    "killed before an effect",
}


async def burst(seed: int, *, count: int) -> Burst:
    """Play it to its end, and check what became of it."""
    world = Burst(seed, count=count)
    await world.act()
    async with world:
        told = await world.burst()
        await world.rest(told)
        assert len(told) == count
        await check_ledger(world, told)
        check_last_words(world)
        await check_once(world)
    return world


async def check_ledger(world: Burst, told: set[str]) -> None:
    """Every webhook is there, once, and every plugin that wanted it has answered."""
    kept = await world.settled()
    assert told <= {delivery.guid for delivery in kept}
    receipts = {(receipt.delivery, receipt.plugin): receipt for receipt in await world.receipts()}
    for delivery in kept:
        for plugin in delivery.plugins:
            receipt = receipts[delivery.guid, plugin]
            assert receipt.outcome in {"done", "nothing", "refused"}, receipt.error


def check_last_words(world: Burst) -> None:
    for number, expected in world.crowd.expected.items():
        pull = world.crowd.pull(number)
        assert pull.labels == expected.labels, f"#{number}"
        assert pull.title == expected.title, f"#{number}"
        assert (OTHER in pull.assignees) == expected.is_assigned, f"#{number}"
        assert (OTHER in pull.requested_reviewers) == expected.is_asked, f"#{number}"


async def check_once(world: Burst) -> None:
    """Each comment is some receipt's, and each that a receipt speaks of is there; nobody was answered twice.

    Notices of lgtm go when it is said again.
    """
    steps = [step for receipt in await world.receipts() for step in receipt.plan if step.state == "done"]
    written = {step.result for step in steps if step.effect["type"] == "AddComment"}
    deleted = {step.effect["comment"] for step in steps if step.effect["type"] == "DeleteComment"}
    there = {id_ for number in world.crowd.expected for id_, _ in world.said(number)}
    assert there == written - deleted
    for number, expected in world.crowd.expected.items():
        answers = [text for _, text in world.said(number) if REMOVED not in text and "unheard-of" in text]
        assert len(answers) == expected.unknown, f"#{number}"
    changed = [step for step in steps if step.effect["type"] == "Label"]
    flips = [row for row in world.hub.hub.events if row.kind in {"labeled", "unlabeled"}]
    assert len(flips) <= len(changed)


async def test_sixty_webhooks() -> None:
    await burst(1, count=60)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_hundred_webhooks(seed: int) -> None:
    world = await burst(seed, count=100)
    assert len(FAULTS & set(world.weather.happened)) > len(FAULTS) / 2, world.weather.happened


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", [11, 12, 13])
async def test_thousand_webhooks(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "KEPT", 20_000)  # as GitHub keeps all of three days
    world = await burst(seed, count=1000)
    assert set(world.weather.happened) >= FAULTS, FAULTS - set(world.weather.happened)
