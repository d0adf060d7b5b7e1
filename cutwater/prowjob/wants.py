"""Which roles must look when a ProwJob or a pod has changed: asked by the relay, for every change there is.

A wish is cheap to be wrong about in one direction only: a role that looks in vain does nothing, one that is not told
finds it in its sweep. Nothing here knows the configuration.
"""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from cutwater.prowjob.labels import CREATED_BY_PROW, JENKINS_START, REPORTED
from cutwater.prowjob.pods import Pod, cause_of_stop
from cutwater.prowjob.reporting import BY_DEFAULT, GITHUB, concerns_github, is_owed, is_refused
from cutwater.prowjob.types import ProwJob

KUBERNETES, JENKINS = "kubernetes", "jenkins"
AGENTS = (KUBERNETES, JENKINS, "tekton-pipeline")
"""Who runs ProwJobs. The last is a controller that cutwater leaves alone."""


class Want(Struct, frozen=True, kw_only=True):
    """A role that must look at a ProwJob, or for tide at a pool.

    `subject`: `namespace/name`, `/name` where only the configuration knows the namespace, or `org/repo:branch`.
    """

    role: str
    subject: str
    why: str
    reporter: str = ""


def wanted_by(job: ProwJob, reporters: Sequence[str] = BY_DEFAULT) -> Iterator[Want]:
    """The roles that must look at a ProwJob as it is now. `reporters`: those at work."""
    subject = f"{job.metadata.namespace}/{job.metadata.name}"
    if why := _plank(job):
        yield Want(role="plank", subject=subject, why=why)
    if why := _jenkins_operator(job):
        yield Want(role="jenkins-operator", subject=subject, why=why)
    for reporter in reporters:
        if _is_news(job, reporter):
            told = job.status.prev_report_states.get(reporter, "")
            why = f"{reporter} told of {told or 'nothing'}, not of {job.status.state}"
            yield Want(role="crier", subject=subject, why=why, reporter=reporter)
    if pool := _pool(job):
        yield Want(role="tide", subject=pool, why=f"{job.spec.job} ended: {job.status.state}")


def wanted_by_pod(pod: Pod, *, is_gone: bool) -> Iterator[Want]:
    """The roles that must look at a pod's ProwJob now that the pod is like this; `is_gone`: was, when it was removed.

    A pod that waits or runs as it should concerns nobody: how long it may is for plank's sweep to see.
    """
    if pod.metadata.labels.get(CREATED_BY_PROW) != "true":
        return
    if is_gone:
        why = "its pod is gone"
    elif pod.has_ended:
        why = f"its pod is {pod.status.phase}"
    elif pod.is_being_deleted:
        why = "its pod is being deleted"
    elif cause := cause_of_stop(pod):
        why = f"its pod is {cause}"
    else:
        return
    yield Want(role="plank", subject=f"/{pod.metadata.name}", why=why)


def _plank(job: ProwJob) -> str:
    """Why plank must look, or "".

    Of a pending one it hears by its pod. One that ends makes room for those that wait for its name or its queue.
    """
    if job.spec.agent not in AGENTS:
        return "" if job.is_complete else "nobody runs what it asks for"
    if job.spec.agent != KUBERNETES:
        return ""
    if job.is_complete:
        has_limit = job.spec.max_concurrency > 0 or job.spec.job_queue_name
        return "its place is free" if has_limit and _has_just_ended(job) else ""
    return {"triggered": "it is to start", "aborted": "it is to be stopped"}.get(job.status.state, "")


def _is_news(job: ProwJob, reporter: str) -> bool:
    """Whether the reporter owes a report, and has not been told of that before.

    Where another has told of this state already, or this one was refused, all were told of the state when it was new:
    what came in the way of that, crier's sweep finds. An abort is new twice: when it is asked for, and at its end.
    """
    if not is_owed(job, reporter) or is_refused(job, reporter):
        return False
    has_been_told = job.status.state in job.status.prev_report_states.values()
    return not has_been_told or (job.status.state == "aborted" and job.is_complete)


def _jenkins_operator(job: ProwJob) -> str:
    """Why the Jenkins operator must look, or "". What Jenkins was asked to build is for its sweep to follow."""
    if job.spec.agent != JENKINS or job.is_complete:
        return ""
    if job.status.state == "triggered" and not job.metadata.annotations.get(JENKINS_START):
        return "it is to start"
    return "it is to be stopped" if job.status.state == "aborted" else ""


def _pool(job: ProwJob) -> str:
    """The pool whose tests this was one of, once GitHub shows that it has ended, or at once where it never will."""
    refs = job.spec.refs
    if job.spec.type not in {"presubmit", "batch"} or refs is None or not job.is_complete:
        return ""
    is_shown = concerns_github(job) and not is_owed(job, GITHUB) and REPORTED not in job.metadata.labels
    is_never_shown = not concerns_github(job) and _has_just_ended(job)
    return f"{refs.full_name}:{refs.base_ref}" if is_shown or is_never_shown else ""


def _has_just_ended(job: ProwJob) -> bool:
    """Whether it is complete and no reporter has told of that yet: what follows changes nothing for the others."""
    return job.is_complete and job.status.state not in job.status.prev_report_states.values()
