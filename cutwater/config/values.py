"""Single values out of YAML, for fields that hold text, numbers, times: what Go takes, and words for what it refuses.

Source of the rules: sigs.k8s.io/yaml, Go's encoding/json, and Kubernetes' durations and quantities.
"""

import base64
import binascii
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from yaml.nodes import Node, ScalarNode, SequenceNode

from cutwater.config.document import PLAIN, TEXT, is_null
from cutwater.config.scalars import MAY_BE_MORE, Scalar, resolve, written
from cutwater.prowjob import duration

ABSENT: Final = object()
"""What a reader gives back where nothing, null or nothing usable stands: the field keeps its default."""

MOST_ENTRIES: Final = 1_000_000
"""What one file may unfold to, a hundred times the largest that is known."""
_YAML = "tag:yaml.org,2002:"
_QUANTITY = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([numkMGTPE]|[KMGTPE]i|[eE][+-]?\d+)?")


class Reading:
    """One file being read: how strictly, and what was found so far.

    `converts`: a number or a boolean becomes text where text is wanted. Go does so only in fields that a type declares
    itself, not in those that it has by embedding another.
    """

    def __init__(self, file: str, *, strict: bool, converts: bool = True) -> None:
        self.file = file
        self.strict = strict
        self.converts = converts
        self.refused: list[tuple[Node, str]] = []
        self.remarked: list[tuple[Node, str]] = []
        self.entries_left = MOST_ENTRIES

    def refuse(self, node: Node, message: str) -> object:
        self.refused.append((node, message))
        return ABSENT

    def odd(self, node: Node, message: str) -> None:
        """What Go passes over in silence unless it is asked to be strict."""
        (self.refused if self.strict else self.remarked).append((node, message))

    def spend(self, count: int) -> None:
        """Count what is built, so that aliases of aliases cannot fill the memory. Raises RecursionError."""
        self.entries_left -= count
        if self.entries_left < 0:
            raise RecursionError


Build = Callable[[Node, Reading], Any]


class Reader(NamedTuple):
    """How a type is read, and what Go has where a list or a map holds null for it."""

    build: Build
    zero: Callable[[], Any]


def scalar_of(node: ScalarNode) -> Scalar:
    """The value that Go gives a scalar before it knows the field."""
    tag, value = node.tag, str(node.value)
    if tag == TEXT or tag == f"{_YAML}str":
        return value
    if tag == f"{_YAML}binary":
        try:
            return base64.b64decode(value).decode()
        except (binascii.Error, UnicodeDecodeError):
            return value
    if tag == PLAIN or tag.startswith(_YAML):
        return resolve(value)
    return value


def shown(node: Node) -> str:
    if isinstance(node, ScalarNode):
        return f'"{node.value}"' if len(node.value) <= 80 else f'"{node.value[:77]}…"'
    return "a list" if isinstance(node, SequenceNode) else "a mapping"


def text(node: Node, reading: Reading) -> Any:
    if node.__class__ is not ScalarNode:
        return reading.refuse(node, f"{shown(node)} is not text")
    if node.tag == TEXT or (node.tag == PLAIN and node.value and node.value[0] not in MAY_BE_MORE):
        return node.value
    value = scalar_of(node)
    if value is None:
        return ABSENT
    if isinstance(value, str) or reading.converts:
        return written(value)
    kind = "true or false" if isinstance(value, bool) else "a number"
    return reading.refuse(node, f"{shown(node)} is {kind} in YAML, and not text: put it into quotes")


def exactly(build: Build) -> Build:
    """The same, where a number or a boolean is not taken for text."""

    def build_exactly(node: Node, reading: Reading) -> Any:
        before, reading.converts = reading.converts, False
        try:
            return build(node, reading)
        finally:
            reading.converts = before

    return build_exactly


def key_text(node: Node) -> str:
    """A key: whatever it is, it becomes text."""
    if node.tag == TEXT or not isinstance(node, ScalarNode):
        return str(node.value)
    return written(scalar_of(node))


def truth(node: Node, reading: Reading) -> Any:
    value = scalar_of(node) if isinstance(node, ScalarNode) else node
    if value is None:
        return ABSENT
    return value if isinstance(value, bool) else reading.refuse(node, f"{shown(node)} is not true or false")


def whole(node: Node, reading: Reading) -> Any:
    value = scalar_of(node) if isinstance(node, ScalarNode) else node
    if value is None:
        return ABSENT
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63:
        return value
    return reading.refuse(node, f"{shown(node)} is not a whole number")


def number(node: Node, reading: Reading) -> Any:
    value = scalar_of(node) if isinstance(node, ScalarNode) else node
    if value is None:
        return ABSENT
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    return reading.refuse(node, f"{shown(node)} is not a number")


def go_duration(node: Node, reading: Reading) -> Any:
    """A Go duration, kept as Go writes it; a whole number is nanoseconds."""
    value = scalar_of(node) if isinstance(node, ScalarNode) else node
    if value is None:
        return ABSENT
    if isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
        try:
            return duration.canonical(value)
        except ValueError as error:
            return reading.refuse(node, str(error))
    return reading.refuse(node, f"{shown(node)} is not a duration such as 1h30m")


def waiting(node: Node, reading: Reading) -> Any:
    """A Go duration; numbers are refused here, as by Kubernetes' own durations."""
    value = scalar_of(node) if isinstance(node, ScalarNode) else node
    if value is None:
        return ABSENT
    if isinstance(value, str):
        try:
            return timedelta(microseconds=duration.nanoseconds(value) / 1000)
        except ValueError as error:
            return reading.refuse(node, str(error))
    return reading.refuse(node, f"{shown(node)} is not a duration such as 1h30m")


def moment(node: Node, reading: Reading) -> Any:
    if not isinstance(node, ScalarNode) or not isinstance(value := scalar_of(node), str):
        return ABSENT if is_null(node) else reading.refuse(node, f"{shown(node)} is not a time")
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return reading.refuse(node, f"{shown(node)} is not a time such as 2026-01-02T03:04:05Z")


def quantity(node: Node, reading: Reading) -> Any:
    """A Kubernetes quantity as it was written."""
    if is_null(node):
        return ABSENT
    if not isinstance(node, ScalarNode) or isinstance(scalar_of(node), bool) or not _QUANTITY.fullmatch(node.value):
        return reading.refuse(node, f"{shown(node)} is not a quantity such as 500m or 2Gi")
    return node.value


def one_of(choices: tuple[Any, ...]) -> Build:
    def build(node: Node, reading: Reading) -> Any:
        value = text(node, reading)
        if value is ABSENT or value in choices:
            return value
        return reading.refuse(node, f'"{value}" is not one of {", ".join(map(str, filter(None, choices)))}')

    return build
