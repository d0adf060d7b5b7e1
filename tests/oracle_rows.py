"""Rows that upstream's own code answered: how they are read, and when an answer agrees with one.

Objects are compared as Kubernetes and Go see them: what is absent, null, "", false, 0, [] or {} is the same; a string
that holds JSON is compared as JSON, a time as an instant, a quantity as a quantity.
"""

import json
import random
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

Row = Mapping[str, Any]

SEED = 20260821
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_QUANTITY = re.compile(r"([+-]?[0-9.]+)([eE][+-]?[0-9]+|[numkMGTPE]|[KMGTPE]i)?")
_SCALE = {"n": -9, "u": -6, "m": -3, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_QUANTITIES = {"limits", "requests", "default_memory_request", "sizeLimit", "divisor", "capacity", "overhead"}
_ABSENT = object()


class OnPurpose(str):
    """A difference that is meant: the name of its paragraph in docs/differences.md."""

    __slots__ = ()


def read(folder: Path, kind: str) -> list[Row]:
    """All rows of a kind, such as `engine/paths` or `config/k8s-jobs`."""
    with (folder / f"{kind}.jsonl").open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def tenth(rows: Sequence[Row], seed: int = SEED) -> list[Row]:
    """A tenth of the rows, the same ones for the same seed, and at least one of each family (`run-…`, `options-…`)."""
    chosen = random.Random(seed).sample(range(len(rows)), max(1, len(rows) // 10))
    families: dict[str, int] = {}
    for index, row in enumerate(rows):
        families.setdefault(str(row.get("id", "")).partition("-")[0], index)
    return [rows[index] for index in sorted({*chosen, *families.values()})]


def difference(ours: object, upstream: object, *, sets: Iterable[str] = ()) -> str | None:
    """The first place where the two disagree, or None. `sets`: keys whose lists have no order."""
    unordered = frozenset(sets)
    return _differ(_normal(ours, unordered), _normal(upstream, unordered), "")


def _differ(ours: object, upstream: object, where: str) -> str | None:
    if isinstance(ours, dict) and isinstance(upstream, dict):
        for key in sorted({*ours, *upstream}):
            found = _differ(ours.get(key, _ABSENT), upstream.get(key, _ABSENT), f"{where}.{key}")
            if found:
                return found
        return None
    if isinstance(ours, list) and isinstance(upstream, list):
        for index, (our, theirs) in enumerate(zip(ours, upstream, strict=False)):
            found = _differ(our, theirs, f"{where}[{index}]")
            if found:
                return found
        if len(ours) == len(upstream):
            return None
        longer = ours if len(ours) > len(upstream) else upstream
        whose = "ours alone has" if longer is ours else "upstream alone has"
        return f"{where}: {whose} {_shown(longer[min(len(ours), len(upstream))])}"
    return None if ours == upstream else f"{where or 'the whole'}: ours {_shown(ours)}, upstream {_shown(upstream)}"


def _shown(value: object) -> str:
    return "nothing" if value is _ABSENT else repr(value)[:300]


def _normal(value: object, sets: frozenset[str], key: str = "") -> object:
    """The value in its one form; `_ABSENT` for whatever Go's omitempty would leave out."""
    if isinstance(value, Mapping):
        inside = {
            k: normal
            for k, v in value.items()
            if (normal := _normal(v, sets, key if key in _QUANTITIES else str(k))) is not _ABSENT
        }
        return inside or _ABSENT
    if isinstance(value, list | tuple):
        items = [_normal(item, sets, key) for item in value]
        if key in sets:
            items.sort(key=lambda item: json.dumps(item, sort_keys=True, default=str))
        return items or _ABSENT
    if not value:  # null, "", false, 0
        return _ABSENT
    if key in _QUANTITIES and isinstance(value, str | int | float):
        return _quantity(str(value))
    if isinstance(value, str):
        return _text(value, sets)
    return value


def _text(value: str, sets: frozenset[str]) -> object:
    if value[0] in "{[":
        try:
            return _normal(json.loads(value), sets)
        except ValueError:
            return value
    if _TIME.fullmatch(value):
        return datetime.fromisoformat(value)
    return value


def _quantity(text: str) -> object:
    found = _QUANTITY.fullmatch(text)
    if not found:
        return text
    number, suffix = Decimal(found[1]), found[2] or ""
    if suffix in _BINARY:
        return number * (1 << _BINARY[suffix]) or _ABSENT
    if suffix in _SCALE:
        return number.scaleb(_SCALE[suffix]) or _ABSENT
    return (Decimal(found[1] + suffix)) or _ABSENT
