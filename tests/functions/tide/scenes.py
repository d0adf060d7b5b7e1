"""A small world around tide in a few words: pull requests to acme/rocket, and what GitHub and git say of them."""

from collections.abc import Sequence
from typing import Any

import msgspec

from cutwater.events.effect import apply
from cutwater.events.level import look_again
from cutwater.events.look import Look, look_at
from cutwater.events.publish import look_event
from functions.tide.assessment import State, assess
from functions.tide.function import tide
from functions.tide.kept import Kept
from functions.tide.sight import PoolName
from tests.functions.tide.making import BASE, POOL
from tests.oracle.clusters import Json
from tests.oracle.tide_world import World

CONFIG = "tide: {queries: [{orgs: [acme], labels: [lgtm]}]}"
JOBS = """
presubmits:
  acme/rocket:
    - {name: unit, always_run: true, spec: {containers: [{image: x}]}}
"""


def pull(number: int, **more: Any) -> Json:
    """A pull request that a query finds and whose test has passed, on whichever state of the branch."""
    return {
        "number": number,
        "title": f"Change {number}",
        "body": "",
        "author": "bob",
        "author_type": "User",
        "head_sha": f"head-{number}",
        "head_ref": f"topic-{number}",
        "labels": ["lgtm"],
        "milestone": None,
        "mergeable": "MERGEABLE",
        "merge_state_status": "CLEAN",
        "can_be_rebased": True,
        "review_decision": "",
        "updated_at": "2026-01-02T03:01:00Z",
        "changed_files": ["README.md"],
        "contexts": [{"context": "unit", "state": "SUCCESS", "description": "[prow:skip-retest]"}],
        "check_runs": [],
        **more,
    }


def scene(*pulls: Json, config: str = CONFIG, jobs: str = JOBS, **more: Any) -> World:
    """The world with these pull requests; `more` is what a row may say of it."""
    where = {"org": "acme", "repo": "rocket", "branch": "main", "base_sha": BASE}
    return World({**where, "config": config, "job_config": jobs, "prs": pulls, "prowjobs": (), **more})


async def looked_at(world: World, pool: str = POOL) -> Look:
    """Have tide look at the pool, and do what is due."""
    await look_again(tide, look_event("tide", pool), world.edges, owner="a test", apply=apply)
    return await look_at(world.edges)


async def decided(world: World, pool: str = POOL) -> State:
    """What tide would do with it."""
    return await assess(PoolName.read(pool), Kept(), await look_at(world.edges))


async def history(world: World) -> Sequence[Json]:
    """What tide remembers of the pool, the newest first."""
    found = await world.state.get("tide/history/acme/rocket/main.json")
    entries: list[Json] = msgspec.json.decode(found.body) if found else []
    return entries
