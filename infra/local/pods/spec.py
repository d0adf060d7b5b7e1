"""A Pod as the Kubernetes API sends it: the parts that decide how it runs on one machine.

Fields that change nothing here (resources, probes, security contexts, tolerations) are not read. A volume of a kind
that is not listed cannot be decoded: that is how such a pod is refused, with the place of the field in the message.
Source of the names: Kubernetes core/v1.
"""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct, field

RestartPolicy = Literal["Always", "OnFailure", "Never"]

DEFAULT_GRACE = 30
"""Seconds between SIGTERM and SIGKILL where a pod does not say."""


class Metadata(Struct, frozen=True, kw_only=True, rename="camel"):
    """Who the pod is, and whether somebody wants it gone."""

    name: str
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    creation_timestamp: str = ""
    deletion_timestamp: str | None = None
    deletion_grace_period_seconds: int | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    finalizers: tuple[str, ...] = ()


class FieldRef(Struct, frozen=True, kw_only=True, rename="camel"):
    """A field of the pod itself."""

    field_path: str


class ResourceRef(Struct, frozen=True, kw_only=True, rename="camel"):
    """A limit or request of a container, divided by `divisor` and rounded up."""

    resource: str
    container_name: str = ""
    divisor: str | int = "1"


class KeyRef(Struct, frozen=True, kw_only=True):
    """One key of a Secret or ConfigMap."""

    key: str
    name: str = ""
    optional: bool = False


class ValueFrom(Struct, frozen=True, kw_only=True, rename="camel"):
    """Where a variable's value comes from; exactly one is given."""

    field_ref: FieldRef | None = None
    resource_field_ref: ResourceRef | None = None
    secret_key_ref: KeyRef | None = None
    config_map_key_ref: KeyRef | None = None


class EnvVar(Struct, frozen=True, kw_only=True, rename="camel"):
    """One variable of a container."""

    name: str
    value: str = ""
    value_from: ValueFrom | None = None


class ObjectRef(Struct, frozen=True, kw_only=True):
    """A whole Secret or ConfigMap."""

    name: str = ""
    optional: bool = False


class EnvFrom(Struct, frozen=True, kw_only=True, rename="camel"):
    """All keys of a Secret or ConfigMap as variables."""

    prefix: str = ""
    secret_ref: ObjectRef | None = None
    config_map_ref: ObjectRef | None = None


class Mount(Struct, frozen=True, kw_only=True, rename="camel"):
    """Where a volume appears in a container."""

    name: str
    mount_path: str
    read_only: bool = False
    sub_path: str = ""
    sub_path_expr: str = ""


class Resources(Struct, frozen=True, kw_only=True):
    """What a container asks for; read for variables and for resources that this machine does not have."""

    limits: Mapping[str, str | int | float] = field(default_factory=dict)
    requests: Mapping[str, str | int | float] = field(default_factory=dict)


class Container(Struct, frozen=True, kw_only=True, rename="camel"):
    """One process of the pod. `restart_policy` is set on init containers that run beside the others."""

    name: str
    image: str = ""
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    working_dir: str = ""
    env: tuple[EnvVar, ...] = ()
    env_from: tuple[EnvFrom, ...] = ()
    volume_mounts: tuple[Mount, ...] = ()
    resources: Resources = Resources()
    restart_policy: str = ""
    termination_message_path: str = "/dev/termination-log"
    termination_message_policy: str = "File"

    @property
    def is_sidecar(self) -> bool:
        return self.restart_policy == "Always"


class KeyPath(Struct, frozen=True, kw_only=True):
    """A key that becomes a file at `path` below the volume."""

    key: str
    path: str
    mode: int | None = None


class DownwardItem(Struct, frozen=True, kw_only=True, rename="camel"):
    """A field of the pod that becomes a file."""

    path: str
    mode: int | None = None
    field_ref: FieldRef | None = None
    resource_field_ref: ResourceRef | None = None


class SecretSource(Struct, frozen=True, kw_only=True, rename="camel"):
    """A Secret as files. In a volume it is `secretName`, in a projection `name`."""

    secret_name: str = ""
    name: str = ""
    items: tuple[KeyPath, ...] = ()
    default_mode: int | None = None
    optional: bool = False


