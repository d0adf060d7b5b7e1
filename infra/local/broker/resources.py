"""The Knative resources that triggers/ holds, as typed values with Knative's own defaults.

An unknown field is an error here, where Knative's schemas would drop it: a misspelt filter would match everything.
Source: knative.dev/eventing pkg/apis/{eventing,sources}/v1, pkg/apis/duck/v1.
"""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct, field

ASYNC_HANDLER = "messaging.knative.dev/async-handler"


class Metadata(Struct, frozen=True):
    """What names an object. Fields that only a cluster uses are passed over."""

    name: str
    namespace: str = ""
    annotations: Mapping[str, str] = {}


class Ref(Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """Another object, by name."""

    kind: str
    name: str
    api_version: str = ""
    namespace: str = ""


class Destination(Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """Where an event goes: an object with an address, a path below it, or an absolute address."""

    ref: Ref | None = None
    uri: str = ""


class Delivery(Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """How often and how patiently an event is tried, and where it goes then. Durations are ISO 8601."""

    dead_letter_sink: Destination | None = None
    retry: int = 0
    backoff_policy: Literal["linear", "exponential"] | None = None
    backoff_delay: str = ""
    timeout: str = ""
    retry_after_max: str = ""
    format: Literal["binary", "json"] = "binary"


DEFAULT_DELIVERY = Delivery(retry=10, backoff_policy="exponential", backoff_delay="PT0.2S")
"""What Knative's webhook writes into a Broker that says nothing of delivery."""


class BrokerSpec(Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """`config` names the channel behind the Broker on a cluster; here there is one kind."""

    config: Ref | None = None
    delivery: Delivery = DEFAULT_DELIVERY


class BrokerResource(Struct, frozen=True):
    """A place that events are sent to, whatever its class on a cluster."""

    metadata: Metadata
    spec: BrokerSpec = BrokerSpec()

    @property
    def is_async(self) -> bool:
        """Whether a producer is answered before the event is delivered."""
        return self.metadata.annotations.get(ASYNC_HANDLER) == "true"


class LegacyFilter(Struct, frozen=True, forbid_unknown_fields=True):
    """Attributes that must be equal; "" asks for any value."""

    attributes: Mapping[str, str] = {}


class Filter(Struct, frozen=True, forbid_unknown_fields=True):
    """One filter, in one of its dialects."""

    exact: Mapping[str, str] = {}
    prefix: Mapping[str, str] = {}
    suffix: Mapping[str, str] = {}
    all: tuple["Filter", ...] = ()
    any: tuple["Filter", ...] = ()
    not_: "Filter | None" = field(name="not", default=None)
    cesql: str = ""


class TriggerSpec(Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """Which events of a Broker go where. A Trigger's delivery stands for the Broker's as a whole."""

    broker: str
    subscriber: Destination
    filter: LegacyFilter = LegacyFilter()
    filters: tuple[Filter, ...] = ()
    delivery: Delivery | None = None


class Trigger(Struct, frozen=True):
    """A subscription to a Broker of the same namespace."""

    metadata: Metadata
    spec: TriggerSpec


class Overrides(Struct, frozen=True, forbid_unknown_fields=True):
    """Extensions that a source sets on each of its events."""

    extensions: Mapping[str, str] = {}


class PingSpec(Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """When a tick is sent and what it carries. `timezone`: an IANA name, "" is UTC."""

    sink: Destination
    schedule: str = "* * * * *"
    timezone: str = ""
    content_type: str = ""
    data: str = ""
    data_base64: str = ""
    ce_overrides: Overrides = Overrides()


class PingSource(Struct, frozen=True):
    """Events by the clock."""

    metadata: Metadata
    spec: PingSpec


class Expression(Struct, frozen=True, forbid_unknown_fields=True):
    """One requirement of a label selector."""

    key: str
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist"]
    values: tuple[str, ...] = ()

    def __str__(self) -> str:
        """The requirement in a query."""
        values = ",".join(self.values)
        return {
            "In": f"{self.key} in ({values})",
            "NotIn": f"{self.key} notin ({values})",
            "Exists": self.key,
            "DoesNotExist": f"!{self.key}",
        }[self.operator]


class LabelSelector(Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """Objects by their labels; an empty one selects all."""

    match_labels: Mapping[str, str] = {}
    match_expressions: tuple[Expression, ...] = ()

    def __str__(self) -> str:
        """The selector in a query."""
        equal = (f"{key}={value}" for key, value in self.match_labels.items())
        return ",".join([*equal, *map(str, self.match_expressions)])


class WatchedKind(Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """A kind of object whose changes become events."""

    api_version: str
    kind: str
    selector: LabelSelector = LabelSelector()


class Owner(Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """The kind of controller whose objects alone are told of."""

    api_version: str
    kind: str


class ApiServerSpec(Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """Which objects are watched. `namespace_selector`: absent is the source's own namespace, empty is all of them."""

    resources: tuple[WatchedKind, ...]
    sink: Destination
    mode: Literal["Reference", "Resource"] = "Reference"
    owner: Owner | None = None
    service_account_name: str = "default"
    namespace_selector: LabelSelector | None = None
    ce_overrides: Overrides = Overrides()


class ApiServerSource(Struct, frozen=True):
    """Events by changes of Kubernetes objects."""

    metadata: Metadata
    spec: ApiServerSpec


Resource = BrokerResource | Trigger | PingSource | ApiServerSource


class Resources(Struct, frozen=True):
    """All of triggers/ that is served here."""

    brokers: tuple[BrokerResource, ...] = ()
    triggers: tuple[Trigger, ...] = ()
    ping_sources: tuple[PingSource, ...] = ()
    apiserver_sources: tuple[ApiServerSource, ...] = ()
