"""Plugins: a row's world is loaded into the local GitHub, its event enters hook signed, and all that follows happens.

Everything is in this process and in virtual time: hook, the Broker, the plugins, both API servers, the state bucket.
What stands on GitHub and in the cluster afterwards is compared, and whether something went wrong.
"""

import dataclasses
import json
import os
import re
from collections.abc import Mapping, Sequence
from typing import Any
from unittest import mock

import msgspec

from cutwater.config.configuration import Configuration
from cutwater.events.deadletters import DEAD
from cutwater.events.receipt import Receipt
from cutwater.kube.client import PROWJOB, Json, Kube
from cutwater.prowjob.labels import labels_of
from cutwater.prowjob.types import ProwJobSpec
from functions.plugins.approve.plugin import APPROVED
from functions.plugins.every import PLUGINS
from functions.plugins.wip import WIP
from infra.local.github import Answer
from infra.local.github.hub import Hub
from infra.local.github.server import GitHub
from tests import virtual_time
from tests.functions.plugins.scene import Scene, configuration
from tests.oracle import plugin_boards, plugin_config_maps, plugin_git, plugin_world
from tests.oracle.worlds import without_nulls
from tests.oracle_rows import OnPurpose, Row, difference

WITHOUT_ROWS = frozenset(
    {
        "assign-fixes",
        "bugzilla",
        "buildifier",
        "golint",
        "jira",
        "path-label",
        "project-manager",
        "reward-owners",
        "rifle",
        "slackevents",
    }
)
"""Plugins of which upstream was not asked: their tests alone say what they do."""
KINDS = tuple(f"plugins/{name}" for name in PLUGINS if name not in WITHOUT_ROWS)
DECK = "http://deck/prowjobs.js"
NO_PROWJOBS = '{"items": []}'
PAST = ("edited", "deleted", "dismissed")
OF_OWNERS = ("approve", "owners-label", "verify-owners")
ONLY_LOGGED = ("/comments", "/labels", "/labels/approved", "/events", "/collaborators")
"""The ends of what these ask, whose failure upstream only writes to its log."""
PEOPLE = ("Assign", "Reviewer")
FORK = "Fork"
MUTATION = re.compile(r"\{((?:un)?pinIssue|transferIssue)\(")
CANDY = re.compile(r"(?<=!\[candy image\]\()https://[^)]+")


def check(row: Row) -> str | None:
    """The difference between what came of the event here and with upstream's handlers, or None."""
    ours: dict[str, Any] = {}

    async def answer() -> None:
        ours.update(await _answer(row))

    with mock.patch.dict(os.environ, options(row)):
        virtual_time.run(answer())
    return judged(row, ours)


def judged(row: Row, ours: Mapping[str, Any]) -> str | None:
    """The difference between what was seen afterwards (`Before.compared`) and what upstream did, or None."""
    possible = [_told(one) for one in (row["upstream"], *(row.get("upstream_alternatives") or ()))]
    found = [_differ(ours, one) for one in possible]
    return None if None in found else _meant(row, ours, possible[0]) or found[0]


