"""The commits of the repositories in which pull requests are put together: the state bucket holds them.

A fresh function that is to make a batch takes them from there, and fetches only what is new. They are kept anew once a
day: what GitHub is asked for besides is then a day's work at most.
"""

from collections import defaultdict
from datetime import datetime, timedelta

from cutwater.events.effect import Act
from cutwater.events.event import Event
from cutwater.events.look import Look
from cutwater.events.pools import POOLS, Pool, branch_of
from cutwater.git.effects import KeepCommits
from cutwater.git.packs import GIT, KEPT, key_of
from cutwater.storage.effects import DeleteState
from cutwater.storage.store import Entry
from functions.tide import kept
from functions.tide.sight import PoolName

FRESH = timedelta(days=1)
FORGOTTEN = timedelta(days=30)
TICK = 2
"""Minutes between two ticks of this sweep."""


async def sweep(event: Event, look: Look, act: Act) -> None:
    """Keep the commits of one repository that is due, and forget those that nobody needs.

    Each gets its turn, also where one never succeeds.
    """
    forgotten = await _forgotten(look)
    if forgotten:
        await act(DeleteState(keys=forgotten, why="for a month no two pull requests were open there"))
    due = await _due(look)
    if due:
        await act(due[int(look.now.timestamp()) // 60 // TICK % len(due)])


async def _due(look: Look) -> list[KeepCommits]:
    """What is to be kept, in the order of the repositories' names."""
    due = []
    for (org, repo), names in sorted((await _pools(look)).items()):
        found = await look.state.head(key_of(org, repo))
        if found is not None and found.modified is not None and found.date - found.modified < FRESH:
            continue
        pools = [(await kept.read(look, name)).value.pool for name in names]
        if any(pool is not None and _may_have_a_batch(pool) for pool in pools):
            why = "what is kept is a day old" if found else "nothing is kept yet"
            due.append(KeepCommits(org=org, repo=repo, branches=tuple(name.branch for name in names), why=why))
    return due


async def _forgotten(look: Look) -> tuple[str, ...]:
    """The keys of all that was kept long ago; what says that it is there comes first."""
    entries = [entry async for entry in look.state.list(GIT)]
    old = {entry.key.removesuffix(KEPT) for entry in entries if entry.key.endswith(KEPT) and _is_old(entry, look.now)}
    return tuple(entry.key for entry in entries if any(entry.key.startswith(place) for place in old))


def _is_old(entry: Entry, now: datetime) -> bool:
    return entry.modified is not None and now - entry.modified > FORGOTTEN


async def _pools(look: Look) -> dict[tuple[str, str], list[PoolName]]:
    """By repository, all pools that tide has looked at."""
    found = defaultdict(list)
    async for entry in look.state.list(POOLS):
        if (place := branch_of(POOLS, entry.key)) is not None:
            found[place[:2]].append(PoolName(*place))
    return found


def _may_have_a_batch(pool: Pool) -> bool:
    shown = (*pool.success_prs, *pool.pending_prs, *pool.missing_prs, *pool.batch_pending)
    return len({pull.number for pull in shown}) > 1
