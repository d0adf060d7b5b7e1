"""What events have missed: once a minute tide finds out where it must look.

A pool is looked at when something of it is not as the last sweep has found it, and from time to time although all is:
the longer nothing has changed there, the more seldom.
"""

import asyncio
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import msgspec
from msgspec import Struct, field

from cutwater.config.tide import Tide, covered, searches_by_org
from cutwater.events.effect import Act
from cutwater.events.event import Event
from cutwater.events.look import Look
from cutwater.events.pools import POOLS, branch_of
from cutwater.events.publish import LookAgain
from cutwater.kube.effects import timestamp
from cutwater.prowjob.labels import CREATED_BY_TIDE
from cutwater.storage.effects import KeepState
from functions.tide import kept
from functions.tide.finding import Change, Finding
from functions.tide.sight import PoolName

CURSOR = "tide/swept"
CHANGES = "is:pr state:open sort:updated-asc archived:false"
OVERLAP = timedelta(seconds=30)
"""How much further back changes are looked for: GitHub's index lags behind."""
BEGINNING = datetime(2007, 1, 1, tzinfo=UTC)
"""Before there was a GitHub."""
PATIENCE = timedelta(minutes=5)
"""For so long a pool in which something has changed is looked at until its statuses are right: the first who is sent
there may die, and holds it until the Lease runs out."""
SELDOM = timedelta(minutes=10)
"""A pool with pull requests that meet a query is looked at once in so long, whatever happens."""


class Seen(Struct, frozen=True):
    """Up to when all changes have been seen, and those since then that have been seen, too."""

    until: datetime = BEGINNING
    changes: tuple[Change, ...] = ()

    def after(self, changes: Sequence[Change]) -> "Seen":
        until = max((change.updated_at - OVERLAP for change in changes), default=self.until)
        return Seen(until, tuple(change for change in changes if change.updated_at >= until))


class Watched(Struct, frozen=True, kw_only=True):
    """A pool in which a query finds pull requests. `likeness` stands for all that a sweep sees of it.

    `since` when it has been so, and when it was `looked` at last on that account.
    """

    likeness: str
    since: datetime
    looked: datetime

    def is_due(self, now: datetime) -> bool:
        """Whether it has not been looked at for as long as it has been so before that."""
        return now - self.looked >= min(self.looked - self.since, SELDOM)


class Unanswered(Struct, frozen=True, kw_only=True):
    """A pool whose statuses may not be right since a `change`; `since` when a sweep knows of it."""

    change: datetime
    since: datetime


class Swept(Struct, frozen=True, kw_only=True):
    """What a sweep leaves to the next: the changes that were seen, by search; the pools where they are unanswered, and
    those that are watched, by name; the digest of the configuration under which it was so."""

    changes: Mapping[str, Seen] = field(default_factory=dict)
    unanswered: Mapping[str, Unanswered] = field(default_factory=dict)
    pools: Mapping[str, Watched] = field(default_factory=dict)
    config: str = ""


async def sweep(event: Event, look: Look, act: Act) -> None:
    """Have those pools looked at that may have changed, and those that are due.

    A search that GitHub does not answer now holds back no other: what it would find is taken to be as it was. Raises
    Later where none is answered.
    """
    found = await look.state.get(CURSOR)
    was = _read(found.body) if found else Swept()
    finding = Finding(look)
    looks = await _abandoned(look) if was.config != look.config.digest else {}
    watched, due = await _watched(was.pools, finding, look)
    seen, new = await _changes(was.changes, finding, look)
    unanswered = await _unanswered(was.unanswered, new, look)
    changed = dict.fromkeys(unanswered, "a pull request to it has changed")
    for name, why in sorted((looks | due | changed).items()):
        await act(LookAgain(role="tide", subject=name, why=why))
    now = Swept(changes=seen, unanswered=unanswered, pools=watched, config=look.config.digest)
    if now != was:
        body = msgspec.json.encode(now, order="sorted").decode()
        await act(KeepState(key=CURSOR, body=body, etag=found.etag if found else "", why="this has been seen"))
    if finding.failed and not finding.answered:
        raise next(iter(finding.failed.values()))


def _read(body: bytes) -> Swept:
    try:
        return msgspec.json.decode(body, type=Swept)
    except msgspec.DecodeError:
        return Swept()  # then everything is looked at once


Looks = dict[str, str]
"""Pools that are to be looked at, by name, and why."""


