"""`/job-history/…`: the runs of one job that are stored, newest first, whether or not their ProwJobs are still there.

Source: sigs.k8s.io/prow cmd/deck (job_history.go).
"""

import asyncio
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from cutwater.events.edges import Edges
from functions.deck import pages
from functions.deck.places import PROVIDERS, NotServed, Place, place, pointer_target
from functions.deck.runs import moment
from functions.deck.storage import Storage

SHOWN = 20
LIST_SECONDS = 10.0
_ID = re.compile(r"/([0-9]+)(?:/|\.txt)$")


class Build(Struct, frozen=True, kw_only=True):
    """One line of the history."""

    number: int
    folder: Place | None
    result: str
    started: datetime | None
    duration: timedelta | None
    refs: str


class JobHistory:
    """The page."""

    def __init__(self, edges: Edges, storage: Storage) -> None:
        self._edges, self._storage = edges, storage

    async def show(self, request: Request) -> Response:
        path = request.path_params["path"].strip("/")
        if path.partition("/")[0] not in PROVIDERS:
            path = f"gs/{path}"
        root = await self._storage.check(place(path))
        wanted = request.query_params.get("buildId", "")
        if wanted and (not (wanted.isascii() and wanted.isdigit()) or int(wanted) < 1):
            raise NotServed("buildId is no number above 0", status=400)
        ids = await self._ids(root)
        if not ids:
            raise NotServed(f"there are no runs at {root.key}")
        first, shown = cropped(ids, int(wanted) if wanted else ids[0])
        builds = await asyncio.gather(*(self._build(root, number) for number in shown))
        return pages.html(
            "history.html",
            job=root.name,
            builds=builds,
            first=first,
            total=len(ids),
            address=root.address,
            newer=ids[max(first - SHOWN, 0)] if first else None,
            older=ids[first + SHOWN] if first + SHOWN < len(ids) else None,
            now=self._edges.clock(),
        )

    async def _ids(self, root: Place) -> list[int]:
        """The build ids, the newest first. A listing that takes too long is used as far as it came."""
        store, found = await self._storage.store(root), set[int]()
        try:
            async with asyncio.timeout(LIST_SECONDS):
                async for entry in store.list(f"{root.key}/", delimiter="/"):
                    if (match := _ID.search(entry.key)) and len(match[1]) < 20:
                        found.add(int(match[1]))
        except TimeoutError:
            pass
        return sorted(found, reverse=True)

    async def _build(self, root: Place, number: int) -> Build:
        try:
            folder = await self._folder(root, number)
            started = await self._storage.object(folder, "started.json")
            finished = await self._storage.object(folder, "finished.json")
        except NotServed:
            return Build(number=number, folder=None, result="UNKNOWN", started=None, duration=None, refs="")
        return described(number, folder, started, finished, self._edges.clock())

    async def _folder(self, root: Place, number: int) -> Place:
        pointer = root.within(f"{number}.txt")
        stored = await self._storage.small(pointer) if "/directory/" in f"/{root.key}" else None
        return await self._storage.check(root.within(str(number)) if stored is None else pointer_target(stored))


def cropped(ids: Sequence[int], top: int) -> tuple[int, Sequence[int]]:
    """The page that begins with `top` or what comes next: where it begins, and its ids. `ids`: the newest first."""
    first = next((index for index, number in enumerate(ids) if number <= top), len(ids))
    return first, ids[first : first + SHOWN]


def described(
    number: int, folder: Place, started: Mapping[str, Any], finished: Mapping[str, Any], now: datetime
) -> Build:
    """What started.json and finished.json say of a run."""
    begin, end = moment(started), moment(finished)
    result = str(finished.get("result") or ("SUCCESS" if finished.get("passed") else "FAILURE")).upper()
    if not finished:
        result = "PENDING" if started else "UNKNOWN"
    repos = started.get("repos")
    refs = ", ".join(map(str, repos.values())) if isinstance(repos, dict) else ""
    duration = max((end or now) - begin, timedelta(0)) if begin else None
    return Build(number=number, folder=folder, result=result[:20], started=begin, duration=duration, refs=refs[:200])
