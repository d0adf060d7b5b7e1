"""CustomResourceDefinitions: whether one can be served, and the kinds it makes.

Source: k8s.io/apiextensions-apiserver pkg/apis/apiextensions/validation.
"""

import copy
import functools
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec

from infra.local.kube import names
from infra.local.kube.jsonpaths import JsonPath
from infra.local.kube.kinds import Kind, leave
from infra.local.kube.schemas import Structural, unusable_parts
from infra.local.kube.statuses import FieldError, JsonObject, forbidden, invalid, required, unsupported
from infra.local.kube.tables import NAME, Cell, Column, Printer, custom_printer

_APPROVAL = "api-approved.kubernetes.io"
CLEANUP_FINALIZER = "customresourcecleanup.apiextensions.k8s.io"
_SCHEMA_WITHOUT_TYPE = ("x-kubernetes-int-or-string", "x-kubernetes-preserve-unknown-fields")


def _prepare(crd: JsonObject, old: JsonObject | None) -> None:
    spec = crd.setdefault("spec", {})
    spec.setdefault("conversion", {"strategy": "None"})
    given = spec.setdefault("names", {})
    if kind := given.get("kind"):
        given.setdefault("listKind", f"{kind}List")
        given.setdefault("singular", kind.lower())
    spec.pop("preserveUnknownFields", None)
    stored = [version["name"] for version in spec.get("versions", []) if version.get("storage") and "name" in version]
    if old is None:
        crd["status"] = {"acceptedNames": {"kind": "", "plural": ""}, "conditions": None, "storedVersions": stored}
    else:
        crd["status"] = old["status"]
        crd["status"]["storedVersions"] = list(dict.fromkeys([*old["status"]["storedVersions"], *stored]))


def _prepare_status(crd: JsonObject, old: JsonObject | None) -> None:
    assert old is not None
    crd["spec"] = old["spec"]


def _validate(crd: JsonObject, old: JsonObject | None) -> list[FieldError]:
    return list(_errors(crd, old))


def _errors(crd: JsonObject, old: JsonObject | None) -> Iterator[FieldError]:
    spec, name = crd["spec"], crd["metadata"]["name"]
    group, given = spec.get("group", ""), spec["names"]
    if name != f"{given.get('plural', '')}.{group}":
        yield invalid("metadata.name", name, 'must be spec.names.plural+"."+spec.group')
    yield from _names_errors(spec)
    if group.endswith(("k8s.io", "kubernetes.io")) and _APPROVAL not in crd["metadata"].get("annotations", {}):
        yield required(
            f"metadata.annotations[{_APPROVAL}]", f'protected groups must have approval annotation "{_APPROVAL}"'
        )
    yield from (invalid("spec.group", group, why) for why in (names.subdomain(group) if group else ()))
    if spec["conversion"].get("strategy") != "None":
        yield forbidden("spec.conversion.strategy", "this server calls no conversion webhooks")
    versions = spec.get("versions", [])
    if sum(bool(version.get("storage")) for version in versions) != 1:
        yield invalid("spec.versions", versions or None, "must have exactly one version marked as storage version")
    for position, version in enumerate(versions):
        # Where there is one version only, a real server speaks of it as of the whole.
        yield from _version_errors(version, "spec" if len(versions) == 1 else f"spec.versions[{position}]")
    if old and (spec["names"].get("kind") != old["spec"]["names"]["kind"] or spec.get("scope") != old["spec"]["scope"]):
        yield invalid("spec.scope", spec.get("scope"), "field is immutable")


def _names_errors(spec: JsonObject) -> Iterator[FieldError]:
    if not spec.get("group"):
        yield required("spec.group")
    if not spec.get("scope"):
        yield required("spec.scope")
    elif spec["scope"] not in ("Cluster", "Namespaced"):
        yield unsupported("spec.scope", spec["scope"], ("Cluster", "Namespaced"))
    for key in ("plural", "singular", "kind", "listKind"):
        if not spec["names"].get(key):
            yield required(f"spec.names.{key}")


def _version_errors(version: JsonObject, field: str) -> Iterator[FieldError]:
    schema = version.get("schema", {}).get("openAPIV3Schema")
    path = f"{field}.validation.openAPIV3Schema" if field == "spec" else f"{field}.schema.openAPIV3Schema"
    if schema is None:
        yield required(path.replace("spec.validation", "spec.versions[0].schema"))
        return
    if schema.get("type") != "object":
        yield invalid(f"{path}.type", schema.get("type", ""), 'must be "object"')
    yield from _untyped_fields(schema, path)
    yield from (forbidden(where, why) for where, why in unusable_parts(schema, path))
    for position, column in enumerate(version.get("additionalPrinterColumns", [])):
        yield from _path_errors(column.get("jsonPath", ""), f"{field}.additionalPrinterColumns[{position}].JSONPath")
    for position, selectable in enumerate(version.get("selectableFields", [])):
        yield from _path_errors(selectable.get("jsonPath", ""), f"{field}.selectableFields[{position}].jsonPath")


