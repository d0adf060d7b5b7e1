"""A CloudEvent, and how one comes in and goes out over HTTP (binary mode goes out; binary and structured come in).

The cloudevents SDK reads and writes them; both of its lines are taken, since functions-framework wants the first and
func-python the second.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote, unquote

from msgspec import Struct, field


class NotAnEvent(ValueError):
    """The request holds no CloudEvent that can be read."""


class Event(Struct, frozen=True, kw_only=True):
    """One event. `extensions` are all attributes that CloudEvents does not name; their names are lower case."""

    id: str
    source: str
    type: str
    subject: str = ""
    time: datetime | None = None
    extensions: Mapping[str, str] = field(default_factory=dict)
    data: bytes = b""

    def __getitem__(self, extension: str) -> str:
        """An extension's value; empty where it is absent, as a Trigger's filter would not tell the two apart."""
        return self.extensions.get(extension, "")


def from_request(headers: Mapping[str, str], body: bytes) -> Event:
    """The event of a request. Raises NotAnEvent."""
    try:
        attributes, data = _decode(dict(headers), body)
        return Event(
            id=str(attributes.pop("id")),
            source=str(attributes.pop("source")),
            type=str(attributes.pop("type")),
            subject=unquote(str(attributes.pop("subject", None) or "")),
            time=_time(attributes.pop("time", None)),
            data=data,
            extensions={k: unquote(str(v)) for k, v in attributes.items() if k not in _NAMED and v is not None},
        )
    except NotAnEvent:
        raise
    except Exception as error:  # the SDK's own exceptions share no base between its versions
        raise NotAnEvent(f"no CloudEvent: {error}") from error


def to_request(event: Event) -> tuple[dict[str, str], bytes]:
    """Headers and body of the event in binary mode."""
    headers = {"ce-specversion": "1.0", "ce-id": event.id, "ce-source": event.source, "ce-type": event.type}
    if event.subject:
        headers["ce-subject"] = _header(event.subject)
    if event.time:
        headers["ce-time"] = event.time.isoformat().replace("+00:00", "Z")
    headers |= {f"ce-{name}": _header(value) for name, value in event.extensions.items() if value}
    if event.data:
        headers["content-type"] = "application/json"
    return headers, event.data


def _header(value: str) -> str:
    """An attribute as a header may hold it. A branch may be called `→`; CloudEvents' HTTP binding has the rule."""
    return quote(value, safe=_PLAIN)


_PLAIN = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"%')
_NAMED = {"specversion", "datacontenttype", "dataschema"}


def _decode(headers: dict[str, str], body: bytes) -> tuple[dict[str, Any], bytes]:
    try:
        from cloudevents.http import from_http
    except ImportError:
        return _decode_v2(headers, body)
    found = from_http(headers, body, data_unmarshaller=lambda data: data)
    return dict(found.get_attributes()), _bytes(found.data)


def _decode_v2(headers: dict[str, str], body: bytes) -> tuple[dict[str, Any], bytes]:
    from cloudevents.core.bindings.http import HTTPMessage, from_http_event

    found = from_http_event(HTTPMessage(headers=headers, body=body))
    return dict(found.get_attributes()), _bytes(found.get_data())


def _bytes(data: Any) -> bytes:
    if data is None:
        return b""
    if isinstance(data, bytes):
        return data
    if isinstance(data, str):
        return data.encode()
    import msgspec

    return msgspec.json.encode(data)


def _time(value: Any) -> datetime | None:
    if value is None or isinstance(value, datetime):
        return value
    return datetime.fromisoformat(str(value).replace("Z", "+00:00"))
