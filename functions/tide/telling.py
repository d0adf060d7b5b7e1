"""What a look at a pool tells: its pull requests by their statuses, and deck."""

from datetime import timedelta

from cutwater.errors import Refused
from cutwater.events.effect import Act
from cutwater.events.look import Look
from functions.tide import kept, statuses
from functions.tide.acting import Done
from functions.tide.assessment import State
from functions.tide.kept import Kept
from functions.tide.pull_requests import PullRequest
from functions.tide.statuses import Standing

ENOUGH = timedelta(seconds=45)
"""After so long no other status is set in the same look."""


def shown(state: State, done: Done) -> kept.Pool | None:
    """The pool for deck; None where nobody is in it."""
    name, results = state.sight.name, state.results
    if not state.members.candidates:
        return None
    return kept.Pool(
        org=name.org,
        repo=name.repo,
        branch=name.branch,
        success_prs=kept.shown(one.pull for one in results.successes),
        pending_prs=kept.shown(one.pull for one in results.pendings),
        missing_prs=kept.shown(one.pull for one in results.missings),
        batch_pending=kept.shown(one.pull for one in state.batches.pending),
        action=state.action.kind,
        target=kept.shown(state.action.targets),
        blockers=state.sight.blockers,
        error=done.error,
        tenant_ids=state.tenants,
    )


async def tell(state: State, done: Done, after: Kept, look: Look, act: Act) -> bool:
    """Set the statuses that do not say what they should. False where there was no time for all of them.

    One that was to be merged had its status set to success before; where that failed, it is told how it stands.
    """
    tide = look.config.prow.tide
    for pull in state.sight.pulls:
        if pull.number in done.merged or pull.contexts is None:
            continue
        wanted = statuses.expected(standing_of(pull, state, after, look), tide)
        if pull.number not in done.tried and statuses.says(pull, wanted):
            continue
        if look.again().now - look.now > ENOUGH:
            return False
        try:
            await act(statuses.set_status(pull, wanted, tide, why=state.action.why))
        except Refused:
            continue  # recorded; the others are told all the same
    return True


def standing_of(pull: PullRequest, state: State, after: Kept, look: Look) -> Standing:
    """Where the pull request stands. `after`: with what GitHub has refused just now."""
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
        retesting=statuses.untested(pull, sight.base, contexts, state.jobs),
    )
