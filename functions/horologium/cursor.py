"""How far horologium has looked: its last tick, kept in the state bucket.

A tick that was lost is made up for by the next one, and one that comes twice fires nothing twice. Without the object
(the first tick of all) nothing has fired but what is to run at once.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

import msgspec
from msgspec import Struct, field

from cutwater.config.jobs import Periodic
from cutwater.events.look import Look
from cutwater.kube.effects import timestamp
from cutwater.prowjob import cron
from cutwater.storage.effects import KeepState

KEY = "horologium/cursor"
CATCH_UP = timedelta(hours=1)
"""What should have fired longer ago is not made up for."""


class Added(Struct, frozen=True):
    """An `@every` that is counted from the tick at which it was first seen."""

    cron: str
    since: datetime


class Cursor(Struct, frozen=True, kw_only=True):
    """The last tick, None before the first, and the `@every`s by job name. `etag`: of the object that was read."""

    tick: datetime | None = None
    every: Mapping[str, Added] = field(default_factory=dict)
    etag: str = ""

    def fired(self, job: Periodic, tick: datetime) -> datetime | None:
        """When the job's cron last fired since the last tick, up to this one; None where it did not.

        An `@every` that is new, or another than before, fires at once. Raises ValueError for what is no cron.
        """
        schedule = cron.of_periodic(job.cron)
        since = max(self.tick or tick, tick - CATCH_UP)
        if isinstance(schedule, cron.Every):
            added = self.every.get(job.name)
            if added is None or added.cron != job.cron:
                return tick
            last = _last_multiple(added.since.replace(microsecond=0), schedule.distance, tick)
        else:
            last = _last_firing(schedule, since, tick)
        return last if last is not None and since < last <= tick else None

    def after(self, periodics: Iterable[Periodic], tick: datetime) -> KeepState:
        """The cursor when this tick is done."""
        every = {}
        for job in periodics:
            if job.cron.startswith("@every"):
                added = self.every.get(job.name)
                every[job.name] = added if added is not None and added.cron == job.cron else Added(job.cron, tick)
        moved = Cursor(tick=max(self.tick or tick, tick), every=every)
        body = msgspec.json.encode({"tick": moved.tick, "every": moved.every}).decode()
        return KeepState(key=KEY, body=body, etag=self.etag, why=f"the tick of {timestamp(tick)} is done")


async def read(look: Look) -> Cursor:
    """The cursor as it is kept."""
    found = await look.state.get(KEY)
    if found is None:
        return Cursor()
    return msgspec.structs.replace(msgspec.json.decode(found.body, type=Cursor), etag=found.etag)


def _last_firing(schedule: cron.Schedule, since: datetime, until: datetime) -> datetime | None:
    last, following = None, schedule.next_after(since)
    while following is not None and following <= until:
        last, following = following, schedule.next_after(following)
    return last


def _last_multiple(start: datetime, distance: timedelta, until: datetime) -> datetime | None:
    times = (until - start) // distance
    return start + times * distance if times > 0 else None
