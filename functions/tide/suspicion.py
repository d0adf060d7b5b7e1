"""Who breaks the batches: what trials that failed, and trials that passed, say of each pull request. Pure.

A trial that failed puts all its members under suspicion, but those that have passed elsewhere since. Of a test that
failed and then passed on the same trees we learn that it is flaky. How many trials have passed says how many pull
requests are best put together.
"""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from functions.tide.trials import Member, Trial, is_below

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


class Suspects(Struct, frozen=True, kw_only=True):
    """Members of a trial that failed, at least one of which breaks it, by all that is known.

    `is_open`: what the trial stood on is still tested; maybe it is that which breaks.
    """

    members: tuple[Member, ...]
    trial: Trial
    is_open: bool = False


class Underway(Struct, frozen=True):
    """Pull requests that are being tested on the branch as it is, and since when."""

    members: tuple[Member, ...]
    since: datetime


def suspects(trials: Sequence[Trial], queue: Collection[Member], underway: Iterable[Underway]) -> list[Suspects]:
    """Groups of suspects without a member in common, the smallest first.

    Of trials that failed only the smallest count: those around them are explained. What one has in common with a trial
    that goes on, and that it was started upon, is no suspect yet: it is about to be known.
    """
    concerned = [trial for trial in trials if any(member in queue for member in trial.members)]
    foundations, passed = [*underway], _last_passed(trials)
    failures = [one for one in trials if any(not _has_passed(member, one, passed) for member in one.members)]
    groups = []
    for trial in concerned:
        if not trial.failed or any(_explains(one, trial) for one in failures):
            continue
        rest = [one for one in trial.members if one in queue and not _has_passed(one, trial, passed)]
        below = [one.members for one in foundations if one.since <= trial.started and is_below(one.members, rest)]
        pending = {one for members in below for one in members}
        members = tuple(one for one in rest if one not in pending)
        if members:
            groups.append(Suspects(members=members, trial=trial, is_open=bool(below)))
    found: list[Suspects] = []
    taken: set[Member] = set()
    for group in sorted(groups, key=lambda one: (len(one.members), -one.trial.started.timestamp())):
        if taken.isdisjoint(group.members):
            found.append(group)
            taken.update(group.members)
    return found


def _explains(smaller: Trial, trial: Trial) -> bool:
    """Whether some of its members alone fail in a test that it fails in, so that the others are not to blame."""
    return {*smaller.members} < {*trial.members} and not {*smaller.failed}.isdisjoint(trial.failed)


Passed = Mapping[tuple[Member, str], datetime]
"""When the last trial began in which a test has passed with a member."""


def _last_passed(trials: Iterable[Trial]) -> Passed:
    passed: dict[tuple[Member, str], datetime] = {}
    for trial in trials:
        for context in trial.said:
            if trial.result(context) == "success":
                passed |= {(member, context): trial.started for member in trial.members}
    return passed


def _has_passed(member: Member, failed: Trial, passed: Passed) -> bool:
    """Whether it has passed, elsewhere and not before, all that the trial fails in."""
    known = [passed.get((member, context)) for context in failed.failed]
    return all(since is not None and since >= failed.started for since in known)


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
    """Of each trial of ours that has ended: how many it added to one that passed, or to the branch, and whether it
    passed. What people try is not ready yet."""
    has_passed = {
        (trial.base, trial.members): not trial.failed for trial in trials if trial.is_ours and _has_ended(trial)
    }
    found = []
    for (base, members), is_good in has_passed.items():
        below = next((count for count in range(len(members) - 1, 0, -1) if (base, members[:count]) in has_passed), 0)
        if not below or has_passed[base, members[:below]]:  # else it tells nothing of those that were added
            found.append((len(members) - below, is_good))
    return found


def _has_ended(trial: Trial) -> bool:
    return not trial.is_going_on and trial.outcome(trial.said) != "pending"


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