class ConfigMapSource(Struct, frozen=True, kw_only=True, rename="camel"):
    """A ConfigMap as files."""

    name: str = ""
    items: tuple[KeyPath, ...] = ()
    default_mode: int | None = None
    optional: bool = False


class DownwardSource(Struct, frozen=True, kw_only=True, rename="camel"):
    """Fields of the pod as files."""

    items: tuple[DownwardItem, ...] = ()
    default_mode: int | None = None


class Projection(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """One part of a projected volume."""

    secret: SecretSource | None = None
    config_map: ConfigMapSource | None = None
    downward: DownwardSource | None = field(name="downwardAPI", default=None)


class ProjectedSource(Struct, frozen=True, kw_only=True, rename="camel"):
    """Several sources in one folder."""

    sources: tuple[Projection, ...] = ()
    default_mode: int | None = None


class EmptyDir(Struct, frozen=True):
    """A folder that lives as long as the pod."""


class Volume(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """A folder for the pod's containers; exactly one source is given."""

    name: str
    empty_dir: EmptyDir | None = None
    secret: SecretSource | None = None
    config_map: ConfigMapSource | None = None
    downward: DownwardSource | None = field(name="downwardAPI", default=None)
    projected: ProjectedSource | None = None


class Requirement(Struct, frozen=True, kw_only=True):
    """One condition on a node's label."""

    key: str
    operator: str
    values: tuple[str, ...] = ()


class NodeTerm(Struct, frozen=True, kw_only=True, rename="camel"):
    """Conditions that all have to hold."""

    match_expressions: tuple[Requirement, ...] = ()


class NodeTerms(Struct, frozen=True, kw_only=True, rename="camel"):
    """Terms of which one has to hold."""

    node_selector_terms: tuple[NodeTerm, ...] = ()


class NodeAffinity(Struct, frozen=True, kw_only=True, rename="camel"):
    """What a node must be."""

    required: NodeTerms | None = field(name="requiredDuringSchedulingIgnoredDuringExecution", default=None)


class Affinity(Struct, frozen=True, kw_only=True, rename="camel"):
    """Where a pod wants to run; other pods do not matter on one machine."""

    node_affinity: NodeAffinity | None = None


class SchedulingGate(Struct, frozen=True, kw_only=True):
    """What holds a pod back from being scheduled."""

    name: str


class Spec(Struct, frozen=True, kw_only=True, rename="camel"):
    """What is to run."""

    containers: tuple[Container, ...]
    init_containers: tuple[Container, ...] = ()
    volumes: tuple[Volume, ...] = ()
    restart_policy: RestartPolicy = "Always"
    termination_grace_period_seconds: int = DEFAULT_GRACE
    active_deadline_seconds: int | None = None
    node_name: str = ""
    node_selector: Mapping[str, str] = field(default_factory=dict)
    affinity: Affinity | None = None
    scheduling_gates: tuple[SchedulingGate, ...] = ()
    service_account_name: str = ""
    hostname: str = ""


class Status(Struct, frozen=True, kw_only=True, rename="camel"):
    """How far the API server knows the pod to be."""

    phase: str = "Pending"
    start_time: str = ""


class Pod(Struct, frozen=True, kw_only=True):
    """One pod."""

    metadata: Metadata
    spec: Spec
    status: Status = Status()

    @property
    def key(self) -> str:
        return f"{self.metadata.namespace}/{self.metadata.name}"

    @property
    def containers(self) -> tuple[Container, ...]:
        """All of them, in the order in which they start."""
        return self.spec.init_containers + self.spec.containers

    @property
    def is_over(self) -> bool:
        return self.status.phase in {"Succeeded", "Failed"}

    @property
    def grace(self) -> int:
        """Seconds between SIGTERM and SIGKILL: what the deletion says, else what the pod says."""
        asked = self.metadata.deletion_grace_period_seconds
        return self.spec.termination_grace_period_seconds if asked is None else asked


class Placement(Struct, frozen=True, kw_only=True, rename="camel"):
    """Whose the pod is."""

    node_name: str = ""


class Envelope(Struct, frozen=True, kw_only=True):
    """A pod whose inside need not make sense: what is always readable of it."""

    metadata: Metadata
    spec: Placement = Placement()
    status: Status = Status()
