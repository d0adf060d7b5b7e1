"""Cuts the schemas of the Knative objects and of func.yaml that cutwater uses out of Knative's own sources.

Writes `knative.json` beside this file: `kinds` (apiVersion/kind to the name of a definition) and `$defs`.
Structure only: no prose. Knative's CRDs keep or drop unknown fields in silence, so that a misspelt filter matches every
event; here what they say is sharpened: unknown fields are errors, and a filter has exactly one dialect.
Knative's schemas are under the Apache License 2.0.

usage: python -m tests.contract.schemas.cut_knative EVENTING SERVING FUNC
       each a checkout of the knative repository of that name
"""

import json
import sys
from pathlib import Path

import yaml

from tests.contract.schemas.cut_kubernetes import OBJECT_META, Schema, without_prose

FILE = Path(__file__).parent / "knative.json"
FUNC = "func.yaml"
"""The key of func.yaml among the kinds: it has neither apiVersion nor kind."""

EVENTING = ("broker", "trigger", "apiserversource", "pingsource", "sinkbindings")
SERVING = ("service", "domain-mapping")
KEEPS_UNKNOWN = "x-kubernetes-preserve-unknown-fields"
ATTRIBUTES: Schema = {
    "type": "object",
    "minProperties": 1,
    "propertyNames": {"pattern": "^[a-z][a-z0-9]*$"},
    "additionalProperties": {"type": "string", "minLength": 1},
}
"""Attributes of an event and their values. Source: knative.dev/eventing pkg/apis/eventing/v1/trigger_validation.go."""

NESTED: Schema = {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/knative.Filter"}}
FILTER: Schema = {
    "type": "object",
    "minProperties": 1,
    "maxProperties": 1,
    "additionalProperties": False,
    "properties": {
        "exact": ATTRIBUTES,
        "prefix": ATTRIBUTES,
        "suffix": ATTRIBUTES,
        "all": NESTED,
        "any": NESTED,
        "not": {"$ref": "#/$defs/knative.Filter"},
        "cesql": {"type": "string", "minLength": 1},
    },
}
DURATION: Schema = {"type": "string", "pattern": r"^P(\d+D)?(T(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?$"}
DELIVERY: Schema = {
    "retry": {"type": "integer", "minimum": 0},
    "backoffPolicy": {"enum": ["linear", "exponential"]},
    "backoffDelay": DURATION,
    "timeout": DURATION,
    "retryAfterMax": DURATION,
    "format": {"enum": ["json", "binary"]},
}
"""What a delivery may say beside its dead letter sink. Source: knative.dev/eventing pkg/apis/duck/v1."""


def closed(schema: Schema, *, name: str = "") -> Schema:
    """The schema in which an object has no other fields than those that are named.

    `name`: the field that this schema is of. Where Knative names no field, the object is a map of strings; of the
    parts of a pod that it leaves open nothing is known.
    """
    if name == "filters":
        return {"type": "array", "items": {"$ref": "#/$defs/knative.Filter"}}
    if schema.get("type") == "array":
        return {**schema, "items": closed(schema["items"])} if "items" in schema else schema
    if "properties" not in schema:
        is_map = schema.get(KEEPS_UNKNOWN) and name in {"extensions", "matchLabels", "attributes", "annotations"}
        return {"type": "object", "additionalProperties": {"type": "string"}} if is_map else schema
    fields = {key: closed(value, name=key) for key, value in schema["properties"].items()}
    if name == "delivery":
        fields |= DELIVERY
    return {**schema, "properties": fields, "additionalProperties": False}


def kinds_of(definition: Schema) -> dict[str, Schema]:
    """The kinds that a CustomResourceDefinition serves, with the schema of each."""
    spec, found = definition["spec"], {}
    kind = spec["names"]["kind"]
    for version in spec["versions"]:
        whole = version["schema"]["openAPIV3Schema"]
        api_version = f"{spec['group']}/{version['name']}"
        found[f"{api_version}/{kind}"] = {
            "type": "object",
            "required": ["apiVersion", "kind", "metadata", "spec"],
            "additionalProperties": False,
            "properties": {
                "apiVersion": {"const": api_version},
                "kind": {"const": kind},
                "metadata": {"$ref": f"#/$defs/{OBJECT_META}"},
                "spec": without_prose(closed(whole["properties"]["spec"])),
            },
        }
    return found


def func_definitions(schema: Schema) -> Schema:
    """func.yaml's definitions, renamed to lie beside others. func accepts the host builder, too."""
    text = json.dumps(without_prose(schema["definitions"])).replace("#/definitions/", "#/$defs/func.")
    definitions: Schema = {f"func.{name}": value for name, value in json.loads(text).items()}
    definitions["func.BuildSpec"]["properties"]["builder"]["enum"].append("host")
    return definitions


def cut(eventing: Path, serving: Path, func: Path) -> Schema:
    """The content of knative.json."""
    files = [
        *(eventing / f"config/core/resources/{name}.yaml" for name in EVENTING),
        *(serving / f"config/core/300-resources/{name}.yaml" for name in SERVING),
    ]
    found = {key: schema for file in files for key, schema in kinds_of(yaml.safe_load(file.read_text())).items()}
    definitions = {f"knative.{key}".replace("/", "."): schema for key, schema in found.items()}
    kinds = {key: f"knative.{key}".replace("/", ".") for key in found}
    func_schema = json.loads((func / "schema/func_yaml-schema.json").read_text())
    return {
        "kinds": kinds | {FUNC: "func.Function"},
        "$defs": {"knative.Filter": FILTER} | definitions | func_definitions(func_schema),
    }


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(str(__doc__))
    eventing_, serving_, func_ = map(Path, sys.argv[1:])
    FILE.write_text(json.dumps(cut(eventing_, serving_, func_), indent=1, sort_keys=True) + "\n")
