"""What names, labels and the rest of an object's metadata may look like.

Source: k8s.io/apimachinery pkg/util/validation and pkg/api/validation.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from infra.local.kube.statuses import FieldError, JsonObject, forbidden, invalid, required

NameRule: TypeAlias = Callable[[str], Iterator[str]]

_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_QUALIFIED = r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_LABEL_VALUE = rf"({_QUALIFIED})?"
_CONFIG_KEY = r"[-._a-zA-Z0-9]+"
UNQUALIFIED = "name is neither a standard finalizer name nor is it fully qualified"
PREFER_QUALIFIED = "prefer a domain-qualified finalizer name to avoid accidental conflicts with other finalizer writers"
_STANDARD_FINALIZERS = frozenset(("kubernetes", "orphan", "foregroundDeletion"))


def label(name: str) -> Iterator[str]:
    """What is wrong with `name` as one label of a domain name: a container's name, a namespace's."""
    if len(name) > 63:
        yield "must be no more than 63 characters"
    if not re.fullmatch(_LABEL, name):
        yield (
            "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and "
            "end with an alphanumeric character "
            f"(e.g. 'my-name',  or '123-abc', regex used for validation is '{_LABEL}')"
        )


def undotted_label(name: str) -> Iterator[str]:
    """A label with a plain word on dots: a namespace's name, a host's."""
    if "." in name:
        yield "must not contain dots"
    else:
        yield from label(name)


def subdomain(name: str) -> Iterator[str]:
    """A domain name: what most objects are called by."""
    if len(name) > 253:
        yield "must be no more than 253 characters"
    if not re.fullmatch(_SUBDOMAIN, name):
        yield (
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must "
            "start and end with an alphanumeric character "
            f"(e.g. 'example.com', regex used for validation is '{_SUBDOMAIN}')"
        )


def qualified(name: str) -> Iterator[str]:
    """A label's key: a name with an optional domain before it."""
    prefix, slash, rest = name.rpartition("/")
    if "/" in prefix:
        yield (
            "a valid label key must consist of alphanumeric characters, '-', '_' or '.', and must start and end "
            "with an alphanumeric character "
            f"(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '{_QUALIFIED}') "
            "with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
        )
        return
    if slash and not prefix:
        yield "prefix part must be non-empty"
    elif slash:
        yield from (f"prefix part {problem}" for problem in subdomain(prefix))
    if not rest:
        yield "name part must be non-empty"
    elif len(rest) > 63:
        yield "name part must be no more than 63 characters"
    if not re.fullmatch(_QUALIFIED, rest):
        yield (
            "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end "
            "with an alphanumeric character "
            f"(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '{_QUALIFIED}')"
        )


def label_value(value: str) -> Iterator[str]:
    if len(value) > 63:
        yield "must be no more than 63 bytes"
    if not re.fullmatch(_LABEL_VALUE, value):
        yield (
            "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', "
            "and must start and end with an alphanumeric character "
            "(e.g. 'MyValue',  or 'my_value',  or '12345', regex used for "
            f"validation is '{_LABEL_VALUE}')"
        )


def config_key(key: str) -> Iterator[str]:
    """A key of a ConfigMap or Secret."""
    if len(key) > 253:
        yield "must be no more than 253 characters"
    if not re.fullmatch(_CONFIG_KEY, key):
        yield (
            "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or "
            f"'KEY_NAME',  or 'key-name', regex used for validation is '{_CONFIG_KEY}')"
        )
    elif key in (".", ".."):
        yield f"must not be '{key}'"


def metadata_errors(metadata: JsonObject, name_rule: NameRule) -> Iterator[FieldError]:
    """What is wrong with an object's metadata, in a real server's order."""
    name = metadata.get("name", "")
    if generate := metadata.get("generateName"):
        # The rule is asked of the prefix as if something followed.
        yield from (
            invalid("metadata.generateName", generate, why) for why in name_rule(f"{generate.removesuffix('-')}")
        )
    if not name:
        yield required("metadata.name", "name or generateName is required")
    else:
        yield from (invalid("metadata.name", name, why) for why in name_rule(name))
    yield from label_errors(metadata.get("labels", {}), "metadata.labels")
    for key in metadata.get("annotations", {}):
        yield from (invalid("metadata.annotations", key, why) for why in qualified(key.lower()))
    yield from _owner_errors(metadata.get("ownerReferences", []))
    for position, finalizer in enumerate(metadata.get("finalizers", [])):
        field = f"metadata.finalizers[{position}]"
        yield from (invalid(field, finalizer, why) for why in qualified(finalizer))


def label_errors(labels: Mapping[str, Any], field: str) -> Iterator[FieldError]:
    """What is wrong with a map of labels."""
    for key, value in labels.items():
        yield from (invalid(field, key, why) for why in qualified(key))
        yield from (invalid(field, value, why) for why in label_value(value))


def unqualified_finalizers(metadata: JsonObject) -> Iterator[tuple[int, str]]:
    """The finalizers, with their positions, that neither are Kubernetes' own nor say whose they are."""
    for position, finalizer in enumerate(metadata.get("finalizers", [])):
        if "/" not in finalizer and finalizer not in _STANDARD_FINALIZERS:
            yield position, finalizer


def _owner_errors(owners: list[JsonObject]) -> Iterator[FieldError]:
    controllers = []
    field = "metadata.ownerReferences"
    for owner in owners:
        if not owner.get("apiVersion"):
            yield invalid(f"{field}.apiVersion", "", "version must not be empty")
        for key in ("kind", "name", "uid"):
            if not owner.get(key):
                yield invalid(f"{field}.{key}", "", "must not be empty")
        if owner.get("controller"):
            controllers.append(owner)
    if len(controllers) > 1:
        why = "Only one reference can have Controller set to true. Found more than one"
        yield invalid("metadata.ownerReferences", controllers, why)


def metadata_update_errors(metadata: JsonObject, old: JsonObject) -> Iterator[FieldError]:
    """What an update may not change."""
    for key in ("uid", "deletionTimestamp", "deletionGracePeriodSeconds"):
        if metadata.get(key) != old.get(key):
            yield invalid(f"metadata.{key}", metadata.get(key), "field is immutable")
    if old.get("deletionTimestamp"):
        added = [name for name in metadata.get("finalizers", []) if name not in old.get("finalizers", [])]
        if added:
            listed = ", ".join(f'"{name}"' for name in added)
            why = "no new finalizers can be added if the object is being deleted, found new finalizers"
            yield forbidden("metadata.finalizers", f"{why} []string{{{listed}}}")
