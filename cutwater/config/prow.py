"""config.yaml: what every component is told. Field names are the YAML keys; the defaults are those in force.

Sections that no role here reads are kept as they are written (`Json`), so that every configuration of upstream loads.
Source: sigs.k8s.io/prow pkg/config (config.go) and its documented sample.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Literal

from msgspec import Struct, field

from cutwater.config.branchprotection import BranchProtection
from cutwater.config.foreign import (
    ExternalScheduling,
    Failover,
    Gangway,
    Gerrit,
    ManagedWebhooks,
    Moonraker,
    Pipeline,
    PubSubTrigger,
)
from cutwater.config.jobs import Periodic, Postsubmit, Preset, Presubmit
from cutwater.config.lookup import means
from cutwater.config.tide import Tide
from cutwater.prowjob.decoration import Decoration
from cutwater.prowjob.types import Json, ProwJobDefaults, RerunAuthConfig


class Section(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A part of config.yaml."""


class Entry(Section, frozen=True):
    """What is said of the jobs of a repository (`org/repo` or `org`) and a build cluster; empty or `*` is every one."""

    repo: str = ""
    cluster: str = ""

    def means(self, repository: str, cluster: str) -> bool:
        return self.cluster in ("", "*", cluster) and means(self.repo, repository)


class DecorationEntry(Entry, frozen=True):
    """Decoration that a job gets where it does not say otherwise."""

    config: Decoration | None = None


class DefaultsEntry(Entry, frozen=True):
    """The same for what is not about decoration."""

    config: ProwJobDefaults | None = None


class Controller(Section, frozen=True):
    """What plank and a Jenkins operator share. The templates are Go's, over the ProwJob; 0 is no limit."""

    job_url_template: str = ""
    report_template: str = ""
    report_templates: Mapping[str, str] = field(default_factory=dict)
    max_concurrency: int = 0
    max_goroutines: int = 20


class Plank(Controller, frozen=True):
    """The controller of the jobs that run as pods."""

    pod_pending_timeout: timedelta = timedelta(minutes=10)
    pod_running_timeout: timedelta = timedelta(hours=48)
    pod_unscheduled_timeout: timedelta = timedelta(minutes=5)
    max_revivals: int = 3
    default_decoration_configs: Mapping[str, Decoration] = field(default_factory=dict)
    default_decoration_config_entries: tuple[DecorationEntry, ...] = ()
    job_url_prefix_config: Mapping[str, str] = field(default_factory=dict)
    job_url_prefix_without_provider: bool = field(default=False, name="jobURLPrefixDisableAppendStorageProvider")
    build_cluster_status_file: str = ""
    job_queue_capacities: Mapping[str, int] = field(default_factory=dict)


class JenkinsOperator(Controller, frozen=True):
    """One operator of Jenkins jobs, and which ProwJobs are its own."""

    label_selector: str = ""


class Sinker(Section, frozen=True):
    """How long things are kept. `terminated_pod_ttl` is `max_pod_age` where it is not given."""

    resync_period: timedelta = timedelta(hours=1)
    max_prowjob_age: timedelta = timedelta(days=7)
    max_pod_age: timedelta = timedelta(days=1)
    terminated_pod_ttl: timedelta | None = None
    exclude_clusters: tuple[str, ...] = ()

    @property
    def pod_ttl(self) -> timedelta:
        return self.max_pod_age if self.terminated_pod_ttl is None else self.terminated_pod_ttl


class Horologium(Section, frozen=True):
    """The clock of the periodics."""

    tick_interval: timedelta = timedelta(minutes=1)


class GitHubReporter(Section, frozen=True):
    """Which results go to GitHub, and where no comment, or only a summary, is wanted (`org` or `org/repo`)."""

    job_types_to_report: tuple[Literal["presubmit", "postsubmit"], ...] = ()
    no_comment_repos: tuple[str, ...] = ()
    summary_comment_repos: tuple[str, ...] = ()


class SlackReporter(Section, frozen=True):
    """What goes to a Slack channel."""

    host: str = ""
    channel: str = ""
    job_types_to_report: tuple[str, ...] = ()
    job_states_to_report: tuple[str, ...] | None = None
    report: bool | None = None
    report_template: str = ""


class Lens(Section, frozen=True):
    """The lens' name and its own options."""

    name: str = ""
    config: Json | None = None


class LensEntry(Section, frozen=True):
    """A view of artifacts in deck. It shows where every required pattern (RE2) matches a file."""

    required_files: tuple[str, ...] = ()
    optional_files: tuple[str, ...] = ()
    lens: Lens = field(default_factory=Lens)
    remote_config: Json | None = None


class Spyglass(Section, frozen=True):
    """Deck's pages of one run. `size_limit`: bytes."""

    lenses: tuple[LensEntry, ...] = ()
    viewers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    size_limit: int = 100_000_000
    gcs_browser_prefix: str = ""
    gcs_browser_prefixes: Mapping[str, str] = field(default_factory=dict)
    gcs_browser_prefixes_by_bucket: Mapping[str, str] = field(default_factory=dict)
    announcement: str = ""
    testgrid_config: str = ""
    testgrid_root: str = ""
    hide_pr_history_link: bool = False
    pr_history_link_template: str = ""
    bucket_aliases: Mapping[str, str] = field(default_factory=dict)


