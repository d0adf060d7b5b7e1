"""What events have missed: once a minute crier looks for reports that are still owed.

A ProwJob that is over, and of which nothing is owed, gets a label by which it is passed over from then on. What cannot
be told is tried less and less often.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from cutwater.config.prow import ProwConfig
from cutwater.events.effect import Effect
from cutwater.events.publish import LookAgain
from cutwater.kube.effects import LabelProwJob
from cutwater.prowjob.labels import REPORTED
from cutwater.prowjob.types import ProwJob
from functions.crier.scope import Scope

LABELLED_AT_ONCE = 500
"""Labels in one sweep: the first in a namespace that has been in use finds thousands."""
LONGEST_PAUSE = 16
"""Minutes."""


def sweep(jobs: Sequence[ProwJob], scope: Scope, config: ProwConfig, now: datetime) -> list[Effect[object]]:
    """What is due for these ProwJobs, which are all without the label."""
    labels, looks = [], []
    for job in jobs:
        owed = [reporter for reporter in scope.reporters if scope.owes(job, reporter, config)]
        if owed and is_due(job, now):
            looks += list(_looks(job, owed))
        elif not owed and job.is_complete:
            labels.append(_label(job))
    return [*looks, *labels[:LABELLED_AT_ONCE]]


def is_due(job: ProwJob, now: datetime) -> bool:
    """Whether it is time for another try: every minute at first, then every second one, up to LONGEST_PAUSE."""
    status = job.status
    since = status.completionTime or status.pendingTime or status.startTime or job.metadata.creation_timestamp or now
    minutes = (now - since) // timedelta(minutes=1)
    pause = max(1, min(LONGEST_PAUSE, minutes // 8))
    return minutes % pause == 0


def _looks(job: ProwJob, owed: Sequence[str]) -> Iterator[LookAgain]:
    subject = f"{job.metadata.namespace}/{job.metadata.name}"
    for reporter in owed:
        attributes = {"reporter": reporter, "state": job.status.state}
        why = f"{reporter} has not told of {job.status.state}"
        yield LookAgain(role="crier", subject=subject, why=why, attributes=attributes)


def _label(job: ProwJob) -> LabelProwJob:
    meta = job.metadata
    why = "it is over, and nothing is left to be told"
    return LabelProwJob(namespace=meta.namespace, name=meta.name, label=REPORTED, value="true", why=why)
