"""Crier: one look at a ProwJob by one reporter, over a GitHub and buckets as the row has them.

What is compared is what stands there afterwards: statuses, comments, objects, and what the ProwJob says was told.
Where a call fails as the row says, upstream may have deleted before it fails to create: ours creates first.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from cutwater.config.findings import ConfigError, Source
from cutwater.config.load import load
from cutwater.config.sources import Sources
from cutwater.errors import Later, Refused
from cutwater.events.effect import apply
from cutwater.events.level import look_again
from cutwater.events.publish import look_event
from cutwater.github.client import NotFound, Unprocessable
from cutwater.podutils import paths
from cutwater.prowjob.reporting import GITHUB, STORAGE
from cutwater.storage.memory import MemoryStore
from functions.crier.function import crier
from functions.crier.scope import Scope, scope_of
from tests.oracle.announcements import check_should, check_slack
from tests.oracle.clusters import Cluster
from tests.oracle.worlds import World, objects, without_nulls
from tests.oracle_rows import OnPurpose, Row, difference

KINDS = ("engine/github_report",)
_NAMESPACE = "prowjobs"
_NOW = "2026-08-21T12:00:00Z"
_NOT_FOUND = '"message":"Not Found"'


def check(row: Row) -> str | None:
    """The difference between what ours and upstream's crier did, or None.

    `github-0017` is a row of the reporter to GitHub.
    """
    return _FAMILIES[str(row["id"]).partition("-")[0]](row)


# GitHub


class _GitHub:
    """GitHub as far as crier needs it, with the comments of one pull request."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._bot, self._errors = given["bot"], given.get("errors") or {}
        self._comments = given.get("comments") or []
        self.statuses: list[Any] = []
        self.comments = {one["id"]: one["body"] for one in self._comments}
        self.created: list[str] = []

    async def get(self, path: str, **parts: Any) -> Any:
        self._fail("bot_user")
        return {"login": self._bot, "id": 1}

    async def pages(self, path: str, **parts: Any) -> list[Any]:
        self._fail("list_comments")
        return [{"id": one["id"], "body": one["body"], "user": {"login": one["author"]}} for one in self._comments]

    async def send(self, method: str, path: str, body: Any = None, **parts: Any) -> Any:
        if "statuses" in path:
            self._fail("status")
            self.statuses.append(body | {"org": parts["org"], "repo": parts["repo"], "sha": parts["sha"]})
            return None
        match method:
            case "POST":
                self._fail("create_comment")
                self.created.append(body["body"])
            case "PATCH":
                self._fail("edit_comment")
                self.comments[parts["id"]] = body["body"]
            case "DELETE":
                self._fail("delete_comment")
                del self.comments[parts["id"]]
        return {"id": 1}

    def _fail(self, operation: str) -> None:
        text = self._errors.get(operation)
        if text is None:
            return
        if _NOT_FOUND in text:
            raise NotFound(text)
        raise Unprocessable(422, text) if "No commit found" in text or "maximum number" in text else Later(text)


def _github(row: Row) -> str | None:
    given, answered = row["input"], row["upstream"]
    if answered.get("config_error"):
        return _refused(given["config"])
    mine = _reported(given)
    possible = [_as_it_stands(given, one) for one in answered.get("any_of") or [answered]]
    found = [difference(mine, one) for one in possible]
    if None in found:
        return None
    subject = next(one for one in given["prowjobs"] if one["metadata"]["name"] == given["reconcile"])
    if subject["status"].get("state") == "scheduling":
        return OnPurpose("no-status-before-a-cluster") if not mine["statuses"] else found[0]
    if mine["error"] and possible[0]["error"] and set(mine["comments"]) >= set(possible[0]["comments"]):
        return OnPurpose("new-comment-before-old-ones-go")
    return found[0]


def _refused(config: str) -> str | None:
    try:
        load(Sources(Source("config.yaml", config.encode())))
    except ConfigError:
        return None
    return "config_error: ours loads it"


