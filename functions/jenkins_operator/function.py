"""jenkins-operator: has the ProwJobs of agent jenkins built in Jenkins.

Woken for one ProwJob when it is to start or to be stopped (relay), and once a minute to look at Jenkins, which sends no
events (tick `sweep`). It needs the cluster of the ProwJobs, and every Jenkins: there is one for each entry of
`jenkins_operators` in the configuration, and a ProwJob's labels say which is its own.
Source: sigs.k8s.io/prow pkg/jenkins.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from cutwater.config.prow import JenkinsOperator
from cutwater.events.effect import Act
from cutwater.events.event import Event
from cutwater.events.level import LevelRole
from cutwater.events.look import Look
from cutwater.events.serve import level_role
from cutwater.jenkins.effects import CancelQueued, StopBuild
from cutwater.jenkins.errors import Denied, Unanswered
from cutwater.jenkins.types import Build, Queued
from cutwater.prowjob.types import ProwJob
from functions.jenkins_operator import changes, starting
from functions.jenkins_operator.asked import is_lost, is_unseen, start_of
from functions.jenkins_operator.following import AskAgain, Begin, End, Say, Wait, next_step
from functions.jenkins_operator.limits import limits_of
from functions.jenkins_operator.sweep import sweep
from functions.jenkins_operator.world import (
    build_of,
    incomplete,
    of_operator,
    operator_for,
    path_of,
    prowjob_of,
    superseded_of,
)

LEASE_SECONDS = 120
"""For the number that tot may take a minute to give, and the calls that follow; and for a sweep's four looks."""


async def decide(event: Event, look: Look, act: Act) -> None:
    """Do what is due with one ProwJob."""
    job = await prowjob_of(event, look)
    if job is None:
        return
    operator = operator_for(job, look)
    if operator is None:
        await tell(job, f"{changes.TROUBLE} no entry of jenkins_operators selects its labels.", act)
        return
    job = await end_superseded(job, operator, look, act)
    try:
        found = await build_of(job, look.jenkins(operator.label_selector))
        if job.status.state == "aborted":
            await abort(job, found, operator, look, act)
        elif job.status.state in {"triggered", "pending"}:
            await carry_on(job, found, operator, look, act)
    except Denied as denied:
        await tell(job, f"{changes.TROUBLE} {denied}.", act)
    except Unanswered as silence:
        if job.status.state != "aborted":  # why it is to be stopped is the better word
            await tell(job, f"{changes.TROUBLE} {silence}.", act)


async def carry_on(job: ProwJob, found: Build | Queued | None, operator: JenkinsOperator, look: Look, act: Act) -> None:
    """Start the build of a ProwJob, or follow it."""
    match next_step(job, found, look.now):
        case Begin() | AskAgain():
            await starting.start(job, operator, look, act)
        case Say() as say:
            await act(changes.said(job, say, operator, look.now))
        case End() as end:
            await act(changes.ended(job, end, operator, look.config.prow.status_error_link, look.now))
        case Wait():
            await act(changes.not_seen(job, "its build is neither in Jenkins' queue nor among the builds", look.now))


async def abort(job: ProwJob, found: Build | Queued | None, operator: JenkinsOperator, look: Look, act: Act) -> None:
    """Carry out an abort that somebody asked for: the ProwJob ends when its build is stopped, and not before.

    What waits in the queue is taken out of it, and looked for again: it may have begun meanwhile.
    """
    selector, why = operator.label_selector, job.status.description or "its ProwJob is to be aborted"
    if isinstance(found, Queued) and found.id:
        await act(CancelQueued(selector=selector, queued=found.id, why=why))
        found = await build_of(job, look.again().jenkins(selector))
    elif found is None and await _may_come(job, look, act):
        return
    match found:
        case Queued():
            return  # it is stopped when it runs: the sweep sees it
        case Build(is_running=True):
            await act(StopBuild(selector=selector, job=path_of(job.spec), number=found.number, why=why))
    await act(changes.aborted(job, look.now))


async def _may_come(job: ProwJob, look: Look, act: Act) -> bool:
    """Whether Jenkins may yet begin what it was asked for, and never answered to."""
    start = start_of(job)
    if start is None or start.is_taken or is_lost(job, look.now):
        return False
    if not is_unseen(job):
        await act(changes.not_seen(job, "Jenkins never said whether it took its build", look.now))
    return True


async def end_superseded(job: ProwJob, operator: JenkinsOperator, look: Look, act: Act) -> ProwJob:
    """Have older runs for the same pull request aborted, and say so in this one where it is one of them."""
    if job.spec.type != "presubmit":
        return job
    for old in superseded_of(of_operator(await incomplete(look, job=job.spec.job), operator, look)):
        await act(changes.superseded(old))
        if old.metadata.name == job.metadata.name:
            job = replace(job, status=replace(job.status, state="aborted", description=changes.SUPERSEDED))
    return job


async def tell(job: ProwJob, description: str, act: Act) -> None:
    """Have people read why nothing happens. What can be done about it is tried again by the sweep."""
    if job.status.description != description:
        await act(changes.described(job, description))


async def names(event: Event, look: Look) -> Sequence[str]:
    """What a start needs to itself: the limits that it is under, and the ProwJob: no two may start it."""
    job = await prowjob_of(event, look)
    operator = operator_for(job, look) if job else None
    if job is None or operator is None or job.status.state != "triggered":
        return ()
    return [f"jenkins-operator/{name}" for name in (*limits_of(job, operator), job.metadata.name)]


jenkins_operator = LevelRole(
    name="jenkins-operator", decide=decide, sweeps={"sweep": sweep}, excludes=names, lease_seconds=LEASE_SECONDS
)
role = level_role(jenkins_operator)
