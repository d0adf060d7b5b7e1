"""JSON as Go reads it.

Null is absent, a missing key is its zero value, an unknown key is passed over, and upper and lower case are the same in
the name of a key unless one fits exactly.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec
from msgspec import inspect

from cutwater.prowjob.types import Refs

T = TypeVar("T")


def decode(text: str | bytes, kind: type[T]) -> T:
    """The value of that type. Raises ValueError that says what does not fit, and where."""
    try:
        return msgspec.convert(_fitted(msgspec.json.decode(text), inspect.type_info(kind)), kind)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise ValueError(str(error)) from error


def refs(value: object) -> Refs:
    """Refs of an object that was read already."""
    return msgspec.convert(_fitted(value, inspect.type_info(Refs)), Refs)


def _fitted(value: object, kind: inspect.Type) -> object:
    """The value with what Go would fill in, under the keys that the type has."""
    match kind:
        case inspect.Metadata(type=inner):
            return _fitted(value, inner)
        case inspect.UnionType(types=(inner, inspect.NoneType())) if value is not None:
            return _fitted(value, inner)
        case inspect.StructType() if value is None or isinstance(value, Mapping):
            return _fields(value or {}, kind)
        case inspect.DictType(value_type=inner) if value is None or isinstance(value, Mapping):
            return {key: _fitted(item, inner) for key, item in (value or {}).items()}
        case inspect.ListType(item_type=inner) | inspect.VarTupleType(item_type=inner) if value is None or isinstance(
            value, list
        ):
            return [_fitted(item, inner) for item in value or ()]
    return _zero(kind) if value is None else value


def _fields(value: Mapping[str, Any], kind: inspect.StructType) -> dict[str, object]:
    exact = {field.encode_name: field for field in kind.fields}
    folded = {name.lower(): field for name, field in exact.items()}
    whole = {field.encode_name: _fitted(None, field.type) for field in kind.fields if field.required}
    for key, item in value.items():
        field = exact.get(key) or folded.get(key.lower())
        if field is not None and item is not None:
            whole[field.encode_name] = _fitted(item, field.type)
    return whole


def _zero(kind: inspect.Type) -> object:
    match kind:
        case inspect.StrType():
            return ""
        case inspect.IntType() | inspect.FloatType():
            return 0
        case inspect.BoolType():
            return False
    return None
