"""Horologium: ticks of the clock, one after the other, in a world as the row has it; and when expressions fire."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from cutwater.config.findings import ConfigError
from cutwater.errors import Later
from cutwater.events.effect import apply
from cutwater.events.event import Event
from cutwater.events.level import look_again
from functions.horologium.cursor import Cursor
from functions.horologium.function import horologium
from tests.oracle import cron
from tests.oracle.clusters import Cluster, Json
from tests.oracle.worlds import World, objects
from tests.oracle_rows import OnPurpose, Row, difference

KINDS = ("engine/horologium",)


def check(row: Row) -> str | None:
    """The difference between our runs and upstream's, or None."""
    if row["id"].startswith(f"{cron.FAMILY}-"):
        return cron.check(row)
    mine, theirs = ours(row["input"]), row["upstream"]
    found = difference(mine, _without_words(theirs))
    return found and (_on_purpose(row["input"], mine, theirs) or found)


def _on_purpose(given: Mapping[str, Any], mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> OnPurpose | None:
    if not given["fixed_retry"] and "retry:" in given["config"]:
        return OnPurpose("retries-have-their-own-interval")
    if "TZ=" in given["config"] and _all_made(mine, theirs):
        return OnPurpose("cron-may-name-a-zone")
    return None


def _all_made(mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> bool:
    """Whether every run that upstream made in a tick is one of ours."""
    ticks = zip(mine.get("ticks", ()), _without_words(theirs)["ticks"], strict=False)
    return all(run in ours["created"] for ours, upstream in ticks for run in upstream["created"])


def _without_words(upstream: Mapping[str, Any]) -> dict[str, Any]:
    """Whether there was an error; its words are for the log alone."""
    ticks = [{**tick, "error": bool(tick.get("error"))} for tick in upstream.get("ticks") or ()]
    return {"ticks": ticks, "config_error": bool(upstream.get("config_error"))}


def ours(given: Mapping[str, Any]) -> dict[str, Any]:
    """What our horologium does, in the terms of the row."""

    def inject(verb: str, plural: str, name: str, body: Any) -> Mapping[str, Any] | None:
        listed = verb == "list" and given.get("list_error")
        created = verb == "post" and body["spec"].get("job") in given.get("create_error", ())
        return {"code": 0, "message": "injected"} if plural == "prowjobs" and (listed or created) else None

    prowjobs = Cluster({"prowjobs": [_labelled(one) for one in objects(given["prowjobs"])]}, inject)
    try:
        world = World(config=given["config"], now=given["ticks"][0]["at"], prowjobs=prowjobs, clusters={})
    except ConfigError:
        return {"config_error": True}
    return {"ticks": asyncio.run(_ticks(given, world))}


def _labelled(job: Json) -> Json:
    """With the label that upstream gives to every ProwJob: a row's have only what its author wrote."""
    job["metadata"].setdefault("labels", {})["prow.k8s.io/type"] = job["spec"]["type"]
    return job


async def _ticks(given: Mapping[str, Any], world: World) -> list[dict[str, Any]]:
    if "cron_registered_at" in given:
        world.now = datetime.fromisoformat(given["cron_registered_at"])
        tick = world.now.replace(microsecond=0)
        await apply(Cursor().after((await world.edges.configuration()).jobs.periodics, tick), world.edges)
    shown = []
    for number, tick in enumerate(given["ticks"]):
        world.now = datetime.fromisoformat(tick["at"])
        _end(tick, world)
        world.prowjobs.calls.clear()
        event = Event(id=str(number), source="ping", type="ping", time=world.now, extensions={"tick": "schedule"})
        try:
            await look_again(horologium, event, world.edges, owner=f"row {number}", apply=apply)
            error = False
        except Later:
            error = True
        made = [_run(body) for call, _, body in world.prowjobs.calls if call == "post prowjobs"]
        shown.append({"at": tick["at"], "created": made, "error": error})
    return shown


def _end(tick: Mapping[str, Any], world: World) -> None:
    """The newest incomplete run of these jobs ends, a second before the tick."""
    for job in tick.get("complete") or ():
        runs = [
            one
            for (kind, *_), one in world.prowjobs.objects.items()
            if kind == "prowjobs" and one["spec"]["job"] == job and not one["status"].get("completionTime")
        ]
        if runs:
            newest = max(runs, key=lambda one: str(one["status"]["startTime"]))
            ended = (world.now - timedelta(seconds=1)).isoformat()
            newest["status"] |= {"state": tick["state"], "completionTime": ended}


def _run(job: Json) -> dict[str, Any]:
    meta, spec, status = job["metadata"], job["spec"], job["status"]
    return {
        "annotations": meta["annotations"],
        "labels": meta["labels"],
        "namespace": meta["namespace"],
        **{key: spec.get(key) for key in ("cluster", "job", "report", "type")},
        "start_time": status["startTime"],
        "state": status["state"],
    }
