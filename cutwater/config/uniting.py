"""Two parts of one thing, from several files, as one."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace


def united(first: Any, second: Any) -> Any:
    """Lists one after the other, mappings and objects key by key; else what the second says, if it says anything."""
    if isinstance(first, tuple) and isinstance(second, tuple):
        return (*first, *second)
    if isinstance(first, list) and isinstance(second, list):
        return [*first, *second]
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        both = {key: united(first[key], second[key]) for key in first.keys() & second.keys()}
        return {**first, **second, **both}
    if isinstance(first, Struct) and type(first) is type(second):
        names = first.__struct_fields__
        return replace(first, **{name: united(getattr(first, name), getattr(second, name)) for name in names})
    return second if first is None or second else first
