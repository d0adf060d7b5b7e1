"""The variables and the command line of a container, as the kubelet makes them.

Pure: Secrets and ConfigMaps are given as they were read. Source of the rules: k8s.io/kubernetes pkg/kubelet
(makeEnvironmentVariables) and third_party/forked/golang/expansion.
"""

import os
import re
from collections.abc import Callable, Mapping
from decimal import ROUND_CEILING, Decimal, InvalidOperation

from infra.local.pods.spec import Container, EnvFrom, FieldRef, KeyRef, ObjectRef, Pod, ResourceRef, ValueFrom

Keys = Mapping[str, bytes]
"""The keys of one Secret or ConfigMap."""

ADDRESS = "127.0.0.1"
"""Every pod shares the machine's network."""

MACHINE = {"cpu": os.cpu_count() or 1, "memory": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")}
"""What a container without limits may use."""

_QUOTED_KEY = re.compile(r"^metadata\.(labels|annotations)\['([^']+)'\]$")
_REFERENCE = re.compile(r"\$(?:\$|\(([^)]*)\))")
_UNITS = {
    "": Decimal(1),
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    **{unit: Decimal(1000) ** power for power, unit in enumerate(["k", "M", "G", "T", "P", "E"], 1)},
    **{unit: Decimal(1024) ** power for power, unit in enumerate(["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"], 1)},
}


class NotConfigured(Exception):
    """The container cannot be made yet: something that it names is missing. The message is the kubelet's."""


class NoImage(NotConfigured):
    """What the container names as its image cannot be the name of one."""


class Sources:
    """The Secrets and ConfigMaps of the pod's namespace that were found; those that are missing are None."""

    def __init__(
        self, namespace: str, *, secrets: Mapping[str, Keys | None], config_maps: Mapping[str, Keys | None]
    ) -> None:
        self._namespace, self._secrets, self._config_maps = namespace, secrets, config_maps

    def secret(self, name: str, *, optional: bool) -> Keys:
        """The Secret's keys; of a missing one that is optional, none. Raises NotConfigured."""
        return self._found(self._secrets, "secret", name, optional=optional)

    def config_map(self, name: str, *, optional: bool) -> Keys:
        """The ConfigMap's keys; of a missing one that is optional, none. Raises NotConfigured."""
        return self._found(self._config_maps, "configmap", name, optional=optional)

    def secret_key(self, ref: KeyRef) -> str | None:
        """One value, or None for an optional one that is missing. Raises NotConfigured."""
        return self._value(self.secret(ref.name, optional=ref.optional), ref, "Secret")

    def config_map_key(self, ref: KeyRef) -> str | None:
        """One value, or None for an optional one that is missing. Raises NotConfigured."""
        return self._value(self.config_map(ref.name, optional=ref.optional), ref, "ConfigMap")

    def _value(self, keys: Keys, ref: KeyRef, kind: str) -> str | None:
        value = keys.get(ref.key)
        if value is not None:
            return value.decode(errors="surrogateescape")
        if ref.optional:
            return None
        raise NotConfigured(f"couldn't find key {ref.key} in {kind} {self._namespace}/{ref.name}")

    @staticmethod
    def _found(among: Mapping[str, Keys | None], kind: str, name: str, *, optional: bool) -> Keys:
        keys = among.get(name)
        if keys is None and not optional:
            raise NotConfigured(f'{kind} "{name}" not found')
        return keys or {}


def environment(container: Container, pod: Pod, sources: Sources) -> dict[str, str]:
    """The variables that the pod gives to its container. Raises NotConfigured.

    `envFrom` comes first and `env` overrides it; a value may use what stands before it.
    """
    variables: dict[str, str] = {}
    for source in container.env_from:
        variables |= _all_of(source, sources)
    for variable in container.env:
        if variable.value_from is None:
            variables[variable.name] = expand(variable.value, variables)
            continue
        value = _value_from(variable.value_from, container, pod, sources)
        if value is not None:
            variables[variable.name] = value
    return variables


def command_line(container: Container, entrypoint: tuple[str, ...], variables: Mapping[str, str]) -> tuple[str, ...]:
    """What is executed: `command` in place of the image's entry point, then `args`. Empty where there is neither."""
    words = (container.command or entrypoint) + container.args
    return tuple(expand(word, variables) for word in words)


def expand(text: str, variables: Mapping[str, str]) -> str:
    """`$(NAME)` becomes its value; an unknown name stays as it is, and `$$` is a dollar sign."""

    def replace(found: re.Match[str]) -> str:
        name = found[1]
        return "$" if name is None else variables.get(name, found[0])

    return _REFERENCE.sub(replace, text)


def pod_field(ref: FieldRef, pod: Pod) -> str:
    """A field of the pod as text. Raises NotConfigured for one that the downward API does not have."""
    metadata, path = pod.metadata, ref.field_path
    if quoted := _QUOTED_KEY.match(path):
        return (metadata.labels if quoted[1] == "labels" else metadata.annotations).get(quoted[2], "")
    fields: Mapping[str, Callable[[], str]] = {
        "metadata.name": lambda: metadata.name,
        "metadata.namespace": lambda: metadata.namespace,
        "metadata.uid": lambda: metadata.uid,
        "metadata.labels": lambda: _lines(metadata.labels),
        "metadata.annotations": lambda: _lines(metadata.annotations),
        "spec.nodeName": lambda: pod.spec.node_name,
        "spec.serviceAccountName": lambda: pod.spec.service_account_name or "default",
        **dict.fromkeys(("status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"), lambda: ADDRESS),
    }
    if path not in fields:
        raise NotConfigured(f"unsupported fieldPath: {path}")
    return fields[path]()


def resource_field(ref: ResourceRef, container: Container, pod: Pod) -> str:
    """A container's limit or request, divided and rounded up. Raises NotConfigured.

    Where it has no limit it is the machine's, where it has no request it is 0.
    """
    named = next((c for c in pod.containers if c.name == ref.container_name), container)
    kind, _, resource = ref.resource.partition(".")
    if kind not in {"limits", "requests"} or not resource:
        raise NotConfigured(f"unsupported container resource: {ref.resource}")
    amounts = {**MACHINE, **named.resources.limits} if kind == "limits" else named.resources.requests
    divisor = _quantity(str(ref.divisor)) or Decimal(1)
    return str((_quantity(str(amounts.get(resource, 0))) / divisor).to_integral_value(ROUND_CEILING))


def _all_of(source: EnvFrom, sources: Sources) -> dict[str, str]:
    keys: Keys = {}
    if source.config_map_ref:
        keys = _whole(source.config_map_ref, sources.config_map)
    elif source.secret_ref:
        keys = _whole(source.secret_ref, sources.secret)
    named = {source.prefix + key: value.decode(errors="surrogateescape") for key, value in keys.items()}
    return {name: value for name, value in named.items() if name and "=" not in name}


def _whole(ref: ObjectRef, read: Callable[..., Keys]) -> Keys:
    return read(ref.name, optional=ref.optional)


def _value_from(ref: ValueFrom, container: Container, pod: Pod, sources: Sources) -> str | None:
    if ref.field_ref:
        return pod_field(ref.field_ref, pod)
    if ref.resource_field_ref:
        return resource_field(ref.resource_field_ref, container, pod)
    if ref.secret_key_ref:
        return sources.secret_key(ref.secret_key_ref)
    if ref.config_map_key_ref:
        return sources.config_map_key(ref.config_map_key_ref)
    raise NotConfigured("a variable has a valueFrom of a kind that this machine does not know")


def _lines(pairs: Mapping[str, str]) -> str:
    escaped = {
        key: value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") for key, value in pairs.items()
    }
    return "\n".join(f'{key}="{escaped[key]}"' for key in sorted(escaped))


def _quantity(text: str) -> Decimal:
    number = text.rstrip("numkKMGTPEi")
    try:
        return Decimal(number) * _UNITS[text[len(number) :]]
    except (InvalidOperation, KeyError):
        raise NotConfigured(f"{text!r} is no quantity") from None
