"""A speculative queue with neither GitHub nor git nor a cluster behind it: what was tried, in a few words, and a loop.

A pull request changes one file of its own, so that a tree is known by the numbers that are in it: `t`, `t+1`, `t+1+2`.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Any

import msgspec
from msgspec.structs import replace

from cutwater.config.jobs import Presubmit
from cutwater.git.stacks import Layer, Stack
from cutwater.prowjob.labels import CREATED_BY_TIDE, TREES
from cutwater.prowjob.types import ObjectMeta, ProwJob, ProwJobSpec, ProwJobStatus, Pull, Refs
from functions.tide.choose import Action
from functions.tide.lanes import Build, Plan, Queue, plan
from functions.tide.results import Candidate, accumulate, of_base
from functions.tide.trials import Trial, trials_of
from functions.tide.triggering import runs_for
from tests.cutwater.config.configured import configured
from tests.functions.tide.making import LONG_AGO, NOW, POOL, candidate

STATES = {"S": "success", "P": "pending", "F": "failure", "A": "aborted", "C": "scheduling"}
NOBODY: Sequence[tuple[int, int]] = ()


def tree(numbers: Iterable[int]) -> str:
    """The tree with these pull requests."""
    return "+".join(["t", *map(str, sorted(numbers))])


def commit(numbers: Iterable[int]) -> str:
    """The branch's commit once these have been merged."""
    return f"the branch with {tree(numbers)}"


def runs(
    members: str,
    *,
    on: Sequence[int] = (),
    at: int = 0,
    kind: str = "batch",
    has_trees: bool = True,
    is_ours: bool = True,
    **said: str,
) -> list[ProwJob]:
    """The runs of a trial of `1+2`, or `1@new+2`, on the branch with the pull requests `on`, at that minute.

    `said`: by test, a letter for each of its runs: `unit="FS"`.
    """
    pulls = []
    for one in members.split("+"):
        number, _, head = one.partition("@")
        pulls.append(Pull(number=int(number), author="bob", sha=head or f"head-{number}"))
    numbers = [pull.number for pull in pulls]
    trees = [tree([*on, *numbers[:count]]) for count in range(len(numbers) + 1)]
    refs = Refs(org="acme", repo="rocket", base_ref="main", base_sha=commit(on), pulls=tuple(pulls))
    is_noted = has_trees and kind == "batch"
    made = []
    for test, letters in said.items():
        spec = msgspec.convert({"type": kind, "job": test, "context": test, "refs": refs}, ProwJobSpec)
        for place, letter in enumerate(letters):
            meta = ObjectMeta(
                name=f"{refs} {kind} {test} {place}",
                labels={CREATED_BY_TIDE: "true"} if is_ours else {},
                annotations={TREES: ",".join(trees)} if is_noted else {},
            )
            ended = {"completionTime": LONG_AGO} if letter in "SFA" else {}
            started = NOW + timedelta(minutes=at, seconds=place)
            status = msgspec.convert({"state": STATES[letter], "startTime": started, **ended}, ProwJobStatus)
            made.append(ProwJob(metadata=meta, spec=spec, status=status))
    return made


def alone(member: str, **more: Any) -> list[ProwJob]:
    """The runs of the tests of one pull request."""
    return runs(member, kind="presubmit", **more)


def trials(*tried: Sequence[ProwJob]) -> Sequence[Trial]:
    return trials_of([job for jobs in tried for job in jobs], NOW)


def trial(members: str, **more: Any) -> Trial:
    [one] = trials(runs(members, **more))
    return one


def building(
    base: Sequence[int], conflicts: Sequence[tuple[int, int]] = NOBODY, asked: list[str] | None = None
) -> Build:
    """git, where these pairs conflict; 0 stands for the branch. Notes down what it was asked for."""

    async def build(candidates: Sequence[Candidate], limit: int) -> Stack:
        if asked is not None:
            asked.append("+".join(str(one.number) for one in candidates[:limit]))
        layers: list[Layer] = []
        left_out: dict[int, str] = {}
        for one in candidates:
            if limit and len(layers) == limit:
                break
            below = {0, *(layer.number for layer in layers)}
            if any({one.number, other} in map(set, conflicts) for other in below):
                left_out[one.number] = f"CONFLICT of #{one.number}"
                continue
            here = [*base, *(layer.number for layer in layers), one.number]
            layers.append(Layer(number=one.number, head=one.pull.head, tree=tree(here), commit=commit(here)))
        return Stack(base=commit(base), base_tree=tree(base), layers=tuple(layers), left_out=left_out)

    return build


async def required(members: Sequence[Candidate]) -> Sequence[Presubmit]:
    """What any of the members must have passed."""
    return list({test.context: test for one in members for test in one.presubmits}.values())


async def planned(
    candidates: Sequence[Candidate | int],
    tried: Iterable[Sequence[ProwJob]] = (),
    *,
    on: Sequence[int] = (),
    conflicts: Sequence[tuple[int, int]] = NOBODY,
    without: Sequence[int] = (),
    landed: Sequence[int] = (),
    **more: Any,
) -> Plan:
    """What is due with these, in their order, on the branch with the pull requests `on`.

    A number is one that must pass `unit`. `without`: whose heads are not green; `landed`: who is on the branch, and
    still open by what GitHub says.
    """
    everybody = [candidate(one, "unit") if isinstance(one, int) else one for one in candidates]
    jobs = [job for some in tried for job in some]
    fit = {one.number for one in everybody} - {*without}
    given: dict[str, Any] = {"lanes": 2, "largest": 2, "fit": fit, "passing": fit} | more
    queue = Queue(
        candidates=tuple(one for one in everybody if one.number not in landed),
        results=accumulate(everybody, of_base(jobs, POOL, commit(on)), commit(on), NOW),
        trials=trials_of(jobs, NOW),
        base=commit(on),
        tree=tree(on),
        **given,
    )
    return await plan(queue, required=required, build=building(on, conflicts))


