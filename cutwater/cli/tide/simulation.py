"""A merge queue in virtual time: pull requests come, a policy decides, tests run, people answer.

What decides is tide's own code, with the values that it has in production. What is simulated is everything around it:
GitHub, git, the cluster and the people.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from cutwater.cli.tide.builds import Builds
from cutwater.cli.tide.clock import Clock, Event
from cutwater.cli.tide.outcome import Landed, Outcome
from cutwater.cli.tide.people import Authors
from cutwater.cli.tide.repository import Proposal, Repository
from cutwater.cli.tide.runs import Runs, refs_of
from cutwater.cli.tide.settings import Rules, Settings, rules_of
from cutwater.cli.tide.workload import HOUR, Change, Workload
from cutwater.config.specs import presubmit_spec
from cutwater.prowjob.descriptions import with_base_sha
from cutwater.prowjob.new import new_prowjob
from cutwater.prowjob.types import ProwJob
from functions.tide import triggering
from functions.tide.choose import Action
from functions.tide.contexts import may_stay_in_pool
from functions.tide.pull_requests import FAILURE, PENDING, SUCCESS, Context, PullRequest
from functions.tide.results import Candidate

LOOKS_APART = 10.0
"""Seconds from one look at the pool to the next."""
MERGES_APART = 5.0
"""Seconds from one merge to the next."""


class Pool(Struct, frozen=True, kw_only=True):
    """What a policy sees: the candidates, by number; the runs for the branch, whatever state of it they tested."""

    candidates: tuple[Candidate, ...]
    runs: Runs
    base: str
    now: datetime


class Policy(Protocol):
    """Says what is done next with a pool."""

    async def decide(self, pool: Pool) -> Sequence[Action]: ...


MakesPolicy = Callable[[Rules, Repository], Policy]
"""A policy for a repository under these rules."""


async def simulate(workload: Workload, policy: MakesPolicy, settings: Settings) -> Outcome:
    """What comes of the workload under the policy. Raises ConfigError where a job's name is none."""
    names = [job.name for job in workload.jobs]
    rules, repository = rules_of(names, settings), Repository(names)
    return await Simulation(workload, rules, repository, policy(rules, repository)).run()


