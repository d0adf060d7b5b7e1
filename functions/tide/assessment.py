"""What is known of a pool, and what is to be done with it."""

from collections.abc import Sequence
from datetime import timedelta

from msgspec import Struct

from cutwater.events.look import Look
from cutwater.prowjob.types import ProwJob
from functions.tide.choose import Action, choose
from functions.tide.contexts import is_passing, may_be_retested
from functions.tide.demands import Demanding
from functions.tide.kept import Kept
from functions.tide.members import Members, contexts_of_batch, members_of
from functions.tide.results import Batches, Results, accumulate, accumulate_batches, of_base
from functions.tide.sight import PoolName, Sight, see
from functions.tide.unfinished import rest_of_batch

OVERLAP = timedelta(seconds=30)
"""How much further back than necessary changes are looked for: GitHub's copies of its data do not agree at once."""


class State(Struct, frozen=True, kw_only=True):
    """What is known of the pool, and what is to be done. `jobs`: the runs for the branch as it is now."""

    sight: Sight
    members: Members
    jobs: Sequence[ProwJob]
    results: Results
    batches: Batches
    action: Action

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
    batches = await accumulate_batches(
        members.candidates, jobs, lambda batch: contexts_of_batch(batch, demanding, look), look.now
    )
    rest = await rest_of_batch(note, sight, look) if note else ()
    if sight.blockers:
        action = Action(kind="BLOCKED", why=f"issue {sight.blockers[0].number} blocks the branch")
    elif rest:
        why = "it is of a batch that has passed, and a part of it is merged"
        action = Action(kind="MERGE_BATCH", targets=tuple(rest), why=why)
    else:
        action = choose(
            results,
            batches,
            priorities=tide.priority,
            is_passing=lambda pull: is_passing(pull, members.policy_of(pull)),
            may_be_retested=lambda pull: may_be_retested(pull, members.policy_of(pull), sight.jobs),
        )
    return State(sight=sight, members=members, jobs=jobs, results=results, batches=batches, action=action)


def under(sight: Sight, look: Look) -> str:
    """What the statuses of all pull requests depend on."""
    return f"{look.config.digest} {','.join(str(blocker.number) for blocker in sight.blockers)} {sight.brings}"
