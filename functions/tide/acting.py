"""What was decided for a pool is done: tests are started, pull requests are merged; and it is remembered."""

from msgspec import Struct

from cutwater.errors import Refused
from cutwater.events.effect import Act
from cutwater.events.look import Look
from cutwater.kube.leases import Holding
from functions.tide import kept, merging
from functions.tide.assessment import State
from functions.tide.kept import Entry
from functions.tide.merging import Branch, Failure
from functions.tide.overwriting import overwrite_pending
from functions.tide.pull_requests import PullRequest
from functions.tide.triggering import refs_of, runs_for


class Done(Struct, frozen=True, kw_only=True):
    """What was done: the numbers of what was merged, or was to be; and what went wrong, in words for people, too."""

    tried: frozenset[int] = frozenset()
    merged: frozenset[int] = frozenset()
    failures: tuple[Failure, ...] = ()
    error: str = ""


async def carry_out(state: State, holding: Holding | None, look: Look, act: Act) -> Done:
    """Do what was decided, and remember it. `holding`: how the pool is held."""
    match state.action.kind:
        case "TRIGGER":
            done = await _trigger(state, look, act)
        case "MERGE" | "MERGE_BATCH":
            done = await _merge(state, holding, look, act)
        case _:
            return Done()
    name, action = state.sight.name, state.action
    entry = Entry(
        time=look.now,
        action=action.kind,
        base_sha=state.sight.base,
        target=kept.targets(action.targets),
        err=done.error,
        tenant_ids=state.tenants,
    )
    await act(await kept.add_to_history(look, name, entry))
    return done


async def _trigger(state: State, look: Look, act: Act) -> Done:
    taken = {job.metadata.name for job in state.sight.jobs}
    for run in runs_for(
        state.action.targets[0],
        state.action.tests,
        base=state.sight.base,
        config=look.config,
        taken=taken,
        now=look.now,
        why=state.action.why,
    ):
        try:
            await act(run)
        except Refused as refused:
            return Done(error=f"{run.job.spec.job} cannot be started: {refused}")
    return Done()


async def _merge(state: State, holding: Holding | None, look: Look, act: Act) -> Done:
    sight, pulls = state.sight, state.action.targets
    branch = Branch(
        org=sight.name.org,
        repo=sight.name.repo,
        name=sight.name.branch,
        base=sight.base,
        refs=str(refs_of(pulls, sight.base, "")),
        holding=holding,
    )

    async def prepare(pull: PullRequest) -> None:
        if state.members.policy_of(pull).overwrite_pending:
            await overwrite_pending(pull, pulls, state.jobs, look, act)

    outcome = await merging.merge_all(pulls, branch, look.config.prow.tide, look, act, prepare=prepare)
    return Done(
        tried=frozenset(outcome.tried),
        merged=frozenset(outcome.merged),
        failures=tuple(outcome.failures),
        error=merging.report(outcome, pulls, for_people=True),
    )
