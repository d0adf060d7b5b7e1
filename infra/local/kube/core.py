"""The kinds that are there from the start, each with its rules; the pod's are in pods.py, the definitions' in crds.py.

Source: k8s.io/kubernetes pkg/apis/core/validation, pkg/registry/core, pkg/printers/internalversion.
"""

import base64
import json
from collections.abc import Iterator
from datetime import datetime

from infra.local.kube import names, pod_validation, pods
from infra.local.kube.jsonpaths import JsonPath
from infra.local.kube.kinds import Kind
from infra.local.kube.statuses import FieldError, JsonObject, forbidden, invalid, required
from infra.local.kube.tables import CREATED, NAME, Cell, Column, Printer

_CORE = "io.k8s.api.core.v1."
_AGE = Column("Age", description=CREATED)
_MAX_SIZE = 1024 * 1024  # bytes of all values together
_ACCOUNT_TOKEN = "kubernetes.io/service-account-token"  # noqa: S105
_ACCOUNT = "kubernetes.io/service-account.name"
_SECRET_KEYS = {
    "kubernetes.io/tls": ("tls.crt", "tls.key"),
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
    "kubernetes.io/dockercfg": (".dockercfg",),
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
}


def _created(content: JsonObject) -> datetime:
    return datetime.fromisoformat(content["metadata"]["creationTimestamp"])


def _fields(*paths: str) -> dict[str, JsonPath]:
    return {path: JsonPath(f".{path}") for path in paths}


# ConfigMap


def _config_map_errors(content: JsonObject, old: JsonObject | None) -> list[FieldError]:
    errors = []
    data, binary = content.get("data", {}), content.get("binaryData", {})
    for key in data:
        errors += [invalid(f"data[{key}]", key, why) for why in names.config_key(key)]
        if key in binary:
            errors.append(invalid(f"data[{key}]", key, "duplicate of key present in binaryData"))
    for key in binary:
        errors += [invalid(f"binaryData[{key}]", key, why) for why in names.config_key(key)]
    if sum(len(value.encode()) for value in data.values()) + sum(map(len, binary.values())) * 3 // 4 > _MAX_SIZE:
        errors.append(_too_large(""))
    return [*errors, *_immutable_errors(content, old, "data", "binaryData")]


def _too_large(field: str) -> FieldError:
    return FieldError(field, "FieldValueTooLong", f"Too long: may not be more than {_MAX_SIZE} bytes")


def _immutable_errors(content: JsonObject, old: JsonObject | None, *fields: str) -> Iterator[FieldError]:
    if old is None or not old.get("immutable"):
        return
    why = "field is immutable when `immutable` is set"
    if not content.get("immutable"):
        yield forbidden("immutable", why)
    for field in fields:
        if content.get(field, {}) != old.get(field, {}):
            yield forbidden(field, why)


def _config_map_cells(content: JsonObject) -> list[Cell]:
    return [
        content["metadata"]["name"],
        len(content.get("data", {})) + len(content.get("binaryData", {})),
        _created(content),
    ]


# Secret


def _prepare_secret(content: JsonObject, old: JsonObject | None) -> None:
    plain = content.pop("stringData", {})
    if plain:
        encoded = {key: base64.b64encode(value.encode()).decode() for key, value in plain.items()}
        content["data"] = content.get("data", {}) | encoded
    content.setdefault("type", old["type"] if old else "Opaque")


def _secret_errors(content: JsonObject, old: JsonObject | None) -> list[FieldError]:
    data = content.get("data", {})
    errors = [invalid(f"data[{key}]", key, why) for key in data for why in names.config_key(key)]
    if sum(map(len, data.values())) * 3 // 4 > _MAX_SIZE:
        errors.append(_too_large("data"))
    errors += [required(f"data[{key}]") for key in _SECRET_KEYS.get(content["type"], ()) if key not in data]
    if content["type"] == "kubernetes.io/dockerconfigjson" and ".dockerconfigjson" in data:
        try:
            json.loads(base64.b64decode(data[".dockerconfigjson"]))
        except ValueError:
            errors.append(invalid("data[.dockerconfigjson]", "<secret contents redacted>", "invalid character"))
    if content["type"] == "kubernetes.io/basic-auth" and not data.keys() & {"username", "password"}:
        errors += [required("data[username]"), required("data[password]")]
    if content["type"] == _ACCOUNT_TOKEN and not content["metadata"].get("annotations", {}).get(_ACCOUNT):
        errors.append(required(f"metadata.annotations[{_ACCOUNT}]"))
    if old and content["type"] != old["type"]:
        errors.append(invalid("type", content["type"], "field is immutable"))
    return [*errors, *_immutable_errors(content, old, "data")]


