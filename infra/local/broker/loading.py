"""Reads triggers/: YAML files of one or more Knative resources each, checked as Knative's webhook checks them.

Whoever writes a Trigger sees file, line and field of a mistake before any event is lost by it.
"""

import base64
import binascii
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
import yaml
from msgspec import Struct, structs

from infra.local.broker import cron, durations
from infra.local.broker.resources import (
    ApiServerSource,
    BrokerResource,
    Delivery,
    Destination,
    Filter,
    PingSource,
    PingSpec,
    Resource,
    Resources,
    Trigger,
)

KINDS: dict[tuple[str, str], type[Resource]] = {
    ("eventing.knative.dev/v1", "Broker"): BrokerResource,
    ("eventing.knative.dev/v1", "Trigger"): Trigger,
    ("sources.knative.dev/v1", "PingSource"): PingSource,
    ("sources.knative.dev/v1", "ApiServerSource"): ApiServerSource,
}
KNATIVE_GROUPS = ("eventing.knative.dev", "sources.knative.dev", "messaging.knative.dev", "flows.knative.dev")
IGNORED = frozenset({"SinkBinding"})
"""Knative's kinds that do nothing on one machine: functions are given their addresses by who starts them."""

DIALECTS = ("exact", "prefix", "suffix", "all", "any", "not", "cesql")

_ATTRIBUTE = re.compile(r"[a-z][a-z0-9]*\Z")
_STEP = re.compile(r"[A-Za-z_][\w-]*|\[(\d+)\]")
_UNKNOWN = re.compile(r"Object contains unknown field `(.+?)`")

Problem = tuple[str, str]
"""The path of a field, and what is wrong with it."""


class ResourceError(ValueError):
    """A file of triggers/ that Knative would refuse, or that is not served here: names file, line, object and field."""


class _Loader(yaml.SafeLoader):
    """YAML as Kubernetes reads it: a date is a string."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


class _Header(Struct):
    apiVersion: str = ""  # noqa: N815
    kind: str = ""
    metadata: dict[str, object] = {}


def load(folder: Path, *, namespace: str = "default") -> Resources:
    """The resources of all *.yaml files in the folder. Objects that name no namespace are in `namespace`."""
    files = sorted(path for path in folder.iterdir() if path.suffix in (".yaml", ".yml"))
    texts = ((str(path), path.read_text()) for path in files)
    return collect(resource for file, text in texts for resource in parse(text, file=file, namespace=namespace))


def parse(text: str, *, file: str, namespace: str = "default") -> Iterator[Resource]:
    """The resources in one file. Objects outside Knative's groups are not the broker's and are passed over."""
    loader = _Loader(text)
    try:
        while loader.check_node() and (node := loader.get_node()) is not None:
            value: object = loader.construct_document(node)
            if value is not None and (resource := _resource(value, node, file)) is not None:
                yield _in_namespace(resource, namespace)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise ResourceError(f"{file}:{line}: {error.problem}") from error
    finally:
        loader.dispose()


def collect(resources: Iterable[Resource]) -> Resources:
    """Sorts the resources by kind. Raises ResourceError where two have one name."""
    named: dict[tuple[type[Resource], str, str], Resource] = {}
    for resource in resources:
        name = (type(resource), resource.metadata.namespace, resource.metadata.name)
        if name in named:
            raise ResourceError(f"two of kind {type(resource).__name__} are called {resource.metadata.name}")
        named[name] = resource
    every = tuple(named.values())
    return Resources(
        brokers=tuple(item for item in every if isinstance(item, BrokerResource)),
        triggers=tuple(item for item in every if isinstance(item, Trigger)),
        ping_sources=tuple(item for item in every if isinstance(item, PingSource)),
        apiserver_sources=tuple(item for item in every if isinstance(item, ApiServerSource)),
    )


def _resource(value: object, node: yaml.Node, file: str) -> Resource | None:
    """The resource of one document, or None where it is not the broker's. Raises ResourceError."""

    def refused(path: str, message: str) -> ResourceError:
        where = f"{header.kind} {header.metadata.get('name', '')}".strip()
        return ResourceError(f"{file}:{_line(node, path)}: {': '.join(filter(None, (where, path, message)))}")

    header = _Header()
    try:
        header = msgspec.convert(value, _Header)
        kind = KINDS.get((header.apiVersion, header.kind))
        if kind is None:
            if header.apiVersion.startswith(KNATIVE_GROUPS) and header.kind not in IGNORED:
                raise refused("", f"{header.apiVersion} {header.kind} is not served on one machine")
            return None
        resource = msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise refused(*_translated(str(error))) from error
    for problem in _problems(resource):
        raise refused(*problem)
    return resource


def _in_namespace(resource: Resource, namespace: str) -> Resource:
    if resource.metadata.namespace:
        return resource
    return structs.replace(resource, metadata=structs.replace(resource.metadata, namespace=namespace))


def _translated(message: str) -> Problem:
    """msgspec's message as path and complaint."""
    complaint, _, path = message.partition(" - at `$.")
    path = path.removesuffix("`").replace("[...]", "")
    if unknown := _UNKNOWN.match(complaint):
        return f"{path}.{unknown[1]}".lstrip("."), "unknown field"
    return path, complaint[0].lower() + complaint[1:]


