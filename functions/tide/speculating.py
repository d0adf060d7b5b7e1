"""Where a repository's queue works speculatively: what its lanes are given to see, and to ask."""

from collections.abc import Sequence

from cutwater.config.merge_queue import MergeQueue
from cutwater.config.own import own
from cutwater.config.tide import setting
from cutwater.events.look import Look
from cutwater.git.stacks import Stack
from functions.tide.choose import in_order
from functions.tide.contexts import is_passing, may_be_retested
from functions.tide.kept import Speculated
from functions.tide.lanes import Plan, Queue, plan
from functions.tide.members import Members
from functions.tide.results import Candidate, Required, Results
from functions.tide.sight import PoolName, Sight
from functions.tide.stacking import stack_of
from functions.tide.trials import trials_of


def queue_of(name: PoolName, look: Look) -> MergeQueue:
    """How the repository's queue works. Where batches are switched off, there are no lanes either."""
    prow = look.config.prow
    queue = setting(own(prow.prow_ignored).tide, name.org, name.repo, MergeQueue())
    is_off = setting(prow.tide.batch_size_limit, name.org, name.repo, 0) < 0
    return MergeQueue() if is_off else queue


async def speculate(
    sight: Sight,
    members: Members,
    results: Results,
    *,
    required: Required,
    was: Speculated,
    settings: MergeQueue,
    look: Look,
) -> Plan:
    """What is due in the pool. `was`: what is kept of it. Raises Later."""
    name, tide = sight.name, look.config.prow.tide
    limit = setting(tide.batch_size_limit, name.org, name.repo, 0)

    async def build(candidates: Sequence[Candidate], layers: int) -> Stack:
        return await stack_of([one.pull for one in candidates], sight, look, limit=layers)

    waiting = [one for one in members.candidates if not was.is_merged(one.pull, look.now)]
    candidates = in_order(waiting, tide.priority)
    wanted = {test.context for one in candidates for test in one.presubmits}
    runs = [job for job in sight.jobs if job.spec.context in wanted]  # what nobody must pass says nothing of anybody
    queue = Queue(
        candidates=tuple(candidates),
        fit={one.number for one in candidates if may_be_retested(one.pull, members.policy_of(one.pull), sight.jobs)},
        passing={one.number for one in candidates if is_passing(one.pull, members.policy_of(one.pull))},
        results=results,
        trials=trials_of(runs, look.now),
        void=was.void,
        base=sight.base,
        tree=sight.base_tree,
        lanes=settings.lanes,
        largest=min(limit or settings.largest_batch, settings.largest_batch),
    )
    return await plan(queue, required=required, build=build)
