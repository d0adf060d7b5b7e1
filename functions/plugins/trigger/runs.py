"""The ProwJobs of a pull request: which are wanted, how each is made, and how unwanted ones are stopped."""

import uuid
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from cutwater.config.jobs import Presubmit
from cutwater.config.matching import Filter, asks_for_contexts, chosen, comment_filter, needs_changes
from cutwater.config.specs import presubmit_labels, presubmit_spec
from cutwater.github.effects import Subject
from cutwater.github.types import PullRequest
from cutwater.kube.effects import CreateProwJob, Transition
from cutwater.prowjob.new import new_prowjob
from cutwater.prowjob.types import ProwJob, Refs
from functions.plugins.kit import Effect, Look
from functions.plugins.trigger.own_jobs import complaint, jobs_for
from functions.plugins.trigger.refs import base_sha, refs_of, subject_of

NAMES = uuid.UUID("6f2b7c0e-8f5e-5d8f-9d0a-3c1f1c9b5a11")
"""The namespace of the names of ProwJobs that webhooks cause."""


class Cause(Struct, frozen=True):
    """What a run is started for. `kind` tells two handlers of one webhook apart; `plugin` is whose they are."""

    guid: str
    kind: str
    why: str
    plugin: str = "trigger"


async def runs(
    look: Look,
    cause: Cause,
    pull: PullRequest,
    chosen_by: Filter,
    *,
    labels: Mapping[str, str] | None = None,
) -> list[Effect[object]]:
    """Create the ProwJobs that the filter chooses, and say why where the repository's own jobs cannot be used."""
    jobs = await jobs_for(look, pull)
    to_run = await wanted(look, pull, jobs.presubmits, chosen_by)
    created = create(look, cause, pull, await base_sha(look, pull), to_run, labels=labels)
    return created + await complaint(look, pull, jobs)


async def wanted(
    look: Look, pull: PullRequest, presubmits: Sequence[Presubmit], chosen_by: Filter
) -> Sequence[Presubmit]:
    """Those that the filter chooses for the pull request's branch and files."""
    subject = subject_of(pull)
    changes: Iterable[str] = ()
    if needs_changes(presubmits, pull.base.ref, chosen_by):
        changes = [file.filename for file in await look.github.files(subject.org, subject.repo, pull.number)]
    return chosen(presubmits, pull.base.ref, tuple(changes), chosen_by)


async def asked_by(
    look: Look, pull: PullRequest, presubmits: Sequence[Presubmit], comment: str, *, honours_ok_to_test: bool
) -> Sequence[Presubmit]:
    """Those that a comment starts, for the pull request's branch and files."""
    failed, reported = await _contexts(look, pull, comment)
    asked = comment_filter(comment, failed=failed, reported=reported, honours_ok_to_test=honours_ok_to_test)
    return await wanted(look, pull, presubmits, asked)


async def _contexts(look: Look, pull: PullRequest, comment: str) -> tuple[set[str], set[str]]:
    """The contexts of the head that failed, and all that have reported; only a retest asks for them."""
    if not asks_for_contexts(comment):
        return set(), set()
    subject = subject_of(pull)
    statuses = await look.github.statuses(subject.org, subject.repo, pull.head.sha)
    failed = {status.context for status in statuses if status.state in {"error", "failure"}}
    return failed, {status.context for status in statuses}


def create(
    look: Look,
    cause: Cause,
    pull: PullRequest,
    base: str,
    presubmits: Sequence[Presubmit],
    *,
    labels: Mapping[str, str] | None = None,
) -> list[Effect[object]]:
    """One CreateProwJob for each presubmit; none for a pull request that GitHub says cannot be merged."""
    if pull.mergeable is False:
        return []
    refs = refs_of(pull, base)
    return [CreateProwJob(job=new_run(look, cause, refs, job, labels=labels), why=cause.why) for job in presubmits]


def new_run(
    look: Look, cause: Cause, refs: Refs, job: Presubmit, *, labels: Mapping[str, str] | None = None
) -> ProwJob:
    """The ProwJob of a presubmit, with a name that follows from its cause (protocols, part 5)."""
    identity = "\n".join((cause.guid, cause.plugin, cause.kind, refs.full_name, job.name, str(refs)))
    return new_prowjob(
        presubmit_spec(job, refs),
        name=str(uuid.uuid5(NAMES, identity)),
        namespace=look.config.prow.prowjob_namespace,
        start=look.now.replace(microsecond=0),
        labelled=presubmit_labels(job, event_guid=cause.guid, added=dict(labels or {})),
        annotated=job.annotations,
        state="scheduling" if look.config.prow.scheduler.enabled else "triggered",
    )


async def abort_all(look: Look, subject: Subject, why: str) -> list[Effect[object]]:
    """Stop every run of the pull request that is under way. Batches, which hold others too, go on."""
    namespace = look.config.prow.prowjob_namespace
    labels = {
        "prow.k8s.io/refs.org": subject.org,
        "prow.k8s.io/refs.repo": subject.repo,
        "prow.k8s.io/refs.pull": str(subject.number),
        "prow.k8s.io/type": "presubmit",
    }
    selector = ",".join(f"{key}={value}" for key, value in labels.items())
    return [
        Transition(
            namespace=namespace,
            name=job.metadata.name,
            was=job.status.state,
            status={"state": "aborted", "description": "Aborted by trigger plugin."},
            why=why,
        )
        for job in await look.kube.prowjobs(namespace, labels=selector)
        if not job.is_complete and job.status.state != "aborted"
    ]
