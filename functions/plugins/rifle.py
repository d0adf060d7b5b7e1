"""rifle: owners who know the changed lines best, by git's blame, are asked to review a pull request.

Source: sigs.k8s.io/prow pkg/plugins/rifle.
"""

import asyncio
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice, zip_longest
from random import Random
from typing import Any, NamedTuple
from urllib.parse import quote

from cutwater.errors import Later, Refused
from cutwater.github.effects import RequestReview
from cutwater.github.queries import BLAME
from cutwater.github.types import PullFile
from cutwater.owners.layers import Layers
from functions.plugins.kit import Look, Plugin
from functions.plugins.review_requests import AUTO_CC, ask_for_reviews, at_random
from functions.plugins.reviewers import Availability, Change, Picker

PER_LINE, RECENT, APPROVER, REVIEWER = 10.0, 5.0, 3.0, 2.0
"""What each changed line counts that somebody wrote last, and what else speaks for them."""
MOST_FILES = 20
"""Of so many files it is asked who wrote them: from each folder in turn."""
AT_ONCE = 4
"""Questions that are asked side by side."""
ABOVE = 5
"""Where lines are added, those who wrote so many lines above them know the place."""
HUNK = re.compile(r"^@@ -(\d+)(?:,(\d+))? \+\d+(?:,\d+)? @@", re.MULTILINE)


class Lines(NamedTuple):
    """Lines of a file as it was, from `first` to `last`; by whom they were written last, and when."""

    first: int
    last: int
    author: str = ""
    date: datetime | None = None

    def shared_with(self, other: "Lines") -> int:
        """How many lines both have."""
        return max(0, min(self.last, other.last) - max(self.first, other.first) + 1)


# Who wrote what is changed


def changed_lines(patch: str) -> list[Lines]:
    """The lines of the old file that a patch touches."""
    hunks = ((int(found[1]), int(found[2] or 1)) for found in HUNK.finditer(patch))
    return [Lines(start, start + count - 1) if count else Lines(max(start - ABOVE, 1), start) for start, count in hunks]


def sampled(files: Sequence[PullFile], most: int = MOST_FILES) -> list[PullFile]:
    """Files that somebody has written before, and that stay: the first of each folder, then the second of each…"""
    folders: dict[str, list[PullFile]] = {}
    written = [file for file in files if file.status not in {"added", "removed"}]
    for file in written:
        folders.setdefault(file.filename.rpartition("/")[0], []).append(file)
    if len(written) <= most:
        return written
    in_turn = (file for turn in zip_longest(*folders.values()) for file in turn if file is not None)
    return list(islice(in_turn, most))


def score(written: Iterable[Lines], changed: Sequence[Lines], now: datetime) -> dict[str, float]:
    """What speaks for each author in one file: how many of the changed lines are theirs, and how new those are."""
    lines, newest = dict[str, int](), dict[str, datetime]()
    for part in written:
        shared = sum(part.shared_with(change) for change in changed)
        if shared and part.author and part.date:
            lines[part.author] = lines.get(part.author, 0) + shared
            newest[part.author] = max(newest.get(part.author, part.date), part.date)
    return {author: PER_LINE * count + RECENT / (1 + _days(now - newest[author])) for author, count in lines.items()}


def _days(since: timedelta) -> float:
    return max(since / timedelta(days=1), 0.0)


async def scores_of(look: Look, change: Change) -> dict[str, float]:
    """What speaks for each author of the changed lines, owners and others."""
    commit, at_once = await _before(look, change), asyncio.Semaphore(AT_ONCE)

    async def of(file: PullFile) -> dict[str, float]:
        changed = changed_lines(file.patch)
        if not changed:
            return {}
        async with at_once:
            written = await _written(look, change, commit, file.previous_filename or file.filename)
        return score(written, changed, look.now)

    scores: dict[str, float] = {}
    for found in await asyncio.gather(*map(of, sampled(change.files))):
        for author, points in found.items():
            scores[author] = scores.get(author, 0.0) + points
    reviewers = {name for path in change.paths for name in change.owners.reviewers(path)}
    approvers = {name for path in change.paths for name in change.owners.approvers(path)}
    as_owners = dict.fromkeys(reviewers, REVIEWER) | dict.fromkeys(approvers, APPROVER)
    return {author: points + as_owners.get(author, 0.0) for author, points in scores.items()}


async def _before(look: Look, change: Change) -> str:
    """The commit whose lines the patches count: where the pull request left the branch, or else the branch."""
    subject, pull = change.subject, change.pull
    path = f"/repos/{{org}}/{{repo}}/compare/{quote(pull.base.ref)}...{pull.head.sha}?per_page=1"
    try:
        found = await look.github.get(path, org=subject.org, repo=subject.repo)
    except Refused:
        found = None
    return str(((found or {}).get("merge_base_commit") or {}).get("sha") or pull.base.ref)


async def _written(look: Look, change: Change, commit: str, path: str) -> list[Lines]:
    """Who wrote a file, line by line. Nobody where GitHub does not say: it gives up on large ones."""
    subject = change.subject
    try:
        found = await look.github.graphql(
            BLAME, org=subject.org, owner=subject.org, name=subject.repo, commit=commit, path=path
        )
    except Refused:
        return []
    except Later as later:
        if later.seconds is not None:
            raise
        return []
    blame = ((found.get("repository") or {}).get("object") or {}).get("blame") or {}
    return [_lines(one) for one in blame.get("ranges") or ()]


def _lines(found: Any) -> Lines:
    author = found["commit"].get("author") or {}
    login, date = (author.get("user") or {}).get("login") or "", author.get("date")
    when = datetime.fromisoformat(date) if date else None
    return Lines(found["startingLine"], found["endingLine"], login.lower(), when)


# Whom that makes ask


class _ByBlame:
    """Whoever has time and has the most to say, out of all layers. Nobody has: anybody, as in blunderbuss."""

    def __init__(
        self, scores: Mapping[str, float], otherwise: Picker, availability: Availability, random: Random
    ) -> None:
        self._scores, self._otherwise, self._availability, self._random = scores, otherwise, availability, random

    async def pick(self, candidates: Layers) -> str:
        if not self._scores:
            return await self._otherwise.pick(candidates)
        for name in self._ranked(candidates):
            if not await self._availability.is_busy(name):
                return name
        return ""

    def others(self, owners: Collection[str], count: int) -> Sequence[str]:
        return self._ranked(owners)[:count]

    def _ranked(self, names: Iterable[str]) -> list[str]:
        """Ties fall as chance has it."""
        shuffled = list(names)
        self._random.shuffle(shuffled)
        return sorted(shuffled, key=lambda name: -self._scores.get(name, 0.0))


async def by_blame(look: Look, change: Change, availability: Availability, random: Random) -> Picker:
    """The picker for one pull request."""
    otherwise = await at_random(look, change, availability, random)
    return _ByBlame(await scores_of(look, change), otherwise, availability, random)


plugin = Plugin(
    "rifle",
    about="Asks those owners for reviews who know the changed lines best, by git's blame of them.",
    commands=[AUTO_CC],
    effects=[RequestReview],
)
ask_for_reviews(plugin, by_blame)
