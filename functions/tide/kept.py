"""What tide keeps of a pool between two looks, in the state bucket: what deck shows, and what GitHub refused.

Nothing here decides what may be merged: without it tide does the same, and only says less.
Source: sigs.k8s.io/prow pkg/tide (tide.go, history).
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from cutwater.events.look import Look
from cutwater.events.pools import HISTORY, POOLS, Entry, Pool, ShownPullRequest, Target, key_of
from cutwater.storage.effects import KeepState
from functions.tide.merging import Failure
from functions.tide.pull_requests import PullRequest
from functions.tide.sight import PoolName

MOST_ENTRIES = 1000
"""Entries of a pool's history."""
REFUSALS = 2
"""So often GitHub refuses a merge for the same reason before the pull request is out of the pool."""
TRY_AGAIN = timedelta(hours=1)
"""After so long a merge that was refused is tried again though nothing of the pull request changed: somebody may have
mended what GitHub refused it for."""
MOVE_AGAIN = timedelta(days=1)
"""After so long we try again to move a branch that GitHub has not let us move."""
SEEN_AFTER = timedelta(minutes=10)
"""By then GitHub calls a pull request merged whose commits are on the branch."""
MOST_VOID = 50


def pool_in_trouble(name: PoolName, error: str) -> Pool:
    """A pool that could not be looked at."""
    return Pool(org=name.org, repo=name.repo, branch=name.branch, error=error)


def shown(pulls: Iterable[PullRequest]) -> tuple[ShownPullRequest, ...]:
    return tuple(ShownPullRequest(pull.title, pull.number, pull.head, pull.mergeable) for pull in pulls)


def targets(pulls: Iterable[PullRequest]) -> tuple[Target, ...]:
    return tuple(
        Target(number=pull.number, author=pull.author, sha=pull.head, title=pull.title, head_ref=pull.head_ref)
        for pull in sorted(pulls, key=lambda pull: pull.number)
    )


class Refusal(Struct, frozen=True, kw_only=True):
    """A merge that GitHub refused. `of` is what the pull request was like: when it changes, all is forgiven."""

    words: str
    of: str
    times: int
    last: datetime


Void = tuple[str, tuple[tuple[int, str], ...]]
"""A trial that does not count: the commit of the branch, and the members that were left to be merged onto it."""


class Moved(Struct, frozen=True):
    """A pull request, by its head, with which we have moved the branch: GitHub may take a while to call it merged."""

    head: str
    at: datetime


class Speculated(Struct, frozen=True, kw_only=True):
    """What is kept of a speculative queue.

    `void`: what git made something else of than was tested. `moved` are by number. `refusal`: GitHub's words when it
    did not let us move the branch, at `refused_at`.
    """

    void: tuple[Void, ...] = ()
    moved: Mapping[int, Moved] = field(default_factory=dict)
    refusal: str = ""
    refused_at: datetime | None = None

    def may_move(self, now: datetime) -> bool:
        """Whether to try to move the branch: once a day we ask again where GitHub has refused."""
        return self.refused_at is None or now - self.refused_at > MOVE_AGAIN

    def is_merged(self, pull: PullRequest, now: datetime) -> bool:
        """Whether it is on the branch, whatever GitHub says of it yet."""
        found = self.moved.get(pull.number)
        return found is not None and found.head == pull.head and now - found.at < SEEN_AFTER

    def after_move(self, pulls: Iterable[PullRequest], now: datetime) -> "Speculated":
        """With what the branch has been moved over just now."""
        recent = {number: one for number, one in self.moved.items() if now - one.at < SEEN_AFTER}
        return replace(self, moved=recent | {pull.number: Moved(pull.head, now) for pull in pulls})

    def without(self, trial: Void) -> "Speculated":
        """With one more that does not count."""
        return replace(self, void=(*self.void, trial)[-MOST_VOID:])


class Kept(Struct, frozen=True, kw_only=True):
    """What is kept of a pool.

    `seen`: up to which change of a pull request the statuses are right, under the configuration and the blockers that
    `under` stands for. `refusals` are by number.
    """

    pool: Pool | None = None
    seen: datetime | None = None
    under: str = ""
    refusals: Mapping[int, Refusal] = field(default_factory=dict)
    speculated: Speculated = field(default_factory=Speculated)

    def refused_words(self, pull: PullRequest, config: str, now: datetime) -> str:
        """GitHub's words, where it has refused to merge the pull request as it is so often that we do not ask again."""
        found = self.refusals.get(pull.number)
        if found is None or found.of != likeness(pull, config) or now - found.last > TRY_AGAIN:
            return ""
        return found.words if found.times >= REFUSALS else ""

    def after(self, failures: Iterable[Failure], pulls: Sequence[PullRequest], config: str, now: datetime) -> "Kept":
        """With what GitHub has refused now. `pulls`: all that are open."""
        by_number = {pull.number: pull for pull in pulls}
        refusals = {number: refusal for number, refusal in self.refusals.items() if number in by_number}
        for failure in failures:
            if not failure.words or failure.number not in by_number:
                continue
            of, old = likeness(by_number[failure.number], config), refusals.get(failure.number)
            is_same = old is not None and (old.of, old.words) == (of, failure.words)
            times = old.times + 1 if old is not None and is_same else 1
            refusals[failure.number] = Refusal(words=failure.words, of=of, times=times, last=now)
        return replace(self, refusals=refusals)


def likeness(pull: PullRequest, config: str) -> str:
    """What of a pull request, and of the configuration (its digest), a refusal may have been about.

    Not GitHub's merge state: it changes with our own status, which says that a merge was refused.
    """
    contexts = sorted((one.name, one.state) for one in pull.contexts or () if one.name != "tide")
    is_conflicting = pull.mergeable == "CONFLICTING"  # GitHub does not know for a while after each push to the branch
    said = (config, pull.head, pull.base_ref, pull.labels, is_conflicting, pull.review_decision)
    return hashlib.sha256(msgspec.json.encode([*said, pull.title, pull.body, contexts])).hexdigest()


class Found(Struct, frozen=True):
    """What is kept, and the etag of its object; "" where there is none yet."""

    value: Kept
    etag: str = ""


async def read(look: Look, name: PoolName) -> Found:
    """What is kept of a pool."""
    found = await look.state.get(_key(POOLS, name))
    if found is None:
        return Found(Kept())
    return Found(msgspec.json.decode(found.body, type=Kept), found.etag)


def keep(found: Found, kept: Kept, name: PoolName) -> KeepState | None:
    """Write it down, where it is not what it was."""
    if kept == found.value:
        return None
    body = msgspec.json.encode(kept).decode()
    return KeepState(key=_key(POOLS, name), body=body, etag=found.etag, why="the pool has changed")


async def add_to_history(look: Look, name: PoolName, new: Sequence[Entry]) -> KeepState:
    """The pool's history, the newest first, with these entries more."""
    key = _key(HISTORY, name)
    found = await look.state.get(key)
    entries = msgspec.json.decode(found.body, type=tuple[Entry, ...]) if found else ()
    body = msgspec.json.encode((*new, *entries)[:MOST_ENTRIES]).decode()
    return KeepState(key=key, body=body, etag=found.etag if found else "", why=f"{new[0].action} is remembered")


def _key(kind: str, name: PoolName) -> str:
    return key_of(kind, name.org, name.repo, name.branch)
