"""Structural schemas of custom kinds: unknown fields are pruned, defaults filled in, the rest validated.

Source: k8s.io/apiextensions-apiserver pkg/apiserver/schema; the texts are those of a kube-apiserver.
"""

import copy
import re
from collections.abc import Iterator, Sequence
from typing import Any

import jsonschema_rs
import msgspec

from infra.local.kube.statuses import (
    FieldError,
    JsonObject,
    duplicate,
    invalid,
    required,
    too_long,
    too_many,
    unsupported,
)

_ROOT_FIELDS = ("apiVersion", "kind", "metadata")
_PLAIN_WORDS = frozenset(
    word
    for words in (
        "type required enum format pattern x-kubernetes-list-map-keys",
        "minimum maximum exclusiveMinimum exclusiveMaximum multipleOf",
        "minLength maxLength minItems maxItems uniqueItems minProperties maxProperties",
    )
    for word in words.split()
)
_COUNTS = {
    "minLength": "at least {} chars long",
    "minItems": "at least {} items",
    "minProperties": "at least {} properties",
}
_GO_DURATION = re.compile(r"[+-]?(0|(\d+(\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h))+")


class Structural:
    """One version's schema, compiled."""

    def __init__(self, schema: JsonObject) -> None:
        self.schema = schema
        self._has_defaults = _mentions(schema, "default")
        self._validator = jsonschema_rs.Draft4Validator(
            _json_schema(schema),
            validate_formats=True,
            formats={"duration": lambda text: _GO_DURATION.fullmatch(text) is not None, "byte": _is_base64},
            keywords={"x-kubernetes-list-map-keys": _UniqueByKeys, "x-kubernetes-list-type": _UniqueItems},
        )

    def prune(self, value: JsonObject) -> list[str]:
        """Drop what the schema does not know, and nulls where null is not allowed, in place.

        Returns the paths of the unknown fields.
        """
        unknown: list[str] = []
        _prune(value, self.schema, "", unknown, is_root=True)
        return sorted(unknown)

    def fill(self, value: JsonObject) -> None:
        """Set the defaults of absent fields, in place."""
        if self._has_defaults:
            _fill(value, self.schema)

    def errors(self, value: JsonObject) -> list[FieldError]:
        """What the schema has against `value`."""
        if self._validator.is_valid(value):
            return []
        return [found for error in self._validator.iter_errors(value) for found in _field_errors(error)]


def unusable_parts(schema: Any, path: str) -> Iterator[tuple[str, str]]:
    """Where a schema asks for what this server cannot do; such a definition is refused, not half obeyed."""
    if isinstance(schema, list):
        for position, item in enumerate(schema):
            yield from unusable_parts(item, f"{path}[{position}]")
    elif isinstance(schema, dict):
        if schema.get("x-kubernetes-validations"):
            yield f"{path}.x-kubernetes-validations", "this server does not evaluate CEL rules"
        for key, item in schema.items():
            yield from unusable_parts(item, f"{path}.{key}")


def _prune(value: Any, schema: JsonObject, path: str, unknown: list[str], *, is_root: bool = False) -> None:
    if isinstance(value, list):
        items = schema.get("items", {})
        for position, item in enumerate(value):
            if isinstance(item, dict | list):
                _prune(item, items, f"{path}[{position}]", unknown)
        return
    properties: JsonObject = schema.get("properties", {})
    additional = schema.get("additionalProperties")
    keeps_unknown = schema.get("x-kubernetes-preserve-unknown-fields") or additional is True
    has_root_fields = is_root or schema.get("x-kubernetes-embedded-resource")
    for name, item in list(value.items()):
        if has_root_fields and name in _ROOT_FIELDS:
            continue
        field = properties.get(name)
        if field is None:
            if isinstance(additional, dict):
                field = additional
            elif keeps_unknown:
                continue
            else:
                del value[name]
                unknown.append(f"{path}.{name}" if path else name)
                continue
        elif item is None and not field.get("nullable"):
            del value[name]
        if isinstance(item, dict | list):
            _prune(item, field, f"{path}.{name}" if path else name, unknown)


def _fill(value: Any, schema: JsonObject) -> None:
    if isinstance(value, list):
        for item in value:
            _fill(item, schema.get("items", {}))
    if not isinstance(value, dict):
        return
    properties: JsonObject = schema.get("properties", {})
    for name, field in properties.items():
        if name not in value and "default" in field:
            value[name] = copy.deepcopy(field["default"])
        if name in value:
            _fill(value[name], field)
    if isinstance(additional := schema.get("additionalProperties"), dict):
        for name in value.keys() - properties.keys():
            _fill(value[name], additional)


def _json_schema(schema: Any) -> Any:
    """The structural schema as a JSON Schema: null where it is allowed, list keys as a keyword of our own."""
    if not isinstance(schema, dict):
        return schema
    result: JsonObject = {}
    for word, value in schema.items():
        if word == "properties":
            result[word] = {name: _json_schema(field) for name, field in value.items()}
        elif word in ("items", "additionalProperties", "not"):
            result[word] = _json_schema(value)
        elif word in ("allOf", "anyOf", "oneOf"):
            result[word] = [_json_schema(branch) for branch in value]
        elif word in _PLAIN_WORDS or (word, value) == ("x-kubernetes-list-type", "set"):
            result[word] = value
    if schema.get("nullable"):
        result["type"] = [schema["type"], "null"] if "type" in schema else ["null"]
        if "enum" in result:
            result["enum"] = [*result["enum"], None]
    return result


