"""Tables: what `kubectl get` prints, computed here.

A row is made once for each version of an object and kept with it; only ages are put in when it is asked for.
Source: k8s.io/apiextensions-apiserver pkg/registry/customresource/tableconvertor, k8s.io/apimachinery
pkg/util/duration.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias

import msgspec

from infra.local.kube.jsonpaths import JsonPath
from infra.local.kube.statuses import JsonObject
from infra.local.kube.store import Version

Cell: TypeAlias = datetime | str | int | float | bool | None  # a datetime is shown as the time since then
IncludeObject: TypeAlias = Literal["None", "Metadata", "Object"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column; a `priority` above 0 shows only in wide output."""

    name: str
    type: str = "string"
    format: str = ""
    description: str = ""
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Printer:
    """How one kind is shown: its columns, and the cells of an object."""

    columns: tuple[Column, ...]
    cells: Callable[[JsonObject], Sequence[Cell]]


@dataclass(frozen=True, slots=True)
class _Row:
    cells: tuple[bytes | datetime, ...]
    metadata: bytes


class _Envelope(msgspec.Struct):
    metadata: msgspec.Raw


NAME = Column("Name", format="name", description="The name of the object, unique within its namespace")
CREATED = "The time since the object was created"


def custom_printer(definitions: Sequence[JsonObject]) -> Printer:
    """The printer of a custom kind by its additionalPrinterColumns; the age alone where there are none."""
    if not definitions:
        definitions = [
            {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp", "description": CREATED}
        ]
    columns = tuple(
        Column(d["name"], d["type"], d.get("format", ""), d.get("description", ""), d.get("priority", 0))
        for d in definitions
    )
    readers = [(_CELLS[d["type"]], JsonPath(d["jsonPath"])) for d in definitions]

    def cells(content: JsonObject) -> list[Cell]:
        row: list[Cell] = [content["metadata"]["name"]]
        for read, path in readers:
            found = path.find(content)
            row.append(read(found[0]) if found else None)
        return row

    return Printer((NAME, *columns), cells)


def _string(value: Any) -> Cell:
    return value if value is None or isinstance(value, str) else msgspec.json.encode(value).decode()


def _integer(value: Any) -> Cell:
    return int(value) if _is_number(value) else None


def _number(value: Any) -> Cell:
    return float(value) if _is_number(value) else None


def _boolean(value: Any) -> Cell:
    return value if isinstance(value, bool) else None


def _date(value: Any) -> Cell:
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return "<invalid>"
    return moment if moment.tzinfo else "<invalid>"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


# A column's value in the column's type, None where it does not fit.
_CELLS: Mapping[str, Callable[[Any], Cell]] = {
    "string": _string,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "date": _date,
}


def table(
    printer: Printer,
    versions: Iterable[Version],
    head: bytes,
    *,
    now: datetime,
    metadata: JsonObject,
    include: IncludeObject,
    with_columns: bool = True,
) -> bytes:
    """A Table of the versions. `head` opens an object of the kind; a row carries as much of it as `include` says."""
    columns = [
        {"name": c.name, "type": c.type, "format": c.format, "description": c.description, "priority": c.priority}
        for c in printer.columns
    ]
    start = {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": metadata,
        "columnDefinitions": columns if with_columns else [],
    }
    rows = b",".join([_row(printer, version, head, now, include) for version in versions])
    return b"".join((msgspec.json.encode(start)[:-1], b',"rows":[', rows, b"]}"))


PARTIAL_HEAD = b'{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":'


def metadata_of(version: Version) -> bytes:
    """The bytes of an object's metadata."""
    return bytes(msgspec.json.decode(version.body, type=_Envelope).metadata)


def partial(version: Version) -> bytes:
    """The object reduced to its metadata."""
    return b"".join((PARTIAL_HEAD, metadata_of(version), b"}"))


def make_row(printer: Printer, version: Version, content: JsonObject) -> _Row:
    """Make a version's row and keep it with the version, whose parsed body is `content`."""
    cells = tuple(c if isinstance(c, datetime) else msgspec.json.encode(c) for c in printer.cells(content))
    row = version.cells = _Row(cells, metadata_of(version))
    return row


def _row(printer: Printer, version: Version, head: bytes, now: datetime, include: IncludeObject) -> bytes:
    row = version.cells
    if not isinstance(row, _Row):
        row = make_row(printer, version, version.parsed())
    cells_now = b",".join([cell if isinstance(cell, bytes) else _age(cell, now) for cell in row.cells])
    match include:
        case "None":
            shown = b"null"
        case "Object":
            shown = head + version.body[1:]
        case _:
            shown = b"".join((PARTIAL_HEAD, row.metadata, b"}"))
    return b"".join((b'{"cells":[', cells_now, b'],"object":', shown, b"}"))


def _age(moment: datetime, now: datetime) -> bytes:
    return b'"%s"' % human_duration((now - moment).total_seconds()).encode()


def human_duration(seconds: float) -> str:
    """A duration at the precision people need; clocks may differ by a second."""
    total = int(seconds)
    if total < -1:
        return "<invalid>"
    if total < 120:
        return f"{max(total, 0)}s"
    minutes, hours, days = total // 60, total // 3600, total // 86400
    if minutes < 10:
        return _two(minutes, "m", total % 60, "s")
    if minutes < 180:
        return f"{minutes}m"
    if hours < 8:
        return _two(hours, "h", minutes % 60, "m")
    if hours < 48:
        return f"{hours}h"
    if days < 8:
        return _two(days, "d", hours % 24, "h")
    if days < 730:
        return f"{days}d"
    return _two(days // 365, "y", days % 365, "d") if days < 2920 else f"{days // 365}y"


def _two(large: int, large_unit: str, small: int, small_unit: str) -> str:
    return f"{large}{large_unit}{small}{small_unit}" if small else f"{large}{large_unit}"
