"""Cuts the schemas of the Kubernetes objects that cutwater's manifests use out of the kubernetes-validate package.

Writes `kubernetes.json` beside this file: `kinds` (apiVersion/kind to the name of a definition) and `$defs`.
Structure only: no prose. The strict variant is taken, in which an unknown field is an error.
Kubernetes' schemas are under the Apache License 2.0.

usage: python -m tests.contract.schemas.cut_kubernetes
"""

import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeAlias

Schema: TypeAlias = dict[str, Any]  # JSON Schema as parsed

VERSION = "v1.37.0-local-strict"
FILE = Path(__file__).parent / "kubernetes.json"
CORE = "io.k8s.api.core.v1."
RBAC = "io.k8s.api.rbac.v1."
CRD = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition"
OBJECT_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
KINDS = {
    **{f"v1/{kind}": CORE + kind for kind in ("ConfigMap", "Namespace", "Secret", "Service", "ServiceAccount")},
    **{
        f"rbac.authorization.k8s.io/v1/{kind}": RBAC + kind
        for kind in ("ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding")
    },
    "apiextensions.k8s.io/v1/CustomResourceDefinition": CRD,
}
PROSE = frozenset({"description", "example", "externalDocs", "title", "$schema"})
NAMED = frozenset({"properties", "patternProperties", "$defs"})
"""Keywords whose keys are names of the schema's author: no prose is looked for among them."""


def without_prose(schema: Any) -> Any:
    """The schema without what is written for people, and without vendor extensions."""
    if isinstance(schema, list):
        return [without_prose(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: {name: without_prose(value) for name, value in item.items()} if key in NAMED else without_prose(item)
        for key, item in schema.items()
        if key not in PROSE and not key.startswith("x-")
    }


def references(schema: Any) -> Iterator[str]:
    """The definitions that a schema refers to, by name."""
    if isinstance(schema, list):
        for item in schema:
            yield from references(item)
    elif isinstance(schema, dict):
        for key, item in schema.items():
            if key == "$ref" and isinstance(item, str):
                yield item.rpartition("/")[2]
            else:
                yield from references(item)


def reached(definitions: Schema, roots: list[str]) -> Schema:
    """Those definitions that the roots are made of, by name and in order."""
    wanted, found = list(roots), set[str]()
    while wanted:
        name = wanted.pop()
        if name not in found:
            found.add(name)
            wanted += references(definitions[name])
    return {name: definitions[name] for name in sorted(found)}


def cut() -> Schema:
    """The content of kubernetes.json."""
    folder = files("kubernetes_validate") / "kubernetes-json-schema" / VERSION
    definitions = without_prose(json.loads((folder / "_definitions.json").read_text())["$defs"])
    return {"kinds": KINDS, "$defs": reached(definitions, [*KINDS.values(), OBJECT_META])}


if __name__ == "__main__":
    FILE.write_text(json.dumps(cut(), indent=1, sort_keys=True) + "\n")
