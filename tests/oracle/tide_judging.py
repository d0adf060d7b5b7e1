"""tide/filter and tide/status: who is in a pool, and what each pull request is told, in a world as the row has it."""

from collections.abc import Iterable
from typing import Any

import msgspec

from cutwater.config.findings import ConfigError
from cutwater.errors import Refused
from cutwater.events.look import Look, look_at
from functions.tide import statuses
from functions.tide.blockers import Issue, blockers_of
from functions.tide.contexts import is_passing, may_be_retested, may_stay_in_pool, unsuccessful
from functions.tide.demands import Demanding, Demands
from functions.tide.mergeability import obstacle
from functions.tide.pull_requests import Context, PullRequest
from functions.tide.sight import Sight, see
from functions.tide.statuses import Standing
from tests.oracle.clusters import Json
from tests.oracle.tide_world import Given, World, answered, pools
from tests.oracle_rows import OnPurpose, Row, difference

KINDS = ("tide/filter", "tide/status")


def check(row: Row) -> str | None:
    """The difference between our judgement and upstream's, or None."""
    theirs, given = row["upstream"], row["input"]
    try:
        mine = answered(_filtered if row["kind"] == "filter" else _told, given)
    except ConfigError as error:
        return None if "config_error" in theirs else f"we refuse: {error}"
    except Refused as refused:
        return OnPurpose("a-pool-in-trouble-is-shown") if given.get("repo_error") else f"we refuse: {refused}"
    theirs = _comparable(theirs)
    found = difference(mine, theirs)
    if found and difference(_as_prow(mine, theirs), theirs) is None:
        return OnPurpose("own-jobs-that-cannot-be-used-are-told")
    if found and difference(_dropped(mine, theirs), theirs) is None:
        return OnPurpose("one-whose-files-cannot-be-read")
    return found


def _dropped(mine: Json, theirs: Json) -> Json:
    """Our answer without the pools that Prow drops because the files of one of their pull requests cannot be read."""

    def is_dropped(name: str) -> bool:
        pulls = mine[name].get("prs") or {}
        return "init_error" in theirs.get(name, {}) and any(one.get("stage") == "files" for one in pulls.values())

    return {name: theirs[name] if is_dropped(name) else one for name, one in mine.items()}


def _as_prow(mine: Json, theirs: Json) -> Json:
    """Our answer with no word on pull requests whose own jobs cannot be used, where Prow has an error for them."""
    pulls = {
        number: theirs["prs"][number] if theirs["prs"].get(number, {}).get("error") and _is_told(one) else one
        for number, one in (mine.get("prs") or {}).items()
    }
    return {**mine, "prs": pulls} if pulls else mine


def _is_told(one: Json) -> bool:
    return str(one.get("description")).startswith("Not mergeable. Its own jobs ")


def _comparable(theirs: Json) -> Json:
    """That there was an error, where its words are upstream's own."""
    found: Json = msgspec.json.decode(msgspec.json.encode(theirs))
    for where in [*found.values(), *(found.get("prs") or {}).values()]:
        for one in [where, *((where.get("prs") or {}).values() if isinstance(where, dict) else ())]:
            for key in ("init_error", "contexts_error", "error") if isinstance(one, dict) else ():
                if one.get(key):
                    one[key] = True
    return found


# Who is in the pool


async def _filtered(given: Given, world: World) -> Json:
    look = await look_at(world.edges)
    found = {}
    for name in pools(given):
        sight = await see(name, look, queries=(), since=None)
        try:
            demands = await Demanding(name, sight.base, look).on_each(sight.pulls)
            judged = {str(pull.number): await _judged(pull, sight, demands[pull.number], look) for pull in sight.pulls}
        except (ValueError, Refused):
            found[str(name)] = {"kept": [], "init_error": True}
            continue
        kept = sorted(int(number) for number, one in judged.items() if one["kept"])
        found[str(name)] = {"kept": kept, "prs": judged}
    return found


