"""What events do not tell: Jenkins sends none. While there are ProwJobs for it, it is looked at every 15 s.

A look costs one question for the queue and one for each job that has ProwJobs under way. A Jenkins that does not answer
holds back its own ProwJobs only.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from cutwater.config.prow import JenkinsOperator
from cutwater.events.effect import Act
from cutwater.events.event import Event
from cutwater.events.look import Look
from cutwater.events.publish import LookAgain
from cutwater.jenkins.errors import Denied, Unanswered
from cutwater.jenkins.types import Build, Queued
from cutwater.prowjob.types import ProwJob
from functions.jenkins_operator.asked import is_lost, is_unseen, start_of
from functions.jenkins_operator.changes import TROUBLE
from functions.jenkins_operator.following import Begin, next_step
from functions.jenkins_operator.limits import startable
from functions.jenkins_operator.world import builds_of, incomplete, of_operator, operator_for, superseded_of

PAUSE, OFTEN = 15, 3
"""Seconds between looks, and how many there are after that of the tick."""

Found = Mapping[str, Build | Queued | None]
"""What Jenkins has of each ProwJob, by name."""


async def sweep(event: Event, look: Look, act: Act) -> None:
    """Have every ProwJob looked at that is due, until the next tick."""
    for again in range(OFTEN + 1):
        if again:
            await asyncio.sleep(PAUSE)
            look = look.again()
        jobs = await incomplete(look)
        if not jobs:
            return
        operators = look.config.prow.jenkins_operators
        due = {job.metadata.name: "it is nobody's" for job in jobs if _is_strange(job, look)}
        for each in await asyncio.gather(*(_due(operator, jobs, look) for operator in operators)):
            due |= each
        for name, why in due.items():
            subject = f"{look.config.prow.prowjob_namespace}/{name}"
            await act(LookAgain(role="jenkins-operator", subject=subject, why=why))


async def _due(operator: JenkinsOperator, jobs: Sequence[ProwJob], look: Look) -> dict[str, str]:
    own = [job for job in of_operator(jobs, operator, look) if job.status.state != "scheduling"]
    try:
        jenkins = look.jenkins(operator.label_selector)
        found = await builds_of([job for job in own if _is_known(job)], jenkins, at_once=operator.max_goroutines)
        return due_jobs(own, found, operator, look.now)
    except (Unanswered, Denied) as trouble:
        untold = [job for job in own if job.status.state != "aborted" and not _says_so(job)]
        return {job.metadata.name: f"it cannot be followed: {trouble}" for job in untold}


def due_jobs(jobs: Iterable[ProwJob], found: Found, operator: JenkinsOperator, now: datetime) -> dict[str, str]:
    """The ProwJobs of one operator that are due, by name, and why."""
    jobs = list(jobs)
    due = {job.metadata.name: "a newer run replaces it" for job in superseded_of(jobs)}
    due |= {job.metadata.name: "it may start" for job in startable(jobs, operator)}
    for job in jobs:
        build = found.get(job.metadata.name)
        match job.status.state:
            case "aborted" if build is not None or not _waits(job, now):
                due[job.metadata.name] = "its abort is not carried out"
            case "triggered" | "pending" if (step := next_step(job, build, now)) and not isinstance(step, Begin):
                due[job.metadata.name] = type(step).__name__.lower()
    return due


def _is_known(job: ProwJob) -> bool:
    """Whether Jenkins may have something of it: not where it waits to be started."""
    return job.status.state != "triggered" or start_of(job) is not None


def _waits(job: ProwJob, now: datetime) -> bool:
    """Whether an aborted one waits for a build that Jenkins may yet begin."""
    start = start_of(job)
    return start is not None and not start.is_taken and is_unseen(job) and not is_lost(job, now)


def _is_strange(job: ProwJob, look: Look) -> bool:
    return operator_for(job, look) is None and not _says_so(job)


def _says_so(job: ProwJob) -> bool:
    return job.status.description.startswith(TROUBLE)
