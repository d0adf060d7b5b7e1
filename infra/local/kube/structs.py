"""Core kinds as Go structs read them: types are checked, unknown fields dropped, empty ones left out.

Source of the texts: encoding/json and sigs.k8s.io/json as a kube-apiserver shows them.
"""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from infra.local.kube.patches import go_kind
from infra.local.kube.statuses import JsonObject

OBJECT_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
_QUANTITY = "io.k8s.apimachinery.pkg.api.resource.Quantity"
_QUANTITY_PATTERN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?")
_MICRO_TIME = "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime"
_MICRO_LAYOUT = "2006-01-02T15:04:05.000000Z07:00"
_LAYOUT = "2006-01-02T15:04:05Z07:00"
# Lists and maps that a Go struct writes even when they are empty are told by these: all others have omitempty.
_GO_TYPES = {"string": "string", "boolean": "bool", "number": "float64"}


class DecodeError(Exception):
    """A value that does not fit its field, in Go's words."""


@cache
def definitions() -> Mapping[str, JsonObject]:
    """The core kinds' definitions, cut out of Kubernetes' published schemas by `infra.schemas.cut`."""
    loaded: Mapping[str, JsonObject] = json.loads((Path(__file__).parent / "core.json").read_text())
    return loaded


def decode(value: JsonObject, definition: str) -> list[str]:
    """Bring `value` into the shape of a definition, in place; returns the paths of the unknown fields it had.

    Raises DecodeError at the first field of a wrong type.
    """
    unknown: list[str] = []
    _Decoder(unknown).struct(value, definition, "")
    return unknown


def decode_metadata(metadata: JsonObject) -> list[str]:
    """The same for the metadata of a custom object, whose other fields a structural schema judges."""
    unknown: list[str] = []
    _Decoder(unknown).struct(metadata, OBJECT_META, "")
    return [f"metadata.{path}" for path in unknown]


class _Decoder:
    def __init__(self, unknown: list[str]) -> None:
        self._unknown = unknown

    def struct(self, value: Any, definition: str, path: str) -> None:
        schema = definitions()[definition]
        properties: JsonObject = schema.get("properties", {})
        owner = definition.rpartition(".")[2]
        for name in list(value):
            if name in properties:
                if self._is_left_out(value, name, properties[name], path, owner):
                    del value[name]
            elif properties:
                self._unknown.append(_join(path, name))
                del value[name]

    def _is_left_out(self, parent: JsonObject, name: str, schema: JsonObject, path: str, owner: str) -> bool:
        """Whether a field is not written: null, or an empty list or map."""
        if parent[name] is None:
            return True
        parent[name] = self._value(parent[name], schema, _join(path, name), owner)
        return parent[name] in ([], {}) and "$ref" not in schema

    def _value(self, value: Any, schema: JsonObject, path: str, owner: str) -> Any:
        if "$ref" in schema:
            return self._reference(value, schema["$ref"].rpartition("/")[2], path, owner)
        expected = _type_of(schema)
        if expected == "array":
            self._check(value, list, schema, path, owner)
            for position, item in enumerate(value):
                value[position] = self._value(item, schema["items"], f"{path}[{position}]", owner)
        elif expected == "object":
            self._check(value, dict, schema, path, owner)
            # Go names the map's field, not the key.
            items = schema.get("additionalProperties", {})
            for key, item in value.items():
                value[key] = "" if item is None else self._value(item, items, path, owner)
        elif expected:
            self._scalar(value, expected, schema, path, owner)
        return value

    def _reference(self, value: Any, name: str, path: str, owner: str) -> Any:
        if name == _QUANTITY:
            return _quantity(value)
        schema = definitions()[name]
        if schema.get("format") == "date-time":
            return _time(value, _MICRO_LAYOUT if name == _MICRO_TIME else _LAYOUT)
        if "oneOf" in schema or not schema:
            return value
        self._check(value, dict, {"$ref": name}, path, owner)
        self.struct(value, name, path)
        return value

    def _scalar(self, value: Any, expected: str, schema: JsonObject, path: str, owner: str) -> None:
        match expected:
            case "string":
                self._check(value, str, schema, path, owner)
                if schema.get("format") == "byte":
                    _check_base64(value)
            case "boolean":
                self._check(value, bool, schema, path, owner)
            case "integer":
                if isinstance(value, bool) or not isinstance(value, int):
                    raise self._mismatch(value, schema, path, owner)
            case "number":
                if isinstance(value, bool) or not isinstance(value, int | float):
                    raise self._mismatch(value, schema, path, owner)

    def _check(self, value: Any, wanted: type[Any], schema: JsonObject, path: str, owner: str) -> None:
        if not isinstance(value, wanted):
            raise self._mismatch(value, schema, path, owner)

    @staticmethod
    def _mismatch(value: Any, schema: JsonObject, path: str, owner: str) -> DecodeError:
        kind = f"number {value}" if isinstance(value, float) else go_kind(value)
        where = re.sub(r"\[\d+\]", "", f"{owner}.{path}")
        return DecodeError(f"json: cannot unmarshal {kind} into Go struct field {where} of type {_go_type(schema)}")


def _type_of(schema: JsonObject) -> str:
    types = schema.get("type", "")
    return types if isinstance(types, str) else next(kind for kind in types if kind != "null")


def _go_type(schema: JsonObject) -> str:
    if "$ref" in schema:
        version, _, name = schema["$ref"].rpartition("/")[2].rpartition(".")
        return f"{version.rpartition('.')[2]}.{name}"
    match _type_of(schema):
        case "array":
            return f"[]{_go_type(schema['items'])}"
        case "object":
            return f"map[string]{_go_type(schema.get('additionalProperties', {'type': 'string'}))}"
        case "integer":
            return str(schema.get("format", "int32"))
        case other:
            return _GO_TYPES.get(other, other)


def _quantity(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise DecodeError("json: cannot unmarshal into Go value of type resource.Quantity")
    if not _QUANTITY_PATTERN.fullmatch(str(value)):
        pattern = "^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$"
        raise DecodeError(f"quantities must match the regular expression '{pattern}'")
    return str(value)


def _time(value: Any, layout: str) -> Any:
    if not isinstance(value, str):
        raise DecodeError(f"json: cannot unmarshal {go_kind(value)} into Go value of type string")
    micro = layout == _MICRO_LAYOUT
    pattern = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d" + (r"\.\d{6,9}" if micro else r"(\.\d+)?") + r"(Z|[+-]\d\d:\d\d)"
    if not re.fullmatch(pattern, value):
        head = re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", value)
        rest, wanted = (value[head.end() :], ".000000" if micro else "Z07:00") if head else (value, "2006")
        raise DecodeError(f'parsing time "{value}" as "{layout}": cannot parse "{rest}" as "{wanted}"')
    return value if micro else _in_seconds(value)


def _in_seconds(value: str) -> str:
    """A time as metav1.Time writes it: whole seconds, UTC."""
    if re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", value):
        return value
    moment = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", value))
    return (
        f"{(moment - (moment.utcoffset() or datetime.resolution * 0)).replace(tzinfo=None, microsecond=0).isoformat()}Z"
    )


def _check_base64(value: str) -> None:
    try:
        base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        valid = re.match(r"(?:[A-Za-z0-9+/]{4})*", value)
        raise DecodeError(f"illegal base64 data at input byte {valid.end() if valid else 0}") from error


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