def _reported(given: Mapping[str, Any]) -> dict[str, Any]:
    github = _GitHub(given)
    prowjobs = Cluster({"prowjobs": objects(given["prowjobs"])}, lambda *_: None)
    world = World(config=given["config"], now=_NOW, prowjobs=prowjobs, clusters={}, github=lambda: github)
    error = _look(world, given["reconcile"], GITHUB, _scope(given))
    job = prowjobs.objects["prowjobs", _NAMESPACE, given["reconcile"]]
    return {
        "statuses": github.statuses,
        "comments": {str(number): body for number, body in github.comments.items()},
        "created": github.created,
        "told": job["status"].get("prev_report_states"),
        "error": error,
    }


def _as_it_stands(given: Mapping[str, Any], answered: Mapping[str, Any]) -> dict[str, Any]:
    """What upstream's calls come to."""
    comments = {str(one["id"]): one["body"] for one in given.get("comments") or ()}
    statuses, created = [], []
    for call in answered.get("calls") or ():
        if call["op"] in (given.get("errors") or ()):
            continue
        match call["op"]:
            case "status":
                statuses.append({key: value for key, value in call.items() if key != "op"})
            case "create_comment":
                created.append(call["body"])
            case "edit_comment":
                comments[str(call["id"])] = call["body"]
            case "delete_comment":
                del comments[str(call["id"])]
    return {
        "statuses": statuses,
        "comments": comments,
        "created": created,
        "told": answered.get("prev_report_states"),
        "error": bool(answered.get("error")),
    }


def _scope(given: Mapping[str, Any]) -> Scope:
    """The scope of the flags: `--github-enabled-org=acme`."""
    environment: dict[str, str] = {"CUTWATER_REPORT_AGENT": given.get("report_agent") or ""}
    for flag in given.get("enablement") or ():
        name, _, value = flag.removeprefix("--").partition("=")
        variable = f"CUTWATER_{name.upper().replace('-', '_')}S"
        environment[variable] = ",".join(filter(None, [environment.get(variable, ""), value]))
    return scope_of(environment)


def _look(world: World, name: str, reporter: str, scope: Scope) -> bool:
    """Have crier look once. Whether it says no."""
    event = look_event("crier", f"{_NAMESPACE}/{name}", reporter=reporter)
    try:
        asyncio.run(look_again(crier(scope), event, world.edges, owner="row", apply=apply))
    except (Later, Refused):
        return True
    return False


# Storage


def _storage(row: Row) -> str | None:
    given = row["input"]
    job = without_nulls(given["prowjob"])
    buckets: dict[str, MemoryStore] = {}

    def bucket(name: str) -> MemoryStore:
        return buckets.setdefault(name, MemoryStore(lambda: datetime.now(UTC)))

    for address, content in (given["existing"] or {}).items():
        asyncio.run(bucket(_place(address)[0]).put(_place(address)[1], content.encode()))
    prowjobs = Cluster({"prowjobs": [job]}, lambda *_: None)
    world = World(config=given["config"], now=_NOW, prowjobs=prowjobs, clusters={}, bucket=bucket)
    _look(world, job["metadata"]["name"], STORAGE, Scope())
    before = {_place(address): content for address, content in (given["existing"] or {}).items()}
    written = {
        f"{name}/{key}": _shown(content, given["prowjob"])
        for (name, key), content in asyncio.run(_contents(buckets)).items()
        if before.get((name, key)) != content
    }
    wanted = {"/".join(_place(address)): content for address, content in row["upstream"]["written"].items()}
    return difference(written, wanted)


async def _contents(buckets: Mapping[str, MemoryStore]) -> dict[tuple[str, str], str]:
    found = {}
    for name, store in buckets.items():
        async for entry in store.list(""):
            one = await store.get(entry.key)
            assert one is not None
            found[name, entry.key] = one.body.decode()
    return found


def _shown(content: str, prowjob: Mapping[str, Any]) -> str:
    is_prowjob = difference(msgspec.json.decode(content), without_nulls(prowjob)) is None
    return "<prowjob>" if is_prowjob else content


def _place(address: str) -> tuple[str, str]:
    """Bucket and key. Our stores are one provider's, so that the scheme says nothing."""
    found = paths.bucket(address)
    return found.name, found.path.removeprefix("/")


_FAMILIES: Mapping[str, Callable[[Row], str | None]] = {
    "github": _github,
    "storage": _storage,
    "slack": check_slack,
    "should": check_should,
}
