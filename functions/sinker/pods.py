"""Which pods go, and from which a finalizer is taken. Source: sigs.k8s.io/prow cmd/sinker (cleanupKubernetesPods).

A pod goes when its ProwJob is over and one of them is old enough, whatever the pod itself does; a pod of a ProwJob that
goes on stays, however old, for plank would make it again. One without a ProwJob is an orphan.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal

from cutwater.config.prow import Sinker
from cutwater.prowjob.labels import ID
from cutwater.prowjob.pods import INFO_FINALIZER, Pod
from functions.sinker.prowjobs import Run

Reason = Literal["aged", "ttled", "orphaned"]
INFO_REPORTER = "gcsk8sreporter"
"""Who puts the finalizer on a pod, and takes it off once it has told what became of it."""
YOUNG = timedelta(seconds=30)
"""A pod that is not older may have a ProwJob that we have not seen."""
WORDS: Mapping[Reason, str] = {
    "aged": "aged: it started long ago",
    "ttled": "ttled: its ProwJob ended long ago",
    "orphaned": "orphaned: it has no ProwJob",
}


def prowjob_of(pod: Pod) -> str:
    """The name of the ProwJob that the pod belongs to."""
    return pod.metadata.labels.get(ID, pod.metadata.name)


def is_old(pod: Pod, job: Run, sinker: Sinker, now: datetime) -> Reason | None:
    """Why the pod goes although it has a ProwJob, or None."""
    ended = job.status.completionTime
    if ended is None:
        return None
    started = pod.status.start_time
    if started is not None and now - started > sinker.max_pod_age:
        return "aged"
    return "ttled" if now - ended > sinker.pod_ttl else None


def may_be_orphan(pod: Pod, now: datetime) -> bool:
    """Whether a pod of no known ProwJob is old enough to ask whether it has one."""
    made = pod.metadata.creation_timestamp
    return made is None or now - made > YOUNG


def is_held_for_nothing(pod: Pod, job: Run) -> bool:
    """Whether the pod still has a finalizer of which the reporter says that it has done its work."""
    told = job.status.prev_report_states.get(INFO_REPORTER)
    return job.is_complete and told == job.status.state and INFO_FINALIZER in pod.metadata.finalizers
