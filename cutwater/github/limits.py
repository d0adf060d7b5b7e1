"""GitHub's rate limits: nothing is asked that would be refused, and nobody uses up what all share.

GitHub grants so many points in an hour to each identity and resource, and says in each answer what remains. Of what
remains and what a caller has used itself, it may use its share: one that loops is sent away, and others go on. What it
has used in other processes counts, too, where they add it up.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Protocol

from msgspec import Struct
from msgspec import field as struct_field

from cutwater.errors import Later, Refused

SECONDARY_SECONDS = 60.0
"""How long to wait after a secondary limit that does not say it. Source: docs.github.com, on the REST API's limits."""
STEP = 25
"""Points that a process uses before it adds them to those of others."""
SAME = 5
"""Seconds by which GitHub's answers may differ on when a limit begins anew."""
ADDING_SECONDS = 2.0
"""How long that may take, of the seconds that a call has."""
Headers = Mapping[str, str]


class Shares(Struct, frozen=True, kw_only=True):
    """How much of a limit a caller may use: between 0 and 1, by its name."""

    default: float = 0.5
    by: Mapping[str, float] = struct_field(default_factory=dict)

    @classmethod
    def of(cls, text: str) -> "Shares":
        """As in `*=0.5,tide=0.8`. Raises Refused for what is no share."""
        by: dict[str, float] = {}
        for pair in filter(None, map(str.strip, text.split(","))):
            name, _, value = pair.partition("=")
            try:
                by[name.strip()] = share = float(value)
            except ValueError:
                share = 0.0
            if not 0 < share <= 1:
                raise Refused(f'"{pair}" is not NAME=SHARE, with a share above 0 and up to 1')
        return cls(default=by.pop("*", cls().default), by=by)

    def share(self, caller: str) -> float:
        """That of a caller. Nobody in particular, as on the command line, may use it all."""
        return self.by.get(caller, self.default) if caller else 1.0


class Sums(Protocol):
    """Where processes add up what their callers have used of a limit until it begins anew (`reset`)."""

    async def add(self, limit: str, reset: int, used: Mapping[str, int]) -> Mapping[str, int]:
        """What all have used, with this. Raises Later and Refused."""


@dataclass(slots=True)
class Window:
    """One limit until it begins anew: `reset` by GitHub's clock, `ends` by the loop's.

    `used`: by caller, in all processes as far as is known here; `untold`: what of it no other process can know.
    `step`: points since these were last added up.
    """

    reset: int
    ends: float
    remaining: int
    used: dict[str, int] = field(default_factory=dict)
    untold: dict[str, int] = field(default_factory=dict)
    step: int = 0

    def charge(self, caller: str, cost: int) -> None:
        self.used[caller] = self.used.get(caller, 0) + cost
        self.untold[caller] = self.untold.get(caller, 0) + cost
        self.step += cost


