"""crier: tells the outside what becomes of ProwJobs.

Woken for one (ProwJob, reporter) when the ProwJob changes (relay), and once a minute to find what was missed (tick
`sweep`). It needs the cluster of the ProwJobs, GitHub (reporter `github-reporter`) and the buckets of artifacts
(`gcsreporter`). A report is one function's at a time, and so are the comments of a pull request. Source:
sigs.k8s.io/prow pkg/crier.
"""

import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import MappingProxyType

from cutwater.events.effect import Act, Effect
from cutwater.events.event import Event
from cutwater.events.level import LevelRole
from cutwater.events.look import Look
from cutwater.events.serve import level_role
from cutwater.kube.effects import LabelProwJob, MarkReported
from cutwater.prowjob.labels import REPORTED
from cutwater.prowjob.reporting import GITHUB, STORAGE
from cutwater.prowjob.types import ProwJob
from functions.crier import github, storage
from functions.crier.scope import Scope, scope_of
from functions.crier.sweep import sweep

Report = Callable[[ProwJob, Look, Act], Awaitable[bool]]
"""Tells of the state that a ProwJob is in; whether all was told that there is to tell of it."""

REPORTS: Mapping[str, Report] = MappingProxyType({GITHUB: github.report, STORAGE: storage.report})


def crier(scope: Scope) -> LevelRole:
    """The role, for the ProwJobs in this scope."""

    async def decide(event: Event, look: Look, act: Act) -> None:
        """Report until nothing is owed: a state that came while another was told is told after it."""
        reporter = event["reporter"]
        while (job := await owed(event, look)) is not None:
            if REPORTED in job.metadata.labels:
                await act(_without_label(job))
            if not await REPORTS[reporter](job, look, act):
                return
            meta, state = job.metadata, job.status.state
            why = f"{reporter} has told of it"
            await act(MarkReported(namespace=meta.namespace, name=meta.name, reporter=reporter, state=state, why=why))
            look = look.again()

    async def names(event: Event, look: Look) -> Sequence[str]:
        """The report itself, and for the last one to GitHub the comments of the pull request."""
        job = await owed(event, look)
        if job is None:
            return ()
        report = f"crier/{event['reporter']}/{job.metadata.namespace}/{job.metadata.name}"
        lock = github.comment_lock(job, look.config.prow.github_reporter) if event["reporter"] == GITHUB else None
        return [report, lock] if lock else [report]

    async def owed(event: Event, look: Look) -> ProwJob | None:
        """The ProwJob of the event, if this reporter is to tell of the state that it is in."""
        namespace, _, name = event.subject.rpartition("/")
        if event["reporter"] not in REPORTS or namespace != look.config.prow.prowjob_namespace:
            return None
        job = await look.kube.prowjob(namespace, name)
        return job if job is not None and scope.owes(job, event["reporter"]) else None

    async def find_owed(event: Event, look: Look) -> Sequence[Effect[object]]:
        jobs = await look.kube.prowjobs(look.config.prow.prowjob_namespace, labels=f"!{REPORTED}")
        return sweep(jobs, list(REPORTS), scope, look.now)

    return LevelRole(name="crier", decide=decide, sweeps={"sweep": find_owed}, excludes=names)


def _without_label(job: ProwJob) -> LabelProwJob:
    """Whoever runs a ProwJob again copies its labels: the sweep must see the copy."""
    meta = job.metadata
    why = "the label is a copy of another run's"
    return LabelProwJob(namespace=meta.namespace, name=meta.name, label=REPORTED, value=None, why=why)


role = level_role(crier(scope_of(os.environ)))
