"""Who breaks the batches: what trials that failed, and trials that passed, say of each pull request. Pure.

A trial that failed puts all its members under suspicion, but those that have passed elsewhere since. Of a test that
failed and then passed on the same trees we learn that it is flaky. How many trials have passed says how many pull
requests are best put together.
"""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from functions.tide.trials import Member, Trial

RATES = (0.005, 0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.4)
"""The shares of pull requests that break what they are in, among which the likeliest is taken."""
SUPPOSED = ((8, True), (8, False))
"""What is supposed to have been seen before anything was: two trials of so many, one of which passed."""
RECENT = 40
"""So many of the latest trials tell how many pull requests break what they are in."""
WORTH_A_RETRY = 0.25
"""How probable it must be that a failure is a flake before the test is run again on the same trees."""
FLAKES_SUPPOSED, RUNS_SUPPOSED = 0.5, 50
"""What is supposed of a test that has not run yet."""
SHARE = 0.5
"""How many members that break it are expected in a batch of the best size, where several are tested at once."""


class Suspects(Struct, frozen=True):
    """Members of a trial that failed, at least one of which breaks it, by all that is known."""

    members: tuple[Member, ...]
    trial: Trial


def suspects(
    trials: Sequence[Trial], queue: Collection[Member], underway: Iterable[Sequence[Member]]
) -> list[Suspects]:
    """Groups of suspects without a member in common, the smallest first. `underway`: members of trials that go on.

    What a failed trial has in common with a shorter one that goes on is no suspect yet: it is about to be known.
    """
    concerned = [trial for trial in trials if any(member in queue for member in trial.members)]
    prefixes, passed = [tuple(members) for members in underway], _last_passed(concerned)
    groups = []
    for trial in concerned:
        failed, since = trial.failed, trial.started
        rest = [one for one in trial.members if one in queue and not _has_passed(one, failed, since, passed)]
        pending = max((set(one) for one in prefixes if _is_below(one, rest)), key=len, default=set[Member]())
        members = tuple(one for one in rest if one not in pending)
        if failed and members:
            groups.append(Suspects(members, trial))
    found: list[Suspects] = []
    taken: set[Member] = set()
    for group in sorted(groups, key=lambda one: (len(one.members), -one.trial.started.timestamp())):
        if taken.isdisjoint(group.members):
            found.append(group)
            taken.update(group.members)
    return found


Passed = Mapping[tuple[Member, str], datetime]
"""When the last trial began in which a test has passed with a member."""


def _last_passed(trials: Iterable[Trial]) -> Passed:
    passed: dict[tuple[Member, str], datetime] = {}
    for trial in trials:
        for context in trial.said:
            if trial.result(context) == "success":
                passed |= {(member, context): trial.started for member in trial.members}
    return passed


def _has_passed(member: Member, contexts: Iterable[str], since: datetime, passed: Passed) -> bool:
    return all((member, context) in passed and passed[member, context] >= since for context in contexts)


def _is_below(prefix: Sequence[Member], members: Sequence[Member]) -> bool:
    return 0 < len(prefix) < len(members) and tuple(members[: len(prefix)]) == tuple(prefix)


# Rates


def best_size(breaks: float, *, most: int) -> int:
    """How many pull requests a lane is to add: as many as will break half of the lanes, by the `breaking_rate`."""
    return max(1, min(most, round(SHARE / breaks)))


def breaking_rate(trials: Sequence[Trial]) -> float:
    """The share of pull requests that break what they are in: the likeliest, by the latest trials that have ended."""
    seen = [*SUPPOSED, *_added(trials)[-RECENT:]]
    return max(RATES, key=lambda rate: sum(_likelihood(rate, count, has_passed) for count, has_passed in seen))


def _likelihood(rate: float, count: int, has_passed: bool) -> float:
    all_good = (1 - rate) ** count
    return math.log(all_good if has_passed else 1 - all_good)


def _added(trials: Sequence[Trial]) -> list[tuple[int, bool]]:
    """Of each trial that has ended: how many it added to one that passed, or to the branch, and whether it passed."""
    has_passed = {(trial.base, trial.members): not trial.failed for trial in trials if not trial.is_going_on}
    found = []
    for (base, members), is_good in has_passed.items():
        below = next((count for count in range(len(members) - 1, 0, -1) if (base, members[:count]) in has_passed), 0)
        if not below or has_passed[base, members[:below]]:  # else it tells nothing of those that were added
            found.append((len(members) - below, is_good))
    return found


def flake_rate(context: str, trials: Sequence[Trial]) -> float:
    """The share of a test's runs that fail though another run on the same trees, or with more on top, passes."""
    passed_on = {(trial.base, trial.members) for trial in trials if trial.result(context) == "success"}
    longer = {(base, members[:count]) for base, members in passed_on for count in range(1, len(members) + 1)}
    runs = flakes = 0
    for trial in trials:
        said = trial.said.get(context, ())
        runs += len(said)
        if (trial.base, trial.members) in longer:
            flakes += said.count("failure")
    return (flakes + FLAKES_SUPPOSED) / (runs + RUNS_SUPPOSED)


def is_worth_a_retry(flakes: float, breaks: float, *, added: int) -> bool:
    """Whether a failure is likely enough to be a flake. `added`: how many the failed trial has that may break it.

    `flakes` is the test's `flake_rate`, `breaks` the `breaking_rate`.
    """
    is_broken = 1 - (1 - breaks) ** added
    return flakes / (flakes + is_broken) >= WORTH_A_RETRY
