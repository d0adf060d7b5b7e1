"""The jobs: what users write of them, and, once `load` has been over it, what is in force.

Field names are the YAML keys. `None` is "not said". OWN are the fields in which Go takes numbers and booleans for text.
Source: sigs.k8s.io/prow pkg/config (jobs.go, JobBase and its kin).
"""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from msgspec import Meta, Struct, field

from cutwater.config.findings import Origin
from cutwater.prowjob.decoration import Decoration, Toleration
from cutwater.prowjob.types import (
    JenkinsSpec,
    Json,
    PodSpec,
    ProwJobDefaults,
    Refs,
    ReporterConfig,
    RerunAuthConfig,
    TektonPipelineRunSpec,
)


class Job(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What every job may say. `agent`, `cluster` and `namespace` are filled in by `load`."""

    origin: Origin
    name: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    max_concurrency: int = 0
    agent: str = ""
    cluster: str = ""
    namespace: str = ""
    error_on_eviction: bool = False
    spec: PodSpec | None = None
    pipeline_run_spec: Json | None = None
    tekton_pipeline_run_spec: TektonPipelineRunSpec | None = None
    reporter_config: ReporterConfig | None = None
    rerun_auth_config: RerunAuthConfig | None = None
    hidden: bool = False
    prowjob_defaults: ProwJobDefaults | None = None
    job_queue_name: str = ""
    decorate: bool | None = None
    path_alias: str = ""
    clone_uri: str = ""
    skip_submodules: bool = False
    clone_depth: int = 0
    skip_fetch_head: bool = False
    extra_refs: tuple[Refs, ...] = ()
    decoration_config: Decoration | None = None


class BranchJob(Job, frozen=True, kw_only=True, omit_defaults=True):
    """A job of a repository's branches: a presubmit or a postsubmit. The patterns are RE2, not anchored."""

    branches: tuple[str, ...] = ()
    skip_branches: tuple[str, ...] = ()
    run_if_changed: str = ""
    skip_if_only_changed: str = ""
    context: str = ""
    skip_report: bool = False
    jenkins_spec: JenkinsSpec | None = None

    @property
    def depends_on_changes(self) -> bool:
        """Whether the changed files decide if it runs."""
        return bool(self.run_if_changed or self.skip_if_only_changed)


def default_trigger(name: str) -> str:
    """The pattern of the comments that name a job. A dot in the name stands for any character, as upstream has it."""
    return rf"(?m)^/test( | .* ){name},?($|\s.*)"


class Presubmit(BranchJob, frozen=True, kw_only=True, omit_defaults=True):
    """A job that tests pull requests. `trigger` is the pattern of the comments that start it."""

    OWN: ClassVar[frozenset[str]] = frozenset({"trigger", "rerun_command", "jenkins_spec"})

    always_run: bool = False
    optional: bool = False
    trigger: str = ""
    rerun_command: str = ""
    run_before_merge: bool = False

    @property
    def needs_explicit_trigger(self) -> bool:
        """Whether only a comment that names it starts it."""
        return not self.always_run and not self.depends_on_changes

    @property
    def has_default_trigger(self) -> bool:
        return self.trigger == default_trigger(self.name)

    @property
    def runs_conditionally(self) -> bool:
        """Whether a pull request may be right without it."""
        return self.needs_explicit_trigger or self.depends_on_changes

    @property
    def is_required(self) -> bool:
        """Whether its context must be green to merge."""
        return not self.optional and not self.skip_report


class Postsubmit(BranchJob, frozen=True, kw_only=True, omit_defaults=True):
    """A job that runs after a push. `always_run` None is as good as true."""

    OWN: ClassVar[frozenset[str]] = frozenset({"jenkins_spec"})

    always_run: bool | None = None


class Retry(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How often a periodic that failed is tried again, `interval` (a Go duration) after it started."""

    run_all: bool = False
    attempts: int = 0
    interval: str = ""


class Periodic(Job, frozen=True, kw_only=True, omit_defaults=True):
    """A job that runs by the clock: exactly one of `interval`, `minimum_interval` and `cron` is given."""

    OWN: ClassVar[frozenset[str]] = frozenset({"interval", "minimum_interval", "cron", "tags", "retry"})

    interval: str = ""
    minimum_interval: str = ""
    cron: str = ""
    tags: tuple[str, ...] = ()
    retry: Retry | None = None


EnvVar = Annotated[Mapping[str, Any], Meta(extra={"kubernetes": "EnvVar"})]
Volume = Annotated[Mapping[str, Any], Meta(extra={"kubernetes": "Volume"})]
VolumeMount = Annotated[Mapping[str, Any], Meta(extra={"kubernetes": "VolumeMount"})]


class Preset(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is added to the containers of every job that carries all of `labels`."""

    origin: Origin
    labels: Mapping[str, str] = field(default_factory=dict)
    env: tuple[EnvVar, ...] = ()
    volumes: tuple[Volume, ...] = ()
    volume_mounts: tuple[VolumeMount, ...] = field(default=(), name="volumeMounts")
    tolerations: tuple[Toleration, ...] = ()


class JobConfig(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One file of jobs. `prow_ignored` holds whatever the author needs for anchors."""

    presets: tuple[Preset, ...] = ()
    presubmits: Mapping[str, tuple[Presubmit, ...]] = field(default_factory=dict)
    postsubmits: Mapping[str, tuple[Postsubmit, ...]] = field(default_factory=dict)
    periodics: tuple[Periodic, ...] = ()
    decorate_all_jobs: bool = False
    prow_ignored: Any = None