def _secret_cells(content: JsonObject) -> list[Cell]:
    return [content["metadata"]["name"], content["type"], len(content.get("data", {})), _created(content)]


# Lease


def _prepare_lease(content: JsonObject, old: JsonObject | None) -> None:
    content.setdefault("spec", {})


def _lease_errors(content: JsonObject, old: JsonObject | None) -> list[FieldError]:
    spec = content["spec"]
    errors = []
    if spec.get("leaseDurationSeconds", 1) <= 0:
        errors.append(invalid("spec.leaseDurationSeconds", spec["leaseDurationSeconds"], "must be greater than 0"))
    if spec.get("leaseTransitions", 0) < 0:
        why = "must be greater than or equal to 0"
        errors.append(invalid("spec.leaseTransitions", spec["leaseTransitions"], why))
    return errors


def _lease_cells(content: JsonObject) -> list[Cell]:
    return [content["metadata"]["name"], content["spec"].get("holderIdentity", ""), _created(content)]


# Event


def _prepare_event(content: JsonObject, old: JsonObject | None) -> None:
    content.setdefault("involvedObject", {})
    content.setdefault("source", {})


def _event_errors(content: JsonObject, old: JsonObject | None) -> list[FieldError]:
    about = content["involvedObject"].get("namespace", "")
    if about != content["metadata"]["namespace"] and (about or content["metadata"]["namespace"] != "default"):
        return [invalid("involvedObject.namespace", about, "does not match event.namespace")]
    return []


def _event_cells(content: JsonObject) -> list[Cell]:
    about = content["involvedObject"]
    seen = content.get("lastTimestamp") or content.get("eventTime") or content.get("firstTimestamp")
    first = content.get("firstTimestamp") or content.get("eventTime")
    return [
        datetime.fromisoformat(seen) if seen else "<unknown>",
        content.get("type", ""),
        content.get("reason", ""),
        f"{about.get('kind', '').lower()}/{about.get('name', '')}",
        about.get("fieldPath", ""),
        content["source"].get("component") or content.get("reportingComponent", ""),
        content.get("message", "").strip(),
        datetime.fromisoformat(first) if first else "<unknown>",
        content.get("count", 1),
        content["metadata"]["name"],
    ]


# Namespace


def _prepare_namespace(content: JsonObject, old: JsonObject | None) -> None:
    content["metadata"].setdefault("labels", {})["kubernetes.io/metadata.name"] = content["metadata"]["name"]
    if old is None:
        content["spec"] = {"finalizers": ["kubernetes"]}
        content["status"] = {"phase": "Active"}
    else:
        content["spec"], content["status"] = old["spec"], old["status"]


def _prepare_namespace_status(content: JsonObject, old: JsonObject | None) -> None:
    assert old is not None
    content["spec"] = old["spec"]
    content.setdefault("status", {}).setdefault("phase", old["status"]["phase"])


def _namespace_cells(content: JsonObject) -> list[Cell]:
    return [content["metadata"]["name"], content["status"]["phase"], _created(content)]


NAMESPACE = Kind(
    group="",
    version="v1",
    name="Namespace",
    plural="namespaces",
    singular="namespace",
    list_name="NamespaceList",
    namespaced=False,
    short_names=("ns",),
    definition=f"{_CORE}Namespace",
    name_rule=names.undotted_label,
    fields=_fields("status.phase"),
    prepare=_prepare_namespace,
    prepare_status=_prepare_namespace_status,
    answers_deleted_object=True,
    has_collection_delete=False,
    printer=Printer((NAME, Column("Status", description="Whether it is in use or ending"), _AGE), _namespace_cells),
)