def _line(node: yaml.Node, path: str) -> int:
    """The line of the field, or of its nearest ancestor that is there."""
    line = node.start_mark.line
    for step in _STEP.finditer(path):
        if isinstance(node, yaml.MappingNode):
            pairs = [(key, value) for key, value in node.value if key.value == step[0]]
            if not pairs:
                break
            line, node = pairs[0][0].start_mark.line, pairs[0][1]
        elif isinstance(node, yaml.SequenceNode) and step[1]:
            node = node.value[int(step[1])]
            line = node.start_mark.line
        else:
            break
    return line + 1


def _problems(resource: Resource) -> Iterator[Problem]:
    """What Knative's webhook refuses. Source: knative.dev/eventing pkg/apis, the *_validation.go files."""
    match resource:
        case BrokerResource(spec=spec):
            yield from _delivery(spec.delivery, "spec.delivery")
        case Trigger(spec=spec):
            if not spec.broker:
                yield "spec.broker", "a Trigger names its Broker"
            yield from _destination(spec.subscriber, "spec.subscriber")
            yield from _attributes(spec.filter.attributes, "spec.filter.attributes")
            yield from _filters(spec.filters, "spec.filters")
            if spec.delivery:
                yield from _delivery(spec.delivery, "spec.delivery")
        case PingSource(spec=spec):
            yield from _destination(spec.sink, "spec.sink")
            yield from _ping(spec)
        case ApiServerSource(spec=spec):
            yield from _destination(spec.sink, "spec.sink")
            if not spec.resources:
                yield "spec.resources", "at least one kind is watched"


def _destination(destination: Destination, path: str) -> Iterator[Problem]:
    is_absolute = destination.uri.startswith(("http://", "https://"))
    if destination.ref is None and not destination.uri:
        yield path, "ref or uri is required"
    elif destination.ref is None and not is_absolute:
        yield f"{path}.uri", "without a ref the address must be absolute"
    elif destination.ref is not None and is_absolute:
        yield f"{path}.uri", "beside a ref the address must be relative"
    elif destination.ref is not None and destination.ref.kind not in ("Service", "Broker"):
        yield f"{path}.ref.kind", f"a {destination.ref.kind} has no address on one machine: a Service or a Broker has"


def _delivery(delivery: Delivery, path: str) -> Iterator[Problem]:
    if delivery.retry < 0:
        yield f"{path}.retry", f"{delivery.retry} is below zero"
    for name, duration in (
        ("backoffDelay", delivery.backoff_delay),
        ("timeout", delivery.timeout),
        ("retryAfterMax", delivery.retry_after_max),
    ):
        try:
            if duration and durations.seconds(duration) <= 0 and name == "timeout":
                yield f"{path}.{name}", "the time is above zero"
        except ValueError as error:
            yield f"{path}.{name}", str(error)
    if delivery.dead_letter_sink:
        yield from _destination(delivery.dead_letter_sink, f"{path}.deadLetterSink")


def _attributes(names: Iterable[str], path: str) -> Iterator[Problem]:
    for name in names:
        if not _ATTRIBUTE.match(name):
            yield f"{path}.{name}", "an attribute's name is lower-case letters and digits, a letter first"


def _filters(filters: Iterable[Filter], path: str) -> Iterator[Problem]:
    for number, item in enumerate(filters):
        yield from _filter(item, f"{path}[{number}]")


def _filter(item: Filter, path: str) -> Iterator[Problem]:
    named = msgspec.to_builtins(item)
    given = [dialect for dialect in DIALECTS if named[dialect]]
    if len(given) > 1:
        yield path, f"one filter has one dialect, not {' and '.join(given)}"
    if item.cesql:
        yield f"{path}.cesql", "CESQL is not served on one machine: exact, prefix, suffix, all, any and not are"
    for dialect, wanted in (("exact", item.exact), ("prefix", item.prefix), ("suffix", item.suffix)):
        yield from _attributes(wanted, f"{path}.{dialect}")
    yield from _filters(item.all, f"{path}.all")
    yield from _filters(item.any, f"{path}.any")
    if item.not_:
        yield from _filter(item.not_, f"{path}.not")


def _ping(spec: PingSpec) -> Iterator[Problem]:
    try:
        ZoneInfo(spec.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        yield "spec.timezone", f'"{spec.timezone}" is no time zone'
    try:
        cron.parse(spec.schedule)
    except ValueError as error:
        yield "spec.schedule", str(error)
    if spec.data and spec.data_base64:
        yield "spec.data", "data and dataBase64 exclude each other"
    try:
        content = base64.b64decode(spec.data_base64, validate=True) or spec.data.encode()
    except binascii.Error as error:
        yield "spec.dataBase64", str(error)
        return
    if content and spec.content_type == "application/json":
        try:
            msgspec.json.decode(content, type=dict[str, msgspec.Raw])
        except (msgspec.MsgspecError, UnicodeDecodeError):
            yield "spec.data", "with contentType application/json the data is a JSON object"
