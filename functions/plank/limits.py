"""How many may run at once: of one job (max_concurrency), of one queue, and of all together.

Pending ones of any age take a place, and triggered ones that are strictly older: nobody overtakes a job that waits for
the same place. Source: sigs.k8s.io/prow pkg/plank (reconciler.go, canExecuteConcurrently).
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby

from cutwater.config.prow import Plank
from cutwater.prowjob.types import ProwJob

ALL = "plank"
_FIRST = datetime.min.replace(tzinfo=UTC)


def limits_of(job: ProwJob, plank: Plank) -> list[str]:
    """The names of the limits that the job is under, in the order in which they are held."""
    names = [f"job/{job.spec.job}"] if job.spec.max_concurrency > 0 else []
    names += [f"queue/{job.spec.job_queue_name}"] if job.spec.job_queue_name else []
    return names + ([ALL] if plank.max_concurrency > 0 else [])


def startable(jobs: Iterable[ProwJob], plank: Plank, *, first: ProwJob | None = None) -> Iterator[ProwJob]:
    """The triggered ones that may start now, if each of them does: the oldest first.

    `jobs`: all incomplete ProwJobs that can matter, each once. `first`: one of them that is asked about before the
    others; the limit on all together knows no age, as in Prow, where it lets in whoever asks.
    """
    waiting, places = [], _Places(plank)
    for job in jobs:
        if job.status.state == "pending":
            places.take(job)
        elif job.status.state == "triggered":
            waiting.append(job)
    waiting.sort(key=lambda job: (_created(job), job.metadata.name))
    if first is not None and places.has_room_for(first, behind=_older(waiting, first)):
        places.take(first)
        yield first
        waiting = [job for job in waiting if job is not first]
    for _, equals in groupby(waiting, key=_created):
        passed_over = []
        for job in equals:
            if places.has_room_for(job):
                places.take(job)
                yield job
            else:
                passed_over.append(job)
        for job in passed_over:
            places.reserve(job)


def first_of_each_line(jobs: Iterable[ProwJob], plank: Plank) -> Iterator[ProwJob]:
    """Of those that are under the same limits the first, which wakes the next when it has started; all without limits.

    All of a line at once would stand in each other's way.
    """
    lines = set()
    for job in jobs:
        line = tuple(limits_of(job, plank))
        if not line or line not in lines:
            lines.add(line)
            yield job


def has_free_places(jobs: Iterable[ProwJob], plank: Plank) -> bool:
    """Whether the limit on all together lets another one in. `jobs`: all that are pending."""
    return plank.max_concurrency <= 0 or sum(1 for _ in jobs) < plank.max_concurrency


def _older(waiting: Iterable[ProwJob], than: ProwJob) -> list[ProwJob]:
    return [job for job in waiting if _created(job) < _created(than)]


class _Places:
    """The places that are taken, by limit."""

    def __init__(self, plank: Plank) -> None:
        self._plank = plank
        self._pending = 0
        self._names: Counter[str] = Counter()
        self._queues: Counter[str] = Counter()

    def take(self, job: ProwJob) -> None:
        """The job runs."""
        self._pending += 1
        self.reserve(job)

    def reserve(self, job: ProwJob) -> None:
        """The job waits, and younger ones wait behind it; the limit on all together knows no line."""
        self._names[job.spec.job] += 1
        self._queues[job.spec.job_queue_name] += 1

    def has_room_for(self, job: ProwJob, behind: Sequence[ProwJob] = ()) -> bool:
        """Whether the job may start; `behind`: those that wait before it, and have no place reserved yet."""
        most, queue = job.spec.max_concurrency, job.spec.job_queue_name
        if 0 < self._plank.max_concurrency <= self._pending:
            return False
        namesakes = sum(1 for one in behind if one.spec.job == job.spec.job)
        if 0 < most <= self._names[job.spec.job] + namesakes:
            return False
        if not queue:
            return True
        in_line = sum(1 for one in behind if one.spec.job_queue_name == queue)
        capacity = self._plank.job_queue_capacities.get(queue, 0)
        return capacity < 0 or self._queues[queue] + in_line < capacity


def _created(job: ProwJob) -> datetime:
    return job.metadata.creation_timestamp or _FIRST
