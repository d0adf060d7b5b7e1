"""One pool, from the look to the statuses."""

from msgspec.structs import replace

from cutwater.errors import Refused
from cutwater.events.effect import Act
from cutwater.events.look import Look
from cutwater.events.pools import EXPLANATIONS, POOLS, key_of
from cutwater.events.publish import LookAgain
from cutwater.kube.client import LEASE, Json
from cutwater.kube.leases import holding_of, lease_name, note_of
from cutwater.storage.effects import DeleteState
from functions.tide import kept
from functions.tide.acting import carry_out
from functions.tide.assessment import assess, under
from functions.tide.chronicle import explain_pool, explain_trouble
from functions.tide.kept import Kept
from functions.tide.sight import PoolName, Sight
from functions.tide.telling import Told, shown, tell


def subject(name: PoolName) -> str:
    """The name under which one function at a time has the pool to itself."""
    return f"tide/{name}"


async def look_at_pool(name: PoolName, look: Look, act: Act) -> None:
    """Do what is due in the pool, and tell its pull requests what they wait for."""
    if not look.config.prow.tide.queries_of(name.org, name.repo):
        await _forget(name, look, act)
        return
    found, lease = await kept.read(look, name), await _lease(name, look)
    try:
        state = await assess(name, found.value, look, note=note_of(lease) if lease else "")
    except (Refused, ValueError) as error:
        await _keep(found, replace(found.value, pool=kept.pool_in_trouble(name, str(error))), name, act)
        await explain_trouble(name, str(error), "cutwater", look, act)
        return
    done = await carry_out(state, found.value, holding_of(lease) if lease else None, look, act)
    after = found.value.after(done.failures, state.sight.pulls, look.config.digest, look.now)
    after = replace(after, pool=shown(state, done), speculated=done.speculated or after.speculated)
    again = ""
    told = await tell(state, done, after, look, act) if not done.merged else Told()
    await explain_pool(state, done, told.judged, look, act)
    if done.merged:
        again = "the branch has moved"
    elif not told.is_all:
        again = "not all statuses have been set"
    else:
        after = after if state.sight.trouble else _all_told(after, state.sight, look)
        again = "GitHub has refused a merge" if any(failure.words for failure in done.failures) else ""
    await _keep(found, after, name, act)
    if again:
        await act(LookAgain(role="tide", subject=str(name), why=again))


def _all_told(after: Kept, sight: Sight, look: Look) -> Kept:
    """The statuses are right, up to the newest change that was seen."""
    newest = max((pull.updated_at for pull in sight.pulls if pull.updated_at), default=after.seen)
    return replace(after, seen=newest, under=under(sight, look) if newest else "")


async def _forget(name: PoolName, look: Look, act: Act) -> None:
    """No query is about its repository: what people were told of the pool goes."""
    if (await kept.read(look, name)).etag:
        keys = tuple(key_of(kind, name.org, name.repo, name.branch) for kind in (POOLS, EXPLANATIONS))
        await act(DeleteState(keys=keys, why="no query is about its repository any more"))


async def _lease(name: PoolName, look: Look) -> Json | None:
    """The pool's Lease, which we hold; None where nobody has taken it (a dry run)."""
    if subject(name) not in look.held:
        return None
    return await look.kube.get(LEASE, look.config.prow.prowjob_namespace, lease_name(subject(name)))


async def _keep(found: kept.Found, after: Kept, name: PoolName, act: Act) -> None:
    effect = kept.keep(found, after, name)
    if effect is not None:
        await act(effect)
