"""What each pull request waits for, as tide explained it: what it lacks, who can mend that, what was decided and when.

Tide writes it into the state bucket, one object a pool, right where it decides and sets the `tide` status, and from the
same values; deck and `cutwater why` read it there.
"""

import contextlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

import msgspec
from msgspec import Struct, field

from cutwater.events.pools import EXPLANATIONS, branch_of
from cutwater.storage.store import Store

Mender = Literal["author", "reviewer", "repository", "cutwater", "nobody", "time"]
MENDERS: Mapping[Mender, str] = {
    "author": "its author",
    "reviewer": "a reviewer or approver",
    "repository": "an administrator of the repository",
    "cutwater": "an administrator of cutwater",
    "nobody": "nobody",
    "time": "nobody needs to: it passes by itself",
}
"""Who can mend something."""

Verdict = Literal["not ready", "blocked", "queued", "testing", "ready", "refused", "merged", "gone"]
"""Where a pull request stands: outside the pool, for what it lacks; behind issues that block the branch; in the pool:
waiting for its turn, under test, passed and about to be merged, or refused by GitHub a moment ago; or not open any
more."""


QUEUED: frozenset[Verdict] = frozenset({"queued", "testing", "ready", "refused"})
"""Who is in the queue."""


class Lack(Struct, frozen=True, omit_defaults=True):
    """One thing that stands between a pull request and its merge, in words, and who can mend it."""

    text: str
    mend: Mender
    url: str = ""


class RequiredTest(Struct, frozen=True, omit_defaults=True):
    """How one required test stands, on the branch as it is. `run`: the ProwJob; `beside`: who is tested with it."""

    context: str
    state: Literal["success", "pending", "failure", "missing"]
    job: str = ""
    run: str = ""
    url: str = ""
    beside: tuple[int, ...] = ()


class Decision(Struct, frozen=True, omit_defaults=True):
    """What happened to it once. `job` and `run`: the run of a test that it is about."""

    time: datetime
    what: str
    why: str = ""
    job: str = ""
    run: str = ""
    url: str = ""


class Estimate(Struct, frozen=True, omit_defaults=True):
    """When it will be merged if all goes well; None where nobody can tell. `basis`: how that is known, or why not."""

    basis: str
    at: datetime | None = None


class Explanation(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Of one pull request, since the moment `since`.

    `says`: what it waits for, in a sentence. `status` and `description`: what its `tide` status is to say, in full.
    `lacks`: what must be mended whatever else; `ways`: and all of what one of these lists (of one query each, the
    nearest first) names. `place` of `places`: where in the queue it is; 0 outside. `decided`: what tide did at its last
    look, to this one or instead. `decisions`: the newest first. `is_read_always`: every look at the pool sees it while
    it is open.
    """

    number: int
    title: str
    author: str
    head: str
    head_ref: str = ""
    verdict: Verdict
    says: str
    since: datetime
    status: str = ""
    description: str = ""
    lacks: tuple[Lack, ...] = ()
    ways: tuple[tuple[Lack, ...], ...] = ()
    tests: tuple[RequiredTest, ...] = ()
    place: int = 0
    places: int = 0
    expected: Estimate | None = None
    decided: str = ""
    decisions: tuple[Decision, ...] = ()
    is_read_always: bool = False

    @property
    def is_over(self) -> bool:
        """Whether there is nothing to wait for any more."""
        return self.verdict in {"merged", "gone"}


class Explained(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is kept of a pool.

    `base`: where the branch is. `trouble`: why the pool cannot be seen, or not all of it. `merged`: how many were
    merged at a time, lately. `tenants`: the tenants of the runs for the branch.
    """

    base: str = ""
    trouble: Lack | None = None
    pulls: Mapping[int, Explanation] = field(default_factory=dict)
    merged: tuple[int, ...] = ()
    tenants: tuple[str, ...] = ()


class Branch(Struct, frozen=True):
    """The pool of a branch, and what is kept of it."""

    name: str
    explained: Explained


async def of_repository(state: Store, org: str, repo: str) -> list[Branch]:
    """What is kept of a repository, branch by branch. Raises Later and Refused."""
    found = []
    async for entry in state.list(f"{EXPLANATIONS}{org}/{repo}/"):
        pool, stored = branch_of(EXPLANATIONS, entry.key), await state.get(entry.key)
        if pool is None or stored is None:
            continue
        with contextlib.suppress(msgspec.DecodeError):  # what another version has kept is written anew at the next look
            found.append(Branch(pool[2], msgspec.json.decode(stored.body, type=Explained)))
    return found


def of_pull_request(branches: Sequence[Branch], number: int) -> tuple[Branch, Explanation] | None:
    """The newest explanation of a pull request that is not over, else the newest: it may have changed its branch."""
    found = [(branch, branch.explained.pulls[number]) for branch in branches if number in branch.explained.pulls]
    return max(found, key=lambda one: (not one[1].is_over, one[1].since), default=None)