class _UniqueByKeys:
    """The JSON Schema keyword of list maps: no two elements with the same keys."""

    def __init__(self, parent: JsonObject, keys: Sequence[str], path: Sequence[str | int]) -> None:
        self._keys = keys

    def validate(self, instance: Any) -> None:
        # What is no list of objects has an error of its own.
        items = [item for item in instance if isinstance(item, dict)] if isinstance(instance, list) else []
        _refuse_repeated([{key: item.get(key) for key in self._keys} for item in items])


class _UniqueItems:
    """The keyword of list sets: no element twice."""

    def __init__(self, parent: JsonObject, kind: str, path: Sequence[str | int]) -> None:
        pass

    def validate(self, instance: Any) -> None:
        _refuse_repeated(instance if isinstance(instance, list) else [])


def _refuse_repeated(identities: Sequence[Any]) -> None:
    for position, identity in enumerate(identities):
        if identity in identities[:position]:
            # Position and identity travel in the message: an exception's text is all that comes back.
            raise ValueError(msgspec.json.encode([position, identity]).decode())


def _field_errors(error: jsonschema_rs.ValidationError) -> Iterator[FieldError]:
    path = _path(error.instance_path)
    value = error.instance
    match error.kind:
        case jsonschema_rs.ValidationErrorKind.Required(property=name):
            yield required(f"{path}.{name}" if path else name)
        case jsonschema_rs.ValidationErrorKind.Enum(options=options):
            yield unsupported(path, value, options)
        case jsonschema_rs.ValidationErrorKind.Type(types=types):
            wanted, found = types[0], _type_name(value)
            yield invalid(path, found, f'{path} in body must be of type {wanted}: "{found}"', "FieldValueTypeInvalid")
        case jsonschema_rs.ValidationErrorKind.Format(format=name):
            why = f"{path} in body must be of type {name}: {_quoted(value)}"
            yield invalid(path, value, why, "FieldValueTypeInvalid")
        case jsonschema_rs.ValidationErrorKind.Custom(message=message):
            position, identity = msgspec.json.decode(message)
            yield duplicate(f"{path}[{position}]", identity)
        case jsonschema_rs.ValidationErrorKind.MaxLength(limit=limit):
            yield too_long(path, limit)
        case jsonschema_rs.ValidationErrorKind.MaxItems(limit=limit):
            yield too_many(path, len(value) if isinstance(value, list) else 0, limit)
        case jsonschema_rs.ValidationErrorKind.AnyOf(context=context):
            yield from _no_branch(path, "must validate at least one schema (anyOf)", context)
        case jsonschema_rs.ValidationErrorKind.OneOfNotValid(context=context):
            yield from _no_branch(path, "must validate one and only one schema (oneOf). Found none valid", context)
        case jsonschema_rs.ValidationErrorKind.Not():
            yield _of_whole(path, "must not validate the schema (not)")
        case kind:
            yield invalid(path, value, f"{path} in body {_limit(kind.name, kind.value)}")


def _no_branch(
    path: str, why: str, branches: Sequence[Sequence[jsonschema_rs.ValidationError]]
) -> Iterator[FieldError]:
    yield _of_whole(path, why)
    for error in branches[0] if branches else ():
        yield from _field_errors(error)


def _of_whole(path: str, why: str) -> FieldError:
    """A rule over several fields names no field: that is how a real server says it."""
    return FieldError("<nil>", "FieldValueInvalid", f'Invalid value: "": "{path}" {why}')


def _limit(keyword: str, limit: Any) -> str:
    match keyword:
        case "minimum":
            return f"should be greater than or equal to {limit}"
        case "maximum":
            return f"should be less than or equal to {limit}"
        case "exclusiveMinimum":
            return f"should be greater than {limit}"
        case "exclusiveMaximum":
            return f"should be less than {limit}"
        case "multipleOf":
            return f"should be a multiple of {limit}"
        case "pattern":
            return f"should match '{limit}'"
        case "maxProperties":
            return f"should have at most {limit} properties"
        case "uniqueItems":
            return "shouldn't contain duplicates"
    return f"should be {_COUNTS[keyword].format(limit)}" if keyword in _COUNTS else f"breaks {keyword}"


def _path(parts: Sequence[str | int]) -> str:
    path = ""
    for part in parts:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path


def _type_name(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
    return "object"


def _quoted(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _is_base64(text: str) -> bool:
    return re.fullmatch(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?", text) is not None


def _mentions(schema: Any, word: str) -> bool:
    if isinstance(schema, list):
        return any(_mentions(item, word) for item in schema)
    return isinstance(schema, dict) and (word in schema or any(_mentions(item, word) for item in schema.values()))
