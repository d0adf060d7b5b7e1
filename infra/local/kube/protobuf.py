"""Objects that come as protobuf: `kubectl create configmap`, `secret` and `namespace` send nothing else.

Only those kinds are read, and only the fields that such commands fill.
Source: the generated.proto files of k8s.io/api and k8s.io/apimachinery.
"""

import base64
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias

from infra.local.kube.statuses import JsonObject

MEDIA_TYPE = "application/vnd.kubernetes.protobuf"
_MAGIC = b"k8s\x00"
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5

Wire: TypeAlias = int | bytes


@dataclass(frozen=True, slots=True)
class _Field:
    """One field of a message: its name in JSON, how its value is read, whether it may come more than once."""

    name: str
    read: Callable[[Any], Any]
    repeated: bool = False
    is_map: bool = False


Message: TypeAlias = Mapping[int, _Field]


def decode(body: bytes) -> JsonObject:
    """The object in a body. Raises ValueError for what is none, or of a kind that is not read."""
    if not body.startswith(_MAGIC):
        raise ValueError("the body does not begin as Kubernetes' protobuf does")
    envelope = dict(_fields(body[len(_MAGIC) :]))
    about = dict(_fields(_bytes(envelope.get(1, b""))))
    api_version, kind = _text(about.get(1, b"")), _text(about.get(2, b""))
    if kind not in _KINDS:
        raise ValueError(f"objects of kind {kind} are read as JSON only")
    return {"apiVersion": api_version, "kind": kind} | _message(_bytes(envelope.get(2, b"")), _KINDS[kind])


def _message(body: bytes, message: Message) -> JsonObject:
    result: JsonObject = {}
    for number, wire in _fields(body):
        field = message.get(number)
        if field is None:
            continue
        if field.is_map:
            entry = dict(_fields(_bytes(wire)))
            result.setdefault(field.name, {})[_text(entry.get(1, b""))] = field.read(entry.get(2, b""))
        elif field.repeated:
            result.setdefault(field.name, []).append(field.read(wire))
        else:
            result[field.name] = field.read(wire)
    # Go writes its zero values, which JSON leaves out.
    return {name: value for name, value in result.items() if value not in ("", 0, None) or value is False}


def _fields(body: bytes) -> Iterator[tuple[int, Wire]]:
    """The fields of a message as they stand on the wire."""
    position = 0
    while position < len(body):
        key, position = _varint(body, position)
        number, kind = key >> 3, key & 7
        if kind == _VARINT:
            value, position = _varint(body, position)
            yield number, value
            continue
        if kind == _BYTES:
            size, position = _varint(body, position)
        elif kind in (_FIXED32, _FIXED64):
            size = 4 if kind == _FIXED32 else 8
        else:
            raise ValueError(f"wire type {kind} is not known")
        if position + size > len(body):
            raise ValueError("the body ends in the middle of a field")
        yield number, body[position : position + size]
        position += size


def _varint(body: bytes, position: int) -> tuple[int, int]:
    result = shift = 0
    while position < len(body):
        byte = body[position]
        position += 1
        result |= (byte & 0x7F) << shift
        if byte < 0x80:
            return result, position
        shift += 7
    raise ValueError("the body ends in the middle of a number")


def _bytes(wire: Wire) -> bytes:
    if isinstance(wire, int):
        raise ValueError("a number stands where bytes belong")
    return wire


def _text(wire: Wire) -> str:
    return _bytes(wire).decode()


def _base64(wire: Wire) -> str:
    return base64.b64encode(_bytes(wire)).decode()


def _time(wire: Wire) -> str | None:
    seconds = dict(_fields(_bytes(wire))).get(1)
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if isinstance(seconds, int) else None


_METADATA: Message = {
    1: _Field("name", _text),
    2: _Field("generateName", _text),
    3: _Field("namespace", _text),
    5: _Field("uid", _text),
    6: _Field("resourceVersion", _text),
    8: _Field("creationTimestamp", _time),
    11: _Field("labels", _text, is_map=True),
    12: _Field("annotations", _text, is_map=True),
    14: _Field("finalizers", _text, repeated=True),
}
_OBJECT_META = _Field("metadata", lambda wire: _message(_bytes(wire), _METADATA))
_KINDS: Mapping[str, Message] = {
    "ConfigMap": {
        1: _OBJECT_META,
        2: _Field("data", _text, is_map=True),
        3: _Field("binaryData", _base64, is_map=True),
        4: _Field("immutable", bool),
    },
    "Secret": {
        1: _OBJECT_META,
        2: _Field("data", _base64, is_map=True),
        3: _Field("type", _text),
        4: _Field("stringData", _text, is_map=True),
        5: _Field("immutable", bool),
    },
    "Namespace": {1: _OBJECT_META},
}
