"""Whom to ask for a review of a pull request: owners of what it changes, the nearest first.

Source: sigs.k8s.io/prow pkg/reviewer, and pkg/plugins/blunderbuss.
"""

from collections.abc import Awaitable, Callable, Collection, Sequence
from random import Random
from typing import NamedTuple, Protocol

from cutwater.config.sections import Reviewers
from cutwater.errors import Refused
from cutwater.events.look import Look
from cutwater.github.effects import Subject
from cutwater.github.queries import AVAILABILITY
from cutwater.github.types import PullFile, PullRequest
from cutwater.owners.files import login as normalised
from cutwater.owners.layers import Layers
from cutwater.owners.owners import Owners

COUNT = 2
"""How many are asked where it is not configured."""


class Picker(Protocol):
    """Which of those who may be asked is asked."""

    async def pick(self, candidates: Layers) -> str:
        """One of them; "" where nobody will do."""

    def others(self, owners: Collection[str], count: int) -> Sequence[str]:
        """So many of a repository's owners at most, where those of the changed files are too few."""


class Change(NamedTuple):
    """What is to be reviewed, and who owns what there."""

    subject: Subject
    pull: PullRequest
    files: Sequence[PullFile]
    owners: Owners

    @property
    def paths(self) -> Sequence[str]:
        return [file.filename for file in self.files]

    @property
    def author(self) -> str:
        return normalised(self.pull.user.login)


class Kind(NamedTuple):
    """Reviewers, or approvers: of a file, by OWNERS file, the nearest to it, and all."""

    place: Callable[[str], str]
    nearest: Callable[[str], frozenset[str]]
    layers: Callable[[str], Layers]


def reviewers_of(owners: Owners) -> Kind:
    return Kind(owners.place_of_reviewers, owners.nearest_reviewers, owners.reviewers)


def approvers_of(owners: Owners) -> Kind:
    return Kind(owners.place_of_approvers, owners.nearest_approvers, owners.approvers)


async def to_ask(change: Change, settings: Reviewers, picker: Picker) -> list[str]:
    """Those whom the settings want to be asked. Required reviewers come on top, whoever they are."""
    count = COUNT if settings.request_count is None else settings.request_count
    people = await _chosen(change, reviewers_of(change.owners), picker, count)
    if len(people) < count and not settings.exclude_approvers:
        approvers = await _chosen(change, approvers_of(change.owners), picker, count)
        people += [one for one in approvers if one not in people]
    if len(people) < count:
        rest = change.owners.everybody - {change.author, *people}
        people += picker.others(sorted(rest), count - len(people))
    if settings.max_request_count > 0:
        people = people[: settings.max_request_count]
    return list(dict.fromkeys([*people, *_required(change)]))


def _required(change: Change) -> list[str]:
    """Of each OWNERS file with reviewers, for the first file that it speaks for."""
    first = {change.owners.place_of_reviewers(path): path for path in reversed(change.paths)}
    return sorted({name for path in first.values() for name in change.owners.required_reviewers(path)})


async def _chosen(change: Change, kind: Kind, picker: Picker, count: int) -> list[str]:
    """One for each OWNERS file, be they more than `count`; then others of those files; then whoever else is above."""
    first, second, third = layers = (set[str](), set[str](), set[str]())
    places, pool = set[str](), Layers()

    def left(candidates: Layers) -> Layers:
        return candidates.without({change.author, *first, *second, *third})

    async def fill(layer: set[str], candidates: Layers) -> None:
        while sum(map(len, layers)) < count and (name := await _pick(picker, left(candidates))):
            layer.add(name)

    for path in change.paths:
        if kind.place(path) in places:
            continue
        places.add(kind.place(path))
        nearest = left(Layers.of([kind.nearest(path)]))
        pool |= nearest
        if name := await _pick(picker, nearest):
            first.add(name)
    await fill(second, pool)
    for path in change.paths:
        await fill(third, kind.layers(path))
    return [*Layers.of(layers)]


async def _pick(picker: Picker, candidates: Layers) -> str:
    return await picker.pick(candidates) if candidates else ""


class Availability:
    """Who says on GitHub that they have no time, where the settings ask for it. Whom GitHub does not know has."""

    def __init__(self, look: Look, org: str, *, is_asked: bool) -> None:
        self._look, self._org, self._is_asked = look, org, is_asked
        self._busy: dict[str, bool] = {}

    async def is_busy(self, login: str) -> bool:
        if login not in self._busy:
            self._busy[login] = self._is_asked and await self._ask(login)
        return self._busy[login]

    async def _ask(self, login: str) -> bool:
        try:
            found = await self._look.github.graphql(AVAILABILITY, org=self._org, login=login)
        except Refused:
            return False
        status = (found.get("user") or {}).get("status") or {}
        return bool(status.get("indicatesLimitedAvailability"))


class AtRandom:
    """Anybody who has time, out of the nearest layer that has somebody."""

    def __init__(self, random: Random, is_busy: Callable[[str], Awaitable[bool]]) -> None:
        self._random, self._is_busy = random, is_busy

    async def pick(self, candidates: Layers) -> str:
        while candidates:
            name = self._random.choice(candidates.nearest)
            if not await self._is_busy(name):
                return name
            candidates = candidates.without({name})
        return ""

    def others(self, owners: Collection[str], count: int) -> Sequence[str]:
        return ()
