"""JSON as Go reads it: null is absent, a missing key is its zero value, an unknown key is passed over."""

from collections.abc import Mapping
from typing import Any, TypeVar, get_origin

import msgspec

from cutwater.prowjob.types import Refs

T = TypeVar("T")
_REFS_KEYS = ("refs", "extra_refs")


def decode(text: str | bytes, kind: type[T]) -> T:
    """The value of that type. Raises ValueError that says what does not fit, and where."""
    try:
        value = _completed(msgspec.json.decode(text))
        if value is None:
            value = [] if get_origin(kind) in {list, tuple} else {}
        return msgspec.convert(value, kind)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise ValueError(str(error)) from error


def refs(value: object) -> Refs:
    """Refs of an object that was read already."""
    return msgspec.convert(_whole_refs(_completed(value)), Refs)


def _completed(value: object) -> object:
    if isinstance(value, list):
        return [_completed(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _whole_refs(_completed(item)) if key in _REFS_KEYS else _completed(item)
        for key, item in value.items()
        if item is not None
    }


def _whole_refs(value: object) -> object:
    """`org` and `repo` of refs, and what a pull request always has, are empty where they do not stand."""
    if isinstance(value, list):
        return [_whole_refs(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    whole: dict[str, Any] = {"org": "", "repo": "", **value}
    pulls = whole.get("pulls")
    if isinstance(pulls, list):
        empty = {"number": 0, "author": "", "sha": ""}
        whole["pulls"] = [{**empty, **pull} if isinstance(pull, Mapping) else pull for pull in pulls]
    return whole
