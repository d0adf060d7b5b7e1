"""A burst of webhooks: what people did on many pull requests is told all at once, in disorder, late, lost, and twice.

Meanwhile GitHub limits us, and functions die at their effects and at their writes.
"""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cutwater.events import ledger
from cutwater.events.edges import Edges
from cutwater.events.effect import Effect
from cutwater.events.ledger import Delivery
from cutwater.events.receipt import RECEIPTS, Receipt
from cutwater.storage.memory import MemoryStore
from cutwater.storage.store import Stored
from tests import mortal
from tests.faults.people import PLUGINS, Crowd
from tests.world import BOT, SECRET, World, configuration

T = TypeVar("T")
SECONDS = 8.0
"""Within so many seconds all webhooks are told."""
SECONDARY = {403: (2.0, 40.0), 429: (70.0, 90.0)}
"""When GitHub says that we ask too fast, and how; seconds of the burst."""
PRIMARY = (100.0, 240.0)
"""When the limit of the hour is used up, and when it begins anew; seconds of the burst."""
TOO_FAST = b'{"message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."}'


class Weather:
    """What goes wrong in a burst. The same `seed` gives the same faults; `happened` counts them by name."""

    def __init__(self, seed: int, clock: Callable[[], datetime]) -> None:
        self._random = random.Random(seed)
        self._clock = clock
        self._began: datetime | None = None
        self.happened: Counter[str] = Counter()

    def begin(self) -> None:
        """The burst begins."""
        self._began = self._clock()

    def strikes(self, fault: str, share: float) -> bool:
        if self._began is None or self._random.random() >= share:
            return False
        self.happened[fault] += 1
        return True

    def seconds(self, most: float) -> float:
        return self._random.uniform(0, most)

    def github(self, app: ASGIApp) -> ASGIApp:
        """GitHub, which says for a while that we ask too fast; what it says itself of its limits is counted."""

        async def serve(scope: Scope, receive: Receive, send: Send) -> None:
            async def counted(message: Message) -> None:
                if message.get("status") in {403, 429}:
                    self.happened[f"GitHub {message['status']}"] += 1
                await send(message)

            status = self._too_fast()
            if status is None:
                await app(scope, receive, counted)
                return
            self.happened[f"GitHub {status}, too fast"] += 1
            headers = [(b"content-type", b"application/json"), (b"retry-after", b"5")]
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": TOO_FAST})

        return mortal.through(serve)

    def _too_fast(self) -> int | None:
        """What GitHub answers to everything at this time."""
        passed = 0.0 if self._began is None else (self._clock() - self._began).total_seconds()
        return next((status for status, (start, end) in SECONDARY.items() if start <= passed < end), None)

    def store(self, clock: Callable[[], datetime]) -> MemoryStore:
        return _Deadly(self, clock)

    async def apply(self, effect: Effect[object], edges: Edges) -> object:
        """Carry an effect out, or die before or after it."""
        if self.strikes("killed before an effect", 0.04):
            mortal.die()
        result = await effect.apply(edges)
        if self.strikes("killed after an effect", 0.04):
            mortal.die()
        return result


class _Deadly(mortal.MortalStore):
    """A bucket at whose writes functions die: hook, relay and plugins alike."""

    def __init__(self, weather: Weather, clock: Callable[[], datetime]) -> None:
        super().__init__(clock)
        self._weather = weather

    async def put(self, key: str, body: bytes, **how: Any) -> Stored:
        if mortal.is_function() and self._weather.strikes("killed before a write", 0.01):
            mortal.die()
        stored = await super().put(key, body, **how)
        if mortal.is_function() and self._weather.strikes("killed after a write", 0.01):
            mortal.die()
        return stored