class Simulation:
    """One workload under one policy."""

    def __init__(self, workload: Workload, rules: Rules, repository: Repository, policy: Policy) -> None:
        self._workload, self._rules, self._policy, self._repository = workload, rules, policy, repository
        self._clock = Clock()
        self._builds = Builds(self._clock, workload, fails=repository.fails, ended=self._hear_of, slots=rules.slots)
        self._authors = Authors(
            self._clock, workload, repository, retest=self._retest, changed=self._look_at_pull_request
        )
        self._candidates: dict[int, Candidate] = {}
        self._to_merge: deque[PullRequest] = deque()
        self._looked, self._is_woken = -LOOKS_APART, False
        self._retests = 0

    async def run(self) -> Outcome:
        """From the first pull request to the end."""
        for change in self._workload.changes:
            self._clock.after(change.arrived, self._arrival(change))
        await self._clock.run(self._workload.until)
        return self._outcome()

    def _arrival(self, change: Change) -> Event:
        async def arrive() -> None:
            self._look_at_pull_request(self._repository.open(change))

        return arrive

    # What happens around tide

    def _look_at_pull_request(self, proposal: Proposal) -> None:
        """It has changed: it is a candidate now, or is none any more. Source: functions/tide/members.py."""
        pull = proposal.pull
        is_member = proposal.is_open and not proposal.is_away and self._repository.is_mergeable(pull)
        if is_member and may_stay_in_pool(pull, self._rules.contexts, self._rules.presubmits):
            self._candidates[pull.number] = Candidate(pull, self._rules.presubmits)
        else:
            self._candidates.pop(pull.number, None)
        if proposal.is_away or not proposal.is_open:
            self._builds.stop_all_of(pull.number)
        self._wake()

    def _hear_of(self, job: ProwJob) -> None:
        """A run has ended. That of a pull request alone stands on its head then."""
        state, refs = job.status.state, refs_of(job)
        if job.spec.type == "presubmit" and state in {"success", "failure"}:
            proposal = self._repository.proposals[refs.pulls[0].number]
            if proposal.is_open and proposal.pull.head == refs.pulls[0].sha:
                self._say(proposal, job.spec.context, SUCCESS if state == "success" else FAILURE, refs.base_sha)
                if state == "failure":
                    self._authors.see_red(proposal, job.spec.job)
        self._wake()

    def _say(self, proposal: Proposal, name: str, state: str, base: str) -> None:
        """A status on the head of a pull request."""
        said = Context(name, state, with_base_sha(f"Job {state.lower()}.", base))
        others = [context for context in proposal.pull.contexts or () if context.name != name]
        proposal.pull = replace(proposal.pull, contexts=(*others, said))
        self._look_at_pull_request(proposal)

    def _retest(self, proposal: Proposal, contexts: Sequence[str]) -> None:
        """What /retest does. Source: functions/plugins/trigger."""
        refs = triggering.refs_of([proposal.pull], self._repository.base, "")
        for presubmit in self._rules.presubmits:
            if presubmit.context in contexts:
                self._retests += 1
                spec, name = presubmit_spec(presubmit, refs), f"retest-{self._retests}"
                self._start(new_prowjob(spec, name=name, start=self._clock.time))

    def _start(self, job: ProwJob) -> None:
        self._builds.start(job)
        if job.spec.type == "presubmit":
            refs = refs_of(job)
            self._say(self._repository.proposals[refs.pulls[0].number], job.spec.context, PENDING, refs.base_sha)

    # Tide

    def _wake(self) -> None:
        """Something has happened: the pool is looked at, but not all the time."""
        if not self._is_woken:
            self._is_woken = True
            self._clock.after(max(0.0, self._looked + LOOKS_APART - self._clock.now), self._look)

    async def _look(self) -> None:
        if self._to_merge:
            return  # whoever merges holds the pool, and looks again afterwards
        self._is_woken, self._looked = False, self._clock.now
        pool = Pool(
            candidates=tuple(self._candidates[number] for number in sorted(self._candidates)),
            runs=self._builds.runs,
            base=self._repository.base,
            now=self._clock.time,
        )
        for action in await self._policy.decide(pool):
            await self._carry_out(action)

    async def _carry_out(self, action: Action) -> None:
        """Source: functions/tide/acting.py."""
        match action.kind:
            case "TRIGGER" | "TRIGGER_BATCH":
                self._trigger(action)
            case "MERGE" | "MERGE_BATCH":
                self._to_merge.extend(action.targets)
                await self._merge()

    def _trigger(self, action: Action) -> None:
        base = self._repository.base
        runs = triggering.runs_for(
            action.targets,
            action.tests,
            base=base,
            config=self._rules.config,
            jobs=self._builds.runs.of_base(base),
            now=self._clock.time,
            why=action.why,
            trees=action.trees,
        )
        for run in runs:
            self._start(run.job)

    async def _merge(self) -> None:
        """Merge the next of those that are to be merged, and the others after it."""
        pull = self._to_merge.popleft()
        proposal = self._repository.proposals[pull.number]
        if proposal.is_open and proposal.pull.head == pull.head and self._repository.is_mergeable(pull):
            self._land(proposal, self._repository.put_on(self._repository.base, pull.head))
        if self._to_merge:
            self._clock.after(MERGES_APART, self._merge)
        else:
            self._clock.after(0, self._look)

    def _land(self, proposal: Proposal, commit: str) -> None:
        """The pull request is on the branch, at this commit."""
        self._repository.base = commit
        proposal.merged = self._clock.now
        self._look_at_pull_request(proposal)
        for number in proposal.change.conflicts:
            other = self._repository.proposals.get(number)
            if other and other.is_open and not other.is_away and not self._repository.is_mergeable(other.pull):
                self._authors.see_conflict(other)

    # What came of it

    def _outcome(self) -> Outcome:
        proposals = self._repository.proposals.values()
        passed, failed = self._builds.batches()
        return Outcome(
            hours=self._workload.hours,
            landed=tuple(
                Landed(number=one.change.number, arrived=one.change.arrived, merged=one.merged)
                for one in proposals
                if one.merged is not None
            ),
            waiting=tuple(self._workload.until - one.change.arrived for one in proposals if one.is_open),
            left=sum(one.left is not None for one in proposals),
            runs=self._builds.count,
            run_hours=self._builds.seconds / HOUR,
            passed=passed,
            failed=failed,
            queue=tuple(_queue(proposals)),
        )


def _queue(proposals: Iterable[Proposal]) -> Iterator[tuple[float, int]]:
    """From which second on how many were waiting."""
    steps = [(one.change.arrived, 1) for one in proposals]
    steps += [(ended, -1) for one in proposals for ended in (one.merged, one.left) if ended is not None]
    length = 0
    for time, step in sorted(steps):
        length += step
        yield time, length