def _path_errors(path: str, field: str) -> Iterator[FieldError]:
    try:
        JsonPath(path)
    except ValueError:
        yield invalid(field, path, "must be a simple json path starting with .")


def _untyped_fields(schema: JsonObject, path: str) -> Iterator[FieldError]:
    """Every field of a structural schema has a type."""
    below: list[tuple[str, Any]] = [(f"properties[{n}]", field) for n, field in schema.get("properties", {}).items()]
    below += [(word, schema[word]) for word in ("items", "additionalProperties") if isinstance(schema.get(word), dict)]
    for where, field in below:
        if not field.get("type") and not any(field.get(word) for word in _SCHEMA_WITHOUT_TYPE):
            what = "array items" if where == "items" else "object fields"
            yield required(f"{path}.{where}.type", f"must not be empty for specified {what}")
        yield from _untyped_fields(field, f"{path}.{where}")


def _cells(crd: JsonObject) -> list[Cell]:
    # The time itself, not an age: so does a real server.
    return [crd["metadata"]["name"], crd["metadata"]["creationTimestamp"]]


CUSTOM_RESOURCE_DEFINITION = Kind(
    group="apiextensions.k8s.io",
    version="v1",
    name="CustomResourceDefinition",
    plural="customresourcedefinitions",
    singular="customresourcedefinition",
    list_name="CustomResourceDefinitionList",
    namespaced=False,
    short_names=("crd", "crds"),
    categories=("api-extensions",),
    definition="io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition",
    prepare=_prepare,
    prepare_status=_prepare_status,
    validate=_validate,
    counts_generations=True,
    may_update_blindly=False,
    answers_deleted_object=False,
    printer=Printer((NAME, Column("Created At", type="date", description="When it was created")), _cells),
)


def established(crd: JsonObject, now: datetime) -> JsonObject:
    """The definition with the status that says it is served."""
    given = crd["spec"]["names"]
    accepted = {
        key: given[key]
        for key in ("plural", "singular", "shortNames", "kind", "listKind", "categories")
        if key in given
    }
    at = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    conditions = [
        _condition("NamesAccepted", "NoConflicts", "no conflicts found", at),
        _condition("Established", "InitialNamesAccepted", "the initial names have been accepted", at),
    ]
    return crd | {"status": crd["status"] | {"acceptedNames": accepted, "conditions": conditions}}


def _condition(kind: str, reason: str, message: str, at: str) -> JsonObject:
    return {"type": kind, "status": "True", "lastTransitionTime": at, "reason": reason, "message": message}


def is_established(crd: JsonObject) -> bool:
    return any(condition["type"] == "Established" for condition in crd["status"].get("conditions") or [])


def served_kinds(crd: JsonObject) -> list[Kind]:
    """The kinds that a definition makes, one for each served version, the preferred one first."""
    spec = crd["spec"]
    versions = sorted((v for v in spec["versions"] if v["served"]), key=lambda version: not version["storage"])
    return [_kind(spec, version) for version in versions]


def _kind(spec: JsonObject, version: JsonObject) -> Kind:
    given = spec["names"]
    structural = _compiled(msgspec.json.encode(version["schema"]["openAPIV3Schema"]))
    has_status = "status" in version.get("subresources", {})
    paths = [field["jsonPath"] for field in version.get("selectableFields", [])]
    return Kind(
        group=spec["group"],
        version=version["name"],
        name=given["kind"],
        plural=given["plural"],
        singular=given["singular"],
        list_name=given["listKind"],
        namespaced=spec["scope"] == "Namespaced",
        short_names=tuple(given.get("shortNames", ())),
        categories=tuple(given.get("categories", ())),
        structural=structural,
        fields={path.removeprefix("."): JsonPath(path) for path in paths},
        prepare=_keep_status if has_status else leave,
        prepare_status=_only_status if has_status else None,
        validate=lambda content, old: structural.errors(content),
        counts_generations=True,
        may_update_blindly=False,
        printer=custom_printer(version.get("additionalPrinterColumns", [])),
    )


@functools.lru_cache(maxsize=64)
def _compiled(schema: bytes) -> Structural:
    """The schema of this JSON, compiled once for all servers of a process: it takes as long as all else they do."""
    return Structural(msgspec.json.decode(schema))


def _keep_status(content: JsonObject, old: JsonObject | None) -> None:
    content.pop("status", None)
    if old and "status" in old:
        content["status"] = old["status"]


def _only_status(content: JsonObject, old: JsonObject | None) -> None:
    assert old is not None
    status = content.get("status")
    content.clear()
    content.update(copy.deepcopy(old))
    content.pop("status", None)
    if status is not None:
        content["status"] = status
