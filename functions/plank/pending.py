"""What plank does next with a ProwJob whose pod was made.

Source of the rules, their order and their texts: sigs.k8s.io/prow pkg/plank (reconciler.go, syncPendingJob).
"""

from datetime import datetime, timedelta

from msgspec import Struct

from cutwater.config.prow import Plank
from cutwater.prowjob import duration
from cutwater.prowjob.decoration import Decoration, Duration
from cutwater.prowjob.pods import INFO_FINALIZER, Pod, StopCause, cause_of_stop, have_all_containers_succeeded
from cutwater.prowjob.types import ProwJob, State
from functions.plank.reasons import with_reason

SCHEDULING_TIMEOUT = "Pod scheduling timeout."
PENDING_TIMEOUT = "Pod pending timeout."
RUNNING_TIMEOUT = "Pod running timeout."
REVIVED = "cutwater.dev/revived-pod"
"""The annotation that names, by uid, the last pod whose unexpected end was counted."""


class Finish(Struct, frozen=True):
    """The run is over. `stops_pod`: its pod must not go on."""

    state: State
    description: str
    stops_pod: bool = False


class Revive(Struct, frozen=True):
    """The pod was stopped by something that is not the test's doing: it makes room for another one.

    `counts`: this was not yet added to the number of revivals.
    """

    cause: StopCause
    counts: bool
    releases: bool
    deletes: bool


class Recreate(Struct, frozen=True):
    """The pod is gone before it ended: it is made again, as a new build."""


class Timeouts(Struct, frozen=True):
    """How long a pod may stay without a node, then without running, then running."""

    unscheduled: timedelta
    pending: timedelta
    running: timedelta


def timeouts_of(job: ProwJob, plank: Plank) -> Timeouts:
    """The job's own wishes, and plank's where it has none."""
    own = job.spec.decoration_config or Decoration()
    return Timeouts(
        _chosen(own.pod_unscheduled_timeout, plank.pod_unscheduled_timeout),
        _chosen(own.pod_pending_timeout, plank.pod_pending_timeout),
        _chosen(own.pod_running_timeout, plank.pod_running_timeout),
    )


def next_step(job: ProwJob, pod: Pod | None, now: datetime, plank: Plank) -> Finish | Revive | Recreate | None:
    """What is to be done now; None while plank waits."""
    if pod is None:
        return Recreate()
    cause = cause_of_stop(pod)
    if cause is not None:
        return _after_stop(job, pod, cause, plank)
    match pod.status.phase:
        case "Succeeded" if have_all_containers_succeeded(pod):
            return Finish("success", "Job succeeded.")
        case "Succeeded":
            return Finish("error", "Pod was in succeeded phase but some containers didn't finish")
        case "Failed":
            return Finish("failure", with_reason("Job failed.", pod))
    return _after_time(pod, now, timeouts_of(job, plank))


def must_not_run(job: ProwJob) -> bool:
    """Whether a pod that still runs for this complete ProwJob is one that was to be stopped."""
    return job.status.state == "aborted" or job.status.description.startswith((SCHEDULING_TIMEOUT, PENDING_TIMEOUT))


def _after_stop(job: ProwJob, pod: Pod, cause: StopCause, plank: Plank) -> Finish | Revive | None:
    if cause == "oomkilled":
        return Finish("error", "Job pod was OOM killed by the cluster.")
    if cause == "evicted" and job.spec.error_on_eviction:
        return Finish("error", "Job pod was evicted by the cluster.")
    counts = job.metadata.annotations.get(REVIVED) != pod.metadata.uid
    revivals = job.status.pod_revival_count
    if counts and revivals >= plank.max_revivals:
        stopped = f"after being stopped unexpectedly ({cause})"
        return Finish("error", f"Job pod reached max revivals ({revivals}) {stopped}")
    releases, deletes = INFO_FINALIZER in pod.metadata.finalizers, not pod.is_being_deleted
    return Revive(cause, counts, releases, deletes) if counts or releases or deletes else None


def _after_time(pod: Pod, now: datetime, timeouts: Timeouts) -> Finish | None:
    started, made = pod.status.start_time, pod.metadata.creation_timestamp or now
    match pod.status.phase:
        case "Pending" if started is None and now - made >= timeouts.unscheduled:
            return Finish("error", SCHEDULING_TIMEOUT, stops_pod=True)
        case "Pending" if started is not None and now - started >= timeouts.pending:
            return Finish("error", with_reason(PENDING_TIMEOUT, pod), stops_pod=True)
    if pod.is_being_deleted:
        return Finish("error", "Pod got deleted unexpectedly")
    if pod.status.phase == "Running" and started is not None and now - started >= timeouts.running:
        return Finish("aborted", RUNNING_TIMEOUT, stops_pod=True)
    return None


def _chosen(own: Duration | None, default: timedelta) -> timedelta:
    """The job's own, if it is one: an object that somebody changed by hand must not stop a whole sweep."""
    try:
        return default if own is None else timedelta(microseconds=duration.nanoseconds(own) / 1000)
    except ValueError:
        return default
