"""The simulated cluster in which tests run."""

from collections import deque
from collections.abc import Callable, Collection, Iterator
from datetime import timedelta
from typing import Literal

from msgspec.structs import replace

from cutwater.cli.tide.clock import Clock
from cutwater.cli.tide.runs import Runs, refs_of
from cutwater.cli.tide.workload import Workload
from cutwater.prowjob.reporting import GITHUB
from cutwater.prowjob.types import ProwJob, Pull

KEPT = timedelta(hours=24)
"""How long a run that has ended is there to be looked at. Source: sigs.k8s.io/prow cmd/sinker (max_prowjob_age)."""


class Builds:
    """ProwJobs, from their creation to their end.

    `fails` says whether the test fails on these pull requests, whatever its luck; `ended` is told of each run that has
    ended. `slots`: how many run at once, 0 for all.
    """

    def __init__(
        self,
        clock: Clock,
        workload: Workload,
        *,
        fails: Callable[[str, tuple[Pull, ...]], bool],
        ended: Callable[[ProwJob], None],
        slots: int = 0,
    ) -> None:
        self.runs = Runs()
        self.count = 0
        """Runs that have begun."""
        self.seconds = 0.0
        """What they have taken together."""
        self._batches: dict[str, dict[str, bool]] = {}
        self._clock, self._workload, self._fails, self._ended = clock, workload, fails, ended
        self._takes = {job.name: job.seconds for job in workload.jobs}
        self._slots = slots
        self._waiting: deque[str] = deque()
        self._began: dict[str, float] = {}

    def start(self, job: ProwJob) -> None:
        """A new run. An older one of the same test for the same pull request alone is stopped, as plank has it."""
        if job.spec.type == "presubmit":
            pull = refs_of(job).pulls[0].number
            self.stop({one.metadata.name for one in self._of(pull) if one.spec.job == job.spec.job})
        self.runs.put(job)
        self._waiting.append(job.metadata.name)
        self._fill()

    def stop_all_of(self, pull: int) -> None:
        """The pull request has been merged or has changed: its runs are stopped; batches, which hold others, go on."""
        self.stop({job.metadata.name for job in self._of(pull)})

    def stop(self, names: Collection[str]) -> None:
        """Stop the runs of these names that have not ended: first those that wait, lest they get a place."""
        for name in sorted(names, key=lambda name: name in self._began):
            if not self.runs[name].is_complete:
                self._end(name, "aborted")

    def batches(self) -> tuple[int, int]:
        """How many batches have passed in every job, and how many have failed in one."""
        passed = [len(jobs) == len(self._takes) and all(jobs.values()) for jobs in self._batches.values()]
        failed = [not all(jobs.values()) for jobs in self._batches.values()]
        return sum(passed), sum(failed)

    def _of(self, pull: int) -> Iterator[ProwJob]:
        """The runs for this pull request alone that have not ended."""
        for name in (*self._began, *self._waiting):
            job = self.runs[name]
            if job.spec.type == "presubmit" and refs_of(job).pulls[0].number == pull:
                yield job

    def _fill(self) -> None:
        while self._waiting and not (0 < self._slots <= len(self._began)):
            self._begin(self._waiting.popleft())

    def _begin(self, name: str) -> None:
        job = self.runs[name]
        self.runs.put(replace(job, status=replace(job.status, state="pending", pendingTime=self._clock.time)))
        self._began[name] = self._clock.now
        self.count += 1
        luck = self._workload.luck_of(name)
        takes = self._takes[job.spec.job](luck)
        flakes = luck.random() < self._workload.flakes

        async def end() -> None:
            if name in self._began:
                passes = not flakes and not self._fails(job.spec.job, refs_of(job).pulls)
                self._end(name, "success" if passes else "failure")

        self._clock.after(takes, end)

    def _end(self, name: str, state: Literal["success", "failure", "aborted"]) -> None:
        if name in self._began:
            self.seconds += self._clock.now - self._began.pop(name)
        else:
            self._waiting.remove(name)
        job = self.runs[name]
        told = {GITHUB: state}
        status = replace(job.status, state=state, completionTime=self._clock.time, prev_report_states=told)
        ended = replace(job, status=status)
        self.runs.put(ended)
        if job.spec.type == "batch" and state != "aborted":
            jobs = self._batches.setdefault(str(job.spec.refs), {})
            jobs[job.spec.job] = jobs.get(job.spec.job, False) or state == "success"
        self._ended(ended)
        self._forget()
        self._fill()

    def _forget(self) -> None:
        """What is too old goes, as it goes by sinker."""
        old = []
        for job in self.runs:
            started = job.status.startTime
            if started is not None and self._clock.time - started < KEPT:
                break  # the younger ones come behind
            if job.is_complete:
                old.append(job.metadata.name)
        for name in old:
            self.runs.remove(name)
