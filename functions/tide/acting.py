"""What was decided for a pool is done: tests are started, pull requests are merged; and it is remembered."""

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from cutwater.errors import Refused
from cutwater.events.effect import Act
from cutwater.events.look import Look
from cutwater.events.pools import Entry
from cutwater.kube.leases import Holding
from functions.tide import kept, merging
from functions.tide.assessment import State
from functions.tide.choose import Action
from functions.tide.kept import Kept, Speculated
from functions.tide.landing import land, remembered
from functions.tide.merging import Branch, Failure, Outcome
from functions.tide.overwriting import overwrite_pending
from functions.tide.pull_requests import PullRequest
from functions.tide.triggering import failure, refs_of, runs_for


class Done(Struct, frozen=True, kw_only=True):
    """What was done: the numbers of what was merged, or was to be; and what went wrong, in words for people, too.

    `speculated`: what a speculative queue has to remember of it.
    """

    tried: frozenset[int] = frozenset()
    merged: frozenset[int] = frozenset()
    failures: tuple[Failure, ...] = ()
    error: str = ""
    speculated: Speculated | None = None

    def and_then(self, more: "Done") -> "Done":
        """Both, the one after the other."""
        return Done(
            tried=self.tried | more.tried,
            merged=self.merged | more.merged,
            failures=self.failures + more.failures,
            error="; ".join(filter(None, (self.error, more.error))),
            speculated=more.speculated or self.speculated,
        )


async def carry_out(state: State, was: Kept, holding: Holding | None, look: Look, act: Act) -> Done:
    """Do what was decided, and remember it. `was`: what was kept of the pool; `holding`: how the pool is held."""
    done = Done(error=state.error)
    entries: list[Entry] = []
    for action in state.actions:
        match action.kind:
            case "TRIGGER" | "TRIGGER_BATCH":
                one = await _trigger(action, state, look, act)
            case "MERGE" | "MERGE_BATCH":
                one = await _merge(action, state, was, holding, look, act)
            case _:
                done = done.and_then(Done(error=action.error))
                continue
        done = done.and_then(one)
        entry = Entry(
            time=look.now,
            action=action.kind,
            base_sha=state.sight.base,
            target=kept.targets(action.targets),
            err=one.error,
            tenant_ids=state.tenants,
        )
        entries.insert(0, entry)
    if entries:
        await act(await kept.add_to_history(look, state.sight.name, entries))
    return done


async def _trigger(action: Action, state: State, look: Look, act: Act) -> Done:
    for run in runs_for(
        action.targets,
        action.tests,
        base=state.sight.base,
        config=look.config,
        jobs=state.sight.jobs,
        now=look.now,
        why=action.why,
        trees=action.trees,
    ):
        try:
            await act(run)
        except Refused as refused:
            return Done(error=failure(run, refused))
    return Done()


async def _merge(action: Action, state: State, was: Kept, holding: Holding | None, look: Look, act: Act) -> Done:
    sight, pulls = state.sight, action.targets
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

    if not state.is_speculative:
        outcome = await merging.merge_all(pulls, branch, look.config.prow.tide, look, act, prepare=prepare)
        return _done(outcome, pulls)
    landing = await land(
        pulls,
        action.trees,
        branch,
        sight,
        look,
        act,
        may_move=was.speculated.may_move(look.now),
        prepare=prepare,
    )
    done = _done(landing.outcome, pulls)
    differing = [f"#{number}" for number in landing.outcome.differing]
    if differing:
        why = f"{', '.join(differing)} became something else than was tested: what stands above is tested again"
        done = done.and_then(Done(error=why))
    if landing.refusal:
        why = f"we may not move {branch.name} ({landing.refusal}): they are merged one after the other"
        done = done.and_then(Done(error=why))
    return replace(done, speculated=remembered(landing, action, sight.base, was.speculated, look.now))


def _done(outcome: Outcome, pulls: Sequence[PullRequest]) -> Done:
    return Done(
        tried=frozenset(outcome.tried),
        merged=frozenset(outcome.merged),
        failures=tuple(outcome.failures),
        error=merging.report(outcome, pulls, for_people=True),
    )
