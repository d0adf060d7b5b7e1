"""`/view/…`: one run. What it is, how it went, its log and its files."""

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

import msgspec
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from cutwater.errors import Later, Refused
from cutwater.events.edges import Edges
from cutwater.prowjob.types import ObjectMeta, ProwJobStatus
from cutwater.storage.store import Entry
from functions.deck import pages
from functions.deck.artifacts import is_text
from functions.deck.kept import Runs
from functions.deck.log_view import LogView
from functions.deck.logs import BUILD_LOG
from functions.deck.places import NotServed, Place, place
from functions.deck.rerun import Rerun
from functions.deck.runs import Run, RunSpec, as_run, is_shown, moment
from functions.deck.storage import Storage

FILES = 40
"""Files that the page lists; the folder's own page has all."""
MOST_NAMED = 60
"""Entries of metadata that are shown, and characters of each below."""
LONGEST_VALUE = 500
STATES: Mapping[str, str] = {"SUCCESS": "success", "FAILURE": "failure", "ABORTED": "aborted", "ERROR": "error"}


class Shown(Struct, frozen=True, kw_only=True):
    """Everything that is known of a run. `folder`: where its files lie; `is_known`: its ProwJob is still there."""

    run: Run
    folder: Place | None
    is_known: bool
    metadata: Mapping[str, str]
    files: list[Entry]
    is_all: bool

    @property
    def path(self) -> str:
        """As it stands behind /view/."""
        return self.folder.path if self.folder else f"prowjob/{self.run.spec.job}/{self.run.name}"

    @property
    def address(self) -> str:
        """The path, escaped for a link."""
        return quote(self.path, safe="/:@,+=")

    @property
    def logs(self) -> list[str]:
        """The names of its build logs: those that are stored, or those that there will be."""
        prefix = f"{self.folder.key}/" if self.folder else ""
        stored = [entry.key.removeprefix(prefix) for entry in self.files]
        return [name for name in stored if name.endswith(BUILD_LOG) and "/" not in name] or self.run.logs

    @property
    def history(self) -> str:
        """The address of the job's earlier runs, or ""."""
        if self.folder is None:
            return ""
        root = self.folder.parent
        if "pr-logs/pull/" in root.key:
            root = Place(provider=root.provider, bucket=root.bucket, key=f"pr-logs/directory/{root.name}")
        return f"/job-history/{root.address}"


