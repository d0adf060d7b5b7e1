"""The URL of a Trigger's subscriber, of a dead letter sink, of a source's sink.

They are those of a cluster, so that what an event says of its failure reads the same everywhere.
Source: knative.dev/pkg resolver, apis/duck/v1/destination.go.
"""

from urllib.parse import urljoin, urlsplit

from infra.local.broker.resources import Destination

DOMAIN = "svc.cluster.local"
INGRESS = f"broker-ingress.knative-eventing.{DOMAIN}"


class Unresolved(ValueError):
    """The destination has no address here."""


def resolve(destination: Destination, namespace: str) -> str:
    """The destination's URL; `namespace` is that of the object that names it. Raises Unresolved for other kinds."""
    ref = destination.ref
    if ref is None:
        return destination.uri
    namespace = ref.namespace or namespace
    if ref.kind == "Broker":
        address = broker_url(namespace, ref.name)
    elif ref.kind == "Service":
        address = f"http://{ref.name}.{namespace}.{DOMAIN}"
    else:
        raise Unresolved(f"{ref.kind} {ref.name} has no address on one machine: a Service or a Broker has")
    return urljoin(address, destination.uri) if destination.uri else address


def broker_url(namespace: str, name: str) -> str:
    """Where events for a Broker are sent."""
    return f"http://{INGRESS}/{namespace}/{name}"


def service_of(url: str) -> str | None:
    """The name of the Service that a URL leads to, or None where it leads out of the cluster or to the ingress."""
    host = urlsplit(url).hostname or ""
    name, _, rest = host.partition(".")
    return name if host != INGRESS and rest.partition(".")[2] in (DOMAIN, "svc") else None


def is_ingress(url: str) -> bool:
    """Whether a URL leads to a Broker."""
    return urlsplit(url).hostname == INGRESS


def target(url: str) -> str:
    """Path and query of a URL, as a request line has them."""
    parts = urlsplit(url)
    return f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
