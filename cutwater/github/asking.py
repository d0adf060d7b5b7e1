"""Who asks GitHub, and what it has cost: a figure for every call, by role or plugin."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import datetime

MOST = 1000
"""How many figures a process keeps. What comes later is counted together, as `OTHERS`."""
OTHERS = "(others)"


@dataclass(slots=True)
class Spent:
    """What was asked.

    `cost`: points of the hour's limit. `unchanged`: answers of 304, which cost none. `seconds`: how long they took.
    `by_call`: the same for each call, where it is a caller's.
    """

    calls: int = 0
    cost: int = 0
    unchanged: int = 0
    seconds: float = 0.0
    by_call: dict[str, "Spent"] = field(default_factory=dict)

    def add(self, more: "Spent") -> None:
        self.calls += more.calls
        self.cost += more.cost
        self.unchanged += more.unchanged
        self.seconds += more.seconds


@dataclass(frozen=True, slots=True)
class Caller:
    """On whose behalf a call is made: a plugin, or a role that has none. `since`: the time of its event.

    `permissions`: those that an App's token is made for; None for all that it has.
    """

    name: str = ""
    since: datetime | None = None
    permissions: Mapping[str, str] | None = None
    spent: Spent = field(default_factory=Spent)


_caller: ContextVar[Caller | None] = ContextVar("github caller", default=None)


@contextmanager
def asking(name: str, since: datetime | None = None) -> Iterator[Spent]:
    """What is asked of GitHub meanwhile, here and in tasks begun here, is asked by `name`. Gives what that has cost."""
    caller = Caller(name, since)
    before = _caller.set(caller)
    try:
        yield caller.spent
    finally:
        _caller.reset(before)


@contextmanager
def permitted(permissions: Mapping[str, str]) -> Iterator[None]:
    """What the caller asks meanwhile needs no more than these permissions."""
    before = _caller.set(replace(caller(), permissions=permissions))
    try:
        yield
    finally:
        _caller.reset(before)


def caller() -> Caller:
    """Who asks; nobody in particular on the command line."""
    return _caller.get() or Caller()


class Calls:
    """What this process has asked of GitHub, by caller and call: `GET /repos/{org}/{repo}/pulls/{number}`."""

    def __init__(self) -> None:
        self._spent: dict[tuple[str, str], Spent] = {}

    def add(self, caller: Caller, call: str, spent: Spent) -> None:
        key = (caller.name, call)
        if key not in self._spent and len(self._spent) >= MOST:
            key = (caller.name, OTHERS)
        self._spent.setdefault(key, Spent()).add(spent)
        caller.spent.add(spent)
        caller.spent.by_call.setdefault(call, Spent()).add(spent)

    def __iter__(self) -> Iterator[tuple[str, str, Spent]]:
        """Caller, call and figures; what has cost most first."""
        for (name, call), spent in sorted(self._spent.items(), key=lambda one: (-one[1].cost, one[0])):
            yield name, call, spent
