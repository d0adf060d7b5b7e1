"""The ProwJobs of a pull request: which are wanted, how each is made, and how unwanted ones are stopped."""

import uuid
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from cutwater.config.jobs import Presubmit
from cutwater.config.matching import Filter, chosen, needs_changes
from cutwater.config.specs import presubmit_labels, presubmit_spec, refs_of_pull_request
from cutwater.errors import Refused
from cutwater.github.effects import Subject
from cutwater.github.types import PullRequest
from cutwater.kube.effects import CreateProwJob, Transition
from cutwater.prowjob.new import new_prowjob
from cutwater.prowjob.types import Pull, Refs
from functions.plugins.kit import Effect, Look

NAMES = uuid.UUID("6f2b7c0e-8f5e-5d8f-9d0a-3c1f1c9b5a11")
"""The namespace of the names of ProwJobs that webhooks cause."""


class Cause(Struct, frozen=True):
    """What a run is started for. `kind` tells two handlers of one webhook apart."""

    guid: str
    kind: str
    why: str


async def runs(
    look: Look,
    cause: Cause,
    pull: PullRequest,
    chosen_by: Filter,
    *,
    labels: Mapping[str, str] | None = None,
) -> list[Effect[object]]:
    """Create the ProwJobs that the filter chooses. None for a pull request that cannot be merged (upstream's rule)."""
    return create(look, cause, pull, await base_sha(look, pull), await wanted(look, pull, chosen_by), labels=labels)


async def wanted(look: Look, pull: PullRequest, chosen_by: Filter) -> Sequence[Presubmit]:
    """The presubmits of the pull request's repository that the filter chooses for its branch and files."""
    subject = subject_of(pull)
    presubmits = look.config.jobs.presubmits_of(subject.org, subject.repo)
    changes: Iterable[str] = ()
    if needs_changes(presubmits, pull.base.ref, chosen_by):
        changes = [file.filename for file in await look.github.files(subject.org, subject.repo, pull.number)]
    return chosen(presubmits, pull.base.ref, tuple(changes), chosen_by)


async def base_sha(look: Look, pull: PullRequest) -> str:
    """The commit that the base branch points to now. Raises Refused where the branch is gone."""
    subject = subject_of(pull)
    sha = await look.github.branch_sha(subject.org, subject.repo, pull.base.ref)
    if sha is None:
        raise Refused(f"the branch {pull.base.ref} of {subject.org}/{subject.repo} does not exist")
    return sha


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
    effects: list[Effect[object]] = []
    for job in presubmits:
        identity = "\n".join((cause.guid, "trigger", cause.kind, refs.full_name, job.name, str(refs)))
        prowjob = new_prowjob(
            presubmit_spec(job, refs),
            name=str(uuid.uuid5(NAMES, identity)),
            namespace=look.config.prow.prowjob_namespace,
            start=look.now.replace(microsecond=0),
            labelled=presubmit_labels(job, event_guid=cause.guid, added=dict(labels or {})),
            annotated=job.annotations,
            state="scheduling" if look.config.prow.scheduler.enabled else "triggered",
        )
        effects.append(CreateProwJob(job=prowjob, why=cause.why))
    return effects


def refs_of(pull: PullRequest, base: str) -> Refs:
    """The refs of one pull request on its base branch at `base`."""
    subject = subject_of(pull)
    return refs_of_pull_request(
        org=subject.org,
        repo=subject.repo,
        repo_link=pull.base.repo.html_url if pull.base.repo else "",
        base_ref=pull.base.ref,
        base_sha=base,
        pull=Pull(
            number=pull.number,
            author=pull.user.login,
            sha=pull.head.sha,
            title=pull.title,
            head_ref=pull.head.ref,
            link=pull.html_url,
            author_link=pull.user.html_url,
        ),
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


def subject_of(pull: PullRequest) -> Subject:
    """The pull request in its base repository. Raises Refused for one whose repository GitHub does not name."""
    if pull.base.repo is None:
        raise Refused(f"GitHub does not say which repository pull request {pull.number} is for")
    return Subject(pull.base.repo.owner.login, pull.base.repo.name, pull.number)
