"""Many ProwJobs while everything around the functions fails at random: all end, once, within their limits, and told.

The seed is in each test's name: the same one gives the same run.
"""

import asyncio
import re
from collections import Counter
from collections.abc import Sequence

import pytest

from cutwater.config.configuration import Configuration
from cutwater.github.effects import StatusState
from cutwater.prowjob.types import ProwJob
from cutwater.storage.memory import MemoryStore
from functions.crier.storage import destination
from infra.local.github.records import Status
from infra.local.github.world import Issue
from tests.faults.cluster import FAILED, PASSED, Cluster, Limits
from tests.faults.injected import Faults
from tests.world import BOT, CONFIG, World, configuration

pytestmark = pytest.mark.virtual

NARROW, QUEUE, ALL = 2, 3, 40
"""max_concurrency of the job `narrow`, the capacity of the queue `few`, and plank's own."""
HOURS = 8
"""Virtual hours in which all must have ended, faults and all."""
FAULTS = {
    "API server 409",
    "API server 429",
    "API server 500",
    "API server 500 after the deed",
    "a watch is dropped",
    "GitHub 502",
    "GitHub 502 after the deed",
    "GitHub 403 with retry-after",
    "S3 500",
    "S3 500 after the deed",
    "S3 is slow",
    "an event is lost",
    "an event comes twice",
    "an event is overtaken",
    "killed before an effect",
    "killed after an effect",
}
FILES = ("started.json", "finished.json", "build-log.txt", "prowjob.json")
SHOWN: dict[str, StatusState] = {"success": "success", "failure": "failure", "error": "error"}
ROW = re.compile(r"^(\S+) \| [0-9a-f]+ \|", re.MULTILINE)
"""A row of the results comment: the context of a job that failed."""


def of_many_jobs(jobs: int) -> Configuration:
    """A configuration whose every pull request runs so many jobs."""
    config = CONFIG.replace("plank:\n", f"plank:\n  max_concurrency: {ALL}\n  job_queue_capacities: {{few: {QUEUE}}}\n")
    limited = [
        f"    - {{name: narrow, max_concurrency: {NARROW}, {_REST}}}",
        *(f"    - {{name: queued-{number}, job_queue_name: few, {_REST}}}" for number in range(2)),
    ]
    free = [f"    - {{name: free-{number}, {_REST}}}" for number in range(jobs - len(limited))]
    return configuration(config, "\n".join(["presubmits:", "  acme/rocket:", *limited, *free]))


_REST = "always_run: true, decorate: true, spec: {containers: [{image: x, command: [make]}]}"


class Weather:
    """A world in bad weather, and what must be true at its end."""

    def __init__(self, seed: int, *, pulls: int, jobs: int) -> None:
        self.faults = Faults(seed)
        self._pulls, self._jobs = pulls, jobs
        self.world = World(
            of_many_jobs(jobs),
            apply=self.faults.apply,
            around=self.faults.events,
            before_github=self.faults.github,
            before_api_server=self.faults.api_server,
            store=self.faults.store,
        )
        self.cluster = Cluster(self.world, seed)
        self.limits = Limits(self.world)
        self.changes: list[Issue] = []

    async def play(self) -> list[ProwJob]:
        """Open the pull requests, and wait until everything has come to rest. The ProwJobs."""
        watching = [asyncio.ensure_future(self.cluster.run()), asyncio.ensure_future(self.limits.watch())]
        try:
            for number in range(self._pulls):
                files = {f"fin-{number}.txt": "balsa\n"}
                self.changes.append(
                    await self.world.github.pull_request(self.world.rocket, author="alice", files=files)
                )
                await asyncio.sleep(20)
            await self._ended()
            await asyncio.sleep(3600)  # whatever is late comes now
            return await self.world.kube.read.prowjobs("default")
        finally:
            for task in watching:
                task.cancel()
            await asyncio.gather(*watching, return_exceptions=True)
            await self.faults.stop()

    async def _ended(self) -> None:
        jobs: Sequence[ProwJob] = ()
        for _ in range(HOURS * 60):
            jobs = await self.world.kube.read.prowjobs("default")
            if len(jobs) == self._pulls * self._jobs and all(job.is_complete for job in jobs):
                return
            await asyncio.sleep(60)
        states = Counter(job.status.state for job in jobs)
        raise AssertionError(f"not within {HOURS} h: {self._pulls * self._jobs} ProwJobs have ended, but {states}")

    def check_runs(self, jobs: Sequence[ProwJob]) -> None:
        """Each ran once: after a pod that came to an end there was no other."""
        for job in jobs:
            ends = self.cluster.ends[job.metadata.name]
            assert not {PASSED, FAILED} & set(ends[:-1]), f"{job.spec.job} ran twice: {ends}"
            wanted = {PASSED: "success", FAILED: "failure"}.get(ends[-1], "error")
            assert job.status.state == wanted, f"{job.spec.job}: {ends}, but {job.status.state}"

    def check_limits(self) -> None:
        most = self.limits.most
        assert most["narrow"] <= NARROW
        assert most["few"] <= QUEUE
        assert most["all"] <= ALL

    def check_reports(self, jobs: Sequence[ProwJob]) -> None:
        """GitHub has each result once, as the newest status of its context, and the failed ones in one comment."""
        for change in self.changes:
            mine = {
                job.spec.context: job
                for job in jobs
                if job.spec.refs and job.spec.refs.pulls[0].number == change.number
            }
            assert len(mine) == self._jobs
            told = Counter((status.context, status.state) for status in self._statuses(change))
            for context, job in mine.items():
                state = SHOWN[job.status.state]
                assert change.statuses[context][0] == state
                assert told[context, state] == 1, f"{context} was told of {told[context, state]} times"
            failed = {context for context, job in mine.items() if job.status.state == "failure"}
            comments = [text for who, text in change.comments if who == BOT]
            rows = [row for text in comments for row in ROW.findall(text)]
            assert sorted(rows) == sorted(failed)

    def _statuses(self, change: Issue) -> list[Status]:
        """All that were ever set on its head."""
        return [status for status in self.world.hub.hub.statuses if status.sha == change.head]

    async def check_storage(self, jobs: Sequence[ProwJob]) -> None:
        """The folder of each run is complete."""
        for job in jobs:
            place = destination(job, self.world.config.prow)
            assert place is not None
            listed = MemoryStore.list(self.world.bucket(place.bucket), place.folder)  # without the faults
            keys = {entry.key async for entry in listed}
            ran = {PASSED, FAILED} & set(self.cluster.ends[job.metadata.name])
            wanted = {place.key(name) for name in FILES if ran or name != "build-log.txt"}
            ends = self.cluster.ends[job.metadata.name]
            assert wanted <= keys, f"{job.spec.job} ({ends}) lacks {wanted - keys}, has {keys}"


async def bad_weather(seed: int, *, pulls: int, jobs: int) -> None:
    weather = Weather(seed, pulls=pulls, jobs=jobs)
    async with weather.world:
        found = await weather.play()
        weather.check_runs(found)
        weather.check_limits()
        weather.check_reports(found)
        await weather.check_storage(found)
    assert set(weather.faults.happened) >= FAULTS, FAULTS - set(weather.faults.happened)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
async def test_fifty_prowjobs(seed: int) -> None:
    await bad_weather(seed, pulls=5, jobs=10)


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", [11, 12, 13])
async def test_five_hundred_prowjobs(seed: int) -> None:
    await bad_weather(seed, pulls=25, jobs=20)
