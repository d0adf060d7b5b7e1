"""tide/status_search: what is searched for to find the pull requests whose status may be wrong by now."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from cutwater.config.configuration import Configuration
from cutwater.errors import Refused
from cutwater.events.look import look_at
from cutwater.events.publish import look_event
from cutwater.kube.client import Kube
from cutwater.kube.effects import timestamp
from cutwater.storage.memory import MemoryStore
from functions.tide.sweep import BEGINNING, CHANGES, CURSOR, Seen, Swept, sweep
from tests import virtual_time
from tests.edges import edges
from tests.oracle.clusters import Cluster, Json
from tests.oracle.tide_world import Given, configuration
from tests.oracle_rows import OnPurpose, Row, difference

KINDS = ("tide/status_search",)


def check(row: Row) -> str | None:
    """The difference between our searches and upstream's, or None."""
    given, theirs = row["input"], row["upstream"]["loops"]
    mine = _searched(given)
    found = [difference(_worded(one), _worded(other)) for one, other in zip(mine, theirs, strict=True)]
    first = next((one for one in found if one is not None), None)
    if first is None:
        return None
    is_ours = all(_finds_as_much(one, other) for one, other in zip(mine, theirs, strict=True))
    return OnPurpose("changes-are-searched-for-by-organisation") if is_ours else first


def _worded(loop: Json) -> Json:
    """The searches without blanks that mean nothing."""
    return {"sent": {org: " ".join(search.split()) for org, search in loop["sent"].items()}}


def _finds_as_much(mine: Json, theirs: Json) -> bool:
    """Whether our searches cover the same repositories, and begin no later."""
    return _scopes(mine) == _scopes(theirs) and max(_starts(mine)) <= max(_starts(theirs))


def _scopes(loop: Json) -> set[str]:
    words = {word for search in loop["sent"].values() for word in search.split()}
    return {word for word in words if not word.startswith("updated:")}


def _starts(loop: Json) -> list[str]:
    return [search.rpartition(" updated:")[2].partition("..")[0] for search in loop["sent"].values()]


def _searched(given: Given) -> list[Json]:
    """What our sweeps search for, one after the other."""
    loops: list[Json] = []

    async def sweep_all() -> None:
        state = MemoryStore(virtual_time.clock)
        await state.put(CURSOR, msgspec.json.encode(Swept(changes=_seen(given))))
        said: Given = given
        for loop in given["loops"]:
            said = {**given, "config": loop.get("config", said["config"])}
            loops.append(await _sweep(configuration(said), loop, state))

    virtual_time.run(sweep_all())
    return loops


async def _sweep(config: Configuration, loop: Given, state: MemoryStore) -> Json:
    github = GitHub(loop)
    cluster = Cluster({}, lambda *_: None)
    world = edges(config=config, state=state, kube=lambda: Kube(cluster), github=lambda: github)
    look = await look_at(world)

    async def act(effect: Any) -> Any:
        return await effect.apply(world)

    await sweep(look_event("tide", "sweep"), look, act)
    end = timestamp(look.now)
    return {"sent": {org: search.replace(f"..{end}", "..<now>") for org, search in github.sent.items()}}


class GitHub:
    """A GitHub whose search finds what one loop of a row says. `sent`: the searches for changes, by organisation."""

    def __init__(self, loop: Given) -> None:
        self._loop = loop
        self.sent: dict[str, str] = {}

    async def graphql(self, query: str, org: str, **asked: Any) -> Json:
        nodes: list[Json] = []
        if asked["search"].startswith(CHANGES):
            self.sent[org] = asked["search"]
            if org in (self._loop.get("errors") or ()):
                raise Refused("injected")
            results: Mapping[str, list[str]] = self._loop.get("results") or {}
            found = [*results.get(org, ()), *results.get("", ())]
            nodes = [_node(org, number, updated) for number, updated in enumerate(found, 1)]
        return {"search": {"nodes": nodes, "pageInfo": {"hasNextPage": False, "endCursor": None}}}


def _node(org: str, number: int, updated: str) -> Json:
    repository = {"name": "rocket", "owner": {"login": org}}
    return {"number": number, "repository": repository, "baseRefName": "main", "updatedAt": updated}


def _seen(given: Given) -> Mapping[str, Seen]:
    """What stood in upstream's store for its way of asking: by organisation as an App, else under no name."""
    return {
        one["query"].strip(): Seen(datetime.fromisoformat(one["latest"]) if one["latest"] else BEGINNING)
        for org, one in given["stored"].items()
        if bool(org) is given["app_auth"]
    }


def has_no_time(row: Row) -> bool:
    """Whether there is a pull request of which GitHub does not say when it changed: it always does."""
    loops: list[Json] = row["input"]["loops"]
    return any("" in times for loop in loops for times in (loop.get("results") or {}).values())
