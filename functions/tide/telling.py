"""What a look at a pool tells: its pull requests by their statuses, and deck."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from msgspec import Struct, field

from cutwater.config.tide import Tide
from cutwater.errors import Refused
from cutwater.events.effect import Act
from cutwater.events.look import Look
from cutwater.events.pools import Pool
from cutwater.prowjob.types import ProwJob
from functions.tide import kept, statuses
from functions.tide.acting import Done
from functions.tide.assessment import State
from functions.tide.explaining import Judged, runs_by_head
from functions.tide.kept import Kept
from functions.tide.pull_requests import PullRequest
from functions.tide.results import Candidate
from functions.tide.statuses import Expected, Standing

ENOUGH = timedelta(seconds=45)
"""After so long no other status is set in the same look."""


def shown(state: State, done: Done) -> Pool | None:
    """The pool for deck; None where nobody is in it, and nothing is wrong."""
    name, results = state.sight.name, state.results
    if not state.members.candidates and not state.sight.trouble:
        return None
    return Pool(
        org=name.org,
        repo=name.repo,
        branch=name.branch,
        success_prs=kept.shown(one.pull for one in results.successes),
        pending_prs=kept.shown(one.pull for one in results.pendings),
        missing_prs=kept.shown(one.pull for one in results.missings),
        batch_pending=kept.shown(one.pull for one in _in_a_batch(state)),
        action=state.action.kind,
        target=kept.shown(state.action.targets),
        blockers=state.sight.blockers,
        error="; ".join(filter(None, (done.error, state.sight.trouble))),
        tenant_ids=state.tenants,
    )


def _in_a_batch(state: State) -> Sequence[Candidate]:
    """The batch that is being tested; where several are, on top of each other, all that are in one."""
    if not state.is_speculative:
        return state.batches.pending
    running = [job.spec for job in state.sight.jobs if job.spec.type == "batch" and not job.is_complete]
    tested = {(pull.number, pull.sha) for spec in running if spec.refs for pull in spec.refs.pulls}
    return [one for one in state.members.candidates if (one.number, one.pull.head) in tested]


class Told(Struct, frozen=True, kw_only=True):
    """How the pull requests stand, by number. `is_all`: that there was time for the statuses of all of them."""

    judged: Mapping[int, Judged] = field(default_factory=dict)
    is_all: bool = True


async def tell(state: State, done: Done, after: Kept, look: Look, act: Act) -> Told:
    """Set the statuses that do not say what they should.

    One that was to be merged had its status set to success before; where that failed, it is told how it stands.
    """
    tide, runs = look.config.prow.tide, runs_by_head(state.jobs)
    judged: dict[int, Judged] = {}
    is_all = True
    for pull in state.sight.pulls:
        standing = standing_of(pull, state, after, runs.get(pull.head, ()), look)
        wanted = statuses.expected(standing, tide)
        refused = ""
        is_told = pull.number not in done.tried and statuses.says(pull, wanted)
        if pull.contexts is not None and not is_told:
            is_all = is_all and look.again().now - look.now <= ENOUGH
            if is_all:
                refused = await _set(pull, wanted, state, tide, act)
        is_landed = after.speculated.is_merged(pull, look.now)
        judged[pull.number] = Judged(standing=standing, wanted=wanted, refused=refused, is_landed=is_landed)
    return Told(judged=judged, is_all=is_all)


async def _set(pull: PullRequest, wanted: Expected, state: State, tide: Tide, act: Act) -> str:
    """Set the status. GitHub's words where it refuses that: the others are told all the same."""
    try:
        await act(statuses.set_status(pull, wanted, tide, why=state.action.why))
    except Refused as refused:
        return str(refused)
    return ""


def standing_of(pull: PullRequest, state: State, after: Kept, runs: Sequence[ProwJob], look: Look) -> Standing:
    """Where it stands. `after`: with what GitHub has refused just now; `runs`: those of its head that count."""
    sight, members = state.sight, state.members
    candidate = next((one for one in members.candidates if one.number == pull.number), None)
    policy = members.policy_of(pull)
    contexts = {*policy.required, *(job.context for job in (candidate.presubmits if candidate else ()))}
    return Standing(
        pull=pull,
        is_in_pool=candidate is not None,
        policy=policy,
        obstacle=members.obstacles.get(pull.number) or after.refused_words(pull, look.config.digest, look.now),
        blockers=sight.blockers,
        retesting=statuses.untested(pull, sight.base, contexts, runs),
    )
