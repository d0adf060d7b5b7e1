"""Runs that a newer run of the same job for the same code under review makes needless.

Source: sigs.k8s.io/prow pkg/pjutil (abort.go).
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

from cutwater.prowjob.types import ProwJob, ProwJobSpec, Refs

_NEVER = datetime.min.replace(tzinfo=UTC)


def identity(spec: ProwJobSpec) -> str:
    """What two runs of the same thing have in common: type, job, branches and pull requests, whatever the commits."""
    refs = [spec.refs] if spec.refs else []
    return ",".join(sorted([spec.type, spec.job, *map(_digest, [*refs, *spec.extra_refs])]))


def superseded(jobs: Iterable[ProwJob], same: Callable[[ProwJobSpec], str] = identity) -> Sequence[ProwJob]:
    """The presubmits that a newer one replaces, in the order in which they are found; `same` tells what they run.

    Complete ones play no part. Where two started at once the later in the list gives way.
    """
    newest: dict[str, ProwJob] = {}
    older: list[ProwJob] = []
    for job in jobs:
        if job.spec.type != "presubmit" or job.is_complete:
            continue
        key = same(job.spec)
        rival = newest.setdefault(key, job)
        if rival is job:
            continue
        if _started(job) > _started(rival):
            newest[key], job = job, rival
        older.append(job)
    return older


def _started(job: ProwJob) -> datetime:
    return job.status.startTime or _NEVER


def _digest(refs: Refs) -> str:
    numbers = " ".join(map(str, sorted(pull.number for pull in refs.pulls)))
    return f"{refs.full_name}@{refs.base_ref} [{numbers}]"
