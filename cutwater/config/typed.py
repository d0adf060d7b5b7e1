"""YAML nodes into typed values, guided by the type of each field as Go does it.

A field that holds text takes `on` as "true" and 1.50 as "1.5" where Go does (see `Reading`); a key that no field has is
refused in strict reading and remarked upon otherwise; keys match in any case. All that is wrong is collected, with its
line.

A reader is made once for a type and kept. Hot path: the whole configuration of a large installation is 300,000 nodes.
Source of the rules: sigs.k8s.io/yaml and Go's encoding/json.
"""

import difflib
import math
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import cache
from types import UnionType
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

from msgspec import NODEFAULT, Meta, Struct
from msgspec.structs import FieldInfo, fields
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from cutwater.config import kubernetes, values
from cutwater.config.document import TEXT, compose, entries, is_null, line_of, path_of
from cutwater.config.findings import Finding, Origin, Source, written
from cutwater.config.values import ABSENT, Build, Reader, Reading, key_text, scalar_of, shown, text

UNKNOWN_FIELDS = "unknown-fields"
"""The kind of what only strict reading refuses."""


class Read(NamedTuple):
    """The outcome of reading one file for a type. The value is whole only where nothing was refused."""

    value: Any
    refused: tuple[Finding, ...]
    remarked: tuple[Finding, ...]


def read(source: Source, wanted: Any, *, strict: bool = False, converts: bool = True) -> Read:
    """The first document of the file as the wanted type, or as its zero where the file is empty."""
    root = compose(source)
    reader = reader_of(wanted)
    if isinstance(root, Finding):
        return Read(reader.zero(), (root,), ())
    if root is None:
        return Read(reader.zero(), (), ())
    return read_node(root, root, wanted, file=source.name, strict=strict, converts=converts)


def read_node(root: Node, node: Node, wanted: Any, *, file: str, strict: bool = False, converts: bool = True) -> Read:
    """The same for one node of a tree; findings are named by their path from the root."""
    reading = Reading(file, strict=strict, converts=converts)
    reader = reader_of(wanted)
    try:
        value = reader.build(node, reading)
    except RecursionError:
        reading.refused.append((node, "is nested too deeply, or its aliases unfold without end"))
        value = ABSENT
    return _outcome(reader.zero() if value is ABSENT else value, root, reading)


def keys_given_twice(root: MappingNode, *, file: str, strict: bool = False) -> Read:
    """What is found of the keys of a file whose parts are read one by one."""
    reading = Reading(file, strict=strict)
    _remark_twins(root, reading)
    return _outcome(None, root, reading)


def _outcome(value: Any, root: Node, reading: Reading) -> Read:
    return Read(
        value,
        tuple(_finding(reading.file, root, *entry) for entry in reading.refused),
        tuple(_finding(reading.file, root, *entry, kind=UNKNOWN_FIELDS) for entry in reading.remarked),
    )


def _finding(file: str, root: Node, node: Node, message: str, *, kind: str = "") -> Finding:
    return Finding(file, line_of(node), written(path_of(root, node)), message, kind)


@cache
def reader_of(wanted: Any) -> Reader:
    """The reader of a type. Raises TypeError for a type that configuration does not use."""
    origin = get_origin(wanted)
    arguments = get_args(wanted)
    if origin is Annotated:
        return _annotated(arguments)
    if origin in (Union, UnionType):
        return _either(arguments)
    if origin is Literal:
        return Reader(values.one_of(arguments), str)
    if origin is tuple:
        return Reader(_list_of(reader_of(arguments[0]), tuple), tuple)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return Reader(_map_of(reader_of(arguments[1])), dict)
    if isinstance(wanted, type) and issubclass(wanted, Struct):
        return Reader(_struct(wanted), lambda: wanted(**_zeros(wanted)))
    if wanted in _SIMPLE:
        return _SIMPLE[wanted]
    raise TypeError(f"configuration has no reader for {wanted}")


def _annotated(arguments: tuple[Any, ...]) -> Reader:
    for note in arguments[1:]:
        extra = note.extra if isinstance(note, Meta) and note.extra else {}
        if name := extra.get("kubernetes"):
            return _kubernetes(name)
        if kind := extra.get("reads"):
            return _KINDS[kind]
    return reader_of(arguments[0])


def _either(arguments: tuple[Any, ...]) -> Reader:
    """`X | None` is read as X; a union of scalars takes them as they are."""
    inner = tuple(argument for argument in arguments if argument is not type(None))
    if len(inner) == 1:
        return Reader(reader_of(inner[0]).build, lambda: None)
    return Reader(_json, lambda: None)


# What has no type of its own


def _json(node: Node, reading: Reading) -> Any:
    """Whatever stands there, as Go would hand it to JSON."""
    if isinstance(node, ScalarNode):
        value = scalar_of(node)
        if isinstance(value, float) and not math.isfinite(value):
            return reading.refuse(node, f"{shown(node)} is not a number that JSON knows")
        return ABSENT if value is None else value
    if isinstance(node, SequenceNode):
        reading.spend(len(node.value))
        return [None if (item := _json(child, reading)) is ABSENT else item for child in node.value]
    assert isinstance(node, MappingNode)
    return _mapping(node, reading, _json, lambda: None)


def _mapping(node: MappingNode, reading: Reading, build: Build, zero: Callable[[], Any]) -> dict[str, Any]:
    pairs = _settled(node, reading)
    built: dict[str, Any] = {}
    for key, value in pairs:
        name = key.value if key.tag == TEXT else key_text(key)
        item = build(value, reading)
        built[name] = zero() if item is ABSENT else item
    return built


