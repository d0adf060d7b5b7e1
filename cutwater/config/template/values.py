"""What a template sees of a value: its fields by their Go names, and the functions."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import quote_plus

from msgspec import Struct
from msgspec.structs import fields

from cutwater.config.template.syntax import TemplateError

Function = Callable[..., Any]

_INITIALISMS = {"id": "ID", "ids": "IDs", "url": "URL", "uri": "URI", "sha": "SHA", "ssh": "SSH", "gcs": "GCS"}
_INITIALISMS |= {"s3": "S3", "api": "API", "uid": "UID", "html": "HTML", "github": "GitHub", "prowjob": "ProwJob"}
_OWN_NAMES = {"metadata": "ObjectMeta", "workdir": "WorkDir", "media_types": "MediaTypes"}


def field_of(value: object, name: str) -> Any:
    """`.Spec`, `.BaseSHA`: the field by its Go name. A mapping has its keys, with a small first letter, too."""
    if value is None:
        raise TemplateError(f"nil pointer evaluating .{name}")
    if isinstance(value, Struct):
        attribute = _attributes(type(value)).get(name)
        if attribute is None:
            if (metadata := getattr(value, "metadata", None)) is not None:  # Go embeds an object's metadata in it
                return field_of(metadata, name)
            raise TemplateError(f"can't evaluate field {name} in type {type(value).__name__}")
        return getattr(value, attribute)
    if isinstance(value, Mapping):
        return value.get(name, value.get(name[:1].lower() + name[1:], ""))
    raise TemplateError(f"can't evaluate field {name} in {printed(value)}")


@cache
def _attributes(struct: type[Struct]) -> dict[str, str]:
    return {_OWN_NAMES.get(field.name) or go_name(field.name): field.name for field in fields(struct)}


def go_name(name: str) -> str:
    """base_sha → BaseSHA, startTime → StartTime: initialisms are all capitals."""
    return "".join(_INITIALISMS.get(word, word[:1].upper() + word[1:]) for word in name.split("_"))


def truth(value: object) -> bool:
    """Go's: zero, empty and nil are false, an object is true."""
    return True if isinstance(value, Struct | datetime) else bool(value)


def items_of(value: object) -> list[tuple[Any, Any]]:
    if value is None:
        return []
    if isinstance(value, Mapping):
        return sorted(value.items())
    if isinstance(value, list | tuple):
        return list(enumerate(value))
    raise TemplateError(f"range can't iterate over {printed(value)}")


def printed(value: object) -> str:
    """As Go's fmt.Print does it."""
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S +0000 UTC")
    if isinstance(value, Mapping):
        return "map[" + " ".join(f"{printed(key)}:{printed(item)}" for key, item in sorted(value.items())) + "]"
    if isinstance(value, list | tuple):
        return "[" + " ".join(map(printed, value)) + "]"
    return str(value)


# Functions


def _index(value: Any, *keys: Any) -> Any:
    for key in keys:
        if isinstance(value, Mapping):
            value = value.get(key, "")
        elif isinstance(value, list | tuple | str) and isinstance(key, int):
            if not 0 <= key < len(value):
                raise TemplateError(f"index out of range: {key}")
            value = value[key]
        else:
            raise TemplateError(f"can't index {printed(value)} by {printed(key)}")
    return value


def _same(value: Any, *others: Any) -> bool:
    if not others:
        raise TemplateError("missing argument for comparison")
    return any(_comparable(value, other) and value == other for other in others)


def _comparable(one: object, other: object) -> bool:
    kinds = [str, bool, int, float]
    mine, theirs = (next((kind for kind in kinds if isinstance(value, kind)), type(None)) for value in (one, other))
    if mine is not theirs and type(None) not in (mine, theirs):
        raise TemplateError(f"incompatible types for comparison: {printed(one)} and {printed(other)}")
    return mine is theirs


def _length(value: Any) -> int:
    if not isinstance(value, str | list | tuple | Mapping):
        raise TemplateError(f"len of {printed(value)}")
    return len(value.encode()) if isinstance(value, str) else len(value)


def _formatted(form: str, *values: Any) -> str:
    """printf with %s, %v, %d, %q and %%, and widths below a thousand: a template may come from a stranger."""
    left = list(values)

    def one(found: re.Match[str]) -> str:
        if found[2] == "%":
            return "%"
        if not left:
            return f"%!{found[2]}(MISSING)"
        value = left.pop(0)
        text = json.dumps(value, ensure_ascii=False) if found[2] == "q" else printed(value)
        return f"%{found[1]}s" % text

    return re.sub(r"%(-?[0-9]{0,3})([svdq%])", one, form)


FUNCTIONS: Mapping[str, Function] = {
    "and": lambda *values: values[-1],
    "or": lambda *values: values[-1],
    "not": lambda value: not truth(value),
    "eq": _same,
    "ne": lambda one, other: not _same(one, other),
    "lt": lambda one, other: _comparable(one, other) and one < other,
    "le": lambda one, other: _comparable(one, other) and one <= other,
    "gt": lambda one, other: _comparable(one, other) and one > other,
    "ge": lambda one, other: _comparable(one, other) and one >= other,
    "index": _index,
    "len": _length,
    "print": lambda *values: "".join(map(printed, values)),
    "printf": _formatted,
    "urlquery": lambda *values: quote_plus("".join(map(printed, values)), safe="-_.~"),
}
