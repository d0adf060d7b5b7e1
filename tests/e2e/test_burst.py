"""A burst of webhooks on real processes, of which none runs yet: GitHub limits us, and functions are killed.

GitHub keeps the webhooks when the platform starts, and sends all at once, before anybody hears it; then relay asks for
them again.
"""

import asyncio
import os
import random
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from cutwater.events import ledger
from cutwater.events.ledger import Delivery
from cutwater.events.receipt import RECEIPTS, Receipt
from infra.local.demo import seed
from infra.local.demo.people import Person
from infra.local.github.server import GitHub
from infra.local.settings import STATE_BUCKET, TRIGGERS, Settings
from tests.e2e import world
from tests.e2e.running import Running, death_of
from tests.e2e.story import soon
from tests.e2e.weather import Weather
from tests.faults.people import OTHER, PLUGINS, SKIFF, Crowd, Expected

VICTIMS = ("hook", "plugins", "relay")
SOONER = {
    'schedule: "* * * * *"': 'schedule: "*/10 * * * * *"',
    'schedule: "*/10 * * * *"': 'schedule: "*/30 * * * * *"',
}
TOO_FAST = b'{"message": "You have exceeded a secondary rate limit."}'
USED_UP = b'{"message": "API rate limit exceeded for user ID 1."}'
JSON = {"content-type": "application/json"}


class Burst:
    """`count` webhooks that GitHub is about to send, and what must be there when all are answered."""

    def __init__(self, folder: Path, seed_: int, count: int) -> None:
        self._dice = random.Random(seed_)
        self.count = count
        settings, port = world.made(folder)
        plugins = yaml.safe_load(settings.plugins.read_text()) if settings.plugins else {}
        more = yaml.safe_load(PLUGINS)
        plugins["plugins"] |= more["plugins"]
        plugins["label"] = more["label"]
        assert settings.plugins is not None
        settings.plugins.write_text(yaml.safe_dump(plugins))
        _write_triggers(settings.triggers)
        self.expected, self.told = self._act(settings)
        self.weather = Weather(settings.github, port)
        self.platform = Running(settings)
        self.killed: Counter[str] = Counter()
        self._robot = Person(settings, seed.BOT)

    def _act(self, settings: Settings) -> tuple[dict[int, Expected], set[str]]:
        """What people have done, a few seconds after one another, and the GUIDs of the webhooks that tell of it."""
        now = datetime.now(UTC) - timedelta(seconds=4 * self.count)
        with GitHub(settings.folder / "github", base_url=settings.github, clock=lambda: now) as local:
            hook = (f"{settings.deck}/hook", settings.secret("hmac-token"))
            local.world().user(OTHER)
            crowd = Crowd(local, self._dice, self.count, hook=hook)
            local.hub.pending.clear()
            for _ in range(self.count):
                now += timedelta(seconds=self._dice.uniform(1, 4))
                crowd.act()
            return crowd.expected, {local.hub.deliveries[one.delivery].guid for one in local.hub.pending}

    async def kill(self) -> None:
        """Kill functions at random. Until cancelled."""
        while True:
            await asyncio.sleep(self._dice.uniform(0.3, 2))
            name = self._dice.choice(VICTIMS)
            pid = self.platform.function(name)
            if pid is not None:
                os.kill(pid, signal.SIGKILL)
                await death_of(pid)
                self.killed[name] += 1

    async def limit(self) -> None:
        """GitHub refuses us three times for some seconds, each time in other words."""
        await asyncio.sleep(1)
        with self.weather.bad(403, JSON | {"retry-after": "3"}, TOO_FAST):
            await asyncio.sleep(4)
        await asyncio.sleep(3)
        reset = str(int(time.time()) + 6)
        with self.weather.bad(403, JSON | {"x-ratelimit-remaining": "0", "x-ratelimit-reset": reset}, USED_UP):
            await asyncio.sleep(6)
        await asyncio.sleep(3)
        with self.weather.bad(429, JSON | {"retry-after": "3"}, TOO_FAST):
            await asyncio.sleep(4)

    async def deliveries(self) -> list[Delivery]:
        return [msgspec.json.decode(body, type=Delivery) async for body in self._kept(ledger.DELIVERIES)]

    async def receipts(self) -> list[Receipt]:
        return [msgspec.json.decode(body, type=Receipt) async for body in self._kept(RECEIPTS)]

    async def _kept(self, prefix: str) -> AsyncIterator[bytes]:
        state = self.platform.bucket(STATE_BUCKET)
        async for entry in state.list(prefix):
            found = await state.get(entry.key)
            if found is not None:
                yield found.body

    async def has_begun(self) -> bool:
        async for _ in self.platform.bucket(STATE_BUCKET).list(ledger.OWED):
            return True
        return False

    async def is_answered(self) -> bool:
        """Whether all that was told is put away, and nothing is owed."""
        state = self.platform.bucket(STATE_BUCKET)
        async for _ in state.list(ledger.OWED):
            return False
        names = [entry.key.rpartition("/")[2] async for entry in state.list(ledger.DELIVERIES)]
        return self.told <= {name.rpartition("-")[0] for name in names}

    async def check(self) -> None:
        receipts = await self.receipts()
        assert {receipt.outcome for receipt in receipts} <= {"done", "nothing", "refused"}
        steps = [step for receipt in receipts for step in receipt.plan if step.state == "done"]
        written = {step.result for step in steps if step.effect["type"] == "AddComment"}
        deleted = {step.effect["comment"] for step in steps if step.effect["type"] == "DeleteComment"}
        there: set[int] = set()
        for number, expected in self.expected.items():
            there |= await self._check_pull(number, expected)
        assert there == written - deleted

    async def _check_pull(self, number: int, expected: Expected) -> set[int]:
        """That the last word has won, and nobody was answered twice. The ids of our comments."""
        pull: Any = await self._robot.ask(f"/repos/{SKIFF}/pulls/{number}")
        assert {label["name"] for label in pull["labels"]} == expected.labels, f"#{number}"
        assert pull["title"] == expected.title, f"#{number}"
        assert (OTHER in {one["login"] for one in pull["assignees"]}) == expected.is_assigned, f"#{number}"
        assert (OTHER in {one["login"] for one in pull["requested_reviewers"]}) == expected.is_asked, f"#{number}"
        comments = await self._robot.ask(f"/repos/{SKIFF}/issues/{number}/comments?per_page=100")
        ours = [one for one in comments if one["user"]["login"] == seed.BOT]
        answers = [one for one in ours if "unheard-of" in one["body"]]
        assert len(answers) == expected.unknown, f"#{number}"
        return {one["id"] for one in ours}


