"""What is known of a pool, and what is to be done with it."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from msgspec import Struct, field
from msgspec.structs import replace

from cutwater.config.jobs import Presubmit
from cutwater.config.tide import setting
from cutwater.events.look import Look
from cutwater.prowjob.types import ProwJob
from functions.tide.batching import Batch, broken_by, pick_batch
from functions.tide.choose import Action, choose
from functions.tide.contexts import is_passing, may_be_retested
from functions.tide.demands import Demanding
from functions.tide.kept import Kept
from functions.tide.lanes import Plan
from functions.tide.members import Members, fitting, members_of, tests_of_batch
from functions.tide.results import Batches, Candidate, Required, Results, accumulate, accumulate_batches, of_base
from functions.tide.sight import PoolName, Sight, see
from functions.tide.speculating import queue_of, speculate
from functions.tide.trials import trials_of
from functions.tide.unfinished import rest_of_batch

OVERLAP = timedelta(seconds=30)
"""How much further back than necessary changes are looked for: GitHub's copies of its data do not agree at once."""


class State(Struct, frozen=True, kw_only=True):
    """What is known of the pool, and what is to be done. `jobs`: the runs for the branch as it is now.

    `waits_for`: by number, what one of the pool waits for, in a sentence, where more can be said than the action tells.
    A speculative queue may do several things at once: `further` are the others. `error`: what nobody could find out.
    """

    sight: Sight
    members: Members
    jobs: Sequence[ProwJob]
    results: Results
    batches: Batches
    action: Action
    waits_for: Mapping[int, str] = field(default_factory=dict)
    is_speculative: bool = False
    further: tuple[Action, ...] = ()
    error: str = ""

    @property
    def actions(self) -> tuple[Action, ...]:
        """All that is to be done, in this order."""
        return (self.action, *self.further)

    @property
    def tenants(self) -> tuple[str, ...]:
        """The tenants of the runs for the branch as it is."""
        defaults = [job.spec.prowjob_defaults for job in self.jobs]
        return tuple(sorted({one.tenant_id if one else "" for one in defaults}))


async def assess(name: PoolName, was: Kept, look: Look, *, note: str = "") -> State:
    """Look at the pool and decide. `note`: what the last holder of its Lease left.

    Raises ValueError and Refused where nothing can be decided at all, and Later.
    """
    config, tide = look.config, look.config.prow.tide
    queries = tide.queries_of(name.org, name.repo)
    is_same = was.under.startswith(f"{config.digest} ")
    sight = await see(name, look, queries=queries, since=was.seen - OVERLAP if was.seen and is_same else None)
    if is_same and was.under != under(sight, look):
        sight = await see(name, look, queries=queries, since=None)
    demanding = Demanding(name, sight.base, look)
    members = await members_of(sight, was, demanding, look)
    jobs = of_base(sight.jobs, str(name), sight.base)
    results = accumulate(members.candidates, jobs, sight.base, look.now)

    async def required(batch: Sequence[Candidate]) -> Sequence[Presubmit]:
        return await tests_of_batch(batch, demanding, look)

    batches = await accumulate_batches(members.candidates, jobs, required, look.now)
    state = State(sight=sight, members=members, jobs=jobs, results=results, batches=batches, action=Action(kind="WAIT"))
    settings = queue_of(name, look)
    if settings.mode == "speculative" and not sight.blockers:
        plan = await speculate(
            sight, members, results, required=required, was=was.speculated, settings=settings, look=look
        )
        return planned(state, plan)
    rest = await rest_of_batch(note, sight, look) if note else ()
    if sight.blockers:
        action = Action(kind="BLOCKED", why=f"issue {sight.blockers[0].number} blocks the branch")
    elif rest:
        why = "it is of a batch that has passed, and a part of it is merged"
        action = Action(kind="MERGE_BATCH", targets=tuple(rest), why=why)
    else:
        action = await choose(
            results,
            batches,
            priorities=tide.priority,
            is_passing=lambda pull: is_passing(pull, members.policy_of(pull)),
            may_be_retested=lambda pull: may_be_retested(pull, members.policy_of(pull), sight.jobs),
            pick_batch=lambda candidates: next_batch(candidates, jobs, required, sight, look),
        )
    return replace(state, action=action)


def planned(state: State, plan: Plan) -> State:
    """With what a speculative queue does next."""
    action, *further = plan.actions or [Action(kind="WAIT", why="what was started goes on")]
    obstacles = {**plan.obstacles, **state.members.obstacles}
    return replace(
        state,
        members=replace(state.members, obstacles=obstacles),
        action=action,
        further=tuple(further),
        waits_for=plan.waits,
        is_speculative=True,
        error=plan.error,
    )


async def next_batch(
    candidates: Sequence[Candidate], jobs: Sequence[ProwJob], required: Required, sight: Sight, look: Look
) -> Batch:
    """The batch of these candidates that is to be tested next, as the repository's settings have it.

    Raises Refused and Later where nobody can tell.
    """
    name, tide = sight.name, look.config.prow.tide
    return await pick_batch(
        candidates,
        jobs,
        limit=setting(tide.batch_size_limit, name.org, name.repo, 0),
        prefers_existing=setting(tide.prioritize_existing_batches, name.org, name.repo, default=True),
        together=lambda batch, limit: fitting(batch, limit, sight, look),
        required=required,
        broken=broken_by(
            trials_of(sight.jobs, look.now), candidates, sight.base, {pull.number: pull.head for pull in sight.pulls}
        ),
    )


def under(sight: Sight, look: Look) -> str:
    """What the statuses of all pull requests depend on."""
    return f"{look.config.digest} {','.join(str(blocker.number) for blocker in sight.blockers)} {sight.brings}"
