"""Which ProwJobs are old enough to go. Source: sigs.k8s.io/prow cmd/sinker (clean).

Age is counted from the start. One that is not complete never goes, and of a periodic that is still configured the
latest run stays, so that horologium knows when it ran.
"""

from collections.abc import Iterable, Iterator, Mapping, Set
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct, field

from cutwater.config.prow import Sinker
from cutwater.kube.effects import DeleteProwJob
from cutwater.prowjob.types import ObjectMeta


class RunSpec(Struct, frozen=True, kw_only=True):
    """Which job was run."""

    type: str = ""
    job: str = ""


class RunStatus(Struct, frozen=True, kw_only=True):
    """When it began and ended, and what was told of it."""

    state: str = ""
    startTime: datetime | None = None  # noqa: N815 - the JSON key
    completionTime: datetime | None = None  # noqa: N815
    prev_report_states: Mapping[str, str] = field(default_factory=dict)


class Run(Struct, frozen=True, kw_only=True):
    """A ProwJob as far as its age goes: one that no other role could read grows old, too."""

    metadata: ObjectMeta
    spec: RunSpec = field(default_factory=RunSpec)
    status: RunStatus = field(default_factory=RunStatus)

    @property
    def is_complete(self) -> bool:
        return self.status.completionTime is not None


def as_runs(found: Iterable[Mapping[str, Any]]) -> Iterator[Run]:
    """The ProwJobs that the API server listed, but for those of which not even this can be said."""
    for one in found:
        try:
            yield msgspec.convert(one, Run)
        except msgspec.ValidationError:
            continue


def old_prowjobs(jobs: Iterable[Run], sinker: Sinker, *, periodics: Set[str], now: datetime) -> Iterator[DeleteProwJob]:
    """The deletions. `periodics`: the names of those that are configured."""
    jobs = list(jobs)
    latest = _latest(jobs)
    for job in jobs:
        started = job.status.startTime
        if not job.is_complete or started is None or now - started <= sinker.max_prowjob_age:
            continue
        is_periodic = job.spec.type == "periodic"
        if is_periodic and job.spec.job in periodics and latest[job.spec.job] is job:
            continue
        reason = "aged-periodic" if is_periodic else "aged"
        yield DeleteProwJob(
            namespace=job.metadata.namespace,
            name=job.metadata.name,
            uid=job.metadata.uid,
            why=f"{reason}: it started more than {sinker.max_prowjob_age} ago",
        )


def _latest(jobs: Iterable[Run]) -> dict[str, Run]:
    """The run of each periodic that started last, complete or not; of two at once the one listed first."""
    latest: dict[str, Run] = {}
    for job in jobs:
        if job.spec.type != "periodic" or job.status.startTime is None:
            continue
        known = latest.get(job.spec.job)
        if known is None or known.status.startTime is None or job.status.startTime > known.status.startTime:
            latest[job.spec.job] = job
    return latest
