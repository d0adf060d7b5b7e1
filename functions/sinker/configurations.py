"""Which compiled configurations nobody goes back to any more."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from cutwater.events.pointer import ARTIFACTS, former_ones, sha_in_force
from cutwater.storage.effects import DeleteState
from cutwater.storage.store import Store

AGE = timedelta(days=14)
"""So old at least is what goes. Whoever puts one in force writes it again before: it is new then, even if this function
still sees the pointer as it was.
"""


async def old_ones(state: Store, environment: Mapping[str, str], now: datetime) -> AsyncIterator[DeleteState]:
    """The deletion of all but the one in force, the last few before it, and whatever is not that old.

    CUTWATER_CONFIGURATION names the folder of the pointer; without one nothing goes.
    """
    folder = environment.get("CUTWATER_CONFIGURATION", "")
    in_force = sha_in_force(Path(folder)) if folder else ""
    if not in_force:
        return
    kept = {in_force, *former_ones(Path(folder))}
    keys = [
        entry.key
        async for entry in state.list(ARTIFACTS)
        if entry.key.removeprefix(ARTIFACTS) not in kept and entry.modified and now - entry.modified > AGE
    ]
    if keys:
        yield DeleteState(keys=tuple(keys), why=f"not in force for {AGE.days} days")
