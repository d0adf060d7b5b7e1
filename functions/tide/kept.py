"""What tide keeps of a pool between two looks, in the state bucket: what deck shows, and what GitHub refused.

Nothing here decides what may be merged: without it tide does the same, and only says less. The shapes of `Pool` and of
`Entry` are those that upstream's tide serves to its deck. Source: sigs.k8s.io/prow pkg/tide (tide.go, history).
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from urllib.parse import quote

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from cutwater.events.look import Look
from cutwater.storage.effects import KeepState
from functions.tide.blockers import Blocker
from functions.tide.choose import Kind
from functions.tide.merging import Failure
from functions.tide.pull_requests import PullRequest
from functions.tide.sight import PoolName

POOLS, HISTORY = "tide/pools/", "tide/history/"
MOST_ENTRIES = 1000
"""Entries of a pool's history."""
REFUSALS = 2
"""So often GitHub refuses a merge for the same reason before the pull request is out of the pool."""
TRY_AGAIN = timedelta(hours=1)
"""After so long a merge that was refused is tried again though nothing of the pull request changed: somebody may have
mended what GitHub refused it for."""


def go_key(name: str) -> str:
    """A field's name as Go writes it into JSON: `head_ref_oid` is HeadRefOID."""
    return "".join(_GO_WORDS.get(word, word.capitalize()) for word in name.split("_"))


_GO_WORDS = {"oid": "OID", "prs": "PRs", "ids": "IDs"}


class ShownPullRequest(Struct, frozen=True, rename=go_key):
    """A pull request as deck shows it."""

    title: str
    number: int
    head_ref_oid: str
    mergeable: str


class Pool(Struct, frozen=True, kw_only=True, rename=go_key):
    """A pool as deck shows it."""

    org: str
    repo: str
    branch: str
    success_prs: tuple[ShownPullRequest, ...] = ()
    pending_prs: tuple[ShownPullRequest, ...] = ()
    missing_prs: tuple[ShownPullRequest, ...] = ()
    batch_pending: tuple[ShownPullRequest, ...] = ()
    action: Kind = "WAIT"
    target: tuple[ShownPullRequest, ...] = ()
    blockers: tuple[Blocker, ...] = ()
    error: str = ""
    tenant_ids: tuple[str, ...] = ()


def pool_in_trouble(name: PoolName, error: str) -> Pool:
    """A pool that could not be looked at."""
    return Pool(org=name.org, repo=name.repo, branch=name.branch, error=error)


def shown(pulls: Iterable[PullRequest]) -> tuple[ShownPullRequest, ...]:
    return tuple(ShownPullRequest(pull.title, pull.number, pull.head, pull.mergeable) for pull in pulls)


class Target(Struct, frozen=True, kw_only=True):
    """A pull request in an entry of the history."""

    number: int
    author: str
    sha: str
    title: str
    head_ref: str


class Entry(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was done once."""

    time: datetime
    action: Kind
    base_sha: str = field(default="", name="baseSHA")
    target: tuple[Target, ...] = ()
    err: str = ""
    tenant_ids: tuple[str, ...] = field(default=(), name="tenantids")


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


class Kept(Struct, frozen=True, kw_only=True):
    """What is kept of a pool.

    `seen`: up to which change of a pull request the statuses are right, under the configuration and the blockers that
    `under` stands for. `refusals` are by number.
    """

    pool: Pool | None = None
    seen: datetime | None = None
    under: str = ""
    refusals: Mapping[int, Refusal] = field(default_factory=dict)

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
    """What of a pull request, and of the configuration (its digest), a refusal may have been about."""
    contexts = sorted((one.name, one.state) for one in pull.contexts or () if one.name != "tide")
    said = (config, pull.head, pull.base_ref, pull.labels, pull.mergeable, pull.merge_state, pull.review_decision)
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


async def add_to_history(look: Look, name: PoolName, entry: Entry) -> KeepState:
    """The pool's history, the newest first, with one entry more."""
    key = _key(HISTORY, name)
    found = await look.state.get(key)
    entries = msgspec.json.decode(found.body, type=tuple[Entry, ...]) if found else ()
    body = msgspec.json.encode((entry, *entries)[:MOST_ENTRIES]).decode()
    return KeepState(key=key, body=body, etag=found.etag if found else "", why=f"{entry.action} is remembered")


def _key(kind: str, name: PoolName) -> str:
    return f"{kind}{name.org}/{name.repo}/{quote(name.branch, safe='')}.json"