async def _judged(pull: PullRequest, sight: Sight, demands: Demands, look: Look) -> Json:
    name, tide, policy = sight.name, look.config.prow.tide, demands.policy
    if demands.wrong:
        return {"kept": False, "stage": "presubmits"}
    try:
        files = await look.github.files(name.org, name.repo, pull.number) if demands.depend_on_changes else ()
    except Refused:
        return {"kept": False, "stage": "files"}
    needed = demands.required([file.filename for file in files])
    why = obstacle(pull, tide, sight.allowed)
    kept = not why and may_stay_in_pool(pull, policy, needed)
    judged = {"kept": kept, "merge_reason": why, "required_presubmits": [job.context for job in needed]}
    if pull.contexts is None:
        return {**judged, "stage": "mergeability" if why else "head_contexts", "contexts_error": True}
    return {
        **judged,
        "stage": None if kept else "mergeability" if why else "contexts",
        "head_contexts": _listed(pull.contexts),
        "unsuccessful": _listed(unsuccessful(pull.contexts, policy)),
        "is_passing_tests": is_passing(pull, policy),
        "is_retest_eligible": may_be_retested(pull, policy, sight.jobs),
    }


def _listed(contexts: Iterable[Context]) -> list[Json]:
    pairs = sorted((context.name, context.state) for context in contexts)
    return [{"context": name, "state": state} for name, state in pairs]


# What each is told


async def _told(given: Given, world: World) -> Json:
    look = await look_at(world.edges)
    told: Json = {}
    for name in pools(given):
        sight = await see(name, look, queries=(), since=None)
        for pull in sight.pulls:
            told[str(pull.number)] = await _status(pull, given, sight, look)
    queries = [msgspec.to_builtins(query) for query in look.config.prow.tide.queries]
    return {"prs": told, "queries_in_order": queries}


async def _status(pull: PullRequest, given: Given, sight: Sight, look: Look) -> Json:
    tide, handover = look.config.prow.tide, given["handover"]
    if pull.contexts is None:
        return {"contexts_error": True}
    try:
        demands = await Demanding(sight.name, sight.base, look).on([pull.head])
    except ValueError:
        return {"error": True}
    policy = demands.policy
    required = {*policy.required, *handover["required_contexts"].get(str(pull), ())}
    policy = msgspec.structs.replace(policy, required=tuple(sorted(required)))
    base = handover["base_shas"].get(str(sight.name), "")
    issues = [
        Issue(one["number"], one["title"], one["url"])
        for one in given.get("blockers") or ()
        if (one["org"], one["repo"]) == (pull.org, pull.repo)
    ]
    standing = Standing(
        pull=pull,
        is_in_pool=pull.number in handover["in_pool"],
        policy=policy,
        obstacle=obstacle(pull, tide, sight.allowed) or demands.wrong,
        blockers=blockers_of(sight.name.branch, issues),
        retesting=statuses.untested(pull, base, required, await look.kube.prowjobs("default")),
    )
    wanted = statuses.expected(standing, tide)
    is_left_alone = pull.number in handover["dont_update"] or statuses.says(pull, wanted)
    queries = [index for index, query in enumerate(tide.queries) if query.covers(pull.org, pull.repo)]
    differences = zip(queries, statuses.differences_of(pull, policy, tide), strict=True)
    return {
        "state": wanted.state,
        "description": wanted.description,
        "target_url": statuses.target_url(pull, tide),
        "query_diffs": [{"query": index, "text": one.text, "weight": one.weight} for index, one in differences],
        "set": None if is_left_alone else _set(pull, statuses.set_status(pull, wanted, tide, why="")),
    }


def _set(pull: PullRequest, effect: Any) -> Json:
    said = {key: getattr(effect, key) for key in ("context", "state", "description", "target_url", "sha")}
    return {"pr": pull.number, **said}
