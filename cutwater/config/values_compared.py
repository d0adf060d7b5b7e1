"""Two values of a configuration compared: what changed, and where in it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

from cutwater.config.findings import written

_IDENTITIES = ("name", "mountPath", "key", "repo")
"""What tells the entries of a list apart, in this order of preference."""


class Change(Struct, frozen=True, kw_only=True):
    """One place that changed. What was not there before, or is not there any more, is UNSET."""

    path: str
    old: Any | UnsetType = UNSET
    new: Any | UnsetType = UNSET

    @property
    def identity(self) -> bytes:
        """The same for the same change elsewhere."""
        return msgspec.json.encode(self, order="deterministic")


def changes(old: Any, new: Any, path: str = "") -> Iterator[Change]:
    """What makes the one value the other, field by field. Both are as JSON has them.

    `path` is where they stand. Entries of lists are known by their names, as in `containers[test]`; text that holds a
    JSON object is looked into.
    """
    if old == new:
        return
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in {**old, **new}:
            yield from changes(old.get(key, UNSET), new.get(key, UNSET), _below(path, key))
    elif isinstance(old, list) and isinstance(new, list) and (identity := _identity(old, new)):
        yield from _of_named(old, new, identity, path)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new) and old:
        for index, (before, after) in enumerate(zip(old, new, strict=True)):
            yield from changes(before, after, f"{path}[{index}]")
    elif (before := _object(old)) is not None and (after := _object(new)) is not None:
        yield from changes(before, after, path)
    else:
        yield Change(path=path, old=old, new=new)


def _below(path: str, key: str) -> str:
    step = written((key,))
    return f"{path}{step}" if step.startswith("[") or not path else f"{path}.{step}"


def _of_named(
    old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]], identity: str, path: str
) -> Iterator[Change]:
    before = {entry[identity]: entry for entry in old}
    after = {entry[identity]: entry for entry in new}
    inside = False
    for name in {**before, **after}:
        for change in changes(before.get(name, UNSET), after.get(name, UNSET), f"{path}[{name}]"):
            inside = True
            yield change
    if not inside:
        yield Change(path=f"{path} (order)", old=[*before], new=[*after])


def _identity(old: Sequence[Any], new: Sequence[Any]) -> str:
    """The key that tells the entries of both lists apart; "" where none does."""
    if not all(isinstance(entry, Mapping) for entry in (*old, *new)):
        return ""
    for key in _IDENTITIES:
        names = [[entry.get(key) for entry in entries] for entries in (old, new)]
        if all(all(isinstance(name, str) for name in some) and len({*some}) == len(some) for some in names):
            return key
    return ""


def _object(text: object) -> Mapping[str, Any] | None:
    if not isinstance(text, str) or not text.startswith("{"):
        return None
    try:
        found = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return None
    return found if isinstance(found, Mapping) else None