def _write_triggers(folder: Path) -> None:
    """The product's schedules, but for relay's ticks: what it repairs is repaired sooner."""
    for path in TRIGGERS.glob("*.yaml"):
        text = path.read_text()
        for schedule, sooner in SOONER.items() if path.name == "relay.yaml" else ():
            assert schedule in text
            text = text.replace(schedule, sooner)
        (folder / path.name).write_text(text)


async def play(folder: Path, *, seed_: int, count: int, seconds: float) -> None:
    burst = Burst(folder, seed_, count)
    burst.weather.start()
    try:
        burst.platform.start()
        await soon("the burst has begun", burst.has_begun)
        began = time.monotonic()
        storm = [asyncio.ensure_future(burst.limit()), asyncio.ensure_future(burst.kill())]
        await storm[0]
        await asyncio.sleep(count / 50)
        storm[1].cancel()
        await soon("all webhooks are answered", burst.is_answered, seconds=seconds)
        took = time.monotonic() - began
        await burst.check()
    finally:
        left = burst.platform.stop()
        burst.weather.stop()
    assert left == []
    assert burst.weather.refused > 0
    assert set(burst.killed) == set(VICTIMS)
    print(f"{count} webhooks in {took:.0f} s; killed: {dict(burst.killed)}; refused: {burst.weather.refused}")


async def test_hundred_webhooks(tmp_path: Path) -> None:
    await play(tmp_path, seed_=1, count=100, seconds=120)


@pytest.mark.soak
@pytest.mark.timeout(1800)
async def test_thousand_webhooks(tmp_path: Path) -> None:
    await play(tmp_path, seed_=20261125, count=1000, seconds=1500)