def said(actions: Iterable[Action]) -> list[str]:
    """`TRIGGER_BATCH 1+2 unit`, in a line each."""
    return [
        " ".join([one.kind, "+".join(str(pull.number) for pull in one.targets), *(test.name for test in one.tests)])
        for one in actions
    ]


async def due(candidates: Sequence[Candidate | int], tried: Iterable[Sequence[ProwJob]] = (), **more: Any) -> list[str]:
    """What is done, a line each."""
    return said((await planned(candidates, tried, **more)).actions)


BY_HAND = 1000
"""From here on the numbers are those of pushes to the branch."""
Breaks = Callable[[Sequence[int], Sequence[int]], bool]
"""Whether a run fails: of what was on the branch then, and what it tests."""
Flakes = Callable[[str], bool]
"""Whether the run of this name fails by chance."""


class Line:
    """A repository with `count` pull requests in its queue; in each, `breaks` says which runs fail."""

    def __init__(self, count: int, breaks: Breaks, *, flakes: Flakes = lambda _: False, **settings: Any) -> None:
        self._waiting = [candidate(number, "unit") for number in range(1, count + 1)]
        self._held: list[Candidate] = []
        self._breaks, self._flakes = breaks, flakes
        self._settings: dict[str, Any] = {"lanes": 4, "largest": 16} | settings
        self._now = NOW
        self.jobs: list[ProwJob] = []
        self.merged: list[int] = []
        self.left: list[int] = []
        """Whose own tests have failed."""
        self.plan = Plan()

    @property
    def running(self) -> Sequence[ProwJob]:
        """The runs that go on, the oldest first."""
        return [job for job in self.jobs if job.status.state == "triggered"]

    @property
    def batches(self) -> Sequence[tuple[int, ...]]:
        """What has been tried together, run by run."""
        return [_numbers(job) for job in self.jobs if job.spec.type == "batch"]

    async def look(self) -> None:
        """Plan, and do it, until nothing more is done."""
        self.plan = await self._planned()
        while self.plan.actions:
            for action in self.plan.actions:
                if action.kind.startswith("MERGE"):
                    self._merge(action)
                else:
                    self._start(action)
            self.plan = await self._planned()

    async def run(self, ends: Callable[[Sequence[ProwJob]], Sequence[ProwJob]]) -> None:
        """To the end. `ends`: which of the running runs end before the next look."""
        await self.look()
        while self.running or self._held:
            if self.running:
                self.end(ends(self.running))
            else:
                self.lift()
            await self.look()

    def push(self) -> None:
        """Somebody pushes to the branch."""
        self.merged.append(BY_HAND + len(self.merged))

    def hold(self, number: int) -> None:
        """It is not to be merged for a while."""
        self._held += [one for one in self._waiting if one.number == number]
        self._waiting = [one for one in self._waiting if one.number != number]

    def lift(self) -> None:
        """All that are held may be merged again, their own tests being green still."""
        back = [one for one in self._held if one.number not in self.left]
        self._waiting = sorted([*self._waiting, *back], key=lambda one: one.number)
        self._held = []

    def end(self, ending: Sequence[ProwJob]) -> None:
        """These runs come to their ends, and GitHub is told."""
        self._now += timedelta(minutes=10)
        for job in ending:
            has_failed = self._breaks(self._on(job), _numbers(job)) or self._flakes(job.metadata.name)
            state = "failure" if has_failed else "success"
            status = msgspec.convert(
                {"state": state, "startTime": job.status.startTime, "completionTime": LONG_AGO}, ProwJobStatus
            )
            self.jobs[self.jobs.index(job)] = replace(job, status=status)
            if has_failed and job.spec.type == "presubmit":
                self.left += _numbers(job)
                self._waiting = [one for one in self._waiting if one.number not in _numbers(job)]

    async def _planned(self) -> Plan:
        base = commit(self.merged)
        everybody = {one.number for one in self._waiting}
        queue = Queue(
            candidates=tuple(self._waiting),
            fit=everybody,
            passing=everybody,
            results=accumulate(self._waiting, of_base(self.jobs, POOL, base), base, self._now),
            trials=trials_of(self.jobs, self._now),
            base=base,
            tree=tree(self.merged),
            **self._settings,
        )
        return await plan(queue, required=required, build=building(self.merged))

    def _merge(self, action: Action) -> None:
        numbers = [pull.number for pull in action.targets]
        self.merged += numbers
        assert tree(self.merged) in set(self._green_trees()), f"{self.merged} were not tested together"
        self._waiting = [one for one in self._waiting if one.number not in numbers]

    def _green_trees(self) -> Iterable[str]:
        passed = (job for job in self.jobs if job.status.state == "success")
        return (tree([*self._on(job), *_numbers(job)]) for job in passed)

    def _on(self, job: ProwJob) -> Sequence[int]:
        """What had been merged when it was started."""
        taken = (self.merged[:count] for count in range(len(self.merged) + 1))
        return next(some for some in taken if job.spec.refs and commit(some) == job.spec.refs.base_sha)

    def _start(self, action: Action) -> None:
        started = runs_for(
            action.targets,
            action.tests,
            base=commit(self.merged),
            config=configured(),
            jobs=self.jobs,
            now=self._now,
            why=action.why,
            trees=action.trees,
        )
        self.jobs += [effect.job for effect in started]


def _numbers(job: ProwJob) -> tuple[int, ...]:
    return tuple(pull.number for pull in job.spec.refs.pulls) if job.spec.refs else ()
