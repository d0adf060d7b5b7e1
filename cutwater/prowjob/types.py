"""The ProwJob object, as it stands in the Kubernetes API.

Field names are the JSON keys, so that a user's ProwJob and ours are the same bytes. A field that is absent and one
that is zero are the same (Go's omitempty), but for pointers there: `None` is absent, `False` and `""` stand.
Source: sigs.k8s.io/prow pkg/apis/prowjobs/v1.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from cutwater.prowjob.decoration import Decoration

JobType = Literal["presubmit", "postsubmit", "periodic", "batch"]
State = Literal["scheduling", "triggered", "pending", "success", "failure", "aborted", "error"]
Json = Mapping[str, Any]
"""An object whose inside is Kubernetes' or Tekton's: a pod spec, a pipeline."""

PodSpec = Annotated[Mapping[str, Any], Meta(extra={"kubernetes": "PodSpec"})]
"""Kubernetes' own. The note tells the reader of configuration which fields there are and what each holds."""

API_VERSION = "prow.k8s.io/v1"
KIND = "ProwJob"


class Pull(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One pull request of refs. `number`, `author` and `sha` are always written."""

    number: int
    author: str
    sha: str
    title: str = ""
    ref: str = ""
    head_ref: str = ""
    link: str = ""
    commit_link: str = ""
    author_link: str = ""


class Refs(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The code under test: a branch at a commit, and the pull requests merged onto it in order."""

    org: str
    repo: str
    repo_link: str = ""
    base_ref: str = ""
    base_sha: str = ""
    base_link: str = ""
    pulls: tuple[Pull, ...] = ()
    path_alias: str = ""
    workdir: bool = False
    auxiliary: bool = False
    clone_uri: str = ""
    skip_submodules: bool = False
    clone_depth: int = 0
    skip_fetch_head: bool = False
    blobless_fetch: bool | None = None
    sparse_checkout_files: tuple[str, ...] = ()

    @property
    def full_name(self) -> str:
        return f"{self.org}/{self.repo}"

    def __str__(self) -> str:
        """PULL_REFS: `base_ref:base_sha,number:sha,…`, without the colon where there is no SHA."""
        base = f"{self.base_ref}:{self.base_sha}" if self.base_sha else self.base_ref
        pulls = (f"{p.number}:{p.sha}" + (f":{p.ref}" if p.ref else "") for p in self.pulls)
        return ",".join([base, *pulls])


class TeamSlug(Struct, frozen=True, kw_only=True):
    """A GitHub team by name."""

    slug: str
    org: str


class RerunAuthConfig(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who may run a job again from deck."""

    allow_anyone: bool = False
    github_team_ids: tuple[int, ...] = ()
    github_team_slugs: tuple[TeamSlug, ...] = ()
    github_users: tuple[str, ...] = ()
    github_orgs: tuple[str, ...] = ()


class SlackReporterConfig(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A job's own wishes for Slack. `report` None: not said."""

    host: str = ""
    channel: str = ""
    job_states_to_report: tuple[str, ...] | None = None
    report: bool | None = None
    report_template: str = ""


class ReporterConfig(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A job's own wishes for the reporters."""

    slack: SlackReporterConfig | None = None


class JenkinsSpec(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How the job is found in Jenkins."""

    github_branch_source_job: bool = False


class TektonPipelineRunSpec(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A Tekton pipeline by API version."""

    v1beta1: Json | None = None


class ResultStoreConfig(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where results are sent beside storage."""

    project_id: str = ""


class ProwJobDefaults(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Defaults that are not about decoration."""

    resultstore_config: ResultStoreConfig | None = None
    tenant_id: str = ""


class ProwJobSpec(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is to be run, and for which code."""

    type: JobType
    job: str
    agent: str = ""
    cluster: str = ""
    namespace: str = ""
    refs: Refs | None = None
    extra_refs: tuple[Refs, ...] = ()
    report: bool = False
    context: str = ""
    rerun_command: str = ""
    max_concurrency: int = 0
    error_on_eviction: bool = False
    pod_spec: PodSpec | None = None
    jenkins_spec: JenkinsSpec | None = None
    pipeline_run_spec: Json | None = None
    tekton_pipeline_run_spec: TektonPipelineRunSpec | None = None
    decoration_config: Decoration | None = None
    reporter_config: ReporterConfig | None = None
    rerun_auth_config: RerunAuthConfig | None = None
    hidden: bool = False
    prowjob_defaults: ProwJobDefaults | None = None
    job_queue_name: str = ""


class ProwJobStatus(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far the run is. It is complete when, and only when, `completionTime` is there."""

    state: State | Literal[""] = ""
    startTime: datetime | None = None  # noqa: N815 - the JSON key
    pendingTime: datetime | None = None  # noqa: N815
    completionTime: datetime | None = None  # noqa: N815
    description: str = ""
    url: str = ""
    pod_revival_count: int = 0
    pod_name: str = ""
    build_id: str = ""
    jenkins_build_id: str = ""
    prev_report_states: Mapping[str, str] = field(default_factory=dict)


class ObjectMeta(Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """What Kubernetes keeps of every object, as far as cutwater reads or writes it."""

    name: str = ""
    namespace: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    finalizers: tuple[str, ...] = ()
    uid: str = ""
    resource_version: str = ""
    creation_timestamp: datetime | None = None
    deletion_timestamp: datetime | None = None


class ProwJob(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One run of one job."""

    metadata: ObjectMeta
    spec: ProwJobSpec
    status: ProwJobStatus = field(default_factory=ProwJobStatus)
    api_version: str = field(default="", name="apiVersion")
    kind: str = ""

    @property
    def is_complete(self) -> bool:
        return self.status.completionTime is not None
