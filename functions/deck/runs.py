"""A run as deck knows it: what of a ProwJob its lists and pages show, and where its files lie. Pure."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import msgspec
from msgspec import Struct, field

from cutwater.errors import Refused
from cutwater.podutils import paths
from cutwater.podutils.jobspec import JobSpec
from cutwater.prowjob.decoration import StorageConfiguration
from cutwater.prowjob.reporting import NOTE
from cutwater.prowjob.types import (
    JenkinsSpec,
    JobType,
    ObjectMeta,
    ProwJobDefaults,
    ProwJobStatus,
    Refs,
    RerunAuthConfig,
)
from functions.deck.audience import audience, is_hidden
from functions.deck.places import PROVIDERS, NotServed, Place, place

EARLIEST = datetime.min.replace(tzinfo=UTC)


class _Decoration(Struct, frozen=True):
    gcs_configuration: StorageConfiguration | None = None


class _Container(Struct, frozen=True):
    name: str = ""


class _PodSpec(Struct, frozen=True):
    containers: tuple[_Container, ...] = ()


class RunSpec(Struct, frozen=True, kw_only=True):
    """What is run."""

    type: JobType
    job: str
    agent: str = ""
    cluster: str = ""
    namespace: str = ""
    context: str = ""
    refs: Refs | None = None
    extra_refs: tuple[Refs, ...] = ()
    hidden: bool = False
    prowjob_defaults: ProwJobDefaults | None = None
    rerun_auth_config: RerunAuthConfig | None = None
    jenkins_spec: JenkinsSpec | None = None
    decoration_config: _Decoration | None = None
    pod_spec: _PodSpec | None = None


class Run(Struct, frozen=True, kw_only=True):
    """One ProwJob, without the pod that it asks for: ten thousand of them are held at once."""

    metadata: ObjectMeta
    spec: RunSpec
    status: ProwJobStatus = field(default_factory=ProwJobStatus)

    @property
    def name(self) -> str:
        return self.metadata.name

    @property
    def state(self) -> str:
        return self.status.state or "triggered"

    @property
    def is_over(self) -> bool:
        return self.status.completionTime is not None

    @property
    def refs(self) -> Refs | None:
        """The code that the run is about: a periodic's is its first extra ref's."""
        return self.spec.refs or next(iter(self.spec.extra_refs), None)

    @property
    def repository(self) -> str:
        return self.refs.full_name if self.refs else ""

    @property
    def started(self) -> datetime:
        return self.status.startTime or self.metadata.creation_timestamp or EARLIEST

    def duration(self, now: datetime) -> timedelta:
        """How long it took, or has taken so far."""
        return max((self.status.completionTime or now) - self.started, timedelta(0))

    @property
    def logs(self) -> list[str]:
        """The names under which its containers' logs are stored."""
        containers = self.spec.pod_spec.containers if self.spec.pod_spec else ()
        return log_names([container.name for container in containers])

    @property
    def untold(self) -> Mapping[str, str]:
        """What came in the way of those who tell of it, by reporter."""
        annotations = self.metadata.annotations.items()
        return {key.removeprefix(NOTE): said for key, said in annotations if key.startswith(NOTE)}

    @property
    def folder(self) -> Place | None:
        """Where its files lie; None before it has a build id, and where it stores nothing."""
        decoration = self.spec.decoration_config
        storage = decoration.gcs_configuration if decoration else None
        if storage is None or not self.status.build_id:
            return None
        spec = JobSpec(
            type=self.spec.type, job=self.spec.job, buildid=self.status.build_id, refs=self.spec.refs
        )  # what else a ProwJob says has no part in the path
        try:
            bucket = paths.bucket(storage.bucket)
            provider = PROVIDERS.get(bucket.provider, bucket.provider)
            return place(f"{provider}/{bucket.full_path}/{paths.run_path(spec, storage)}")
        except (ValueError, NotServed):
            return None

    @property
    def view(self) -> str:
        """The address of its page on this deck."""
        if self.folder is not None:
            return f"/view/{self.folder.address}"
        return f"/view/prowjob/{quote(self.spec.job, safe='')}/{quote(self.status.build_id or self.name, safe='')}"


def log_names(containers: list[str]) -> list[str]:
    """The log of the only container is build-log.txt; of several, each has one of its own."""
    if len(containers) < 2:
        return ["build-log.txt"]
    return [f"{name}-build-log.txt" for name in containers]


def container_of(log: str) -> str:
    """The container whose log has this name. Plank calls the only one `test`."""
    return log.removesuffix("build-log.txt").removesuffix("-") or "test"


def moment(status: Mapping[str, Any]) -> datetime | None:
    """The time of started.json or finished.json, where it says one."""
    timestamp = status.get("timestamp")
    try:
        return datetime.fromtimestamp(timestamp, UTC) if isinstance(timestamp, int | float) else None
    except (ValueError, OverflowError, OSError):
        return None


def as_run(found: Mapping[str, Any]) -> Run:
    """The run of a ProwJob as JSON. Raises Refused for what is none."""
    try:
        return msgspec.convert(found, Run)
    except msgspec.ValidationError as error:
        raise Refused(f"a ProwJob cannot be read: {error}") from error


def readable(found: Iterable[Mapping[str, Any]]) -> Iterable[Run]:
    """Those that can be read: one that cannot hides no other."""
    for each in found:
        try:
            yield as_run(each)
        except Refused:
            continue


def is_shown(run: Run, hidden_repos: Iterable[str]) -> bool:
    """Whether this deck's audience may see it. Source: sigs.k8s.io/prow pkg/deck/jobs."""
    tenant = run.spec.prowjob_defaults.tenant_id if run.spec.prowjob_defaults else ""
    hidden = frozenset(hidden_repos)
    every = (*((run.spec.refs,) if run.spec.refs else ()), *run.spec.extra_refs)
    is_one_hidden = bool(hidden) and any(is_hidden(refs.full_name, hidden) for refs in every)
    return audience().may_see([tenant], is_hidden=run.spec.hidden or is_one_hidden)