class ExternalAgentLog(Section, frozen=True):
    """Where deck finds the log of a job of another agent; `selector` is over the ProwJob's labels."""

    agent: str = ""
    selector: str = ""
    url_template: str = ""


class Branding(Section, frozen=True):
    """Deck's looks."""

    logo: str = ""
    favicon: str = ""
    background_color: str = ""
    header_color: str = ""


class RerunAuthEntry(Entry, frozen=True):
    """Who may run jobs again."""

    config: RerunAuthConfig | None = field(default=None, name="rerun_auth_configs")


class Deck(Section, frozen=True):
    """The web pages. `skip_storage_path_validation` None is as good as true."""

    spyglass: Spyglass = field(default_factory=Spyglass)
    tide_update_period: timedelta = timedelta(seconds=10)
    hidden_repos: tuple[str, ...] = ()
    external_agent_logs: tuple[ExternalAgentLog, ...] = ()
    branding: Branding | None = None
    google_analytics: str = ""
    rerun_auth_configs: Mapping[str, RerunAuthConfig] = field(default_factory=dict)
    default_rerun_auth_configs: tuple[RerunAuthEntry, ...] = ()
    skip_storage_path_validation: bool | None = None
    additional_allowed_buckets: tuple[str, ...] = ()

    def rerun_auth_of(self, repository: str, cluster: str) -> RerunAuthConfig | None:
        """Who may run a job again where the job itself does not say: the last entry that means it."""
        found = [entry.config for entry in self.default_rerun_auth_configs if entry.means(repository, cluster)]
        return found[-1] if found else None


class InRepoConfig(Section, frozen=True):
    """Where jobs are read from the repository itself, and the build clusters such jobs may use."""

    enabled: Mapping[str, bool] = field(default_factory=dict)
    allowed_clusters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


class PushGateway(Section, frozen=True):
    """Where metrics are pushed to."""

    endpoint: str = ""
    interval: timedelta = timedelta(minutes=1)
    serve_metrics: bool = False


class OwnersDirDenylist(Section, frozen=True):
    """Directories (RE2) in which OWNERS files do not count."""

    repos: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    default: tuple[str, ...] = ()
    ignore_preconfigured_defaults: bool = False


class GitHubOptions(Section, frozen=True):
    """Where people's links to GitHub lead."""

    link_url: str = "https://github.com"


class Scheduler(Section, frozen=True):
    """Whether a ProwJob waits in `scheduling` until a cluster is chosen."""

    enabled: bool = False
    failover: Failover | None = None
    external: ExternalScheduling | None = None


class ProwConfig(Section, frozen=True):
    """The whole file. The jobs it may hold itself are taken out by `load` and put to the others."""

    config_version_sha: str = ""
    tide: Tide = field(default_factory=Tide)
    plank: Plank = field(default_factory=Plank)
    pipeline: Pipeline = field(default_factory=Pipeline)
    sinker: Sinker = field(default_factory=Sinker)
    deck: Deck = field(default_factory=Deck)
    branch_protection: BranchProtection = field(default_factory=BranchProtection, name="branch-protection")
    gerrit: Gerrit = field(default_factory=Gerrit)
    github_reporter: GitHubReporter = field(default_factory=GitHubReporter)
    horologium: Horologium = field(default_factory=Horologium)
    slack_reporter_configs: Mapping[str, SlackReporter] = field(default_factory=dict)
    in_repo_config: InRepoConfig = field(default_factory=InRepoConfig)
    gangway: Gangway = field(default_factory=Gangway)
    moonraker: Moonraker = field(default_factory=Moonraker)
    scheduler: Scheduler = field(default_factory=Scheduler)
    jenkins_operators: tuple[JenkinsOperator, ...] = ()
    prowjob_namespace: str = "default"
    pod_namespace: str = "default"
    log_level: str = "info"
    push_gateway: PushGateway = field(default_factory=PushGateway)
    owners_dir_denylist: OwnersDirDenylist | None = None
    pubsub_subscriptions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    pubsub_triggers: tuple[PubSubTrigger, ...] = ()
    github: GitHubOptions = field(default_factory=GitHubOptions)
    status_error_link: str = "https://github.com/kubernetes/test-infra/issues"
    default_job_timeout: timedelta = timedelta(hours=24)
    managed_webhooks: ManagedWebhooks = field(default_factory=ManagedWebhooks)
    prowjob_default_entries: tuple[DefaultsEntry, ...] = ()
    disabled_clusters: tuple[str, ...] = ()
    presets: tuple[Preset, ...] = ()
    presubmits: Mapping[str, tuple[Presubmit, ...]] = field(default_factory=dict)
    postsubmits: Mapping[str, tuple[Postsubmit, ...]] = field(default_factory=dict)
    periodics: tuple[Periodic, ...] = ()
    decorate_all_jobs: bool = False
    prow_ignored: Any = None
