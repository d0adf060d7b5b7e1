"""The cluster that runs the model's ProwJobs, and tells GitHub of them as crier does."""

import asyncio
import itertools
from collections.abc import Callable
from datetime import datetime
from typing import Any

from cutwater.config.configuration import Configuration
from cutwater.config.specs import presubmit_spec
from cutwater.kube.client import PROWJOB, Kube, Rejected
from cutwater.prowjob.descriptions import with_base_sha
from cutwater.prowjob.new import new_prowjob
from cutwater.prowjob.types import ProwJob, Pull, Refs
from functions.tide.presubmits import required
from tests.functions.tide.model.code import Code, Files
from tests.functions.tide.model.hub import ORG, REPO, Hub
from tests.functions.tide.model.observer import Observer
from tests.functions.tide.model.weather import Weather

SECONDS = {"unit": 30, "flight": 45, "docs": 12}
"""How long each job runs."""
LATE = 90
"""Seconds after which a late report comes: tide has stopped waiting for it by then."""
BROKEN, SHY, RIVAL = "broken", "shy", "rival"
"""What may stand in a file: its tests fail; the tests of every batch fail that brings it; only one such file may be
there."""


def passes(files: Files) -> bool:
    """Whether the tests of a pull request alone pass on these files."""
    words = [word for content in files.values() for word in content.split()]
    return BROKEN not in words and words.count(RIVAL) < 2


def _is_shy_batch(code: Code, refs: Refs) -> bool:
    """Whether one of several pull requests does not like that."""
    return len(refs.pulls) > 1 and any(
        SHY in code.commits[pull.sha].files[path].split()
        for pull in refs.pulls
        for path in code.changed(refs.base_sha, pull.sha)
    )


def _tested_files(code: Code, refs: Refs) -> Files | None:
    """What clonerefs checks out: the base, and each pull request merged into it; None where that conflicts."""
    top = refs.base_sha
    for pull in refs.pulls:
        made = code.combine(top, pull.sha, "merge", "tested")
        if made is None:
            return None
        top = made
    return code.commits[top].files


class Cluster:
    """Runs what it hears of. `told` is called where the relay would wake tide."""

    def __init__(
        self,
        kube: Kube,
        hub: Hub,
        config: Configuration,
        observer: Observer,
        weather: Weather,
        *,
        told: Callable[[str], None],
        clock: Callable[[], datetime],
    ) -> None:
        self._kube, self._hub, self._config, self._observer = kube, hub, config, observer
        self._weather, self._told, self._clock = weather, told, clock
        self._running: dict[str, asyncio.Task[None]] = {}
        self._names = (f"trigger-{number}" for number in itertools.count())
        self.names: list[str] = []

    @property
    def is_idle(self) -> bool:
        return not self._running

    def hear(self, job: ProwJob) -> None:
        """A ProwJob is there."""
        self._observer.started(job)
        name = job.metadata.name
        self.names.append(name)
        task = self._running[name] = asyncio.ensure_future(self._run(job))
        task.add_done_callback(lambda _: self._running.pop(name, None))

    def is_running(self, sha: str, context: str) -> bool:
        """Whether a test of a commit, for itself, is under way."""
        return any(run.tests == sha and run.context == context for run in self._observer.running)

    async def test(self, number: int, *contexts: str) -> None:
        """What trigger does for a pull request: all its tests, or some again."""
        pull = self._hub.state.pulls[number]
        base = self._hub.state.branches[pull.base]
        refs = Refs(
            org=ORG,
            repo=REPO,
            base_ref=pull.base,
            base_sha=base,
            pulls=(Pull(number=number, author="bob", sha=pull.head),),
        )
        presubmits = self._config.jobs.presubmits_of(ORG, REPO)
        changes = self._hub.code.changed(base, pull.head)
        for job in required(presubmits, pull.base, changes, manual_jobs_count=False):
            if not contexts or job.context in contexts:
                now = self._clock().replace(microsecond=0)
                spec = presubmit_spec(job, refs)
                made = new_prowjob(spec, name=next(self._names), namespace="default", start=now, state="triggered")
                await self._kube.create(PROWJOB, "default", made)
                self.hear(made)

    async def delete(self, name: str) -> None:
        """Somebody deletes a ProwJob, and its pod with it."""
        if await self._kube.delete(PROWJOB, "default", name):
            self._observer.deleted(name)
            task = self._running.pop(name, None)
            if task is not None:
                task.cancel()

    async def abort(self, name: str) -> None:
        """Somebody aborts a run."""
        task = self._running.pop(name, None)
        if task is not None:
            task.cancel()
            self._observer.aborted(name)
            status = {"state": "aborted", "completionTime": self._now(), "description": "Aborted by somebody."}
            await self._kube.merge(PROWJOB, "default", name, {"status": status})

    async def stop(self) -> None:
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, job: ProwJob) -> None:
        try:
            await asyncio.sleep(1)
            await self._become(job, "pending", pendingTime=self._now())
            await asyncio.sleep(SECONDS[job.spec.context])
            state = self._result(job)
            self._observer.ended(job, state)
            await self._become(job, state, completionTime=self._now())
        except Rejected:
            return  # it was deleted

    def _result(self, job: ProwJob) -> str:
        code, refs = self._hub.code, job.spec.refs
        assert refs is not None
        files = _tested_files(code, refs)
        if files is None or not passes(files) or _is_shy_batch(code, refs):
            return "failure"
        return "failure" if self._weather.strikes("a test flakes") else "success"

    async def _become(self, job: ProwJob, state: str, **times: str) -> None:
        """The state, and the report of it."""
        refs = job.spec.refs
        assert refs is not None
        pool = f"{ORG}/{REPO}:{refs.base_ref}"
        await self._patch(job, {"state": state, **times})
        if state != "pending":
            self._told(pool)
        if job.spec.type != "presubmit":
            return
        await asyncio.sleep(LATE if self._weather.strikes("a report is late") else 0.5)
        words = with_base_sha(f"Job {state}.", refs.base_sha)
        await self._hub.set_status(refs.pulls[0].sha, job.spec.context, state, words)
        await self._patch(job, {"prev_report_states": {"github-reporter": state}})
        if state != "pending":
            self._told(pool)

    async def _patch(self, job: ProwJob, status: dict[str, Any]) -> None:
        await self._kube.merge(PROWJOB, "default", job.metadata.name, {"status": status})

    def _now(self) -> str:
        return self._clock().isoformat(timespec="seconds").replace("+00:00", "Z")
