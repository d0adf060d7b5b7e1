"""Sinker: one pass, in a world as the row has it."""

import asyncio
from collections.abc import Mapping
from typing import Any

from cutwater.errors import Later, Refused
from cutwater.events.edges import Edges
from cutwater.events.effect import Effect, apply
from cutwater.events.event import Event
from cutwater.events.level import look_again
from cutwater.kube.effects import DeletePod, DeleteProwJob, ReleasePod
from functions.sinker.function import sinker
from tests.oracle.clusters import Cluster, Inject
from tests.oracle.worlds import World, objects
from tests.oracle_rows import OnPurpose, Row, difference

KINDS = ("engine/sinker",)
_OPERATIONS = {
    ("list", "prowjobs"): "list_prowjobs",
    ("get", "prowjobs"): "get_prowjob",
    ("delete", "prowjobs"): "delete_prowjob",
    ("list", "pods"): "list_pods",
    ("delete", "pods"): "delete_pod",
    ("patch", "pods"): "patch_pod",
}


def check(row: Row) -> str | None:
    """The difference between our pass and upstream's, or None."""
    mine, theirs = ours(row["input"]), upstream(row["upstream"])
    found = difference(mine, theirs, sets=("deleted", "released"))
    return found and (_on_purpose(mine, theirs) or found)


def _on_purpose(mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> OnPurpose | None:
    """Upstream alone has taken the finalizer off pods that it does not delete, of no ProwJob that it knows."""
    too_many = {
        alias: [name for name in did["released"] if name not in did["deleted"] + mine["pods"][alias]["released"]]
        for alias, did in theirs["pods"].items()
    }
    pods = {alias: {**did, "released": [*did["released"], *too_many[alias]]} for alias, did in mine["pods"].items()}
    if difference({**mine, "pods": pods}, theirs, sets=("deleted", "released")) is None:
        return OnPurpose("young-pods-keep-their-finalizer")
    return None


class Counted:
    """Carries effects out, and keeps what succeeded and what did not."""

    def __init__(self) -> None:
        self.done: list[Effect[object]] = []
        self.failed: list[Effect[object]] = []

    async def __call__(self, effect: Effect[object], edges: Edges) -> object:
        try:
            result = await apply(effect, edges)
        except (Later, Refused):
            self.failed.append(effect)
            raise
        self.done.append(effect)
        return result


def ours(given: Mapping[str, Any]) -> dict[str, Any]:
    """What our sinker does, in the terms of the row."""
    prowjobs = Cluster({"prowjobs": objects(given["prowjobs"])}, _inject(given, ""))
    clusters = {
        alias: Cluster({"pods": objects((given["pods"] or {}).get(alias))}, _inject(given, alias))
        for alias in given["clusters"]
    }
    world = World(config=given["config"], now=given["now"], prowjobs=prowjobs, clusters=clusters)
    counted = Counted()
    event = Event(id="row", source="ping", type="ping", time=world.now, extensions={"tick": "sweep"})
    try:
        asyncio.run(look_again(sinker, event, world.edges, owner="row", apply=counted))
    except Later:
        pass
    pods: dict[str, Any] = {alias: {"deleted": [], "released": []} for alias in clusters}
    for effect in counted.done:
        if isinstance(effect, DeletePod):
            pods[effect.cluster]["deleted"].append(effect.name)
        elif isinstance(effect, ReleasePod):
            pods[effect.cluster]["released"].append(effect.name)
    return {
        "prowjobs_deleted": [one.name for one in counted.done if isinstance(one, DeleteProwJob)],
        "pods": pods,
        "reasons": _counts(counted.done),
        "errors": sum(isinstance(one, DeletePod | DeleteProwJob) for one in counted.failed),
    }


def _inject(given: Mapping[str, Any], alias: str) -> Inject:
    errors: Mapping[str, Mapping[str, Any]] = given.get("inject") or {}
    by_get_only = {one["metadata"]["name"] for one in given.get("prowjobs_seen_by_get_only") or ()}

    def inject(verb: str, plural: str, name: str, body: Any) -> Mapping[str, Any] | None:
        if verb == "get" and name in by_get_only:
            return None
        operation = _OPERATIONS.get((verb, plural), "")
        return next(
            (errors[key] for key in (operation, f"{operation}:{alias}", f"{operation}:{name}") if key in errors), None
        )

    return inject


def _counts(effects: list[Effect[object]]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for effect in effects:
        if isinstance(effect, DeletePod | DeleteProwJob):
            reason = ("pod " if isinstance(effect, DeletePod) else "prowjob ") + effect.why.partition(":")[0]
            counts[reason] = counts.get(reason, 0) + 1
    return counts


def upstream(answered: Mapping[str, Any]) -> dict[str, Any]:
    """What upstream did; calls without an effect are left out."""
    metrics = answered["metrics"] or {}
    reasons = {f"pod {reason}": count for reason, count in (metrics.get("pods_removed") or {}).items()}
    reasons |= {f"prowjob {reason}": count for reason, count in (metrics.get("prow_jobs_cleaned") or {}).items()}
    errors = [
        *(metrics.get("pod_removal_errors") or {}).values(),
        *(metrics.get("prow_jobs_cleaning_errors") or {}).values(),
    ]
    return {
        "prowjobs_deleted": [one["name"] for one in answered["prowjobs_deleted"] or () if one.get("ok")],
        "pods": {
            alias: {
                "deleted": [one["name"] for one in did["deleted"] or () if one["ok"]],
                "released": [one["name"] for one in did["patched"] or () if one["ok"] and one["patch"]],
            }
            for alias, did in answered["pods"].items()
        },
        "reasons": reasons,
        "errors": sum(errors),
    }
