"""Which periodics are due, and why. Source: sigs.k8s.io/prow cmd/horologium (sync, and its retries)."""

import re
import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from cutwater.config.jobs import Periodic
from cutwater.kube.effects import timestamp
from cutwater.prowjob import duration
from cutwater.prowjob.labels import RERUN
from cutwater.prowjob.types import ProwJob

MOST_RETRIES = 10
_NUMBER = re.compile(r"[-+]?[0-9]+")
NAMES = uuid.UUID("0f6b2f0c-6a0e-5a43-9c1e-2f1b7a3a9d10")
"""The space of the names of runs by the clock."""


class Due(Struct, frozen=True):
    """A run that is to start. Its name comes from its cause: told twice, it is one run. `retry`: which one, or 0."""

    name: str
    why: str
    retry: int = 0


def latest_runs(jobs: Iterable[ProwJob]) -> Mapping[str, ProwJob]:
    """The run of each periodic that started last, whoever started it; of two at once the one listed first."""
    latest: dict[str, ProwJob] = {}
    for job in jobs:
        known = latest.get(job.spec.job)
        if job.spec.type == "periodic" and (known is None or _started(job) > _started(known)):
            latest[job.spec.job] = job
    return latest


def due(job: Periodic, latest: ProwJob | None, fired: datetime | None, now: datetime) -> Due | None:
    """The run that is due now, or None. `fired`: when its cron did, since the last tick.

    A run that goes on holds back the next: a cron that fires meanwhile is dropped, not put off.
    """
    if job.cron:
        if fired is None:
            return None
        if latest is None or latest.is_complete:
            return Due(_name(job.name, timestamp(fired)), f"its cron {job.cron} fired at {timestamp(fired)}")
    elif latest is None:
        return Due(_name(job.name, "first"), "it has never run")
    elif why := _interval_passed(job, latest, now):
        return Due(_name(job.name, latest.metadata.name), why)
    return _retry(job, latest, now)


def _interval_passed(job: Periodic, latest: ProwJob, now: datetime) -> str:
    """How long ago the latest run started (`interval`) or ended (`minimum_interval`), if that is long enough; or ""."""
    if latest.status.completionTime is None:
        return ""
    if job.interval and now - _started(latest) > _length(job.interval):
        return f"it started more than {job.interval} ago"
    if job.minimum_interval and now - latest.status.completionTime > _length(job.minimum_interval):
        return f"it ended more than {job.minimum_interval} ago"
    return ""


def _retry(job: Periodic, latest: ProwJob, now: datetime) -> Due | None:
    """Another try of a run that did not succeed, or of any where all attempts are to be used up."""
    retry = job.retry
    if retry is None or not (latest.is_complete or retry.run_all):
        return None
    before = latest.metadata.labels.get(RERUN, "0")
    if not _NUMBER.fullmatch(before) or int(before) >= min(retry.attempts, MOST_RETRIES):
        return None
    if now - _started(latest) <= timedelta(seconds=duration.seconds(retry.interval or 0)):
        return None
    if latest.status.state == "success" and not retry.run_all:
        return None
    number = int(before) + 1
    why = f"retry {number} after {latest.metadata.name}: {latest.status.state}"
    return Due(_name(job.name, latest.metadata.name), why, number)


def _name(job: str, cause: str) -> str:
    return str(uuid.uuid5(NAMES, f"{job}\n{cause}"))


def _started(job: ProwJob) -> datetime:
    return job.status.startTime or datetime.min.replace(tzinfo=UTC)


def _length(text: str) -> timedelta:
    return timedelta(microseconds=duration.nanoseconds(text) / 1000)
