"""What the operator writes into a ProwJob. Source of the texts: sigs.k8s.io/prow pkg/jenkins (controller.go)."""

from datetime import datetime

from msgspec.structs import replace

from cutwater.config.prow import JenkinsOperator
from cutwater.config.template import JENKINS_FUNCTIONS, parse
from cutwater.jenkins.types import Build
from cutwater.kube.effects import Transition, timestamp, transition
from cutwater.prowjob.labels import BUILD_ID, JENKINS_START, is_value
from cutwater.prowjob.reporting import GITHUB
from cutwater.prowjob.types import ProwJob, State
from functions.jenkins_operator.asked import UNSEEN, Start, is_unseen, start_of, unseen
from functions.jenkins_operator.following import ENQUEUED, End, Say

SUPERSEDED = "Aborted as the newer version of this job is running."
TROUBLE = "Jenkins cannot be asked:"


def said(job: ProwJob, say: Say, operator: JenkinsOperator, now: datetime) -> Transition:
    """It waits in Jenkins' queue, or runs there."""
    status: dict[str, object] = {"state": say.state, "description": say.description}
    if say.state == "pending" and job.status.pendingTime is None:
        status["pendingTime"] = timestamp(now)
    labels = {}
    if say.build is not None:
        status |= _of_build(job, say.build, say.state, operator)
        labels = _labels(say.build)
    annotations = _seen(job)
    start = start_of(job)
    if start is not None and not start.is_taken:
        annotations[JENKINS_START] = str(replace(start, is_taken=True))
    return transition(job, status, why=say.description, labels=labels, annotations=annotations)


def ended(job: ProwJob, end: End, operator: JenkinsOperator, link: str, now: datetime) -> Transition:
    """It is over. `link`: where a run leads of which Jenkins knows nothing."""
    status: dict[str, object] = {
        "state": end.state,
        "description": end.description,
        "completionTime": timestamp(now),
    }
    if end.build is None:
        return transition(job, status | {"url": link}, why=end.description)
    status |= _of_build(job, end.build, end.state, operator)
    return transition(job, status, why=end.description, labels=_labels(end.build), annotations=_seen(job))


def asking(job: ProwJob, start: Start) -> Transition:
    """Jenkins is about to be asked for its build."""
    return transition(
        job, {}, annotations={JENKINS_START: str(start), UNSEEN: ""}, why="Jenkins is to be asked for its build"
    )


def taken(job: ProwJob, start: Start) -> Transition:
    """Jenkins has said that it took it."""
    annotations = {JENKINS_START: str(replace(start, is_taken=True))}
    return transition(job, {"description": ENQUEUED}, annotations=annotations, why="Jenkins took it")


def not_seen(job: ProwJob, why: str, now: datetime) -> Transition:
    """What should be in Jenkins was not to be seen there, for the first time."""
    return transition(job, {}, annotations=unseen(now), why=why)


def described(job: ProwJob, description: str) -> Transition:
    """People are to read why nothing happens."""
    return transition(job, {"description": description}, why=description)


def superseded(job: ProwJob) -> Transition:
    """A newer run for the same pull request replaces it. Its context on GitHub is the newer one's by now."""
    status = {"state": "aborted", "description": SUPERSEDED}
    return transition(job, status, told={GITHUB: "aborted"}, why=SUPERSEDED)


def aborted(job: ProwJob, now: datetime) -> Transition:
    """The abort that somebody asked for was carried out; what they said of it stands."""
    return transition(job, {"completionTime": timestamp(now)}, why="its build is stopped")


def _of_build(job: ProwJob, build: Build, state: State, operator: JenkinsOperator) -> dict[str, object]:
    """What the ProwJob says of its build, and the link that belongs to its next state."""
    known = {"pod_name": job.metadata.name, "build_id": build.build_id, "jenkins_build_id": str(build.number)}
    then = replace(job, status=replace(job.status, state=state, **known))
    try:
        url = parse(operator.job_url_template, JENKINS_FUNCTIONS).render(then)
    except ValueError:
        url = job.status.url
    return {**known, "url": url}


def _labels(build: Build) -> dict[str, str]:
    """By its build id a run is found, like those that are pods."""
    return {BUILD_ID: build.build_id} if build.build_id and is_value(build.build_id) else {}


def _seen(job: ProwJob) -> dict[str, str]:
    return {UNSEEN: ""} if is_unseen(job) else {}