def _differ(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> str | None:
    return difference(ours, theirs, sets=("prowjobs", "prowjobs_aborted", "kube_writes"))


def _meant(row: Row, ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> OnPurpose | None:
    """The difference on purpose that this is, if it is one."""
    if "panic caught" in (row["upstream"]["error"] or ""):
        return OnPurpose("plugins-that-panic")
    is_deck_down = row["plugin"] == "refresh" and theirs["error"] and _said_by_deck(row) == NO_PROWJOBS
    if is_deck_down and _differ({**ours, "error": True}, theirs) is None:
        return OnPurpose("refresh-asks-kubernetes")
    is_past = row["plugin"] == "issue-management" and row["event"]["payload"].get("action") in PAST
    if is_past and _differ(ours, _unanswered(row, theirs)) is None:
        return OnPurpose("only-what-is-new-is-answered")
    has_failed = row["plugin"] == "project" and theirs["error"]
    if has_failed and _differ(_unanswered(row, {**ours, "error": True}), theirs) is None:
        return OnPurpose("cards-that-cannot-be-made")
    failing = (row["world"].get("fail_requests") or {}).items()
    is_other = ours["error"] and not theirs["error"]
    if is_other and any(not asked.startswith("GET ") and status >= 500 for asked, status in failing):
        return OnPurpose("changes-are-tried-again")
    if row["plugin"] == "override" and any(asked.endswith("/permission") for asked, _ in failing):
        return OnPurpose("who-may-is-not-guessed")
    if _has_a_context_twice(row) and _differ(_without_statuses(ours), _without_statuses(theirs)) is None:
        return OnPurpose("one-status-of-a-context")
    if row["plugin"] in OF_OWNERS and (name := _of_owners(row, ours, theirs)):
        return OnPurpose(name)
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


def _of_owners(row: Row, ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> str:
    """The difference on purpose of a plugin that goes by OWNERS; empty where there is none."""
    failing = row["world"].get("fail_requests") or ()
    if ours["error"] and not theirs["error"] and any(one.endswith(ONLY_LOGGED) for one in failing):
        return "failures-that-are-only-logged"
    if theirs["error"] and not ours["error"] and any(_asks_labels(one) for one in failing):
        return "one-reading-of-the-pull-request"
    return "labels-in-any-case" if _is_spelled_otherwise(row, theirs) else ""


def _without_labels(answer: Mapping[str, Any]) -> dict[str, Any]:
    """All that was done, labels apart."""
    return {**answer, "error": False, "after": [{**issue, "labels": []} for issue in answer["after"]]}


def _has_a_context_twice(row: Row) -> bool:
    """Whether a commit of the row's world has two statuses of one context: upstream's GitHub told of both."""
    heads = (issue["pull_request"] for issue in row["world"]["issues"] or () if issue.get("pull_request"))
    contexts = ([status["context"] for status in head["statuses"] or ()] for head in heads)
    return any(len(set(names)) < len(names) for names in contexts)


def _without_statuses(answer: Mapping[str, Any]) -> dict[str, Any]:
    return {**answer, "after": [{**issue, "statuses": {}} for issue in answer["after"]]}


def _unanswered(row: Row, answer: Mapping[str, Any]) -> dict[str, Any]:
    """An answer without what the bot has said."""
    bot = row["world"]["bot"]
    after = [
        {**one, "comments": [said for said in one["comments"] if said["author"] != bot]} for one in answer["after"]
    ]
    return {**answer, "after": after}


def _asks_labels(request: str) -> bool:
    return request.startswith("GET ") and request.endswith("/labels")


def _is_spelled_otherwise(row: Row, theirs: Mapping[str, Any]) -> bool:
    """Whether upstream has left a label of the plugin's own where it was, because its case is another."""
    own = {"approve": APPROVED, "wip": WIP}.get(row["plugin"], "")
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
        "kube_writes": [plugin_config_maps.unpacked(one) for one in upstream.get("kube_writes") or ()],
        "git": plugin_git.told(upstream.get("git")),
        "moved": [name for call in upstream["calls"] for name in MUTATION.findall(str(call.get("body"))[:100])],
    }


def _unordered(issue: Mapping[str, Any]) -> dict[str, Any]:
    """An issue without what has no meaning: the order of people and labels, the case of a login, which sweet it is."""
    unordered = ("assignees", "requested_reviewers", "requested_teams", "labels")
    said = {
        key: [{**one, "author": one["author"].lower(), "body": _loosely(one["body"])} for one in issue[key] or ()]
        for key in ("comments", "reviews")
        if key in issue
    }
    return {**issue, **{key: sorted(issue[key] or ()) for key in unordered if key in issue}, **said}


def _loosely(text: str) -> str:
    return plugin_git.loosely(CANDY.sub("", text))


def options(row: Row) -> dict[str, str]:
    """The flags of an external plugin, as our functions are told of them."""
    names = {
        "labels": "LABELS",
        "prow_assignments": "USE_PROW_ASSIGNMENTS",
        "allow_all": "ALLOW_ALL",
        "create_issue_on_conflict": "CREATE_ISSUE_ON_CONFLICT",
        "label_prefix": "LABEL_PREFIX",
    }
    given = row.get("external_options") or {}
    told = {name: given[key] for key, name in names.items() if given.get(key) is not None}
    texts = {name: ",".join(value) if isinstance(value, list) else str(value) for name, value in told.items()}
    return {f"CUTWATER_CHERRYPICKER_{name}": text for name, text in texts.items()}


def _scene(row: Row) -> Scene:
    """The row's configuration, and its world on GitHub."""
    given = row["world"]
    scene = Scene(configured(row), given["bot"], given.get("other_http"))
    load(row, scene.github)
    if row.get("auth") == "app":
        scene.act_as_app(given["bot"])
    return scene


def configured(row: Row) -> Configuration:
    return configuration(row["plugins_config"], row["prow_config"] or "{}", row["job_config"] or "")


def load(row: Row, github: GitHub) -> None:
    """Put the row's world on a GitHub that is empty."""
    given = row["world"]
    plugin_world.load(github.world(), given)
    if row["plugin"] == "cherrypicker":
        plugin_git.put_under(github.hub, given)
    plugin_boards.load(github, given)
    for request, status in (given.get("fail_requests") or {}).items():
        method, _, path = request.partition(" ")
        for one in {path, path.replace("/git/refs/", "/git/ref/")}:  # upstream asks for a ref at the older address
            github.plan(method, one, Answer(status, {"message": "injected failure"}))


def refused_to_app(row: Row) -> list[str]:
    """What GitHub refuses where we are an App, whose tokens may do no more than each plugin declares."""
    refused: list[str] = []

    async def answer() -> None:
        scene = _scene(row)
        try:
            scene.act_as_app(row["world"]["bot"])
            await scene.deliver(
                row["event"]["type"], row["event"]["guid"], msgspec.json.encode(row["event"]["payload"])
            )
            for one in await scene.receipts():
                said = (one.error, *(str(step.result) for step in one.plan))
                refused.extend(text for text in said if "not accessible by integration" in text)
        finally:
            await scene.close()

    virtual_time.run(answer())
    return refused


def _said_by_deck(row: Row) -> str:
    """What deck answers to upstream's refresh; no ProwJobs where it fails."""
    text = str((row["world"].get("other_http") or {}).get(DECK, "!"))
    return text if row["plugin"] == "refresh" and text.startswith("{") else NO_PROWJOBS


def _on_deck(row: Row) -> list[dict[str, Any]]:
    """The ProwJobs that upstream's plugin finds on deck: they are in the cluster, with the labels that all have."""
    found: list[dict[str, Any]] = without_nulls(json.loads(_said_by_deck(row))["items"])
    for one in found:
        spec = msgspec.convert(one["spec"], ProwJobSpec, strict=False)
        one["metadata"]["labels"] = labels_of(spec, one["metadata"].get("labels") or {})
    return found


async def _answer(row: Row) -> dict[str, Any]:
    scene, event = _scene(row), row["event"]
    try:
        before = await furnish(row, scene.github.hub, scene.kube, scene.config)
        await scene.deliver(event["type"], event["guid"], before.payload)
        is_given_up = any([True async for _ in scene.state.list(DEAD)])
        return await before.compared(await scene.receipts(), await scene.prowjobs(), is_given_up=is_given_up)
    finally:
        await scene.close()


@dataclasses.dataclass(frozen=True, slots=True)
class Before:
    """How a row's world was before its event. `known`: the ids of its issues by their numbers."""

    row: Row
    hub: Hub
    kube: Kube
    prowjobs: Mapping[str, Json]
    maps: Mapping[tuple[str, str], Json]
    known: Mapping[int, int]

    @property
    def payload(self) -> bytes:
        """The event's, as this GitHub would send it."""
        payload = self.row["event"]["payload"]
        return msgspec.json.encode(plugin_world.with_own_nodes(self.hub, payload, self.known))

    async def compared(
        self, receipts: Sequence[Receipt], prowjobs: Sequence[Json], *, is_given_up: bool
    ) -> dict[str, Any]:
        """All that is compared of what is there afterwards. `prowjobs`: those that there are now."""
        row, hub = self.row, self.hub
        seen = plugin_world.seen(hub, _full_name(row), _told_of(row), self.known)
        return {
            "error": is_given_up or any(_went_wrong(one) for one in receipts),
            "after": [_unordered(one) for one in seen],
            "git": plugin_git.pushed(hub, row["world"]) if row["plugin"] == "cherrypicker" else [],
            "moved": [name for one in receipts for name in _moves(one)],
            "prowjobs": [_created(one) for one in prowjobs if one["metadata"]["name"] not in self.prowjobs],
            "prowjobs_aborted": [_aborted(one) for one in prowjobs if _has_changed(one, self.prowjobs)],
            "kube_writes": await plugin_config_maps.written(self.kube, self.maps) if _writes_maps(row) else [],
        }


async def furnish(row: Row, hub: Hub, kube: Kube, config: Configuration) -> Before:
    """Put into the cluster what a row's world has there; on GitHub it stands already."""
    before = {}
    for one in [*without_nulls(row["world"].get("prowjobs") or []), *_on_deck(row)]:
        before[one["metadata"]["name"]] = one
        await kube.create(PROWJOB, one["metadata"]["namespace"], one)
    given = row["world"].get("configmaps") or ()
    maps = await plugin_config_maps.load(kube, config, given) if _writes_maps(row) else {}
    return Before(row, hub, kube, before, maps, plugin_world.ids(hub, _full_name(row)))


def _writes_maps(row: Row) -> bool:
    return bool(row["plugin"] == "config-updater")


def _has_changed(prowjob: Mapping[str, Any], before: Mapping[str, Mapping[str, Any]]) -> bool:
    known = before.get(prowjob["metadata"]["name"])
    return known is not None and known["status"].get("state") != prowjob["status"].get("state")


def _full_name(row: Row) -> str:
    return f"{row['world']['org']}/{row['world']['repo']}"


def _told_of(row: Row) -> list[int]:
    """The issue that upstream's answer tells of, or all of them."""
    after = row["upstream"]["after"]
    return [one["number"] for one in ([after] if isinstance(after, dict) else after or ())]


def _moves(one: Receipt) -> list[str]:
    """What was pinned or transferred, by the names of GitHub's mutations."""
    done = [step.effect for step in one.plan if step.state == "done"]
    pins = ["pinIssue" if effect["is_pinned"] else "unpinIssue" for effect in done if effect["type"] == "PinIssue"]
    return pins + ["transferIssue" for effect in done if effect["type"] == "TransferIssue"]


def _went_wrong(one: Receipt) -> bool:
    """Whether something was refused, is a bug, or did not come to an end however often it was tried.

    A person whom GitHub does not take is no error, and neither is a fork: whoever asked is told.
    """
    refused = (step for step in one.plan if step.state == "refused" and step.effect["type"] != FORK)
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
