"""What the Jenkins operator looks at: the ProwJob of an event, its fellows, and what Jenkins has of them."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence

from cutwater.config.jenkins import operator_of
from cutwater.config.prow import JenkinsOperator
from cutwater.events.event import Event
from cutwater.events.look import Look
from cutwater.jenkins.paths import job_path
from cutwater.jenkins.read import Reader
from cutwater.jenkins.types import Build, Queued
from cutwater.prowjob.duplicates import superseded
from cutwater.prowjob.types import ProwJob, ProwJobSpec
from cutwater.prowjob.wants import JENKINS

INCOMPLETE = f"spec.agent={JENKINS},status.completionTime="


async def prowjob_of(event: Event, look: Look) -> ProwJob | None:
    """The ProwJob that the event is about, if it is for Jenkins and not over."""
    namespace, _, name = event.subject.rpartition("/")
    ours = look.config.prow.prowjob_namespace
    if namespace not in {"", ours}:
        return None
    job = await look.kube.prowjob(ours, name)
    return job if job is not None and job.spec.agent == JENKINS and not job.is_complete else None


async def incomplete(look: Look, *, job: str = "") -> list[ProwJob]:
    """The ProwJobs for Jenkins that are not complete, by name; with `job`, those of one job."""
    fields = f"{INCOMPLETE},spec.job={job}" if job else INCOMPLETE
    return await look.kube.prowjobs(look.config.prow.prowjob_namespace, fields=fields)


def operator_for(job: ProwJob, look: Look) -> JenkinsOperator | None:
    """Whose ProwJob it is by its labels; None where nobody's."""
    return operator_of(job.metadata.labels, look.config.prow.jenkins_operators)


def of_operator(jobs: Iterable[ProwJob], operator: JenkinsOperator, look: Look) -> list[ProwJob]:
    """Those of the ProwJobs that are this operator's."""
    return [job for job in jobs if operator_for(job, look) is operator]


def superseded_of(jobs: Iterable[ProwJob]) -> Sequence[ProwJob]:
    """Those that a newer run for the same pull request replaces."""
    return superseded([job for job in jobs if job.status.state in {"triggered", "pending"}], _change)


def _change(spec: ProwJobSpec) -> str:
    """The job and the pull request. Source: sigs.k8s.io/prow pkg/jenkins (controller.go, terminateDupes)."""
    pulls = spec.refs.pulls if spec.refs else ()
    return f"{spec.job} {spec.refs.full_name if spec.refs else ''}#{pulls[0].number if pulls else 0}"


def path_of(spec: ProwJobSpec) -> str:
    """Where its job is in Jenkins."""
    return job_path(spec.job, spec.refs, spec.jenkins_spec)


def among(name: str, builds: Sequence[Build]) -> Build | None:
    """The build of this ProwJob. Jenkins lists the newest first; of two with one name the older one counts."""
    return next((each for each in reversed(builds) if each.prow_job_id == name), None)


async def build_of(job: ProwJob, jenkins: Reader) -> Build | Queued | None:
    """What Jenkins has of the ProwJob. Raises Unanswered and Denied."""
    return (await builds_of([job], jenkins, at_once=1))[job.metadata.name]


async def builds_of(jobs: Sequence[ProwJob], jenkins: Reader, *, at_once: int) -> Mapping[str, Build | Queued | None]:
    """The same of many, by name: a question for the queue, and one for each job of theirs, so many at once."""
    queue = await jenkins.queue()  # first: what leaves the queue meanwhile is seen among the builds
    doors = asyncio.Semaphore(at_once)

    async def listed(path: str) -> Sequence[Build]:
        async with doors:
            return await jenkins.builds(path) or ()

    paths = sorted({path_of(job.spec) for job in jobs})
    builds = dict(zip(paths, await asyncio.gather(*map(listed, paths)), strict=True))
    return {job.metadata.name: await _found(job, queue, builds[path_of(job.spec)], jenkins) for job in jobs}


async def _found(
    job: ProwJob, queue: Sequence[Queued], builds: Sequence[Build], jenkins: Reader
) -> Build | Queued | None:
    name = job.metadata.name
    found = among(name, builds) or next((each for each in queue if each.prow_job_id == name), None)
    if found is not None or not job.status.jenkins_build_id.isdigit():
        return found
    # Jenkins lists a hundred builds of a job: an older one is asked for by its number.
    old = await jenkins.build(path_of(job.spec), int(job.status.jenkins_build_id))
    return old if old is not None and old.prow_job_id == name else None
