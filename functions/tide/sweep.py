"""What events have missed: once a minute tide looks at every pool that there is."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec
from msgspec import Struct

from cutwater.config.tide import Tide, covered, searches_by_org
from cutwater.errors import Refused
from cutwater.events.effect import Act
from cutwater.events.event import Event
from cutwater.events.look import Look
from cutwater.events.publish import LookAgain
from cutwater.github.queries import FIND_POOLS
from cutwater.kube.effects import timestamp
from cutwater.storage.effects import KeepState
from functions.tide.sight import PoolName

CURSOR = "tide/swept"
CHANGES = "is:pr state:open sort:updated-asc archived:false"
PAGE = 100
OVERLAP = timedelta(seconds=30)
"""How much further back changes are looked for: GitHub's index lags behind."""
BEGINNING = datetime(2007, 1, 1, tzinfo=UTC)
"""Before there was a GitHub."""


async def sweep(event: Event, look: Look, act: Act) -> None:
    """Have every pool looked at in which something may be merged, or in which a pull request has changed.

    Which changes have been seen is kept, by the search that finds them.
    """
    tide = look.config.prow.tide
    found = await look.state.get(CURSOR)
    seen = msgspec.json.decode(found.body, type=dict[str, Seen]) if found else {}
    pools: dict[PoolName, str] = {}
    for query in tide.queries:
        for org, search in searches_by_org(query).items():
            for change in await _found(search, org, look):
                pools[change.pool] = "a query finds a pull request to it"
    now_seen: dict[str, Seen] = {}
    for org, search in searches_for_changes(tide).items():
        last = seen.get(search, Seen(BEGINNING))
        changes = await _found(f"{search} updated:{timestamp(last.until)}..{timestamp(look.now)}", org, look)
        for change in changes:
            if change not in last.changes:
                pools.setdefault(change.pool, "a pull request to it has changed")
        now_seen[search] = last.after(changes)
    for name in sorted(pools, key=str):
        await act(LookAgain(role="tide", subject=str(name), why=pools[name]))
    if now_seen != seen:
        body = msgspec.json.encode(now_seen, order="sorted").decode()
        await act(KeepState(key=CURSOR, body=body, etag=found.etag if found else "", why="these changes are seen"))


class Change(Struct, frozen=True):
    """A pull request that a search has found: its pool, and when it changed."""

    pool: PoolName
    number: int
    updated_at: datetime


class Seen(Struct, frozen=True):
    """Up to when all changes have been seen, and those since then that have been seen, too."""

    until: datetime
    changes: tuple[Change, ...] = ()

    def after(self, changes: Sequence[Change]) -> "Seen":
        until = max((change.updated_at - OVERLAP for change in changes), default=self.until)
        return Seen(until, tuple(change for change in changes if change.updated_at >= until))


def searches_for_changes(tide: Tide) -> dict[str, str]:
    """By organisation, the search that finds all open pull requests that tide has anything to say of."""
    exceptions, repos = covered(tide.queries)
    tokens: dict[str, list[str]] = {
        org: [f'org:"{org}"', *(f'-repo:"{repo}"' for repo in sorted(left_out))] for org, left_out in exceptions.items()
    }
    for repo in sorted(repos):
        tokens.setdefault(repo.partition("/")[0], []).append(f'repo:"{repo}"')
    return {org: " ".join([CHANGES, *tokens[org]]) for org in sorted(tokens)}


async def _found(search: str, org: str, look: Look) -> list[Change]:
    """What a search finds; nothing where GitHub does not let us search there: the others are looked at all the same."""
    try:
        nodes = await look.github.search(search, FIND_POOLS, org=org, first=PAGE)
    except Refused:
        return []
    return [
        Change(
            PoolName(node["repository"]["owner"]["login"], node["repository"]["name"], node["baseRefName"]),
            node["number"],
            datetime.fromisoformat(node["updatedAt"]),
        )
        for node in nodes
        if node
    ]
