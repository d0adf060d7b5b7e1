"""The three patches that are understood: JSON patch with tests, merge patch, and strategic merge for the core kinds.

Source: RFC 6902, RFC 7386; k8s.io/apimachinery pkg/util/strategicpatch.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import jsonpatch
import jsonpointer
import msgspec

from infra.local.kube.statuses import (
    ApiError,
    JsonObject,
    bad_request,
    internal_error,
    unregistered_media_type,
    unsupported_media_type,
)

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"

Definitions: TypeAlias = Mapping[str, JsonObject]


def patcher(
    media_type: str, body: bytes, schema: JsonObject | None, definitions: Definitions
) -> Callable[[JsonObject], JsonObject]:
    """What a patch does to an object, which may be changed in place.

    `schema` is the kind's own where it has patch keys, None for a custom kind. Raises ApiError: 415 for what is no
    patch, and for an apply; 400 for a body that cannot be read.
    """
    if media_type == JSON_PATCH:
        operations = _decoded(body, list, "[]handlers.jsonPatchOp")
        for operation in operations:
            _check_type(operation, dict, "handlers.jsonPatchOp")
        return lambda document: json_patch(document, operations)
    if media_type == MERGE_PATCH:
        patch = _decoded(body, dict, "map[string]interface {}")
        return lambda document: merge_patch(document, patch)
    if media_type == STRATEGIC_PATCH and schema is not None:
        strategic = _decoded(body, dict, "map[string]interface {}")
        return lambda document: Strategic(definitions).merged(document, strategic, schema)
    if schema is not None and media_type != APPLY_PATCH:
        raise unregistered_media_type()
    # Server-side apply would need the managed fields, which this server does not keep.
    accepted = [JSON_PATCH, MERGE_PATCH] if schema is None else [JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH]
    raise unsupported_media_type(accepted)


def json_patch(document: JsonObject, operations: list[JsonObject]) -> JsonObject:
    """The operations in their order; a test that fails, or a path that is not there, refuses them all with 422."""
    try:
        for operation in operations:
            if _replaces_nothing(document, operation):
                operation = operation | {"op": "add"}
            if not _expects_nothing(document, operation):
                document = jsonpatch.JsonPatch([operation]).apply(document, in_place=True)
    except (jsonpatch.JsonPatchException, jsonpointer.JsonPointerException, TypeError) as error:
        message = "the server rejected our request due to an error in our request"
        raise ApiError(422, "Invalid", message, {}) from error
    return document


def _expects_nothing(document: JsonObject, operation: JsonObject) -> bool:
    """Whether it tests for null what is absent: Go's patch library takes the two for one."""
    is_for_null = operation.get("op") == "test" and operation.get("value") is None
    return is_for_null and _is_absent_member(document, operation)


def _replaces_nothing(document: JsonObject, operation: JsonObject) -> bool:
    """Whether it replaces an object's absent member: to Go's library that adds it."""
    return operation.get("op") == "replace" and _is_absent_member(document, operation)


def _is_absent_member(document: JsonObject, operation: JsonObject) -> bool:
    pointer = jsonpointer.JsonPointer(operation.get("path", ""))
    if not pointer.parts:
        return False
    parent = jsonpointer.JsonPointer.from_parts(pointer.parts[:-1]).resolve(document)
    return isinstance(parent, dict) and pointer.parts[-1] not in parent