class Burst(World):
    """People have done `count` things on pull requests, of which nobody has been told yet."""

    def __init__(self, seed: int, *, count: int) -> None:
        self._dice = random.Random(seed)
        self._count = count
        self.weather = Weather(seed, self._now)
        super().__init__(
            configuration("{}", "", PLUGINS),
            apply=self.weather.apply,
            around=mortal.around,
            before_github=self.weather.github,
            store=self.weather.store,
        )
        ticks = tuple(source for source in self._resources.ping_sources if source.metadata.name.startswith("relay-"))
        self._resources = replace(self._resources, ping_sources=ticks)  # no other role has to do with webhooks
        self.crowd = Crowd(self.hub, self._dice, count, hook=("http://hook/hook", SECRET))
        self._late: set[asyncio.Task[None]] = set()

    def _now(self) -> datetime:
        return self.clock()

    async def act(self) -> None:
        """All that people do, a few seconds after one another."""
        for _ in range(self._count):
            await asyncio.sleep(self._dice.uniform(1, 4))
            self.crowd.act()

    # What GitHub tells of it

    async def burst(self) -> set[str]:
        """Tell all of it at once. The GUIDs."""
        pending = self.hub.hub.pending
        self._dice.shuffle(pending)
        told = {self.hub.hub.deliveries[one.delivery].guid for one in pending}
        self.weather.begin()
        self.hub.send_webhooks()
        limit = self.hub.rates.bucket(self._who(), "core", is_anonymous=False)
        limit.reset = self.clock() + timedelta(seconds=PRIMARY[1])
        self._later(self._use_up(), PRIMARY[0])
        return told

    def _who(self) -> str:
        """Whom GitHub's limits count."""
        bot = self.hub.hub.account(BOT)
        assert bot is not None
        return f"user/{bot.id}"

    async def _use_up(self) -> None:
        self.hub.rates.exhaust(self._who())

    async def _deliver(self, url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, str]:
        await asyncio.sleep(self.weather.seconds(SECONDS))
        if self.weather.strikes("a webhook is lost", 0.08):
            return 502, "Bad gateway"
        if self.weather.strikes("a webhook comes twice", 0.1):
            self._later(super()._deliver(url, headers, body), self.weather.seconds(900))
        if self.weather.strikes("a webhook comes late", 0.1):
            await asyncio.sleep(self.weather.seconds(1800))
        return await super()._deliver(url, headers, body)

    def _later(self, work: Coroutine[object, object, object], seconds: float) -> None:
        async def wait() -> None:
            await asyncio.sleep(seconds)
            try:
                await work
            except ConnectionError:
                return  # hook died over it

        task = asyncio.ensure_future(wait())
        self._late.add(task)
        task.add_done_callback(self._late.discard)

    async def rest(self, told: set[str], *, hours: int = 8) -> None:
        """Until all that was told lies in the ledger, answered, and nothing is owed."""
        for _ in range(hours * 60):
            await asyncio.sleep(60)
            settled = {delivery.guid for delivery in await self._kept(ledger.DELIVERIES, Delivery)}
            if told <= settled and not self._late and not await self._kept(ledger.OWED, Delivery):
                return
        raise AssertionError(f"not within {hours} h: {len(told - settled)} webhooks of {len(told)} are not answered")

    # What became of it

    async def receipts(self) -> list[Receipt]:
        return await self._kept(RECEIPTS, Receipt)

    async def settled(self) -> list[Delivery]:
        return await self._kept(ledger.DELIVERIES, Delivery)

    async def _kept(self, prefix: str, kind: type[T]) -> list[T]:
        listed: AsyncIterator[Any] = MemoryStore.list(self.state, prefix)
        found = [await MemoryStore.get(self.state, entry.key) async for entry in listed]
        return [msgspec.json.decode(one.body, type=kind) for one in found if one is not None]

    def said(self, number: int) -> list[tuple[int, str]]:
        """Id and text of each comment of ours."""
        rows = self.hub.hub.comments_of.all(self.crowd.pull(number).id)
        return [(row.id, row.body) for row in rows if row.author == BOT]
