"""The speculative queue: batches in lanes, each tested on top of the one before. Pure but for what it is given to ask.

A trial is pull requests on top of the branch; a lane is a trial that adds some to the lane below it. The longest that
has passed is merged, whatever became of shorter ones: the tree that it leaves was tested. When one fails, its members
are suspects: half of them are tried beside the lanes, which go on without them, until one alone is left; that one is
tested for itself, where its author sees it fail. So nothing waits for a batch that is broken, and no trial is made
twice.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence, Set

from msgspec import Struct, field

from cutwater.config.jobs import Presubmit
from cutwater.errors import Refused
from cutwater.git.stacks import Stack
from functions.tide.choose import Action
from functions.tide.results import Candidate, Required, Results
from functions.tide.suspicion import (
    Suspects,
    Underway,
    best_size,
    breaking_rate,
    flake_rate,
    is_worth_a_retry,
    suspects,
)
from functions.tide.trials import Member, Outcome, Trial, is_below

Build = Callable[[Sequence[Candidate], int], Awaitable[Stack]]
"""Put pull requests on the branch as it is, in this order, leaving out what conflicts; no more than so many.

Raises Refused and Later where git cannot tell.
"""


AT_ONCE = 3
"""So many of those that do not go together with others are tried alone in one look."""


class Queue(Struct, frozen=True, kw_only=True):
    """The pool, as the lanes see it.

    `candidates`: all, in the order in which it comes to them. `fit`: the numbers of those on which all is green, but
    for tests of ours; `passing`: of those on which all is. `results`: each alone on the branch as it is. `trials`: all
    that is known, the oldest first; what is `void` counts for nothing: a commit, and what would be merged onto it.
    `base` and `tree`: where the branch is. `lanes`: how many trials go on at once; `largest`: how many pull requests
    one adds at most.
    """

    candidates: tuple[Candidate, ...]
    fit: Collection[int]
    passing: Collection[int]
    results: Results
    trials: Sequence[Trial]
    base: str
    tree: str
    lanes: int
    largest: int
    void: Collection[tuple[str, tuple[Member, ...]]] = ()


class Plan(Struct, kw_only=True):
    """What is to be done, in this order, and what each pull request waits for, by number.

    `obstacles`: why one can never be merged as it is, by number.
    """

    actions: list[Action] = field(default_factory=list)
    waits: dict[int, str] = field(default_factory=dict)
    obstacles: dict[int, str] = field(default_factory=dict)
    error: str = ""


class _Standing(Struct, frozen=True, kw_only=True):
    """A trial that counts for the branch as it is. `rest`: those of it that the branch has not taken."""

    trial: Trial
    rest: tuple[Member, ...]
    tests: Sequence[Presubmit]
    outcome: Outcome

    def tests_that(self, said: str) -> list[Presubmit]:
        return [test for test in self.tests if self.trial.result(test.context) == said]


async def plan(queue: Queue, *, required: Required, build: Build) -> Plan:
    """What is due. Merges go alone: they change what everything else stands on. Raises Later."""
    planning = _Planning(queue, required, build)
    standing = await planning.standing()
    merge = planning.merge(standing)
    if merge is not None:
        return Plan(actions=[merge])
    await planning.start(standing)
    return planning.plan


class _Planning:
    """One look's planning."""

    def __init__(self, queue: Queue, required: Required, build: Build) -> None:
        self._queue, self._required, self._build = queue, required, build
        self._by_member = {(one.number, one.pull.head): one for one in queue.candidates}
        self._breaking = breaking_rate(queue.trials)
        self.plan = Plan()

    async def standing(self) -> list[_Standing]:
        """The trials that count for the branch as it is, the oldest first."""
        found = []
        for trial in self._queue.trials:
            rest = () if trial.is_alone else trial.rest(self._queue.base, self._queue.tree, self._by_member)
            if not rest or (self._queue.base, rest) in self._queue.void:
                continue
            try:
                tests = await self._required(self._of(rest))
            except Refused:
                continue  # nobody can tell what they must have passed
            one = _Standing(
                trial=trial, rest=rest, tests=tests, outcome=trial.outcome([test.context for test in tests])
            )
            if trial.base == self._queue.base or not one.tests_that("nothing"):
                found.append(one)  # else it will never have passed all of them
        return found

    def merge(self, standing: Iterable[_Standing]) -> Action | None:
        """The most that has passed."""
        passed = [one for one in standing if one.outcome == "green"]
        if passed:
            best = max(passed, key=lambda one: len(one.rest))
            return Action(
                kind="MERGE_BATCH" if len(best.rest) > 1 else "MERGE",
                targets=tuple(one.pull for one in self._of(best.rest)),
                trees=best.trial.trees[len(best.trial.members) - len(best.rest) :],
                why="they have passed together on the branch as it is",
            )
        passed_alone = {one.number for one in self._queue.results.successes} & {*self._queue.passing}
        going = {one.rest[0][0] for one in standing if one.outcome == "pending"}
        for one in self._queue.candidates:
            if one.number in passed_alone and (not going or one.number in going):
                return Action(kind="MERGE", targets=(one.pull,), why="it has passed on the branch as it is")
        return None  # to merge one that no lane begins with would have them all tested again: it joins them

    async def start(self, standing: Sequence[_Standing]) -> None:
        """Start what is worth testing. Everything that is started stands on the branch as it is."""
        again = [one for one in standing if self._start_again(one)]
        failed = [one.rest for one in standing if one.outcome == "red" and one not in again]
        going = [
            Underway(one.rest, one.trial.started)
            for one in standing
            if (one.outcome == "pending" or one in again) and not any(is_below(rest, one.rest) for rest in failed)
        ]
        going += self._alone_underway()
        ended = [trial for trial in self._queue.trials if all(trial is not one.trial for one in again)]
        groups = suspects(ended, self._by_member, going)
        for group in groups:
            await self._look_for_the_culprit(group)
        suspected = {member for group in groups for member in group.members}
        await self._fill_lanes([one.members for one in going], suspected)

    def _alone_underway(self) -> list[Underway]:
        """Those that are tested alone on the branch as it is."""
        pending = {(one.number, one.pull.head) for one in self._queue.results.pendings}
        return [
            Underway(trial.members, trial.started)
            for trial in self._queue.trials
            if trial.is_alone
            and trial.base == self._queue.base
            and trial.members[0] in pending & self._by_member.keys()
        ]

    # What was begun

    def _start_again(self, standing: _Standing) -> bool:
        """Start what a trial lacks, and what may have failed by chance. False where there is nothing of that."""
        if standing.outcome == "green" or standing.trial.base != self._queue.base:
            return False
        if standing.outcome == "red":
            tests, why = self._flakes(standing), "this test fails now and then, and may have done so by chance"
        else:
            tests, why = standing.tests_that("nothing"), "this test of the batch has not run"
        if tests:
            self._trigger(self._of(standing.rest), tests, trees=standing.trial.trees, why=why)
        return bool(tests)

    def _flakes(self, standing: _Standing) -> list[Presubmit]:
        """The tests that have failed, where each of them is worth a second run."""
        trial, failed = standing.trial, standing.tests_that("failure")
        others = [one.members for one in self._queue.trials if one.base == trial.base and not one.failed]
        added = len(trial.members) - max((len(one) for one in others if is_below(one, trial.members)), default=0)
        is_worth_it = all(
            len(trial.said[test.context]) == 1 and is_worth_a_retry(self._flake_rate(test), self._breaking, added=added)
            for test in failed
        )
        return failed if is_worth_it else []

    def _flake_rate(self, test: Presubmit) -> float:
        return flake_rate(test.context, self._queue.trials)

    # What has failed

    async def _look_for_the_culprit(self, group: Suspects) -> None:
        """Test half of the suspects; or the only one that is left alone, so that its author sees it fail."""
        members = self._of(group.members)
        if group.is_open:
            why = "a batch with it has failed; what that stands on is still tested"
            self.plan.waits |= {one.number: why for one in members}
            return
        if len(members) == 1:
            why = "batches with it have failed: it is tested alone"
            self.plan.waits[members[0].number] = why
            if not self._is_tested_elsewhere(group):
                self._trigger_alone(members[0], why=why)
            return
        why = f"one of {_numbers(members)} breaks a batch: half of them are tested"
        self.plan.waits |= {one.number: why for one in members}
        if not self._is_narrowed_down(group):
            fit = [one for one in members if one.number in self._queue.fit]
            await self._add_lanes([], fit, lanes=1, size=(len(members) + 1) // 2, why=why)

    def _is_tested_elsewhere(self, group: Suspects) -> bool:
        """Whether the only one that is left is tested alone where the branch was: that says all that is asked."""
        return any(
            trial.is_going_on
            for trial in self._queue.trials
            if trial.is_alone and trial.members == group.members and trial.base != self._queue.base
        )

    def _is_narrowed_down(self, group: Suspects) -> bool:
        """Whether a trial goes on with some of them, and with nobody else who is still in the queue."""
        for trial in self._queue.trials:
            here = {member for member in trial.members if member in self._by_member}
            if here and here < {*group.members} and trial.is_going_on:
                return True
        return False

    # What is new

    async def _fill_lanes(self, going: Sequence[tuple[Member, ...]], suspected: Set[Member]) -> None:
        """Add lanes on top of those that go on, as many as may."""
        queue = self._queue
        top = max((rest for rest in going if suspected.isdisjoint(rest)), key=len, default=())
        lanes = sorted({rest for rest in going if rest and top[: len(rest)] == rest}, key=len)
        for below, lane in zip(((), *lanes), lanes, strict=False):
            self._tell(self._of(below), self._of(lane[len(below) :]))
        busy = {*suspected, *(member for rest in going for member in rest)}
        fresh = [one for member, one in self._by_member.items() if member not in busy and one.number in queue.fit]
        free = queue.lanes - len(lanes)
        if fresh and free > 0:
            size = best_size(self._breaking, most=queue.largest)
            await self._add_lanes(self._of(top), fresh, lanes=free, size=size, why="it is their turn")
        waiting = [one.number for one in fresh if one.number not in self.plan.waits]
        for place, number in enumerate(waiting):
            self.plan.waits[number] = "all lanes are taken" + (f", and {place} wait before it" if place else "")

    async def _add_lanes(
        self, below: Sequence[Candidate], new: Sequence[Candidate], *, lanes: int, size: int, why: str
    ) -> None:
        """Test `size` of the new ones on top of those below, that many more on top of them, and so on."""
        if not new:
            return
        try:
            stack = await self._build([*below, *new], len(below) + lanes * size)
        except Refused as refused:
            self.plan.error = f"git cannot tell what goes together: {refused}"
            return
        self.plan.waits |= {
            number: f"it does not go with those before it: {why}" for number, why in stack.left_out.items()
        }
        by_number = {one.number: one for one in new}
        await self._ask_about_each([by_number[number] for number in stack.left_out if number in by_number])
        built = [by_number[layer.number] for layer in stack.layers[len(below) :] if layer.number in by_number]
        trees = (stack.base_tree, *(layer.tree for layer in stack.layers))
        if [layer.number for layer in stack.layers[: len(below)]] != [one.number for one in below]:
            return  # what is being tested does not go on the branch any more: that will show
        for start in range(0, len(built), size):
            lane = built[start : start + size]
            await self._add_lane([*below, *built[:start]], lane, trees, why)

    async def _ask_about_each(self, left_out: Sequence[Candidate]) -> None:
        """Who does not go on the branch even alone has more to mend than to wait for the others."""
        for one in left_out[:AT_ONCE]:
            try:
                alone = await self._build([one], 1)
            except Refused:
                return  # then it is asked for the next time
            self.plan.obstacles |= alone.left_out

    async def _add_lane(
        self, below: Sequence[Candidate], lane: Sequence[Candidate], trees: tuple[str, ...], why: str
    ) -> None:
        members = self._untried([*below, *lane], len(below))
        self._tell(below, lane)
        if len(members) == 1:
            self._trigger_alone(members[0], why=why)
        elif len(members) > len(below):
            try:
                tests = await self._required(members)
            except Refused as refused:
                self.plan.error = str(refused)
                return
            self._trigger(members, tests, trees=trees[: len(members) + 1], why=why)

    def _untried(self, members: Sequence[Candidate], below: int) -> Sequence[Candidate]:
        """As many of them as have not been tested together on just this commit. Twice would tell nothing new, nor would
        another order."""
        here = [trial for trial in self._queue.trials if trial.base == self._queue.base and not trial.is_alone]
        known = {frozenset(trial.members) for trial in here}
        for count in range(len(members), below, -1):
            if {(one.number, one.pull.head) for one in members[:count]} not in known:
                return members[:count]
        return ()

    # How it is done, and told

    def _trigger(
        self, members: Sequence[Candidate], tests: Sequence[Presubmit], *, trees: Sequence[str], why: str
    ) -> None:
        if tests:
            pulls = tuple(one.pull for one in members)
            self.plan.actions.append(
                Action(kind="TRIGGER_BATCH", targets=pulls, tests=tuple(tests), trees=tuple(trees), why=why)
            )

    def _trigger_alone(self, one: Candidate, *, why: str) -> None:
        """Start the tests that it lacks. One that has failed is tested again when the branch has moved."""
        here = self._alone(one)
        lacks = self._queue.results.missing_tests.get(one.number, ())
        tests = [test for test in lacks if here is None or here.result(test.context) != "pending"]
        has_failed = here is not None and here.failed
        if tests and one.number in self._queue.fit and not has_failed:
            self.plan.actions.append(Action(kind="TRIGGER", targets=(one.pull,), tests=tuple(tests), why=why))

    def _alone(self, one: Candidate) -> Trial | None:
        """What is known of its tests alone, on just this commit."""
        me = ((one.number, one.pull.head),)
        return next(
            (
                trial
                for trial in self._queue.trials
                if trial.is_alone and (trial.base, trial.members) == (self._queue.base, me)
            ),
            None,
        )

    def _tell(self, below: Sequence[Candidate], lane: Sequence[Candidate]) -> None:
        on_top = f" on top of {_numbers(below)}" if below else ""
        for one in lane:
            others = [other for other in lane if other is not one]
            together = f" with {_numbers(others)}" if others else ""
            self.plan.waits[one.number] = f"it is tested{together}{on_top}"

    def _of(self, members: Iterable[Member]) -> list[Candidate]:
        return [self._by_member[member] for member in members]


def _numbers(candidates: Iterable[Candidate]) -> str:
    return ", ".join(f"#{one.number}" for one in candidates)
