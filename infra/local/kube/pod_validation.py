"""What of a pod is refused: as far as users meet it.

Source: k8s.io/kubernetes pkg/apis/core/validation.
"""

import copy
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal

from infra.local.kube import names
from infra.local.kube.statuses import (
    FieldError,
    JsonObject,
    duplicate,
    forbidden,
    invalid,
    required,
    unknown_reference,
    unsupported,
)

_RESTART_POLICIES = ("Always", "OnFailure", "Never")
_DNS_POLICIES = ("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None")
_PULL_POLICIES = ("Always", "IfNotPresent", "Never")
_MESSAGE_POLICIES = ("File", "FallbackToLogsOnError")
_TOLERATION_OPERATORS = ("Equal", "Exists")
# What a variable may say of its own pod.
_OWN_FIELD = re.compile(
    r"metadata\.(name|namespace|uid|(annotations|labels)(\['[^']+'\])?)"
    r"|spec\.(nodeName|serviceAccountName)|status\.(phase|hostIPs?|podIPs?)"
)
_PROTOCOLS = ("SCTP", "TCP", "UDP")
_SUFFIXES = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_ONLY_THESE_CHANGE = (
    "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
    "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)


def validate(pod: JsonObject, old: JsonObject | None) -> list[FieldError]:
    """What a real server would refuse of what users write."""
    spec = pod["spec"]
    errors = list(_spec_errors(spec))
    if old is not None and not errors:
        errors += _update_errors(spec, old["spec"])
    return errors


def _spec_errors(spec: JsonObject) -> Iterator[FieldError]:
    volumes = spec.get("volumes", [])
    yield from _volume_errors(volumes)
    volume_names = {volume.get("name") for volume in volumes}
    if not spec.get("containers"):
        yield required("spec.containers")
    seen: set[str] = set()
    for group in ("containers", "initContainers"):
        for position, container in enumerate(spec.get(group, [])):
            yield from _container_errors(container, f"spec.{group}[{position}]", seen, volume_names)
    yield from _choice(spec, "spec", "restartPolicy", _RESTART_POLICIES)
    yield from _choice(spec, "spec", "dnsPolicy", _DNS_POLICIES)
    if not 1 <= spec.get("activeDeadlineSeconds", 1) <= 2**31 - 1:
        why = "must be between 1 and 2147483647, inclusive"
        yield invalid("spec.activeDeadlineSeconds", spec["activeDeadlineSeconds"], why)
    yield from names.label_errors(spec.get("nodeSelector", {}), "spec.nodeSelector")
    for position, toleration in enumerate(spec.get("tolerations", [])):
        if toleration.get("operator", "Equal") not in _TOLERATION_OPERATORS:
            yield unsupported(f"spec.tolerations[{position}].operator", toleration["operator"], _TOLERATION_OPERATORS)
    name_rules = {"nodeName": names.subdomain, "serviceAccountName": names.subdomain, "hostname": names.undotted_label}
    for key, rule in name_rules.items():
        if spec.get(key):
            yield from (invalid(f"spec.{key}", spec[key], why) for why in rule(spec[key]))


def _volume_errors(volumes: Sequence[JsonObject]) -> Iterator[FieldError]:
    seen: set[str] = set()
    for position, volume in enumerate(volumes):
        field = f"spec.volumes[{position}]"
        yield from _unique_name(volume, field, seen)
        sources = [name for name in volume if name != "name"]
        for extra in sources[1:]:
            yield forbidden(f"{field}.{extra}", "may not specify more than 1 volume type")
        if "secret" in volume and not volume["secret"].get("secretName"):
            yield required(f"{field}.secret.secretName")
        if "configMap" in volume and not volume["configMap"].get("name"):
            yield required(f"{field}.configMap.name")
        if "hostPath" in volume and not volume["hostPath"].get("path"):
            yield required(f"{field}.hostPath.path")
        if "persistentVolumeClaim" in volume and not volume["persistentVolumeClaim"].get("claimName"):
            yield required(f"{field}.persistentVolumeClaim.claimName")


def _unique_name(item: JsonObject, field: str, seen: set[str]) -> Iterator[FieldError]:
    name = item.get("name", "")
    if not name:
        yield required(f"{field}.name")
        return
    yield from (invalid(f"{field}.name", name, why) for why in names.label(name))
    if name in seen:
        yield duplicate(f"{field}.name", name)
    seen.add(name)


def _container_errors(container: JsonObject, field: str, seen: set[str], volumes: set[str]) -> Iterator[FieldError]:
    yield from _unique_name(container, field, seen)
    image = container.get("image", "")
    if not image:
        yield required(f"{field}.image")
    elif image != image.strip():
        yield invalid(f"{field}.image", image, "must not have leading or trailing whitespace")
    yield from _choice(container, field, "terminationMessagePolicy", _MESSAGE_POLICIES)
    for position, port in enumerate(container.get("ports", [])):
        yield from _port_errors(port, f"{field}.ports[{position}]")
    for position, variable in enumerate(container.get("env", [])):
        yield from _variable_errors(variable, f"{field}.env[{position}]")
    for source in container.get("envFrom", []):
        given = source.keys() & {"configMapRef", "secretRef"}
        if not given:
            yield invalid(f"{field}.envFrom", "", "must specify one of: `configMapRef` or `secretRef`")
        elif len(given) > 1:
            yield invalid(f"{field}.envFrom", "", "may not have more than one field specified at a time")
    yield from _mount_errors(container.get("volumeMounts", []), field, volumes)
    yield from _choice(container, field, "imagePullPolicy", _PULL_POLICIES)
    yield from _resource_errors(container["resources"], f"{field}.resources")


def _choice(owner: JsonObject, field: str, key: str, choices: Sequence[str]) -> Iterator[FieldError]:
    if owner[key] not in choices:
        yield unsupported(f"{field}.{key}", owner[key], choices)


def _port_errors(port: JsonObject, field: str) -> Iterator[FieldError]:
    number = port.get("containerPort", 0)
    if number == 0:
        yield required(f"{field}.containerPort")
    elif not 1 <= number <= 65535:
        yield invalid(f"{field}.containerPort", number, "must be between 1 and 65535, inclusive")
    yield from _choice(port, field, "protocol", _PROTOCOLS)


def _variable_errors(variable: JsonObject, field: str) -> Iterator[FieldError]:
    name = variable.get("name", "")
    if not name:
        yield required(f"{field}.name")
    elif "=" in name or not re.fullmatch(r"[ -~]+", name):
        why = "a valid environment variable name must consist only of printable ASCII characters other than '='"
        yield invalid(f"{field}.name", name, why)
    source = variable.get("valueFrom")
    if source is None:
        return
    if variable.get("value"):
        yield invalid(f"{field}.valueFrom", "", "may not be specified when `value` is not empty")
    if not source:
        kinds = "`fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`"
        yield invalid(f"{field}.valueFrom", "", f"must specify one of: {kinds}")
    if len(source) > 1:
        yield invalid(f"{field}.valueFrom", "", "may not have more than one field specified at a time")
    for kind in ("configMapKeyRef", "secretKeyRef"):
        if kind in source:
            referred = source[kind].get("name", "")
            yield from (invalid(f"{field}.valueFrom.{kind}.name", referred, why) for why in names.subdomain(referred))
            if not source[kind].get("key"):
                yield required(f"{field}.valueFrom.{kind}.key")
    path = source.get("fieldRef", {}).get("fieldPath", "metadata.name")
    if not _OWN_FIELD.fullmatch(path):
        why = f"error converting fieldPath: field label not supported: {path}"
        yield invalid(f"{field}.valueFrom.fieldRef.fieldPath", path, why)


def _mount_errors(mounts: Sequence[JsonObject], container: str, volumes: set[str]) -> Iterator[FieldError]:
    paths: set[str] = set()
    for position, mount in enumerate(mounts):
        field = f"{container}.volumeMounts[{position}]"
        name, path = mount.get("name", ""), mount.get("mountPath", "")
        if not name:
            yield required(f"{field}.name")
        if name not in volumes:
            yield unknown_reference(f"{field}.name", name)
        if not path:
            yield required(f"{field}.mountPath")
        if path in paths:
            yield invalid(f"{field}.mountPath", path, "must be unique")
        paths.add(path)
        below = mount.get("subPath", "")
        if below.startswith("/"):
            yield invalid(f"{container}.volumeMounts.subPath", below, "must be a relative path")
        if ".." in below.split("/"):
            yield invalid(f"{container}.volumeMounts.subPath", below, "must not contain '..'")


def _resource_errors(resources: JsonObject, field: str) -> Iterator[FieldError]:
    limits, requests = resources.get("limits", {}), resources.get("requests", {})
    for group, amounts in (("limits", limits), ("requests", requests)):
        for name, amount in amounts.items():
            if quantity(amount) < 0:
                yield invalid(f"{field}.{group}[{name}]", amount, "must be greater than or equal to 0")
    for name, amount in requests.items():
        if name in limits and quantity(amount) > quantity(limits[name]):
            yield invalid(f"{field}.requests", amount, f"must be less than or equal to {name} limit of {limits[name]}")


def quantity(text: str) -> Decimal:
    """The number a Kubernetes quantity stands for."""
    match = re.fullmatch(r"([+-]?[0-9.]+)(?:([KMGTPE])i|([numkMGTPE]?)|[eE]([+-]?\d+))", text)
    if not match:
        raise ValueError(f"{text!r} is not a quantity")
    number, binary, decimal, exponent = match.groups()
    if binary:
        return Decimal(number) * Decimal(1024) ** (1 + "KMGTPE".index(binary))
    return Decimal(number) * Decimal(10) ** (int(exponent) if exponent else _SUFFIXES[decimal or ""])


def _update_errors(spec: JsonObject, old: JsonObject) -> list[FieldError]:
    """A pod's spec is what it is, but for images, a sooner deadline and more tolerations."""
    allowed = copy.deepcopy(spec)
    allowed["activeDeadlineSeconds"] = old.get("activeDeadlineSeconds")
    if allowed["activeDeadlineSeconds"] is None:
        del allowed["activeDeadlineSeconds"]
    for group in ("containers", "initContainers"):
        for new_container, old_container in zip(allowed.get(group, []), old.get(group, []), strict=False):
            new_container["image"] = old_container["image"]
    old_tolerations = old.get("tolerations", [])
    if all(toleration in spec.get("tolerations", []) for toleration in old_tolerations):
        allowed["tolerations"] = old_tolerations
    deadline, old_deadline = spec.get("activeDeadlineSeconds"), old.get("activeDeadlineSeconds")
    if old_deadline is not None and (deadline is None or deadline > old_deadline):
        why = "must be less than or equal to previous value"
        if deadline is None:
            why = "must not update from a positive integer to nil value"
        return [invalid("spec.activeDeadlineSeconds", deadline, why)]
    return [] if allowed == old else [forbidden("spec", _ONLY_THESE_CHANGE)]
