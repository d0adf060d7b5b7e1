"""Whether a bucket honours conditional puts. Some S3 implementations ignore them: with one of those the ledger would
let two functions act where one may. Such a bucket is refused before anything is kept in it.
"""

import uuid

from cutwater.errors import Refused
from cutwater.storage.store import Store, Taken

PROVEN = "proven"
"""The object that says that the bucket has been tried."""
WRONG = "the state bucket ignores {condition} on puts: it cannot hold the ledger (see docs/deploy.md)"


class Proof:
    """A bucket is tried once, and asked once by each process whether it has been."""

    def __init__(self) -> None:
        self._is_proven = False

    async def of(self, state: Store) -> None:
        """Raises Refused for a bucket that ignores a condition, and whatever the bucket itself raises."""
        if self._is_proven:
            return
        if await state.head(PROVEN) is None:
            await prove(state)
            await state.put(PROVEN, b"It honours If-None-Match and If-Match.\n", content_type="text/plain")
        self._is_proven = True


async def prove(state: Store) -> None:
    """Two puts for each condition. Raises Refused where the second one is let through."""
    key = f"proof/{uuid.uuid4()}"
    try:
        first = await state.put(key, b"1", if_absent=True)
        if await _is_let_through(state, key, if_absent=True):
            raise Refused(WRONG.format(condition="If-None-Match"))
        await state.put(key, b"2", if_match=first.etag)
        if await _is_let_through(state, key, if_match=first.etag):
            raise Refused(WRONG.format(condition="If-Match"))
    finally:
        await state.delete(key)


async def _is_let_through(state: Store, key: str, *, if_absent: bool = False, if_match: str | None = None) -> bool:
    try:
        await state.put(key, b"3", if_absent=if_absent, if_match=if_match)
    except Taken:
        return False
    return True
