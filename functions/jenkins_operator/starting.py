"""How a build is started. Source of the conversation: sigs.k8s.io/prow pkg/jenkins (jenkins.go, BuildFromSpec).

The ProwJob says that Jenkins is asked before it is, and what it answered afterwards: see `asked`.
"""

from datetime import datetime

from msgspec.structs import replace

from cutwater.config.prow import JenkinsOperator
from cutwater.events.effect import Act
from cutwater.events.look import Look
from cutwater.jenkins.effects import StartBuild, StopBuild, TeachParameters
from cutwater.jenkins.errors import Denied
from cutwater.jenkins.types import PROW_JOB_ID, JobInfo
from cutwater.kube.effects import timestamp, transition
from cutwater.outgoing.tot import CountBuild
from cutwater.podutils import jobspec
from cutwater.prowjob.builds import build_id
from cutwater.prowjob.types import ProwJob
from functions.jenkins_operator import changes
from functions.jenkins_operator.asked import PATIENCE, TAUGHT, Start, is_lost, is_unseen, start_of
from functions.jenkins_operator.following import NOT_STARTED, End
from functions.jenkins_operator.limits import startable
from functions.jenkins_operator.world import incomplete, of_operator, path_of


async def start(job: ProwJob, operator: JenkinsOperator, look: Look, act: Act) -> None:
    """Have the ProwJob built, if it is its turn and its job can be built. Raises Later where tot gives no number."""
    if start_of(job) is None and not await _may_start(job, operator, look):
        return
    try:
        await _start(job, operator, look, act)
    except Denied as denied:
        await _give_up(job, f"Jenkins will not: {denied}", operator, look, act)


async def _may_start(job: ProwJob, operator: JenkinsOperator, look: Look) -> bool:
    if job.spec.max_concurrency <= 0 and operator.max_concurrency <= 0:
        return True
    fellows = of_operator(await incomplete(look), operator, look)
    return any(fellow.metadata.name == job.metadata.name for fellow in startable(fellows, operator))


async def _start(job: ProwJob, operator: JenkinsOperator, look: Look, act: Act) -> None:
    path, selector = path_of(job.spec), operator.label_selector
    info = await look.jenkins(selector).job(path)
    if info is None:
        await _await_job(job, f"job {job.spec.job} does not exist", operator, look, act)
        return
    if not info.parameters and not await _is_taught(job, info, operator, look, act):
        return
    if info.parameters and PROW_JOB_ID not in info.parameters:
        await _give_up(job, f"job {job.spec.job} does not declare the parameter {PROW_JOB_ID}", operator, look, act)
        return
    last = start_of(job)
    asked = replace(last, times=last.times + 1) if last else Start(await _next_number(job, look, act))
    try:
        parameters = jobspec.environment(jobspec.of(job, asked.build_id), agent=job.spec.agent)
    except ValueError as error:
        await _give_up(job, str(error), operator, look, act)
        return
    await _stop_lesson(job, operator, look, act)
    await act(changes.asking(job, asked))
    await act(StartBuild(selector=selector, job=path, parameters=parameters, why=f"{job.spec.job} is to run"))
    await act(changes.taken(job, asked))


async def _next_number(job: ProwJob, look: Look, act: Act) -> str:
    if not look.counts_builds:
        return build_id(job, look.now)
    return await act(CountBuild(job=job.spec.job, why=f"a build for {job.metadata.name} is to be started"))


async def _is_taught(job: ProwJob, info: JobInfo, operator: JenkinsOperator, look: Look, act: Act) -> bool:
    """Whether a job that declares no parameters can be started with some.

    One that was built before can, as far as anybody knows. A new one may learn them from its repository when it is
    built: it is, for once, and that build is stopped as soon as they are there.
    """
    path, taught = path_of(job.spec), job.metadata.annotations.get(TAUGHT)
    if not taught:
        if info.builds:
            return True
        await act(transition(job, {}, annotations={TAUGHT: timestamp(look.now)}, why="its job is to be built once"))
        await act(TeachParameters(selector=operator.label_selector, job=path, why="it may learn its parameters so"))
    elif look.now - datetime.fromisoformat(taught) >= PATIENCE:
        why = f"job {job.spec.job} has no parameters, not even after its first build"
        await _give_up(job, why, operator, look, act)
    return False


async def _stop_lesson(job: ProwJob, operator: JenkinsOperator, look: Look, act: Act) -> None:
    """Stop the build by which the job of this ProwJob learned its parameters, if it runs yet."""
    if not job.metadata.annotations.get(TAUGHT):
        return
    path, selector = path_of(job.spec), operator.label_selector
    for build in await look.jenkins(selector).builds(path) or ():
        if build.is_running and not build.prow_job_id:
            await act(StopBuild(selector=selector, job=path, number=build.number, why="it was to read parameters only"))


async def _await_job(job: ProwJob, why: str, operator: JenkinsOperator, look: Look, act: Act) -> None:
    """Jenkins makes the job of a pull request when it hears of it, which may be later than we do."""
    if not is_unseen(job):
        await act(changes.not_seen(job, why, look.now))
    elif is_lost(job, look.now):
        await _give_up(job, why, operator, look, act)


async def _give_up(job: ProwJob, why: str, operator: JenkinsOperator, look: Look, act: Act) -> None:
    end = End("error", f"{NOT_STARTED} {why[0].upper()}{why[1:]}.")
    await act(changes.ended(job, end, operator, look.config.prow.status_error_link, look.now))
