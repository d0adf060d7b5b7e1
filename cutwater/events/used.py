"""What callers have used of GitHub's limits in all processes, added up in the state bucket.

One object for each identity and limit, for the hour that it is in: nothing grows, nothing need be deleted.
"""

import hashlib
from collections.abc import Callable, Mapping

import msgspec
from msgspec import Struct

from cutwater.errors import Later
from cutwater.events.ledger import JSON
from cutwater.github.limits import SAME, added
from cutwater.storage.store import Store, Taken

TRIES = 4


class Used(Struct, frozen=True):
    """Points by caller, until the limit begins anew (`reset`, in seconds since 1970)."""

    reset: int
    by: dict[str, int]


class UsedTogether:
    """The sums of all processes that have the same state bucket."""

    def __init__(self, state: Callable[[], Store]) -> None:
        self._state = state

    async def add(self, limit: str, reset: int, used: Mapping[str, int]) -> Mapping[str, int]:
        """What all have used, with this. Raises Later and Refused."""
        state, key = self._state(), f"limits/{hashlib.sha256(limit.encode()).hexdigest()[:16]}"
        for _ in range(TRIES):
            found = await state.get(key)
            before = Used(0, {}) if found is None else _read(found.body)
            if before.reset > reset + SAME:
                return used  # the limit has begun anew, and others know it already
            by = added(before.by if before.reset >= reset - SAME else {}, used)
            body, etag = msgspec.json.encode(Used(max(before.reset, reset), by)), found.etag if found else None
            try:
                await state.put(key, body, if_absent=found is None, if_match=etag, content_type=JSON)
            except Taken:
                continue
            return by
        raise Later("others are adding up what they have used")


def _read(body: bytes) -> Used:
    try:
        return msgspec.json.decode(body, type=Used)
    except msgspec.DecodeError:
        return Used(0, {})
