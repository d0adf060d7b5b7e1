"""What is kept of every pull request for who asks why it is not merged: how it stands, and what was decided when.

One object a pool in the state bucket, written where a look has changed something in it.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from cutwater.config.tide import Tide
from cutwater.events.effect import Act
from cutwater.events.explanations import Decision, Explained, Explanation, Lack, Mender, Verdict
from cutwater.events.look import Look
from cutwater.events.pools import EXPLANATIONS, key_of
from cutwater.prowjob.types import ProwJob
from cutwater.storage.effects import KeepState
from functions.tide.acting import Done
from functions.tide.assessment import State
from functions.tide.choose import Action
from functions.tide.estimating import ENOUGH
from functions.tide.explaining import Circumstances, Judged, action_on, beside, circumstances, explain
from functions.tide.pull_requests import PullRequest
from functions.tide.sight import PoolName, Sight

MOST_DECISIONS = 20
"""Decisions that are kept of one pull request."""
MOST_PULLS = 2000
"""Pull requests of one pool; those that changed last."""
AFTERWARDS = timedelta(days=7)
"""So long one that was merged or closed can still be asked for."""
FAILED = frozenset({"failure", "error", "aborted"})
MERGED, GONE = "It is merged.", "It is not open any more, or it is for another branch by now."


class Found(Struct, frozen=True):
    """What is kept, and the etag of its object; "" where there is none yet."""

    value: Explained
    etag: str = ""


async def explain_pool(state: State, done: Done, judged: Mapping[int, Judged], look: Look, act: Act) -> None:
    """Keep how they stand. `judged`: nobody where something was merged: the branch has moved under the others."""
    found = await _read(state.sight.name, look)
    after = explained(found.value, state, done, judged, look.config.prow.tide, look.now)
    await _keep(found, after, state.sight.name, act)


async def explain_trouble(name: PoolName, error: str, mend: Mender, look: Look, act: Act) -> None:
    """Keep why nothing can be said of the pool."""
    found = await _read(name, look)
    await _keep(found, replace(found.value, trouble=Lack(error, mend)), name, act)


def explained(
    was: Explained, state: State, done: Done, judged: Mapping[int, Judged], tide: Tide, now: datetime
) -> Explained:
    """All of the pool. Who was not looked at now stands as before."""
    merged = (*was.merged, len(done.merged))[-ENOUGH:] if done.merged else was.merged
    around = circumstances(state, done, tide, now, merged=merged)
    seen = {pull.number for pull in state.sight.pulls}
    pulls = {
        number: _over(old, "gone", GONE, now) if number not in seen and _would_be_seen(old, state.sight) else old
        for number, old in was.pulls.items()
    }
    for pull in state.sight.pulls:
        if pull.number in done.merged:
            pulls[pull.number] = _over(pulls.get(pull.number, _new(pull, now)), "merged", MERGED, now)
    for number, old in pulls.items():
        pulls[number] = _with(old, _happened(old, around))
    for number, one in judged.items():
        pulls[number] = _succeeding(pulls.get(number), explain(one, around), around)
    return Explained(
        base=state.sight.base,
        trouble=Lack(state.sight.trouble, "cutwater") if state.sight.trouble else None,
        pulls=_bounded(pulls, now),
        merged=merged,
        tenants=state.tenants,
    )


def _would_be_seen(old: Explanation, sight: Sight) -> bool:
    """Whether this look would have seen it if it were open."""
    return old.is_read_always and not old.is_over and not sight.trouble


def _new(pull: PullRequest, now: datetime) -> Explanation:
    """One that is merged at the first look."""
    return Explanation(
        number=pull.number,
        title=pull.title,
        author=pull.author,
        head=pull.head,
        head_ref=pull.head_ref,
        verdict="ready",
        says="It can be merged.",
        since=now,
    )


def _over(old: Explanation, verdict: Verdict, says: str, now: datetime) -> Explanation:
    """One that waits for nothing any more."""
    return Explanation(
        number=old.number,
        title=old.title,
        author=old.author,
        head=old.head,
        head_ref=old.head_ref,
        verdict=verdict,
        says=says,
        since=now,
        decisions=old.decisions,
    )


def _succeeding(old: Explanation | None, new: Explanation, around: Circumstances) -> Explanation:
    """The new one, with what is remembered of the old one; what it says is dated from when that began."""
    if old is None:
        new = _with(new, _happened(new, around))
    else:
        is_same = (old.verdict, old.says, old.description) == (new.verdict, new.says, new.description)
        new = replace(new, since=old.since if is_same else new.since, decisions=old.decisions)
    return _with(new, _changed(old, new, around.now))


def _changed(old: Explanation | None, new: Explanation, now: datetime) -> Iterator[Decision]:
    """What is different from the last look that saw it."""
    if new.description and (old is None or old.description != new.description):
        yield Decision(now, f'the status became "{new.description}"')
    if old is not None and old.head != new.head:
        yield Decision(now, f"its head became {new.head[:8]}")


def _with(one: Explanation, happened: Iterable[Decision]) -> Explanation:
    """With what has happened, the newest first. What is remembered already is not remembered again."""
    known = {decision.run for decision in one.decisions if decision.run}
    new = [decision for decision in happened if decision.run not in known]
    if not new:
        return one
    decisions = sorted((*new, *one.decisions), key=lambda decision: decision.time, reverse=True)
    return replace(one, decisions=tuple(decisions[:MOST_DECISIONS]))


# What happened to one


def _happened(one: Explanation, around: Circumstances) -> Iterator[Decision]:
    """In this look, and before it: tests of this very head that have failed."""
    oldest = one.decisions[-1].time if len(one.decisions) == MOST_DECISIONS else None
    for job in around.runs.get(one.head, ()):
        ended = job.status.completionTime
        if job.status.state in FAILED and ended is not None and (oldest is None or ended > oldest):
            yield _failure(job, one.number, ended)
    action = action_on(one.number, around.state)
    if action is not None and _is_news(action, one, around):
        yield _done(action, one.number, around)


def _is_news(action: Action, one: Explanation, around: Circumstances) -> bool:
    """A batch on top of one that is being tested is none to those in it."""
    is_in_a_batch = any(job.spec.type == "batch" and not job.is_complete for job in around.runs.get(one.head, ()))
    return not (around.state.is_speculative and action.kind == "TRIGGER_BATCH" and is_in_a_batch)


def _failure(job: ProwJob, number: int, ended: datetime) -> Decision:
    refs = job.spec.refs
    where = f" on {refs.base_ref} at {refs.base_sha[:8]}" if refs and refs.base_sha else ""
    state = "was aborted" if job.status.state == "aborted" else "failed"
    return Decision(
        time=ended,
        what=f"{job.spec.job} {state}{where}{beside(number, refs.pulls if refs else ())}",
        job=job.spec.job,
        run=job.metadata.name,
        url=job.status.url,
    )


def _done(action: Action, number: int, around: Circumstances) -> Decision:
    """What this look did to it."""
    sight, done = around.state.sight, around.done
    together = beside(number, action.targets)
    if action.kind in {"TRIGGER", "TRIGGER_BATCH"}:
        tests = ", ".join(sorted(test.name for test in action.tests))
        what = f"its tests ({tests}) were started on {sight.name.branch} at {sight.base[:8]}{together}"
        if done.error:
            what = f"its tests could not be started: {done.error}"
    elif number in done.merged:
        what = f"it was merged{together}"
    else:
        why = next((one.why for one in done.failures if one.number == number), "one before it could not be merged")
        what = f"it was to be merged{together}, and was not: {why}"
    return Decision(around.now, what, action.why)


# Keeping it


def _bounded(pulls: Mapping[int, Explanation], now: datetime) -> Mapping[int, Explanation]:
    """Without those that are long over, nor more than can be kept; by number."""
    wanted = [one for one in pulls.values() if not one.is_over or now - one.since < AFTERWARDS]
    newest = sorted(wanted, key=lambda one: (not one.is_over, one.since), reverse=True)[:MOST_PULLS]
    return {one.number: one for one in sorted(newest, key=lambda one: one.number)}


async def _read(name: PoolName, look: Look) -> Found:
    """What is kept; nothing where another version has kept something else."""
    found = await look.state.get(key_of(EXPLANATIONS, name.org, name.repo, name.branch))
    if found is None:
        return Found(Explained())
    try:
        return Found(msgspec.json.decode(found.body, type=Explained), found.etag)
    except msgspec.DecodeError:
        return Found(Explained(), found.etag)


async def _keep(found: Found, after: Explained, name: PoolName, act: Act) -> None:
    if after == found.value or not (found.etag or after.pulls or after.trouble):
        return
    key = key_of(EXPLANATIONS, name.org, name.repo, name.branch)
    body = msgspec.json.encode(after).decode()
    await act(KeepState(key=key, body=body, etag=found.etag, why="what a pull request waits for has changed"))
