"""Plugins: a row's world is loaded into the local GitHub, its event enters hook signed, and all that follows happens.

Everything is in this process and in virtual time: hook, the Broker, the plugins, both API servers, the state bucket.
What stands on GitHub and in the cluster afterwards is compared, and whether something went wrong.
"""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import msgspec

from cutwater.events import receipt
from cutwater.events.receipt import Receipt
from cutwater.kube.client import PROWJOB
from cutwater.storage.memory import MemoryStore
from functions.plugins.every import PLUGINS
from functions.plugins.wip import WIP
from infra.local.github import Answer
from tests import virtual_time
from tests.functions.plugins.scene import Scene, configuration
from tests.oracle import plugin_world
from tests.oracle.worlds import without_nulls
from tests.oracle_rows import OnPurpose, Row, difference

KINDS = tuple(f"plugins/{name}" for name in PLUGINS)
PEOPLE = ("Assign", "Reviewer")


def check(row: Row) -> str | None:
    """The difference between what came of the event here and with upstream's handlers, or None."""
    ours: dict[str, Any] = {}

    async def answer() -> None:
        ours.update(await _answer(row))

    virtual_time.run(answer())
    possible = [_told(one) for one in (row["upstream"], *(row.get("upstream_alternatives") or ()))]
    found = [_differ(ours, one) for one in possible]
    return None if None in found else _meant(row, ours, possible[0]) or found[0]


def _differ(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> str | None:
    return difference(ours, theirs, sets=("prowjobs", "prowjobs_aborted"))


def _meant(row: Row, ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> OnPurpose | None:
    """The difference on purpose that this is, if it is one."""
    if "panic caught" in (row["upstream"]["error"] or ""):
        return OnPurpose("plugins-that-panic")
    if _differ(_without_labels(ours), _without_labels(theirs)) is not None:
        return None
    if (
        theirs["error"]
        and not ours["error"]
        and any(_asks_labels(one) for one in row["world"].get("fail_requests") or ())
    ):
        return OnPurpose("labels-are-set-unread")
    if ours["error"] == theirs["error"] and _is_spelled_otherwise(row, theirs):
        return OnPurpose("labels-in-any-case")
    return None


def _without_labels(answer: Mapping[str, Any]) -> dict[str, Any]:
    """All that was done, labels apart."""
    return {**answer, "error": False, "after": [{**issue, "labels": []} for issue in answer["after"]]}


def _asks_labels(request: str) -> bool:
    return request.startswith("GET ") and request.endswith("/labels")


def _is_spelled_otherwise(row: Row, theirs: Mapping[str, Any]) -> bool:
    """Whether upstream has left a label of the plugin's own where it was, because its case is another."""
    own = {"wip": WIP}.get(row["plugin"], "")
    left = {label for issue in theirs["after"] for label in issue["labels"]}
    return any(label != own and label.lower() == own for label in left)


def _told(upstream: Mapping[str, Any]) -> dict[str, Any]:
    """What is compared of upstream's answer."""
    after = upstream["after"]
    return {
        "error": bool(upstream["error"]),
        "after": [_unordered(one) for one in ([after] if isinstance(after, dict) else after or ())],
        "prowjobs": upstream["prowjobs"],
        "prowjobs_aborted": upstream["prowjobs_aborted"],
    }


def _unordered(issue: Mapping[str, Any]) -> dict[str, Any]:
    """An issue without what has no meaning on GitHub: the order of people and labels, the case of a login."""
    unordered = ("assignees", "requested_reviewers", "requested_teams", "labels")
    comments = [{**one, "author": one["author"].lower()} for one in issue["comments"] or ()]
    return {**issue, **{key: sorted(issue[key] or ()) for key in unordered if key in issue}, "comments": comments}


def _scene(row: Row) -> Scene:
    """The row's configuration, and its world on GitHub."""
    given = row["world"]
    config = configuration(row["plugins_config"], row["prow_config"] or "{}", row["job_config"] or "")
    scene = Scene(config, given["bot"], given.get("other_http"))
    plugin_world.load(scene.github.world(), given)
    for request, status in (given.get("fail_requests") or {}).items():
        method, _, path = request.partition(" ")
        scene.github.plan(method, path, Answer(status, {"message": "injected failure"}))
    return scene


async def _answer(row: Row) -> dict[str, Any]:
    scene, event = _scene(row), row["event"]
    try:
        before = {}
        for one in without_nulls(row["world"].get("prowjobs") or []):
            before[one["metadata"]["name"]] = one
            await scene.kube.create(PROWJOB, one["metadata"]["namespace"], one)
        await scene.deliver(event["type"], event["guid"], msgspec.json.encode(event["payload"]))
        after = await scene.prowjobs()
        return {
            "error": any([_went_wrong(one) async for one in _receipts(scene.state)]),
            "after": [_unordered(one) for one in _seen(scene, row)],
            "prowjobs": [_created(one) for one in after if one["metadata"]["name"] not in before],
            "prowjobs_aborted": [_aborted(one) for one in after if _has_changed(one, before)],
        }
    finally:
        await scene.close()


def _has_changed(prowjob: Mapping[str, Any], before: Mapping[str, Mapping[str, Any]]) -> bool:
    known = before.get(prowjob["metadata"]["name"])
    return known is not None and known["status"].get("state") != prowjob["status"].get("state")


def _seen(scene: Scene, row: Row) -> list[dict[str, Any]]:
    """The issue that upstream's answer tells of, or all of them."""
    after = row["upstream"]["after"]
    numbers = [one["number"] for one in ([after] if isinstance(after, dict) else after or ())]
    full_name = f"{row['world']['org']}/{row['world']['repo']}"
    return plugin_world.seen(scene.github.hub, full_name, numbers)


async def _receipts(state: MemoryStore) -> AsyncIterator[Receipt]:
    async for entry in state.list(receipt.RECEIPTS):
        kept = await state.get(entry.key)
        assert kept is not None
        yield msgspec.json.decode(kept.body, type=Receipt)


def _went_wrong(one: Receipt) -> bool:
    """Whether something was refused, is a bug, or did not come to an end however often it was tried.

    A person whom GitHub does not take is no error: whoever asked is told.
    """
    refused = (step for step in one.plan if step.state == "refused")
    return one.outcome not in {"done", "nothing"} or any(step.effect["type"] not in PEOPLE for step in refused)


def _created(prowjob: Mapping[str, Any]) -> dict[str, Any]:
    metadata, status = prowjob["metadata"], prowjob["status"]
    return {
        "spec": prowjob["spec"],
        "labels": {key: value for key, value in metadata["labels"].items() if key != "prow.k8s.io/id"},
        "annotations": metadata["annotations"],
        "state": status["state"],
        "description": status.get("description"),
    }


def _aborted(prowjob: Mapping[str, Any]) -> dict[str, Any]:
    status = prowjob["status"]
    return {
        "name": prowjob["metadata"]["name"],
        "job": prowjob["spec"]["job"],
        "state": status["state"],
        "description": status.get("description"),
    }
