"""Sections of config.yaml for parts of Prow that cutwater does not have: read and judged, so that a mistake is found.

Source: sigs.k8s.io/prow pkg/config (config.go, gangway.go, scheduler.go).
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from msgspec import Struct, field

from cutwater.config.findings import Path
from cutwater.config.patterns import compiled

Rule = Iterator[tuple[Path, str]]


class Foreign(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A part of config.yaml."""


class Pipeline(Foreign, frozen=True):
    """Tekton: whether postsubmits may run beside each other."""

    allow_concurrent_postsubmit_jobs: bool = False


class GerritFilters(Foreign, frozen=True):
    """Which changes count."""

    branches: tuple[str, ...] = ()
    excluded_branches: tuple[str, ...] = ()
    opt_in_by_default: bool = False


class GerritRepos(Foreign, frozen=True):
    """Repositories of one Gerrit."""

    org: str = ""
    repos: tuple[str, ...] = ()
    opt_out_help: bool = False
    filters: GerritFilters | None = None


class Gerrit(Foreign, frozen=True):
    """gerrit. `allowed_presubmit_trigger_re` (RE2): what every rerun command must match."""

    tick_interval: timedelta = timedelta(minutes=1)
    ratelimit: int = 0
    deck_url: str = ""
    org_repos_config: tuple[GerritRepos, ...] = ()
    allowed_presubmit_trigger_re: str = ""


class TideGerrit(Foreign, frozen=True):
    """tide.gerrit."""

    queries: tuple[GerritRepos, ...] = ()
    ratelimit: int = 0


class GcpClient(Foreign, frozen=True):
    """A project of Google's that calls the API."""

    endpoint_api_consumer_type: str = ""
    endpoint_api_consumer_number: str = ""


class JobsFilter(Foreign, frozen=True):
    """Jobs of one tenant."""

    tenant_id: str = ""


class ApiClient(Foreign, frozen=True):
    """Who may call the API, for which jobs."""

    gcp: GcpClient | None = None
    allowed_jobs_filters: tuple[JobsFilter, ...] = ()


class Gangway(Foreign, frozen=True):
    """The API that starts jobs."""

    allowed_api_clients: tuple[ApiClient, ...] = ()


class Moonraker(Foreign, frozen=True):
    """The cache of in-repository configuration."""

    client_timeout: timedelta = timedelta(minutes=10)


class PubSubTrigger(Foreign, frozen=True):
    """Messages that start jobs."""

    project: str = ""
    topics: tuple[str, ...] = ()
    allowed_clusters: tuple[str, ...] = ()
    max_outstanding_messages: int = 0


class ManagedWebhook(Foreign, frozen=True):
    """A repository whose webhook is managed. Tokens made before the time are replaced."""

    token_created_after: datetime | None = None


class ManagedWebhooks(Foreign, frozen=True):
    """Webhooks that Prow sets up itself, by `org` or `org/repo`."""

    respect_legacy_global_token: bool = False
    auto_accept_invitation: bool = False
    org_repo_config: Mapping[str, ManagedWebhook] = field(default_factory=dict)


class Failover(Foreign, frozen=True):
    """Build clusters in place of others."""

    mappings: Mapping[str, str] = field(default_factory=dict)


class SchedulingCache(Foreign, frozen=True):
    """How long the answers of an external scheduler are kept."""

    entry_timeout_interval: timedelta | None = None
    cleanup_interval: timedelta | None = None


class ExternalScheduling(Foreign, frozen=True):
    """A service that is asked for a job's build cluster."""

    url: str = ""
    cache: SchedulingCache = SchedulingCache()


def gerrit_problems(gerrit: Gerrit) -> Rule:
    try:
        compiled(gerrit.allowed_presubmit_trigger_re)
    except ValueError as error:
        yield ("allowed_presubmit_trigger_re",), f'"{gerrit.allowed_presubmit_trigger_re}": {error}'


def gangway_problems(gangway: Gangway) -> Rule:
    declared: dict[GcpClient, int] = {}
    for index, client in enumerate(gangway.allowed_api_clients):
        here: Path = ("allowed_api_clients", index)
        if client.gcp is None:
            yield here, "has no cloud vendor"
        else:
            yield from (((*here, "gcp", *path), message) for path, message in _gcp_problems(client.gcp))
            if client.gcp in declared:
                yield here, f"is declared multiple times, first as [{declared[client.gcp]}]"
            declared.setdefault(client.gcp, index)
        if not client.allowed_jobs_filters:
            yield here, "allowed_jobs_filters cannot be empty"
        for place, one in enumerate(client.allowed_jobs_filters):
            if not one.tenant_id:
                yield (*here, "allowed_jobs_filters", place), "has an empty tenant_id"


def _gcp_problems(client: GcpClient) -> Rule:
    kind, number = client.endpoint_api_consumer_type, client.endpoint_api_consumer_number
    if kind != "PROJECT":
        yield ("endpoint_api_consumer_type",), f'"{kind}" is not PROJECT'
    if not re.fullmatch("[0-9]+", number):
        yield ("endpoint_api_consumer_number",), f'"{number}" is not the number of a project'


def webhook_problems(webhooks: ManagedWebhooks, now: datetime) -> Rule:
    for key, webhook in webhooks.org_repo_config.items():
        after = webhook.token_created_after
        if after is not None and after > now:
            yield ("org_repo_config", key, "token_created_after"), f"{after.isoformat()} is later than now"