POD = Kind(
    group="",
    version="v1",
    name="Pod",
    plural="pods",
    singular="pod",
    list_name="PodList",
    short_names=("po",),
    categories=("all",),
    definition=f"{_CORE}Pod",
    fields=_fields(
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.schedulerName",
        "spec.serviceAccountName",
        "spec.hostNetwork",
        "status.phase",
        "status.podIP",
        "status.nominatedNodeName",
    ),
    prepare=pods.prepare,
    prepare_status=pods.prepare_status,
    validate=pod_validation.validate,
    counts_generations=True,
    answers_deleted_object=True,
    printer=Printer(
        (
            NAME,
            Column("Ready", description="How many of its containers are ready"),
            Column("Status", description="How the pod is, in one word"),
            Column("Restarts", description="How often its containers were started again"),
            _AGE,
            Column("IP", priority=1, description="Its address"),
            Column("Node", priority=1, description="Where it runs"),
            Column("Nominated Node", priority=1, description="Where it may run next"),
            Column("Readiness Gates", priority=1, description="Conditions that must hold before it is ready"),
        ),
        pods.cells,
    ),
)

CONFIG_MAP = Kind(
    group="",
    version="v1",
    name="ConfigMap",
    plural="configmaps",
    singular="configmap",
    list_name="ConfigMapList",
    short_names=("cm",),
    definition=f"{_CORE}ConfigMap",
    validate=_config_map_errors,
    printer=Printer((NAME, Column("Data", description="How many keys it has"), _AGE), _config_map_cells),
)

SECRET = Kind(
    group="",
    version="v1",
    name="Secret",
    plural="secrets",
    singular="secret",
    list_name="SecretList",
    definition=f"{_CORE}Secret",
    fields=_fields("type"),
    prepare=_prepare_secret,
    validate=_secret_errors,
    printer=Printer(
        (NAME, Column("Type", description="What it is for"), Column("Data", description="How many keys it has"), _AGE),
        _secret_cells,
    ),
)

EVENT = Kind(
    group="",
    version="v1",
    name="Event",
    plural="events",
    singular="event",
    list_name="EventList",
    short_names=("ev",),
    definition=f"{_CORE}Event",
    fields=_fields(
        *(
            f"involvedObject.{k}"
            for k in ("kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath")
        ),
        "reason",
        "reportingComponent",
        "type",
    ),
    prepare=_prepare_event,
    validate=_event_errors,
    may_create_on_update=True,
    printer=Printer(
        (
            Column("Last Seen", description="The time since it last happened"),
            Column("Type", description="Normal or Warning"),
            Column("Reason", description="Why, in one word"),
            Column("Object", description="What it happened to"),
            Column("Subobject", priority=1, description="Which part of that"),
            Column("Source", priority=1, description="Who says so"),
            Column("Message", description="What happened"),
            Column("First Seen", priority=1, description="The time since it first happened"),
            Column("Count", priority=1, description="How often it happened"),
            Column("Name", format="name", priority=1, description=NAME.description),
        ),
        _event_cells,
    ),
)

LEASE = Kind(
    group="coordination.k8s.io",
    version="v1",
    name="Lease",
    plural="leases",
    singular="lease",
    list_name="LeaseList",
    definition="io.k8s.api.coordination.v1.Lease",
    prepare=_prepare_lease,
    validate=_lease_errors,
    may_update_blindly=False,
    may_create_on_update=True,
    printer=Printer((NAME, Column("Holder", description="Who holds it"), _AGE), _lease_cells),
)

# Never stored: what is posted to a pod's binding path.
BINDING = Kind(
    group="",
    version="v1",
    name="Binding",
    plural="bindings",
    singular="binding",
    list_name="BindingList",
    definition=f"{_CORE}Binding",
    printer=Printer((NAME,), lambda content: [content["metadata"]["name"]]),
)

KINDS = (NAMESPACE, POD, CONFIG_MAP, SECRET, EVENT, LEASE)
SYSTEM_NAMESPACES = ("default", "kube-system", "kube-public", "kube-node-lease")
