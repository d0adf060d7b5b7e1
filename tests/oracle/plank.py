"""Plank: one look at a ProwJob, in a world as the row has it.

A row reconciles one ProwJob. Where ours has the names of its limits to itself it starts those of its fellows whose turn
it is, too: what it does to them is left out, upstream does it when it comes to them.
"""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from cutwater.errors import Later, Refused
from cutwater.events.effect import apply
from cutwater.events.level import look_again
from cutwater.events.publish import look_event
from cutwater.kube.client import as_prowjob
from cutwater.outgoing.tot import Tot
from cutwater.prowjob.builds import build_id
from functions.plank.function import plank
from tests.oracle.clusters import Cluster, Json, merged
from tests.oracle.worlds import World, objects
from tests.oracle_rows import OnPurpose, Row, difference

KINDS = ("engine/plank",)
_VERBS = {"post": "create", "delete": "delete", "get": "get", "patch": "patch", "list": "list"}
_NAMESPACE = "prowjobs"


def check(row: Row) -> str | None:
    """The difference between our effects and upstream's, or None."""
    mine, theirs = ours(row["input"]), upstream(row)
    found = difference(mine, theirs)
    return found and (_on_purpose(row, mine, theirs) or found)


def _on_purpose(row: Row, mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> OnPurpose | None:
    given, answered = row["input"], row["upstream"]
    subject = next(one for one in given["prowjobs"] if one["metadata"]["name"] == given["reconcile"])
    after = mine["prowjobs"][given["reconcile"]]["status"]
    patches = [
        one["patch"].get("status", {}) for one in answered["prowjob_patches"] if one["name"] == given["reconcile"]
    ]
    if "completionTime" in subject["status"]:
        return OnPurpose("complete-is-complete") if after == subject["status"] else None
    if "appear in cache" in answered.get("error", ""):
        return OnPurpose("no-cache-to-wait-for")
    if any(one.get("state") == "aborted" and "prev_report_states" in one for one in patches):
        return OnPurpose("superseded-run-is-not-carried-on") if after["state"] == "aborted" else None
    if difference(_without_revivals(mine), _without_revivals(theirs)) is None:
        return OnPurpose("revivals-are-counted")
    return None


def _without_revivals(effects: Mapping[str, Any]) -> dict[str, Any]:
    jobs = {
        name: {**one, "status": {key: value for key, value in one["status"].items() if key != "pod_revival_count"}}
        for name, one in effects["prowjobs"].items()
    }
    return {**effects, "prowjobs": jobs}


def ours(given: Mapping[str, Any]) -> dict[str, Any]:
    """What our plank does, in the terms of the row."""

    def inject(verb: str, plural: str, name: str, body: Any) -> Mapping[str, Any] | None:
        found: Mapping[str, Any] | None = (given.get("inject") or {}).get(f"{_VERBS.get(verb)}_{plural.rstrip('s')}")
        if found is None:  # a list is of several
            found = (given.get("inject") or {}).get(f"{_VERBS.get(verb)}_{plural}")
        return found

    clusters = {
        alias: Cluster({"pods": objects((given["pods"] or {}).get(alias))}, inject) for alias in given["clusters"]
    }
    prowjobs = Cluster({"prowjobs": objects(given["prowjobs"])}, inject)
    world = World(config=given["config"], now=given["now"], prowjobs=prowjobs, clusters=clusters, tot=_tot(given))
    name = given["reconcile"]
    event = look_event("plank", f"{_NAMESPACE}/{name}")
    try:
        asyncio.run(look_again(plank, event, world.edges, owner="row", apply=apply))
        error = False
    except (Later, Refused):
        error = True
    after = {one["metadata"]["name"]: one for (kind, _, _), one in prowjobs.objects.items() if kind == "prowjobs"}
    answer = _answer(given, after, clusters) | {"error": error}
    number = build_id(
        as_prowjob(next(o for o in objects(given["prowjobs"]) if o["metadata"]["name"] == name)), world.now
    )
    whole: dict[str, Any] = json.loads(json.dumps(answer).replace(number, "<snowflake>"))
    return whole


def _tot(given: Mapping[str, Any]) -> Tot | None:
    """The row's tot: its answers one after the other, and the last one ever after."""
    answers = list(given.get("tot_responses") or ())

    def ask(address: str) -> tuple[int, str]:
        answer = (answers.pop(0) if len(answers) > 1 else answers[0]) if answers else {}
        if not answer.get("status"):
            raise ConnectionRefusedError(address)
        return answer["status"], answer.get("body", "")

    async def pause(seconds: float) -> None:
        return None

    return Tot(given["tot_url"], ask, pause) if given["tot_url"] else None


def _answer(given: Mapping[str, Any], after: Mapping[str, Json], clusters: Mapping[str, Cluster]) -> dict[str, Any]:
    subject = given["reconcile"]
    created, deleted, released = [], [], []
    for alias, cluster in clusters.items():
        for call, name, body in cluster.calls:
            match call:
                case "post pods" if name == subject:
                    created.append(_pod(alias, body))
                case "delete pods":
                    deleted.append({"cluster": alias, "name": name})
                case "patch pods":
                    released.append({"cluster": alias, "name": name, "finalizers": body["metadata"]["finalizers"]})
    return {
        "prowjobs": _prowjobs(given, after),
        "created": created,
        "deleted": deleted,
        "released": released,
    }


def _prowjobs(given: Mapping[str, Any], after: Mapping[str, Json]) -> dict[str, Any]:
    """Labels and status of the ProwJob, and of its fellows but for those that were started."""
    shown = {}
    for one in given["prowjobs"]:
        name = one["metadata"]["name"]
        now = after[name]
        was_started = one["status"].get("state") == "triggered" and now["status"]["state"] in {"pending", "error"}
        if name != given["reconcile"] and was_started:
            now = one
        shown[name] = {"labels": now["metadata"].get("labels"), "status": now["status"]}
    return shown


def _pod(cluster: str, pod: Json) -> dict[str, Any]:
    meta = pod["metadata"]
    labels = {key: value for key, value in meta["labels"].items() if key != "prow.k8s.io/plank-version"}
    return {
        "cluster": cluster,
        "containers": len(pod["spec"]["containers"]),
        "init_containers": len(pod["spec"].get("initContainers") or ()),
        "metadata": {key: meta[key] for key in ("name", "namespace", "annotations")} | {"labels": labels},
    }


def upstream(row: Row) -> dict[str, Any]:
    """What upstream did: the state after its patches, and its calls that were not refused."""
    given, answered = row["input"], row["upstream"]
    after = {one["metadata"]["name"]: one for one in given["prowjobs"]}
    for one in answered["prowjob_patches"]:
        if not one.get("rejected"):
            after[one["name"]] = merged(after[one["name"]], one["patch"])
    created = []
    for one in answered["pods_created"]:
        if not one.get("rejected"):
            labels = dict(one["metadata"]["labels"])
            labels.pop("prow.k8s.io/plank-version")
            created.append(one | {"metadata": one["metadata"] | {"labels": labels}})
    deleted = [
        {"cluster": one["cluster"], "name": one["name"]} for one in answered["pods_deleted"] if not one.get("rejected")
    ]
    released = [
        {"cluster": one["cluster"], "name": one["name"], "finalizers": one["patch"]["metadata"]["finalizers"]}
        for one in answered["pods_patched"]
        if not one.get("rejected")
    ]
    return {
        "prowjobs": {
            name: {"labels": one["metadata"].get("labels"), "status": one["status"]} for name, one in after.items()
        },
        "created": created,
        "deleted": deleted,
        "released": released,
        "error": bool(answered.get("error")),
    }
