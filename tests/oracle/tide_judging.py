"""tide/filter and tide/status: who is in a pool, and what each pull request is told, in a world as the row has it."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from cutwater.config.contexts import Contexts, contexts_of, manual_jobs_count
from cutwater.config.findings import ConfigError
from cutwater.config.jobs import Presubmit
from cutwater.errors import Refused
from cutwater.events.look import Look, look_at
from functions.tide import presubmits, statuses
from functions.tide.blockers import Issue, blockers_of
from functions.tide.contexts import is_passing, may_be_retested, may_stay_in_pool, unsuccessful
from functions.tide.mergeability import obstacle
from functions.tide.pull_requests import Context, PullRequest
from functions.tide.sight import PoolName, Sight, see
from functions.tide.statuses import Standing
from tests.oracle.clusters import Json
from tests.oracle.tide_world import Given, World, answered, pools
from tests.oracle_rows import Row, difference

KINDS = ("tide/filter", "tide/status")


def is_built(row: Row) -> bool:
    """Whether what the row is about exists: not jobs in the repository itself."""
    return not row["input"].get("in_repo")


def check(row: Row) -> str | None:
    """The difference between our judgement and upstream's, or None."""
    theirs = row["upstream"]
    try:
        mine = answered(_filtered if row["kind"] == "filter" else _told, row["input"])
    except ConfigError as error:
        return None if "config_error" in theirs else f"we refuse: {error}"
    return difference(mine, _comparable(theirs))


def _comparable(theirs: Json) -> Json:
    """That there was an error, where its words are upstream's own."""
    found: Json = msgspec.json.decode(msgspec.json.encode(theirs))
    for where in [*found.values(), *(found.get("prs") or {}).values()]:
        for one in [where, *((where.get("prs") or {}).values() if isinstance(where, dict) else ())]:
            for key in ("init_error", "contexts_error", "error") if isinstance(one, dict) else ():
                if one.get(key):
                    one[key] = True
    return found


def _presubmits(name: PoolName, look: Look) -> Sequence[Presubmit]:
    return look.config.jobs.presubmits_of(name.org, name.repo)


def _policy(name: PoolName, look: Look) -> Contexts:
    options, protection = look.config.prow.tide.context_options, look.config.prow.branch_protection
    where = {"org": name.org, "repo": name.repo, "branch": name.branch}
    return contexts_of(options, protection, presubmits=_presubmits(name, look), **where)


# Who is in the pool


async def _filtered(given: Given, world: World) -> Json:
    look = await look_at(world.edges)
    found = {}
    for name in pools(given):
        sight = await see(name, look, queries=(), since=None)
        try:
            policy = _policy(name, look)
            judged = {str(pull.number): await _judged(pull, sight, policy, look) for pull in sight.pulls}
        except (ValueError, Refused):
            found[str(name)] = {"kept": [], "init_error": True}
            continue
        kept = sorted(int(number) for number, one in judged.items() if one["kept"])
        found[str(name)] = {"kept": kept, "prs": judged}
    return found


async def _judged(pull: PullRequest, sight: Sight, policy: Contexts, look: Look) -> Json:
    name, tide = sight.name, look.config.prow.tide
    needed = presubmits.required(
        _presubmits(name, look),
        name.branch,
        [file.filename for file in await look.github.files(name.org, name.repo, pull.number)],
        manual_jobs_count=manual_jobs_count(
            tide.context_options,
            look.config.prow.branch_protection,
            org=name.org,
            repo=name.repo,
            branch=name.branch,
        ),
    )
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
        policy = _policy(sight.name, look)
    except ValueError:
        return {"error": True}
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
        obstacle=obstacle(pull, tide, sight.allowed),
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
