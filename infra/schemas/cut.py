"""Cuts what the embedded API server and the ProwJob's definition need out of Kubernetes' published schemas.

Writes `infra/local/kube/core.json` (the core kinds, as references between definitions) and `crds/prowjob.yaml` (the
hand-written `prowjob.yaml` beside this file with the core types put in). Structure only: names, types, patch keys.
Source of the schemas: the kubernetes-validate package.

usage: python -m infra.schemas.cut
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import kubernetes_validate
import yaml

Schema: TypeAlias = dict[str, Any]  # JSON Schema as parsed

VERSION = "v1.36.0-local"
ROOT = Path(__file__).parent.parent.parent
CORE_FILE = ROOT / "infra/local/kube/core.json"
CRD_FILE = ROOT / "crds/prowjob.yaml"
TEMPLATE = Path(__file__).parent / "prowjob.yaml"

CORE = "io.k8s.api.core.v1."
META = "io.k8s.apimachinery.pkg.apis.meta.v1."
KINDS = [
    *(CORE + kind for kind in ("Binding", "ConfigMap", "Event", "Namespace", "Pod", "Secret")),
    "io.k8s.api.coordination.v1.Lease",
    *(META + kind for kind in ("DeleteOptions", "Status")),
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition",
]
QUANTITY = "io.k8s.apimachinery.pkg.api.resource.Quantity"
INT_OR_STRING = "io.k8s.apimachinery.pkg.util.intstr.IntOrString"
# What a Kubernetes quantity looks like. Source: the pattern that controller-gen gives such fields.
QUANTITY_PATTERN = (
    r"^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))))?$"
)
ANY_OF_INT_AND_STRING = {"anyOf": [{"type": "integer"}, {"type": "string"}], "x-kubernetes-int-or-string": True}


def published() -> Mapping[str, Schema]:
    """Every published definition by its name."""
    folder = Path(kubernetes_validate.__file__).parent / "kubernetes-json-schema" / VERSION
    definitions: Mapping[str, Schema] = json.loads((folder / "_definitions.json").read_text())["$defs"]
    return definitions


def core_definitions(definitions: Mapping[str, Schema]) -> dict[str, Schema]:
    """The definitions that KINDS need, without prose."""
    wanted: dict[str, Schema] = {}
    todo = list(KINDS)
    while todo:
        name = todo.pop()
        if name not in wanted:
            wanted[name] = without_prose(definitions[name])
            todo.extend(references(definitions[name]))
    return dict(sorted(wanted.items()))


def without_prose(schema: Any) -> Any:
    """`schema` without its descriptions; a property that is called description stays."""
    if isinstance(schema, list):
        return [without_prose(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: without_prose(value) for key, value in schema.items() if key != "description" or isinstance(value, dict)
    }


def references(schema: Any) -> Iterator[str]:
    """The names of the definitions that `schema` refers to."""
    if isinstance(schema, list):
        for item in schema:
            yield from references(item)
    elif isinstance(schema, dict):
        if isinstance(schema.get("$ref"), str):
            yield schema["$ref"].rpartition("/")[2]
        for value in schema.values():
            yield from references(value)


def inlined(schema: Schema, definitions: Mapping[str, Schema]) -> Schema:
    """`schema` as a structural schema may be written: no references, no null types, list maps where they are allowed.

    A list map's keys must be required or have a default.
    """
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        if name == QUANTITY:
            return ANY_OF_INT_AND_STRING | {"pattern": QUANTITY_PATTERN}
        return dict(ANY_OF_INT_AND_STRING) if name == INT_OR_STRING else inlined(definitions[name], definitions)
    types = schema["type"]
    result: Schema = {"type": types if isinstance(types, str) else next(kind for kind in types if kind != "null")}
    for key in ("format", "required", "enum", "x-kubernetes-map-type"):
        if key in schema:
            result[key] = schema[key]
    if "properties" in schema:
        result["properties"] = {name: inlined(field, definitions) for name, field in schema["properties"].items()}
    if "additionalProperties" in schema:
        result["additionalProperties"] = inlined(schema["additionalProperties"], definitions)
    if "items" in schema:
        result["items"] = items = inlined(schema["items"], definitions)
        result |= list_type(schema, items)
    if "x-kubernetes-group-version-kind" not in schema and result == {"type": "object"}:
        result["x-kubernetes-preserve-unknown-fields"] = True
    return result


def list_type(schema: Schema, items: Schema) -> Schema:
    """How the elements of a list are told apart, as far as a structural schema may say so."""
    keys = schema.get("x-kubernetes-list-map-keys", [])
    if keys and set(keys) <= set(items.get("required", [])):
        return {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": keys}
    return {"x-kubernetes-list-type": "set"} if schema.get("x-kubernetes-list-type") == "set" else {}


def filled(template: Any, definitions: Mapping[str, Schema]) -> Any:
    """The template with each `core: Name` replaced by that type's structure."""
    if isinstance(template, list):
        return [filled(item, definitions) for item in template]
    if not isinstance(template, dict):
        return template
    if set(template) == {"core"}:
        name = QUANTITY if template["core"] == "Quantity" else CORE + template["core"]
        return inlined({"$ref": name}, definitions)
    return {key: filled(value, definitions) for key, value in template.items()}


class _Compact(yaml.SafeDumper):
    """Leaves on one line, no anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def core_file(definitions: Mapping[str, Schema]) -> str:
    """The text of core.json, one definition a line."""
    lines = (
        f"{json.dumps(name)}:{json.dumps(schema, separators=(',', ':'))}"
        for name, schema in core_definitions(definitions).items()
    )
    return "{\n" + ",\n".join(lines) + "\n}\n"


def crd_file(definitions: Mapping[str, Schema]) -> str:
    """The text of crds/prowjob.yaml."""
    crd = filled(yaml.safe_load(TEMPLATE.read_text()), definitions)
    text = yaml.dump(crd, Dumper=_Compact, sort_keys=False, default_flow_style=None, width=1000)
    return f"# Made by `python -m infra.schemas.cut` from infra/schemas/prowjob.yaml; change that.\n{text}"


if __name__ == "__main__":
    source = published()
    CORE_FILE.write_text(core_file(source))
    CRD_FILE.write_text(crd_file(source))