class Limits:
    """What remains to us, as the answers have told. `who` is whom GitHub counts together.

    `sums`: where all processes add up what their callers have used; without it, each counts its own.
    """

    def __init__(self, shares: Shares, sums: Sums | None = None) -> None:
        self._shares, self._sums = shares, sums
        self._windows: dict[tuple[str, str], Window] = {}
        self._paused: dict[str, float] = {}

    def admit(self, who: str, resource: str, caller: str) -> None:
        """Let a caller ask. Raises Later where that would be refused, or where it has had its share."""
        now = _loop_time()
        pause = self._paused.get(who, now) - now
        if pause > 0:
            raise Later(f"GitHub wants us to ask more slowly: again in {pause:.0f} s", seconds=pause)
        window = self._windows.get((who, resource))
        if window is None or window.ends <= now:
            return
        wait = window.ends - now
        if window.remaining <= 0:
            raise Later(f"GitHub's limit ({resource}) is used up: it begins anew in {wait:.0f} s", seconds=wait)
        used, share = window.used.get(caller, 0), self._shares.share(caller)
        if used > share * (used + window.remaining):
            why = f"{caller} has used {used} of GitHub's limit ({resource}), {window.remaining} remain for all"
            raise Later(f"{why}: more than its share of {share:g}. Again in {wait:.0f} s", seconds=wait)

    def note(self, who: str, resource: str, headers: Headers, now: datetime) -> None:
        """Learn from an answer what remains. `now`: for an answer that does not say when it was given."""
        remaining, reset = headers.get("x-ratelimit-remaining", ""), headers.get("x-ratelimit-reset", "")
        if not remaining.isdecimal() or not reset.isdecimal():
            return
        key = (who, headers.get("x-ratelimit-resource", resource))
        window = self._windows.get(key)
        if window is not None and abs(window.reset - int(reset)) <= SAME:
            window.remaining = min(window.remaining, int(remaining))  # answers overtake each other
        elif window is None or window.reset < int(reset):
            ends = _loop_time() + _seconds_until(int(reset), headers, now)
            self._windows[key] = Window(int(reset), ends, int(remaining))

    def charge(self, who: str, resource: str, caller: str, cost: int) -> None:
        """Count what a call has cost to its caller's share."""
        window = self._windows.get((who, resource))
        if window is not None:
            window.charge(caller, cost)

    async def add_up(self, who: str, resource: str) -> None:
        """Tell other processes what was used in this one, and learn what was in those, once in some points."""
        window = self._windows.get((who, resource))
        if self._sums is None or window is None or window.step < STEP:
            return
        told, window.untold, window.step = window.untold, {}, 0
        try:
            async with asyncio.timeout(ADDING_SECONDS):
                used = await self._sums.add(f"{who} {resource}", window.reset, told)
        except (Later, Refused, TimeoutError):
            window.untold = added(window.untold, told)  # it is told with the next ones
        else:
            window.used = added(used, window.untold)

    def pause(self, who: str, seconds: float) -> None:
        """Ask nothing for so long: a secondary limit was met."""
        self._paused[who] = max(self._paused.get(who, 0.0), _loop_time() + seconds)


def added(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    """Both together, by caller."""
    return {name: one.get(name, 0) + other.get(name, 0) for name in {*one, *other}}


def resource_of(path: str) -> str:
    """Which limit a request counts towards, as far as its path tells."""
    if path.endswith("/graphql"):
        return "graphql"
    if "/search/" in path:
        return "code_search" if path.endswith("/search/code") else "search"
    return "core"


def is_used_up(headers: Headers) -> bool:
    """Whether an answer says that nothing remains until the limit begins anew."""
    return headers.get("x-ratelimit-remaining") == "0"


def is_secondary(status: int, headers: Headers, message: str) -> bool:
    """Whether GitHub refuses because of how we ask. Sometimes it says so in words only."""
    if status not in {403, 429} or (is_used_up(headers) and "retry-after" not in headers):
        return False
    return "retry-after" in headers or "secondary rate limit" in message.lower()


def wait_of(status: int, headers: Headers, message: str, now: datetime) -> float | None:
    """How many seconds an answer asks us to wait; None where it does not."""
    after, reset = headers.get("retry-after", ""), headers.get("x-ratelimit-reset", "")
    if after.isdecimal():
        return float(after)
    if status in {403, 429} and is_used_up(headers):
        return _seconds_until(int(reset), headers, now) if reset.isdecimal() else None
    return SECONDARY_SECONDS if is_secondary(status, headers, message) else None


def _seconds_until(reset: int, headers: Headers, now: datetime) -> float:
    """By the clock of whoever says it: ours may be wrong."""
    try:
        date = parsedate_to_datetime(headers["date"])
    except (KeyError, ValueError):
        date = now
    return max(reset - date.astimezone(UTC).timestamp(), 1.0)


def _loop_time() -> float:
    return asyncio.get_running_loop().time()
