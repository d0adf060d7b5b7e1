"""Order on one pull request: brokers give none that survives a retry (protocols, part 4).

For each (plugin, pull request) one object holds a lease, and for each slot GitHub's time of the event that set it
last. An effect that is older than its slot is void.
"""

import asyncio
from datetime import datetime, timedelta

import msgspec
from msgspec import Struct, field

from cutwater.errors import Later
from cutwater.storage.store import Store, Taken

ORDER = "order/"
TRIES, PAUSE = 10, 0.2
"""How often, and with how many seconds between, a lease that another holds is asked for before the event goes back."""


class _Kept(Struct, kw_only=True, omit_defaults=True):
    owner: str = ""
    until: datetime | None = None
    slots: dict[str, datetime] = field(default_factory=dict)


class Order:
    """The lease on one pull request's order, held from `take` to `give_back`. It only looks at the store's clock."""

    def __init__(self, state: Store, key: str, kept: _Kept, etag: str, until: datetime) -> None:
        self._state, self._key, self._kept, self._etag, self._until = state, key, kept, etag, until
        self._is_written = True

    @classmethod
    async def take(
        cls, state: Store, *, plugin: str, subject: str, owner: str, now: datetime, lease: timedelta
    ) -> "Order":
        """Hold the order of this plugin on this pull request (`org/repo#number`). Raises Later while another does."""
        key = f"{ORDER}{plugin}/{subject.replace('#', '/')}"
        for attempt in range(TRIES):
            if attempt:
                await asyncio.sleep(PAUSE)
                now += timedelta(seconds=PAUSE)
            held = await cls._try(state, key, owner, now, lease)
            if held is not None:
                return held
        raise Later(f"another event of {subject} is being answered by {plugin}", seconds=2)

    @classmethod
    async def _try(cls, state: Store, key: str, owner: str, now: datetime, lease: timedelta) -> "Order | None":
        found = await state.get(key)
        kept = _Kept() if found is None else msgspec.json.decode(found.body, type=_Kept)
        now = now if found is None else found.date
        if kept.until is not None and kept.until > now and kept.owner != owner:
            return None
        kept.owner, kept.until = owner, now + lease
        try:
            if found is None:
                stored = await state.put(key, msgspec.json.encode(kept), if_absent=True)
            else:
                stored = await state.put(key, msgspec.json.encode(kept), if_match=found.etag)
        except Taken:
            return None
        return cls(state, key, kept, stored.etag, kept.until)

    def overtaken(self, slot: str, time: datetime) -> datetime | None:
        """When the later event was that set this slot; None where there was none."""
        last = self._kept.slots.get(slot)
        return last if last is not None and last > time else None

    def set(self, slot: str, time: datetime) -> None:
        """Remember that an event of this time set the slot; `renew` and `give_back` write it."""
        self._kept.slots[slot] = max(time, self._kept.slots.get(slot, time))
        self._is_written = False

    @property
    def is_written(self) -> bool:
        """Whether others would find all that was set here."""
        return self._is_written

    @property
    def until(self) -> datetime:
        """Until when it is held, by the store's clock."""
        return self._until

    async def renew(self, until: datetime) -> None:
        """Write the slots and hold it longer. Raises Taken where it ran out and another has it."""
        self._kept.until = self._until = until
        await self._write()

    async def give_back(self) -> None:
        """Write the slots and free the lease. Raises Taken where it ran out and another has it: nothing is written."""
        self._kept.owner, self._kept.until = "", None
        await self._write()

    async def _write(self) -> None:
        stored = await self._state.put(self._key, msgspec.json.encode(self._kept), if_match=self._etag)
        self._etag, self._is_written = stored.etag, True
