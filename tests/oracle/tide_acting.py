"""tide/subpool and tide/merge: what tide does with a pool, and what it tells of it, in a world as the row has it."""

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from cutwater.config.findings import ConfigError
from cutwater.errors import Later, Refused
from cutwater.events.effect import Result, apply
from cutwater.events.level import look_again
from cutwater.events.look import look_at
from cutwater.events.publish import look_event
from functions.tide import merging
from functions.tide.assessment import State, assess
from functions.tide.function import tide
from functions.tide.kept import Kept
from functions.tide.mergeability import method_of, obstacle
from functions.tide.merging import Branch
from functions.tide.overwriting import overwrite_pending
from functions.tide.pull_requests import TIDE, PullRequest
from functions.tide.results import of_base
from functions.tide.sight import PoolName, see
from tests.oracle.clusters import Json
from tests.oracle.tide_batches import forgetting_failures
from tests.oracle.tide_world import Given, World, answered, pools
from tests.oracle_rows import OnPurpose, Row, difference

KINDS = ("tide/subpool", "tide/merge")
MECHANISM = ("git_merges", "handover", "operator_errors", "operator_error")
"""What of upstream's answer tells how it goes about things."""
_OTHER_ANSWER = re.compile(
    r"(?:status code|the GitHub API request returns a) (\d+)(?: not one of \[[0-9 ]*\], body| error): "
    r'\{"message":"([^"]*)"\}'
)


def check(row: Row) -> str | None:
    """The difference between what we do and what upstream did, or None."""
    theirs = row.get("upstream_any_of") or [row["upstream"]]
    try:
        mine = answered(_sync if row["kind"] == "subpool" else _merges, row["input"])
    except ConfigError as error:
        return None if any("config_error" in one for one in theirs) else f"we refuse: {error}"
    except Refused as refused:
        is_in_trouble = row["input"].get("repo_error")
        return OnPurpose("a-pool-in-trouble-is-shown") if is_in_trouble else f"we refuse: {refused}"
    found = [difference(_comparable(mine), _comparable(one)) for one in theirs]
    if None in found:
        return None
    return _on_purpose(row["input"], mine, theirs[0]) or _tested_again(row, theirs) or found[0]


def _tested_again(row: Row, theirs: Sequence[Json]) -> OnPurpose | None:
    """Whether upstream has started a batch again that has failed."""
    if row["kind"] != "subpool":
        return None
    with forgetting_failures():
        mine = answered(_sync, row["input"])
    is_meant = any(difference(_comparable(mine), _comparable(one)) is None for one in theirs)
    return OnPurpose("a-batch-that-failed-is-not-tested-again") if is_meant else None


def _on_purpose(given: Given, mine: Json, theirs: Json) -> OnPurpose | None:
    nobody: Json = {**mine, "pools": [], "error": ""}
    if mine.get("error") and not theirs.get("pools") and difference(_comparable(nobody), _comparable(theirs)) is None:
        return OnPurpose("a-pool-in-trouble-is-shown")
    if not theirs.get("pools") and any(pull.get("changes_error") for pull in given["prs"]):
        return OnPurpose("one-whose-files-cannot-be-read")
    needless = [one for one in theirs.get("statuses") or () if one not in mine["statuses"]]
    is_there = {pull["number"] for pull in given["prs"] if TIDE in {one["context"] for one in pull["contexts"]}}
    if needless and {one["pr"] for one in needless} <= is_there:
        return OnPurpose("a-status-that-stands-is-not-set-again")
    readable = [pull for pull in given["prs"] if not pull.get("changes_error")]
    if len(readable) < len(given["prs"]) and not theirs.get("pools"):
        without = answered(_sync, {**given, "prs": readable})
        if difference(_comparable(mine), _comparable(without)) is None:
            return OnPurpose("one-whose-files-cannot-be-read")
    return None


def _comparable(answer: Json) -> Json:
    """What is seen from outside: one line for a merge that was tried again, GitHub's words without its JSON.

    Why no batch can be put together is said in other words: it counts that it is said.
    """
    seen = {key: value for key, value in answer.items() if key not in MECHANISM}
    if seen.get("action") == "WAIT":
        seen["error"] = bool(seen["error"])
    pools_seen = seen.get("pools") or ()
    seen["pools"] = [{**one, "Error": bool(one["Error"])} if one["Action"] == "WAIT" else one for one in pools_seen]
    merges: list[Json] = []
    for one in answer.get("merges") or ():
        step = {key: one[key] for key in ("pr", "body", "answer") if key in one}
        if one.get("op", "merge") != "merge":
            continue
        if merges and merges[-1]["pr"] == step["pr"]:
            merges.pop()
        merges.append(step)
    seen["merges"] = merges
    plain: Json = _worded(msgspec.json.decode(msgspec.json.encode(seen)))
    return plain


