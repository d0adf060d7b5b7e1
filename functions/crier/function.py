"""crier: tells the outside what becomes of ProwJobs.

Woken for one (ProwJob, reporter) when the ProwJob changes (relay), and once a minute to find what was missed (tick
`sweep`). It needs the cluster of the ProwJobs, and for its reporters GitHub, the buckets of artifacts, the build
clusters, Slack, and the addresses of one's own that config.yaml names. A report is one function's at a time, and so are
the comments of a pull request. Source: sigs.k8s.io/prow pkg/crier.
"""

import os
from collections.abc import Sequence

from cutwater.errors import Refused
from cutwater.events.effect import Act, Effect
from cutwater.events.event import Event
from cutwater.events.level import LevelRole
from cutwater.events.look import Look
from cutwater.events.serve import level_role
from cutwater.github.effects import AddComment, SetStatus
from cutwater.kube.client import Conflict
from cutwater.kube.effects import LabelProwJob
from cutwater.prowjob.labels import REPORTED
from cutwater.prowjob.reporting import GITHUB, is_claimed
from cutwater.prowjob.types import ProwJob
from functions.crier import github
from functions.crier.noting import mark, refusal
from functions.crier.outcome import Outcome
from functions.crier.reporters import reporter_of
from functions.crier.scope import Scope, scope_of
from functions.crier.sweep import sweep


def crier(scope: Scope) -> LevelRole:
    """The role, for the ProwJobs and with the reporters in this scope."""

    async def decide(event: Event, look: Look, act: Act) -> None:
        """Report until nothing is owed: a state that came while another was told is told after it."""
        reporter = event["reporter"]
        job = await owed(event, look, anew=_is_anew(event))
        while job is not None:
            if REPORTED in job.metadata.labels and scope.owes(job, reporter, look.config.prow):
                await act(_without_label(job))
            outcome = await _report(job, reporter, look, act)
            if outcome is Outcome.NOT_YET:
                return
            look = look.again()
            if is_claimed(reporter) or not await _has_moved_on(job, look):
                await act(mark(job, reporter, outcome))
                look = look.again()
            job = await owed(event, look)

    async def names(event: Event, look: Look) -> Sequence[str]:
        """The report itself, and for the last one to GitHub the comments of the pull request."""
        job = await owed(event, look, anew=_is_anew(event))
        if job is None:
            return ()
        report = f"crier/{event['reporter']}/{job.metadata.namespace}/{job.metadata.name}"
        lock = github.comment_lock(job, look.config.prow.github_reporter) if event["reporter"] == GITHUB else None
        return [report, lock] if lock else [report]

    async def owed(event: Event, look: Look, *, anew: bool = False) -> ProwJob | None:
        """The ProwJob of the event, if this reporter is to tell of the state that it is in; `anew`: if it ever does."""
        namespace, _, name = event.subject.rpartition("/")
        if event["reporter"] not in scope.reporters or namespace != look.config.prow.prowjob_namespace:
            return None
        job = await look.kube.prowjob(namespace, name)
        is_to_tell = scope.concerns if anew else scope.owes
        return job if job is not None and is_to_tell(job, event["reporter"], look.config.prow) else None

    async def find_owed(event: Event, look: Look) -> Sequence[Effect[object]]:
        jobs = await look.kube.prowjobs(look.config.prow.prowjob_namespace, labels=f"!{REPORTED}")
        return sweep(jobs, scope, look.config.prow, look.now)

    writes = (*SetStatus.writes, *AddComment.writes)
    return LevelRole(name="crier", decide=decide, sweeps={"sweep": find_owed}, excludes=names, writes=writes)


def _is_anew(event: Event) -> bool:
    """Whether somebody wants GitHub told again: what it shows there may be lost, and twice does no harm."""
    return bool(event["anew"]) and event["reporter"] == GITHUB


async def _has_moved_on(job: ProwJob, look: Look) -> bool:
    """Whether the run is in another state by now: then that one is told, and marked, and this one is of no interest."""
    now = await look.kube.prowjob(job.metadata.namespace, job.metadata.name)
    return now is not None and now.status.state != job.status.state


async def _report(job: ProwJob, reporter: str, look: Look, act: Act) -> Outcome:
    """The report. What is refused stands on the ProwJob, in the refuser's words; raises Refused and Later."""
    try:
        return await reporter_of(reporter).report(job, look, act)
    except Conflict:
        raise
    except Refused as refused:
        if note := refusal(job, reporter, str(refused)):
            await act(note)
        raise


def _without_label(job: ProwJob) -> LabelProwJob:
    """Whoever runs a ProwJob again copies its labels: the sweep must see the copy."""
    meta = job.metadata
    why = "the label is a copy of another run's"
    return LabelProwJob(namespace=meta.namespace, name=meta.name, label=REPORTED, value=None, why=why)


role = level_role(crier(scope_of(os.environ)))