class RunPage:
    """The page of a run, and the part of it that changes while it runs."""

    def __init__(self, edges: Edges, storage: Storage, runs: Runs, view: LogView, rerun: Rerun) -> None:
        self._edges, self._storage, self._runs, self._view, self._rerun = edges, storage, runs, view, rerun

    async def show(self, request: Request) -> Response:
        path = request.path_params["path"].strip("/")
        is_head = request.headers.get("x-part") == "head"
        if path.startswith("prowjob/"):
            run = await self._named(path)
            if run.folder is not None and await self._is_served(run.folder):
                return pages.see(f"/view/{run.folder.address}")
            shown = Shown(run=run, folder=None, is_known=True, metadata={}, files=[], is_all=True)
        else:
            wanted = place(path)
            found = await self._storage.follow(wanted)
            if found != wanted:
                return pages.see(f"/view/{found.address}")
            living = await self._living(found) if is_head else None
            if living is not None:
                return await self._head(living)  # asked for every few seconds: its files are left alone
            shown = await self._stored(found)
        return await (self._head(shown.run) if is_head else self._whole(request, shown))

    async def _head(self, run: Run) -> Response:
        config = (await self._edges.configuration()).prow
        return pages.html("head.html", run=run, now=self._edges.clock(), github=config.github.link_url.rstrip("/"))

    async def _whole(self, request: Request, shown: Shown) -> Response:
        config = (await self._edges.configuration()).prow
        log = request.query_params.get("log", "") or shown.logs[0]
        form = await self._rerun.form(request, shown.run) if shown.is_known else None
        response = pages.html(
            "run.html",
            shown=shown,
            run=shown.run,
            now=self._edges.clock(),
            github=config.github.link_url.rstrip("/"),
            is_bad=await self._view.is_bad(),
            log_name=log,
            log=await self._view.of(f"{shown.path}/{log}", request.query_params, is_over=shown.run.is_over),
            listed=shown.files[:FILES],
            is_text=is_text,
            rerun=form,
        )
        if form is not None:
            self._rerun.remember(request, response, form)
        return response

    async def _named(self, path: str) -> Run:
        parts = path.split("/")
        if len(parts) < 3:
            raise NotServed("the path is prowjob/<job>/<build>")
        return await self._runs.one("/".join(parts[1:-1]), parts[-1])

    async def _is_served(self, folder: Place) -> bool:
        try:
            await self._storage.check(folder)
        except NotServed:
            return False
        return True

    async def _stored(self, folder: Place) -> Shown:
        """A run by its files. What the API server knows of it is newer than what is stored."""
        (files, is_all), started, finished, stored, living = await asyncio.gather(
            self._storage.files(folder, below=True),
            self._storage.object(folder, "started.json"),
            self._storage.object(folder, "finished.json"),
            self._storage.object(folder, "prowjob.json"),
            self._living(folder),
        )
        if not files and living is None:
            raise NotServed(f"there is no run at {folder.key}")
        run = living or _of_prowjob(stored, folder) or _of_status(folder, started, finished)
        config = (await self._edges.configuration()).prow
        if not is_shown(run, config.deck.hidden_repos):
            raise NotServed(f"there is no run at {folder.key}")
        metadata = dict(_flat({**_object(started, "metadata"), **_object(finished, "metadata")}))
        revision = str(finished.get("revision") or started.get("repo-commit") or "")
        if revision:
            metadata = {"revision": revision[:LONGEST_VALUE], **metadata}
        return Shown(run=run, folder=folder, is_known=living is not None, metadata=metadata, files=files, is_all=is_all)

    async def _living(self, folder: Place) -> Run | None:
        try:
            found = await self._runs.of_build(folder.parent.name, folder.name)
        except (Later, Refused):
            return None  # the files are there, whether or not the API server answers
        return next((run for run in found if folder.is_at(run.folder)), None)


def _of_prowjob(stored: Mapping[str, Any], folder: Place) -> Run | None:
    """prowjob.json, as the last report left it, if it is this run's."""
    try:
        run = as_run(stored) if stored else None
    except Refused:
        return None
    return run if run and run.status.build_id == folder.name else None


def _of_status(folder: Place, started: Mapping[str, Any], finished: Mapping[str, Any]) -> Run:
    """What can be said of a run whose ProwJob is nowhere: from its path, started.json and finished.json."""
    result = str(finished.get("result", "")).upper()
    passed = "success" if finished.get("passed") is True else "failure"
    status = {
        "state": STATES.get(result, passed) if finished else "pending",
        "build_id": folder.name,
        "startTime": moment(started),
        "completionTime": moment(finished),
    }
    return Run(
        metadata=ObjectMeta(),
        spec=RunSpec(type="presubmit" if "pr-logs/" in folder.key else "periodic", job=folder.parent.name),
        status=msgspec.convert(status, ProwJobStatus),
    )


def _object(found: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = found.get(name)
    return value if isinstance(value, dict) else {}


def _flat(metadata: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Every text in it, named by its path. Source: the metadata lens of sigs.k8s.io/prow."""
    waiting, given = [("", metadata)], 0
    while waiting and given < MOST_NAMED:
        prefix, level = waiting.pop(0)
        for name, value in level.items():
            if isinstance(value, dict):
                waiting.append((f"{prefix}{name}.", value))
            elif isinstance(value, str) and value and given < MOST_NAMED:
                given += 1
                yield f"{prefix}{name}"[:LONGEST_VALUE], value[:LONGEST_VALUE]
