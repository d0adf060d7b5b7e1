"""`/tide`, `/tide-history`: the pools that tide merges from, and what it did in them; `/tide.js`, `/tide-history.js`.

Source: sigs.k8s.io/prow cmd/deck (tide.go).
"""

from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import urlencode

import msgspec
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from cutwater.config.tide import TideQuery, search_of
from cutwater.events.edges import Edges
from cutwater.events.pools import Entry, Pool
from functions.deck import pages
from functions.deck.audience import Sight, audience
from functions.deck.job_list import page_number
from functions.deck.objects import script
from functions.deck.tide_kept import Pools

ROWS = 100
"""Entries of the history on one page."""
LONGEST = 200
"""Characters of one filter that are read."""
FILTERS = ("repo", "branch", "action", "state", "author", "pull")
ACTIONS = ("MERGE", "MERGE_BATCH", "TRIGGER", "TRIGGER_BATCH")
STATES = ("success", "failure")


class Happened(Struct, frozen=True):
    """An entry of the history, and where it happened. `repository`: `org/repo`."""

    repository: str
    branch: str
    entry: Entry

    @property
    def state(self) -> str:
        return "failure" if self.entry.err else "success"


class TidePages:
    """The pages, and the same for programs."""

    def __init__(self, edges: Edges, pools: Pools) -> None:
        self._edges, self._pools = edges, pools

    async def pools(self, request: Request) -> Response:
        wanted = request.query_params.get("repo", "").strip()[:LONGEST]
        queries, found = await self._queries_and_pools()
        config = (await self._edges.configuration()).prow
        return pages.html(
            "tide.html",
            queries=[(query, search_of(query)) for query in queries if not wanted or _is_about(query, wanted)],
            pools=[pool for pool in found if wanted in {"", pool.org, f"{pool.org}/{pool.repo}"}],
            repos=sorted({f"{pool.org}/{pool.repo}" for pool in found}),
            wanted=wanted,
            github=config.github.link_url.rstrip("/"),
        )

    async def pools_script(self, request: Request) -> Response:
        queries, found = await self._queries_and_pools()
        said = {
            "Queries": [search_of(query) for query in queries],
            "TideQueries": queries,
            "Pools": [as_upstream(pool) for pool in found] or None,
        }
        return script(said, request.query_params.get("var", ""))

    async def history(self, request: Request) -> Response:
        wanted = {name: request.query_params.get(name, "").strip()[:LONGEST] for name in FILTERS}
        happened = sorted(_each(await self._histories()), key=lambda one: one.entry.time, reverse=True)
        found = [one for one in happened if is_like(one, wanted)]
        pages_ = max(-(-len(found) // ROWS), 1)
        page = min(page_number(request.query_params.get("page", "")), pages_)
        config = (await self._edges.configuration()).prow
        return pages.html(
            "tide_history.html",
            rows=found[(page - 1) * ROWS : page * ROWS],
            first=(page - 1) * ROWS,
            total=len(found),
            page=page,
            pages=pages_,
            wanted=wanted,
            query=urlencode({name: value for name, value in wanted.items() if value}),
            repos=sorted({one.repository for one in happened}),
            branches=sorted({one.branch for one in happened if wanted["repo"] in {"", one.repository}}),
            actions=ACTIONS,
            states=STATES,
            github=config.github.link_url.rstrip("/"),
            now=self._edges.clock(),
        )

    async def history_script(self, request: Request) -> Response:
        return script({"History": await self._histories()}, request.query_params.get("var", ""))

    async def _queries_and_pools(self) -> tuple[list[TideQuery], list[Pool]]:
        """Those that this deck's audience sees."""
        config = (await self._edges.configuration()).prow
        sight = Sight(config, audience())
        found = await self._pools.all()
        seen = [pool for pool in found if sight.is_shown(f"{pool.org}/{pool.repo}", pool.tenant_ids)]
        return sight.queries(config.tide.queries), seen

    async def _histories(self) -> dict[str, Sequence[Entry]]:
        """By pool, what this deck's audience sees; a pool of which it sees nothing is not there."""
        sight = Sight((await self._edges.configuration()).prow, audience())
        seen: dict[str, Sequence[Entry]] = {}
        for pool, entries in (await self._pools.histories()).items():
            repository = pool.partition(":")[0]
            if shown := [entry for entry in entries if sight.is_shown(repository, entry.tenant_ids)]:
                seen[pool] = shown
        return seen


def as_upstream(pool: Pool) -> dict[str, object]:
    """A pool in upstream's JSON, which says null where a list is empty, but for the tenants."""
    said: dict[str, object] = msgspec.to_builtins(pool)
    lists = ("SuccessPRs", "PendingPRs", "MissingPRs", "BatchPending", "Target", "Blockers")
    return said | {name: said[name] or None for name in lists}


def is_like(one: Happened, wanted: Mapping[str, str]) -> bool:
    """Whether the entry is what the filters ask for: with one of its pull requests by number and author."""
    said = {"repo": one.repository, "branch": one.branch, "action": one.entry.action, "state": one.state}
    pull, author = wanted["pull"].lstrip("#"), wanted["author"]
    return all(wanted[name] in {"", value} for name, value in said.items()) and (
        not (pull or author)
        or any(pull in {"", str(target.number)} and author in {"", target.author} for target in one.entry.target)
    )


def _each(histories: Mapping[str, Iterable[Entry]]) -> Iterable[Happened]:
    for pool, entries in histories.items():
        repository, _, branch = pool.partition(":")
        for entry in entries:
            yield Happened(repository, branch, entry)


def _is_about(query: TideQuery, wanted: str) -> bool:
    org, _, repo = wanted.partition("/")
    return query.covers(org, repo) if repo else org in query.orgs or any(r.startswith(f"{org}/") for r in query.repos)
