"""The pod of a ProwJob: what cutwater reads of it, and what may be said of it. The rest is Kubernetes' own."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Literal

import msgspec
from msgspec import Struct, field

from cutwater.errors import Refused
from cutwater.prowjob.labels import BUILD_ID, CREATED_BY_PROW, ID
from cutwater.prowjob.types import ObjectMeta

OURS = f"{CREATED_BY_PROW}=true"
"""The selector of all pods that belong to ProwJobs."""

INFO_FINALIZER = "prow.x-k8s.io/gcsk8sreporter"
"""What keeps a pod until crier has written down what became of it."""

StopCause = Literal["evicted", "unreachable", "oomkilled", "unknown"]


class Terminated(Struct, frozen=True, kw_only=True, rename="camel"):
    """How a container ended."""

    exit_code: int = 0
    reason: str = ""
    message: str = ""
    finished_at: datetime | None = None


class Waiting(Struct, frozen=True, kw_only=True):
    """Why a container does not run yet."""

    reason: str = ""
    message: str = ""


class Running(Struct, frozen=True, kw_only=True, rename="camel"):
    """A container at work."""

    started_at: datetime | None = None


class ContainerState(Struct, frozen=True, kw_only=True):
    """Whether a container waits, is at work, or has ended."""

    waiting: Waiting | None = None
    running: Running | None = None
    terminated: Terminated | None = None


class ContainerStatus(Struct, frozen=True, kw_only=True):
    """One container as its node sees it."""

    name: str = ""
    state: ContainerState = field(default_factory=ContainerState)


class PodStatus(Struct, frozen=True, kw_only=True, rename="camel"):
    """How far a pod is. `start_time` is when a node took it, absent while none has."""

    phase: str = ""
    reason: str = ""
    start_time: datetime | None = None
    container_statuses: tuple[ContainerStatus, ...] | None = None
    init_container_statuses: tuple[ContainerStatus, ...] | None = None

    def terminations(self) -> Iterator[Terminated | None]:
        """The end of each container and init container that the status lists, None for one that has not ended."""
        for status in (*(self.container_statuses or ()), *(self.init_container_statuses or ())):
            yield status.state.terminated


class Variable(Struct, frozen=True, kw_only=True):
    """A variable of a container's environment, if it is given as text."""

    name: str = ""
    value: str = ""


class Container(Struct, frozen=True, kw_only=True):
    """A container as it was asked for."""

    env: tuple[Variable, ...] | None = None


class PodSpec(Struct, frozen=True, kw_only=True):
    """What the pod was made to run."""

    containers: tuple[Container, ...] | None = None


class Pod(Struct, frozen=True, kw_only=True):
    """One pod of a build cluster."""

    metadata: ObjectMeta
    spec: PodSpec = field(default_factory=PodSpec)
    status: PodStatus = field(default_factory=PodStatus)

    @property
    def is_being_deleted(self) -> bool:
        return self.metadata.deletion_timestamp is not None

    @property
    def has_ended(self) -> bool:
        """Whether no container of it runs any more, or ever will."""
        return self.status.phase in {"Succeeded", "Failed"}

    def is_of(self, prowjob: str) -> bool:
        """Whether plank made it for the ProwJob of this name."""
        return self.metadata.labels.get(ID) == prowjob


def as_pod(found: Mapping[str, Any]) -> Pod:
    """A pod of what the API server sent. Raises Refused, naming the field."""
    try:
        return msgspec.convert(found, Pod)
    except msgspec.ValidationError as error:
        raise Refused(f"pod {found.get('metadata', {}).get('name', '?')} cannot be read: {error}") from error


def build_id_of(pod: Pod) -> str:
    """The build id that the pod was made with, or ""."""
    if label := pod.metadata.labels.get(BUILD_ID):
        return label
    first = next(iter(pod.spec.containers or ()), Container())
    return next((variable.value for variable in first.env or () if variable.name == "BUILD_ID"), "")


def cause_of_stop(pod: Pod) -> StopCause | None:
    """Why the pod was stopped by something that is not the test's doing; None where it was not.

    Source: sigs.k8s.io/prow pkg/plank (reconciler.go).
    """
    status = pod.status
    if status.reason == "Evicted":
        return "evicted"
    if status.reason == "NodeLost" and pod.is_being_deleted:
        return "unreachable"
    if status.phase == "Running" and any(end and end.reason == "OOMKilled" for end in status.terminations()):
        return "oomkilled"
    return "unknown" if status.phase == "Unknown" else None


def have_all_containers_succeeded(pod: Pod) -> bool:
    """Whether every container that the status lists has ended well. Without any, yes."""
    return all(end and end.exit_code == 0 and end.finished_at for end in pod.status.terminations())