def _worded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _worded(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_worded(one) for one in value]
    return _OTHER_ANSWER.sub(r"GitHub answers \1: \2", value) if isinstance(value, str) else value


# One sync


async def _sync(given: Given, world: World) -> Json:
    decided = await _decided(given, World(given))
    for name in pools(given):
        try:
            await look_again(tide, look_event("tide", str(name)), world.edges, owner="row", apply=apply)
        except (Later, Refused):
            continue
    kept_pools, history, tried = [], [], []
    for name in pools(given):
        kept = await _stored(world, "pools", name)
        entries = await _stored(world, "history", name) or []
        kept_pools += [_pool(kept["pool"])] if kept and kept["pool"] else []
        for entry in entries:
            history.append({key: value for key, value in entry.items() if key != "time"} | {"pool": str(name)})
            tried += [one["number"] for one in entry["target"]] if entry["action"].startswith("MERGE") else []
    first = kept_pools[0] if kept_pools else {}
    return {
        **decided,
        **_at_github(world),
        "created": world.created,
        "pools": kept_pools,
        "history": history,
        "dont_update_status": sorted(tried),
        "error": first.get("Error", ""),
    }


async def _decided(given: Given, world: World) -> Json:
    """What is decided for the row's own branch; nothing where nobody is in its pool."""
    look = await look_at(world.edges)
    try:
        state = await assess(PoolName(given["org"], given["repo"], given["branch"]), Kept(), look)
    except (Refused, ValueError):
        return {}
    if not state.members.candidates:
        return {}
    return {
        "pool_prs": [one.number for one in state.members.candidates],
        "accumulate": _accumulated(state),
        "action": state.action.kind,
        "targets": [pull.number for pull in state.action.targets],
    }


def _accumulated(state: State) -> Json:
    results, batches = state.results, state.batches
    return {
        "successes": [one.number for one in results.successes],
        "pendings": [one.number for one in results.pendings],
        "missings": [one.number for one in results.missings],
        "missing_tests": {str(number): [job.context for job in jobs] for number, jobs in results.missing_tests.items()},
        "required_presubmits": {
            str(one.number): [job.context for job in one.presubmits] for one in state.members.candidates
        },
        "batch_merges": [one.number for one in batches.passed],
        "batch_pending": [one.number for one in batches.pending],
    }


async def _stored(world: World, kind: str, name: PoolName) -> Any:
    found = await world.state.get(f"tide/{kind}/{name.org}/{name.repo}/{name.branch}.json")
    return None if found is None else msgspec.json.decode(found.body)


def _pool(shown: Json) -> Json:
    return {**shown, "Target": shown["Target"] or None}


def _at_github(world: World) -> Json:
    """What a sync does there. Its other statuses are another kind's."""
    github = world.github
    statuses = [one for one in github.statuses if one["context"] != TIDE or not one.get("description")]
    return {
        "merges": github.merges,
        "statuses": sorted(statuses, key=lambda one: (one["pr"], one["context"])),
        "deleted_comments": sorted(github.deleted),
    }


# Merges


async def _merges(given: Given, world: World) -> Json:
    look = await look_at(world.edges)
    tide_config = look.config.prow.tide
    name = PoolName(given["org"], given["repo"], given["branch"])
    sight = await see(name, look, queries=(), since=None)
    by_number = {pull.number: pull for pull in sight.pulls}
    pulls = [by_number[number] for number in given["merge_list"]]
    jobs = of_base(sight.jobs, str(name), sight.base)
    overwrites = tide_config.context_options.overwrite_pending_contexts

    async def act(effect: Any) -> Result:
        result: Result = await apply(effect, world.edges)  # type: ignore[assignment]
        return result

    async def prepare(pull: PullRequest) -> None:
        if overwrites:
            await overwrite_pending(pull, pulls, jobs, look, act)

    branch = Branch(org=name.org, repo=name.repo, name=name.branch, base=sight.base, refs="")
    outcome = await merging.merge_all(pulls, branch, tide_config, look, act, prepare=prepare)
    return {
        **_at_github(world),
        "methods": {
            str(pull.number): {
                "method": method_of(pull, tide_config),
                "reason": obstacle(pull, tide_config, sight.allowed),
            }
            for pull in pulls
        },
        "merged": sorted(outcome.merged),
        "error": merging.report(outcome, pulls, for_people=False),
        "history_message": merging.report(outcome, pulls, for_people=True),
        "dont_update_status": sorted(outcome.tried),
    }
