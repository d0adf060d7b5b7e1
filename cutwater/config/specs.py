"""The spec of a ProwJob out of a job and the code under test.

Source: sigs.k8s.io/prow pkg/pjutil (PresubmitSpec and its kin, CompletePrimaryRefs).
"""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from cutwater.config.jobs import BranchJob, Job, Periodic, Postsubmit, Presubmit
from cutwater.prowjob import labels
from cutwater.prowjob.new import NOTHING
from cutwater.prowjob.types import JobType, Json, ProwJobSpec, Pull, Refs


def presubmit_spec(job: Presubmit, refs: Refs) -> ProwJobSpec:
    """One run for one pull request."""
    return _of_branch(
        job,
        "presubmit",
        refs,
        report=not job.skip_report,
        rerun_command=job.rerun_command,
        jenkins_spec=job.jenkins_spec,
    )


def batch_spec(job: Presubmit, refs: Refs) -> ProwJobSpec:
    """One run for several pull requests at once: nothing is reported, nobody runs it again."""
    return _of_branch(job, "batch", refs)


def postsubmit_spec(job: Postsubmit, refs: Refs) -> ProwJobSpec:
    """One run for a push."""
    return _of_branch(job, "postsubmit", refs, report=not job.skip_report, jenkins_spec=job.jenkins_spec)


def periodic_spec(job: Periodic) -> ProwJobSpec:
    """One run by the clock."""
    return _spec(job, "periodic", report=True)


def presubmit_labels(job: Presubmit, *, event_guid: str, added: Mapping[str, str] = NOTHING) -> dict[str, str]:
    """The labels of a presubmit's run beside those of its spec: the job's own, `added`, and where it comes from."""
    return {
        **job.labels,
        **added,
        labels.EVENT_GUID: event_guid,
        labels.IS_OPTIONAL: "true" if job.optional else "false",
    }


def refs_of_pull_request(*, org: str, repo: str, repo_link: str, base_ref: str, base_sha: str, pull: Pull) -> Refs:
    """The refs of one pull request as GitHub shows it. `base_sha`: the head of its base branch now."""
    return Refs(
        org=org,
        repo=repo,
        repo_link=repo_link,
        base_ref=base_ref,
        base_sha=base_sha,
        base_link=f"{repo_link}/commit/{base_sha}",
        pulls=(replace(pull, commit_link=f"{repo_link}/pull/{pull.number}/commits/{pull.sha}"),),
    )


def _of_branch(job: BranchJob, kind: JobType, refs: Refs, **more: Any) -> ProwJobSpec:
    return _spec(job, kind, refs=_primary(refs, job), context=job.context, **more)


def _spec(job: Job, kind: JobType, **more: Any) -> ProwJobSpec:
    return ProwJobSpec(
        type=kind,
        job=job.name,
        agent=job.agent,
        cluster=job.cluster,
        namespace=job.namespace,
        extra_refs=tuple(_extra(refs, job) for refs in job.extra_refs),
        max_concurrency=job.max_concurrency,
        error_on_eviction=job.error_on_eviction,
        pod_spec=_with_names(job.spec),
        pipeline_run_spec=job.pipeline_run_spec,
        tekton_pipeline_run_spec=job.tekton_pipeline_run_spec,
        decoration_config=job.decoration_config,
        reporter_config=job.reporter_config,
        rerun_auth_config=job.rerun_auth_config,
        hidden=job.hidden,
        prowjob_defaults=job.prowjob_defaults,
        job_queue_name=job.job_queue_name,
        **more,
    )


def _primary(refs: Refs, job: Job) -> Refs:
    """What the job says of how its own repository is cloned overrules the event."""
    decoration = job.decoration_config
    completed = replace(
        refs,
        path_alias=job.path_alias or refs.path_alias,
        clone_uri=job.clone_uri or refs.clone_uri,
        skip_submodules=job.skip_submodules or refs.skip_submodules,
        clone_depth=job.clone_depth if job.clone_depth > 0 else refs.clone_depth,
        skip_fetch_head=job.skip_fetch_head or refs.skip_fetch_head,
    )
    if decoration is not None and decoration.sparse_checkout_files:
        completed = replace(completed, sparse_checkout_files=decoration.sparse_checkout_files)
    return _extra(completed, job)


def _extra(refs: Refs, job: Job) -> Refs:
    if refs.blobless_fetch is not None or job.decoration_config is None:
        return refs
    return replace(refs, blobless_fetch=job.decoration_config.blobless_fetch)


def _with_names(spec: Json | None) -> Json | None:
    """A pod spec whose every container has a name, be it an empty one: so Go writes it, and the CRD wants it."""
    if spec is None:
        return None
    named = {
        kind: [{"name": "", **container} for container in spec[kind]]
        for kind in ("initContainers", "containers")
        if spec.get(kind)
    }
    return {**spec, **named}
