"""What becomes of a ProwJob, seen what Jenkins knows of its build.

Source of the rules and their texts: sigs.k8s.io/prow pkg/jenkins (controller.go, syncPendingJob, syncTriggeredJob).
"""

from datetime import datetime

from msgspec import Struct

from cutwater.jenkins.types import Build, Queued
from cutwater.prowjob.types import ProwJob, State
from functions.jenkins_operator.asked import MOST_ASKED, is_lost, is_unseen, start_of

ENQUEUED, RUNNING = "Jenkins job enqueued.", "Jenkins job running."
NOT_FOUND, NOT_STARTED = "Error finding Jenkins job.", "Error starting Jenkins job."
ENDS: dict[str, tuple[State, str]] = {
    "SUCCESS": ("success", "Jenkins job succeeded."),
    "ABORTED": ("aborted", "Jenkins job aborted."),
}
FAILED: tuple[State, str] = ("failure", "Jenkins job failed.")
"""FAILURE, UNSTABLE, and whatever else there is (NOT_BUILT): the test has not passed."""


class Begin(Struct, frozen=True):
    """Jenkins was not asked for it yet."""


class AskAgain(Struct, frozen=True):
    """Jenkins was asked, never said that it took it, and does not have it."""


class Wait(Struct, frozen=True):
    """It is not to be seen, for the first time."""


class Say(Struct, frozen=True):
    """The ProwJob is to say this: it waits in Jenkins' queue, or runs (then with its number)."""

    state: State
    description: str
    build: Build | None = None


class End(Struct, frozen=True):
    """The run is over. Without a build, Jenkins has none."""

    state: State
    description: str
    build: Build | None = None


Step = Begin | AskAgain | Wait | Say | End


def next_step(job: ProwJob, found: Build | Queued | None, now: datetime) -> Step | None:
    """What is to be done with a triggered or pending ProwJob; None where all is as it should be."""
    match found:
        case Build(is_running=True):
            return _running(job, found)
        case Build():
            state, description = ENDS.get(found.result or "", FAILED)
            return End(state, description, found)
        case Queued():
            return _enqueued(job)
        case None:
            return _missing(job, now)


def _running(job: ProwJob, build: Build) -> Say | None:
    is_linked = job.status.url or job.status.jenkins_build_id == str(build.number)
    says_so = job.status.description == RUNNING and is_linked
    if job.status.state == "pending" and says_so and not is_unseen(job):
        return None
    return Say("pending", RUNNING, build)


def _enqueued(job: ProwJob) -> Say | None:
    """A pending one may be in the queue again after a restart of Jenkins: it stays pending."""
    start = start_of(job)
    is_taken = job.status.state == "pending" or (start is not None and start.is_taken)
    says_so = job.status.state == "pending" or job.status.description == ENQUEUED
    if is_taken and says_so and not is_unseen(job):
        return None
    return Say(job.status.state or "triggered", job.status.description if job.status.state == "pending" else ENQUEUED)


def _missing(job: ProwJob, now: datetime) -> Step | None:
    start = start_of(job)
    if start is None and job.status.state == "triggered":
        return Begin()
    if not is_unseen(job):
        return Wait()
    if not is_lost(job, now):
        return None
    if start is None or start.is_taken or job.status.state == "pending":
        return End("error", NOT_FOUND)
    return AskAgain() if start.times < MOST_ASKED else End("error", NOT_STARTED)