def _settled(node: MappingNode, reading: Reading) -> list[tuple[Node, Node]]:
    """The entries that count: of equal keys the last, whatever the others hold."""
    pairs = entries(node)
    reading.spend(len(pairs))
    last = {key.value: (key, value) for key, value in pairs}
    if len(last) == len(pairs):
        return pairs
    _remark_twins(node, reading)
    return list(last.values())


def _remark_twins(node: MappingNode, reading: Reading) -> None:
    """Keys that the mapping itself, not a `<<` in it, holds twice."""
    first: dict[str, Node] = {}
    for key, _ in node.value:
        if key.value != "<<" and isinstance(key, ScalarNode):
            if key.value in first:
                reading.odd(key, f"is given twice, first in line {line_of(first[key.value])}")
            first.setdefault(key.value, key)


def _list_of(item: Reader, make: Callable[[list[Any]], Any]) -> Build:
    build, zero = item

    def build_list(node: Node, reading: Reading) -> Any:
        if not isinstance(node, SequenceNode):
            return ABSENT if is_null(node) else reading.refuse(node, f"{shown(node)} is not a list")
        reading.spend(len(node.value))
        return make([zero() if (built := build(child, reading)) is ABSENT else built for child in node.value])

    return build_list


def _map_of(item: Reader) -> Build:
    build, zero = item

    def build_map(node: Node, reading: Reading) -> Any:
        if not isinstance(node, MappingNode):
            return ABSENT if is_null(node) else reading.refuse(node, f"{shown(node)} is not a mapping")
        return _mapping(node, reading, build, zero)

    return build_map


class _Field(NamedTuple):
    attribute: str
    build: Build


def _object(load: Callable[[], dict[str, _Field]], make: Callable[[dict[str, Any], Node, Reading], Any]) -> Build:
    """A mapping with known fields. They are loaded at first use, so that a type may hold itself."""
    loaded: tuple[dict[str, _Field], dict[str, _Field]] | None = None

    def build(node: Node, reading: Reading) -> Any:
        nonlocal loaded
        if loaded is None:
            fields_by_name = load()
            loaded = fields_by_name, {name.casefold(): field for name, field in fields_by_name.items()}
        known, folded = loaded
        if not isinstance(node, MappingNode):
            return ABSENT if is_null(node) else reading.refuse(node, f"{shown(node)} is not a mapping")
        given: dict[str, Any] = {}
        for key, value in _settled(node, reading):
            field = known.get(key.value) or folded.get(str(key.value).casefold())
            if field is None:
                reading.odd(key, unknown(str(key.value), known))
                continue
            built = field.build(value, reading)
            if built is not ABSENT:
                given[field.attribute] = built
        return make(given, node, reading)

    return build


def unknown(name: str, known: Mapping[str, object]) -> str:
    """What is said of a key that no field has."""
    near = difflib.get_close_matches(name, known, n=1)
    return f"is no known field; {near[0]} is" if near else "is no known field"


def _struct(struct: type[Struct]) -> Build:
    origins = tuple(field.name for field in fields(struct) if field.type is Origin)

    own: frozenset[str] | None = getattr(struct, "OWN", None)

    def load() -> dict[str, _Field]:
        return {field.encode_name: _Field(field.name, builder(field)) for field in fields(struct) if not origin(field)}

    def builder(field: FieldInfo) -> Build:
        build = reader_of(field.type).build
        return build if own is None or field.name in own else values.exactly(build)

    def origin(field: FieldInfo) -> bool:
        return field.type is Origin

    def make(given: dict[str, Any], node: Node, reading: Reading) -> Struct:
        for name in origins:
            given[name] = Origin(reading.file, line_of(node))
        return struct(**(_zeros(struct) | given))

    return _object(load, make)


@cache
def _zeros(struct: type[Struct]) -> dict[str, Any]:
    """Go's zero for each field that must be given."""
    return {
        field.name: Origin("", 0) if field.type is Origin else reader_of(field.type).zero()
        for field in fields(struct)
        if field.default is NODEFAULT and field.default_factory is NODEFAULT
    }


@cache
def _kubernetes(kind: str) -> Reader:
    """What Kubernetes knows the fields of, and the kinds of those fields: see `cutwater.config.kubernetes`."""
    if kind[0] == "[":
        return Reader(_list_of(_kubernetes(kind[1:-1]), list), list)
    if kind[0] == "{":
        return Reader(_map_of(_kubernetes(kind[1:-1])), dict)
    if kind in _KINDS:
        return _KINDS[kind]

    def load() -> dict[str, _Field]:
        return {name: _Field(name, _kubernetes(inner).build) for name, inner in kubernetes.fields_of(kind).items()}

    return Reader(_object(load, lambda given, node, reading: given), dict)


_SIMPLE: dict[Any, Reader] = {
    str: Reader(text, str),
    bool: Reader(values.truth, bool),
    int: Reader(values.whole, int),
    float: Reader(values.number, float),
    timedelta: Reader(values.waiting, timedelta),
    datetime: Reader(values.moment, lambda: None),
    Any: Reader(_json, lambda: None),
}

_KINDS: dict[str, Reader] = {
    "text": _SIMPLE[str],
    "truth": _SIMPLE[bool],
    "whole": _SIMPLE[int],
    "json": _SIMPLE[Any],
    "duration": Reader(values.go_duration, lambda: "0s"),
    "quantity": Reader(values.quantity, lambda: "0"),
    "only text": Reader(values.exactly(text), str),
}