def merge_patch(document: Any, patch: Any) -> Any:
    """`document` with what `patch` says: null removes, objects merge, all else replaces."""
    if not isinstance(patch, dict):
        return patch
    result = document if isinstance(document, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merge_patch(result.get(key), value)
    return result


class Strategic:
    """Strategic merge: lists whose elements have a key are merged by it, with the directives `$patch`, `$retainKeys`,
    `$deleteFromPrimitiveList/x` and `$setElementOrder/x`. The keys come from the kind's schema.
    """

    def __init__(self, definitions: Definitions) -> None:
        self._definitions = definitions

    def merged(self, document: JsonObject, patch: JsonObject, schema: JsonObject) -> JsonObject:
        """`document` with `patch` applied."""
        directive = patch.get("$patch")
        if directive == "replace":
            return {key: value for key, value in patch.items() if key != "$patch"}
        if directive == "delete":
            return {}
        if isinstance(retained := patch.get("$retainKeys"), list):
            document = {key: value for key, value in document.items() if key in retained}
        for key, value in patch.items():
            if key.startswith("$deleteFromPrimitiveList/"):
                field = key.partition("/")[2]
                document[field] = [item for item in document.get(field, []) if item not in value]
        orders = {key.partition("/")[2]: value for key, value in patch.items() if key.startswith("$setElementOrder/")}
        for key, value in patch.items():
            if not key.startswith("$"):
                self._merge_field(document, key, value, self._field_schema(schema, key), orders.pop(key, None))
        for key, order in orders.items():
            if key in document:
                document[key] = self._merged_list(document[key], [], self._field_schema(schema, key), order)
        return document

    def _merge_field(
        self, document: JsonObject, key: str, value: Any, schema: JsonObject, order: list[Any] | None
    ) -> None:
        current = document.get(key)
        if value is None:
            document.pop(key, None)
        elif isinstance(value, dict):
            document[key] = self.merged(current if isinstance(current, dict) else {}, value, schema)
        elif isinstance(value, list) and "merge" in schema.get("x-kubernetes-patch-strategy", ""):
            document[key] = self._merged_list(current or [], value, schema, order)
        else:
            document[key] = value

    def _merged_list(
        self, current: list[Any], patch: list[Any], schema: JsonObject, order: list[Any] | None
    ) -> list[Any]:
        """The list with the patch's elements merged in, in the order that is asked for or else the patch's."""
        merge_key: str = schema.get("x-kubernetes-patch-merge-key", "")
        if not merge_key:
            merged = [*current, *(item for item in patch if item not in current)]
            return _ordered(merged, patch if order is None else order, current)
        if any(element.get("$patch") == "replace" for element in patch):
            return [element for element in patch if "$patch" not in element]
        items = self._resolved(schema.get("items", {}))
        by_key = {item.get(merge_key): item for item in current}
        for element in patch:
            if merge_key not in element:
                shown = " ".join(f"{key}:{value}" for key, value in element.items())
                raise internal_error(f"map: map[{shown}] does not contain declared merge key: {merge_key}")
            name = element[merge_key]
            if element.get("$patch") == "delete":
                by_key.pop(name, None)
            else:
                by_key[name] = self.merged(by_key.get(name, {}), element, items)
        wanted = [element[merge_key] for element in (patch if order is None else order)]
        keys = _ordered(list(by_key), wanted, [item.get(merge_key) for item in current])
        return [by_key[key] for key in keys]

    def _field_schema(self, schema: JsonObject, key: str) -> JsonObject:
        schema = self._resolved(schema)
        field: JsonObject = schema.get("properties", {}).get(key) or schema.get("additionalProperties") or {}
        # A list's patch strategy stands at the field, beside its items.
        return self._resolved(field) if "$ref" in field else field

    def _resolved(self, schema: JsonObject) -> JsonObject:
        return self._definitions[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema


def _ordered(items: list[Any], wanted: list[Any], before: list[Any]) -> list[Any]:
    """The items: those in `wanted` in its order, the others among them where the live list `before` has them."""
    named = [item for item in wanted if item in items]
    others = [item for item in items if item not in wanted]
    result = []
    while named and others:
        first, other = named[0], others[0]
        other_is_earlier = first in before and other in before and before.index(other) < before.index(first)
        result.append((others if other_is_earlier else named).pop(0))
    return [*result, *named, *others]


def _decoded(body: bytes, wanted: type[Any], go_type: str) -> Any:
    try:
        patch = msgspec.json.decode(body)
    except msgspec.DecodeError as error:
        what = "unexpected end of JSON input" if "truncated" in str(error) else str(error)
        raise bad_request(f"error decoding patch: {what}") from error
    _check_type(patch, wanted, go_type)
    return patch


def _check_type(value: Any, wanted: type[Any], go_type: str) -> None:
    if not isinstance(value, wanted):
        what = f"json: cannot unmarshal {go_kind(value)} into Go value of type {go_type}"
        raise bad_request(f"error decoding patch: {what}")


def go_kind(value: object) -> str:
    """What Go's decoder calls a JSON value."""
    match value:
        case None:
            return "null"
        case bool():
            return "bool"
        case int() | float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
    return "object"