async def _abandoned(look: Look) -> Looks:
    """The pools that people are told of, though no query is about their repositories."""
    places = [branch_of(POOLS, entry.key) async for entry in look.state.list(POOLS)]
    return {
        str(PoolName(*place)): "no query is about its repository any more"
        for place in places
        if place and not look.config.prow.tide.queries_of(place[0], place[1])
    }


async def _changes(was: Mapping[str, Seen], finding: Finding, look: Look) -> tuple[Mapping[str, Seen], list[Change]]:
    """Up to when changes have been seen by now, by search; and the new ones."""
    searches = searches_for_changes(look.config.prow.tide)
    last = {org: was.get(search, Seen()) for org, search in searches.items()}
    until = timestamp(look.now)
    found = await finding.all(
        [(org, f"{search} updated:{timestamp(last[org].until)}..{until}") for org, search in searches.items()]
    )
    changes = {org: [pull.brief for pull in pulls] for org, pulls in found}
    seen = {search: last[org].after(changes.get(org, ())) for org, search in searches.items()}
    return seen, [change for org, some in changes.items() for change in some if change not in last[org].changes]


async def _unanswered(was: Mapping[str, Unanswered], new: Iterable[Change], look: Look) -> Mapping[str, Unanswered]:
    """The pools that are to be looked at because something has changed there.

    That somebody was sent there before is not enough: the event may be lost, or its word left with a holder that died.
    """
    waiting = [name for name, one in was.items() if look.now - one.since < PATIENCE]
    records = await asyncio.gather(*(kept.read(look, PoolName.read(name)) for name in waiting))
    right_until = {name: record.value.seen or BEGINNING for name, record in zip(waiting, records, strict=True)}
    found = {name: was[name] for name in waiting if right_until[name] < was[name].change}
    for change in sorted(new, key=lambda change: change.updated_at):
        found[str(change.pool)] = Unanswered(change=change.updated_at, since=look.now)
    return found


async def _watched(was: Mapping[str, Watched], finding: Finding, look: Look) -> tuple[Mapping[str, Watched], Looks]:
    """The pools in which a query finds pull requests; and those of them that are not as they were, or are due, and once
    those in which there is none any more."""
    watched: dict[str, Watched] = {}
    looks: Looks = {}
    for name, likeness in (await _likenesses(finding, look)).items():
        before = was.get(name)
        if before is None or before.likeness != likeness:
            looks[name] = "something of it has changed"
            watched[name] = Watched(likeness=likeness, since=look.now, looked=look.now)
        elif before.is_due(look.now):
            looks[name] = "it has not been looked at for a while"
            watched[name] = msgspec.structs.replace(before, looked=look.now)
        else:
            watched[name] = before
    for name in was.keys() - watched.keys():
        if PoolName.read(name).org in finding.failed:
            watched[name] = was[name]
        else:
            looks[name] = "no query finds a pull request to it any more"
    return watched, looks


async def _likenesses(finding: Finding, look: Look) -> Mapping[str, str]:
    """What can be seen of each pool, as a digest, by name: the branch, the pull requests that meet a query with what
    stands on their heads, the tests under way that tide has started, the configuration."""
    config = look.config.prow
    searches = [one for query in config.tide.queries for one in searches_by_org(query).items()]
    found, runs = await asyncio.gather(
        finding.all(searches),
        look.kube.prowjobs(config.prowjob_namespace, labels=f"{CREATED_BY_TIDE}=true", fields="status.completionTime="),
    )
    seen: dict[str, set[bytes]] = {}
    for pull in (pull for _, pulls in found for pull in pulls):
        seen.setdefault(str(pull.brief.pool), set()).add(msgspec.json.encode(pull.likeness))
    for run in runs:
        refs = run.spec.refs
        name = f"{refs.full_name}:{refs.base_ref}" if refs else ""
        if name in seen:
            seen[name].add(run.metadata.name.encode())
    digest = look.config.digest.encode()
    return {name: hashlib.sha256(b"\n".join([digest, *sorted(parts)])).hexdigest() for name, parts in seen.items()}


def searches_for_changes(tide: Tide) -> dict[str, str]:
    """By organisation, the search that finds all open pull requests that tide has anything to say of."""
    exceptions, repos = covered(tide.queries)
    tokens: dict[str, list[str]] = {
        org: [f'org:"{org}"', *(f'-repo:"{repo}"' for repo in sorted(left_out))] for org, left_out in exceptions.items()
    }
    for repo in sorted(repos):
        tokens.setdefault(repo.partition("/")[0], []).append(f'repo:"{repo}"')
    return {org: " ".join([CHANGES, *tokens[org]]) for org in sorted(tokens)}
