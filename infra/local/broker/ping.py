"""PingSources: an event at each tick of a schedule.

A tick that passes while nothing runs is not made up, and ticks of one source may overlap.
Source: knative.dev/eventing pkg/adapter/mtping.
"""

import asyncio
import base64
import random
from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import uuid4
from zoneinfo import ZoneInfo

from infra.local.broker import cron, events
from infra.local.broker.cron import Schedule
from infra.local.broker.events import Event
from infra.local.broker.resources import PingSource, PingSpec
from infra.local.broker.sources import Post, emit

TYPE = "dev.knative.sources.ping"


def schedule_of(spec: PingSpec) -> Schedule:
    """The source's schedule in its time zone."""
    return cron.parse(spec.schedule, ZoneInfo(spec.timezone or "UTC"))


def upto_half_a_second() -> float:
    """What Knative sleeps before each tick, so that the sources of a cluster do not all send at once."""
    return random.random() / 2


class PingSources:
    """All PingSources. `jitter`: seconds to wait after each tick; `identify` makes the events' ids."""

    def __init__(
        self,
        sources: Sequence[PingSource],
        post: Post,
        *,
        clock: Callable[[], datetime] = events.utc_now,
        jitter: Callable[[], float] = upto_half_a_second,
        identify: Callable[[], str] = lambda: str(uuid4()),
    ) -> None:
        self._sources = sources
        self._post = post
        self._clock = clock
        self._jitter = jitter
        self._identify = identify

    async def run(self) -> None:
        """Ticks until it is cancelled."""
        async with asyncio.TaskGroup() as ticking:
            for source in self._sources:
                ticking.create_task(self._run(source, ticking))

    async def tick(self, source: PingSource) -> bool:
        """Sends one event now. Whether the sink took it."""
        return await emit(self._post, source.metadata, source.spec.sink, self.event(source))

    def event(self, source: PingSource) -> Event:
        """The event of a tick now."""
        spec = source.spec
        attributes = {
            "specversion": "1.0",
            "id": self._identify(),
            "type": TYPE,
            "source": f"/apis/v1/namespaces/{source.metadata.namespace}/pingsources/{source.metadata.name}",
            "time": events.timestamp(self._clock()),
            **spec.ce_overrides.extensions,
        }
        if spec.content_type:
            attributes["datacontenttype"] = spec.content_type
        body = base64.b64decode(spec.data_base64) if spec.data_base64 else spec.data.encode()
        return Event(attributes, body)

    async def _run(self, source: PingSource, ticking: asyncio.TaskGroup) -> None:
        schedule = schedule_of(source.spec)
        moment = self._clock()
        while tick := schedule.next_after(max(moment, self._clock())):
            await asyncio.sleep(max(0.0, (tick - self._clock()).total_seconds()))
            ticking.create_task(self._delayed(source))
            moment = tick

    async def _delayed(self, source: PingSource) -> None:
        await asyncio.sleep(self._jitter())
        await self.tick(source)
