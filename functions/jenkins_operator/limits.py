"""How many builds may be under way at once: of one job (max_concurrency), and of all of an operator's.

A pending ProwJob takes a place, and so does a triggered one that Jenkins was asked for: its build may still wait there.
Upstream counts those only once they run. Source: sigs.k8s.io/prow pkg/jenkins (controller.go, canExecuteConcurrently).
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from cutwater.config.prow import JenkinsOperator
from cutwater.prowjob.types import ProwJob
from functions.jenkins_operator.asked import start_of

_FIRST = datetime.min.replace(tzinfo=UTC)


def limits_of(job: ProwJob, operator: JenkinsOperator) -> list[str]:
    """The names of the limits that the ProwJob is under, in the order in which they are held."""
    names = [f"job/{job.spec.job}"] if job.spec.max_concurrency > 0 else []
    return names + ([f"operator/{operator.label_selector}"] if operator.max_concurrency > 0 else [])


def startable(jobs: Iterable[ProwJob], operator: JenkinsOperator) -> Iterator[ProwJob]:
    """The waiting ones that may start now, if each of them does: the oldest first.

    `jobs`: all incomplete ProwJobs of the operator.
    """
    waiting: list[ProwJob] = []
    names: Counter[str] = Counter()
    for job in jobs:
        if job.status.state == "pending" or (job.status.state == "triggered" and start_of(job)):
            names[job.spec.job] += 1
        elif job.status.state == "triggered":
            waiting.append(job)
    for job in sorted(waiting, key=_age):
        if 0 < operator.max_concurrency <= names.total():
            return
        if not 0 < job.spec.max_concurrency <= names[job.spec.job]:
            names[job.spec.job] += 1
            yield job


def _age(job: ProwJob) -> tuple[datetime, str]:
    return job.metadata.creation_timestamp or _FIRST, job.metadata.name
