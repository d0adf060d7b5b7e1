"""How a simulated queue is worked off: by tide's own decisions, given what they see in production."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from cutwater.cli.tide.remembering import Remembering
from cutwater.cli.tide.repository import Repository
from cutwater.cli.tide.runs import Runs
from cutwater.cli.tide.settings import Rules
from cutwater.cli.tide.simulation import MakesPolicy, Pool
from cutwater.config.jobs import Presubmit
from cutwater.git.stacks import Stack
from cutwater.prowjob.types import ProwJob
from functions.tide.batching import Batch, broken_by, pick_batch
from functions.tide.choose import Action, choose
from functions.tide.contexts import is_passing, may_be_retested
from functions.tide.lanes import Queue, plan
from functions.tide.pull_requests import PullRequest
from functions.tide.results import Candidate, accumulate_batches


class Compatible:
    """Tide as upstream has it. Source: functions/tide/assessment.py."""

    def __init__(self, rules: Rules, repository: Repository) -> None:
        self._rules, self._repository = rules, repository
        self._remembering = Remembering()

    async def decide(self, pool: Pool) -> Sequence[Action]:
        jobs = pool.runs.of_base(pool.base)

        async def pick(candidates: Sequence[Candidate]) -> Batch:
            return await self._pick(candidates, jobs, pool)

        action = await choose(
            self._remembering.accumulate(pool.candidates, jobs, pool.base, pool.now),
            await accumulate_batches(pool.candidates, jobs, self._required, pool.now),
            priorities=(),
            is_passing=lambda pull: is_passing(pull, self._rules.contexts),
            may_be_retested=lambda pull: _may_be_retested(pull, self._rules, pool.runs),
            pick_batch=pick,
        )
        return [action]

    async def _pick(self, candidates: Sequence[Candidate], jobs: Sequence[ProwJob], pool: Pool) -> Batch:
        async def together(batch: Sequence[Candidate], limit: int) -> Sequence[Candidate]:
            by_number = {one.number: one for one in batch}
            stack = self._repository.stack([one.pull for one in batch], base=pool.base, limit=limit)
            return [by_number[layer.number] for layer in stack.layers]

        return await pick_batch(
            candidates,
            jobs,
            limit=self._rules.largest_batch,
            prefers_existing=True,
            together=together,
            required=self._required,
            broken=broken_by(
                self._remembering.trials_of(pool.runs, pool.now),
                candidates,
                pool.base,
                {one.number: one.pull.head for one in pool.candidates},
            ),
        )

    async def _required(self, batch: Sequence[Candidate]) -> Sequence[Presubmit]:
        return self._rules.presubmits


class Speculative:
    """Batches in lanes. Source: functions/tide/speculating.py."""

    def __init__(self, rules: Rules, repository: Repository) -> None:
        self._rules, self._repository = rules, repository
        self._remembering = Remembering()

    async def decide(self, pool: Pool) -> Sequence[Action]:
        rules = self._rules
        jobs = pool.runs.of_base(pool.base)
        queue = Queue(
            candidates=pool.candidates,
            fit={one.number for one in pool.candidates if _may_be_retested(one.pull, rules, pool.runs)},
            passing={one.number for one in pool.candidates if is_passing(one.pull, rules.contexts)},
            results=self._remembering.accumulate(pool.candidates, jobs, pool.base, pool.now),
            trials=self._remembering.trials_of(pool.runs, pool.now),
            base=pool.base,
            tree=self._repository.tree_of(pool.base),
            lanes=rules.queue.lanes,
            largest=min(rules.largest_batch or rules.queue.largest_batch, rules.queue.largest_batch),
        )

        async def build(candidates: Sequence[Candidate], limit: int) -> Stack:
            return self._repository.stack([one.pull for one in candidates], base=pool.base, limit=limit)

        found = await plan(queue, required=self._required, build=build)
        return found.actions

    async def _required(self, batch: Sequence[Candidate]) -> Sequence[Presubmit]:
        return self._rules.presubmits


def _may_be_retested(pull: PullRequest, rules: Rules, runs: Runs) -> bool:
    return may_be_retested(pull, rules.contexts, runs.alone(pull.number))


POLICIES: Mapping[str, MakesPolicy] = MappingProxyType({"compatible": Compatible, "speculative": Speculative})
