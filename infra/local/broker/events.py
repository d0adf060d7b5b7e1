"""An event as Knative takes it in and hands it on: CloudEvents over HTTP, binary or structured.

What is an event and what is not decides between 202 and 400 at the broker, and between a reply and a failed delivery
behind a function. Source: knative.dev/eventing pkg/broker/ingress, with the CloudEvents Go SDK 2.16.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec
from msgspec import Raw, Struct

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
VERSIONS = frozenset({"1.0", "0.3"})
TTL = "knativebrokerttl"
ARRIVAL_TIME = "knativearrivaltime"

FORWARDED = frozenset({"x-request-id", "retry-after"})
FORWARDED_PREFIXES = ("knative-", "x-b3-")

_NAME = re.compile(r"[a-z0-9]+\Z")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)\Z")


class NotAnEvent(ValueError):
    """This request or answer is no CloudEvent, or a broken one."""


class Event(Struct, frozen=True):
    """One event. `attributes` has the extensions too, all names lower-case; an absent one is absent."""

    attributes: Mapping[str, str]
    body: bytes = b""

    def with_attributes(self, **attributes: str) -> "Event":
        """The event with these attributes set, whether or not it had them."""
        return Event({**self.attributes, **attributes}, self.body)

    def without(self, *names: str) -> "Event":
        """The event without these attributes."""
        return Event({name: value for name, value in self.attributes.items() if name not in names}, self.body)

    def headers(self) -> dict[str, str]:
        """Its HTTP headers in binary mode."""
        headers = {f"ce-{name}": value for name, value in self.attributes.items() if name != "datacontenttype"}
        if content_type := self.attributes.get("datacontenttype"):
            headers["content-type"] = content_type
        return headers


def utc_now() -> datetime:
    """The clock of the world outside tests."""
    return datetime.now(UTC)


def timestamp(moment: datetime) -> str:
    """RFC 3339 in UTC, as Go writes it: 2026-11-25T08:00:00.5Z."""
    whole, _, fraction = moment.astimezone(UTC).isoformat().removesuffix("+00:00").partition(".")
    fraction = fraction.rstrip("0")
    return f"{whole}.{fraction}Z" if fraction else f"{whole}Z"


def is_event(headers: Mapping[str, str]) -> bool:
    """Whether these headers claim an event of a version we know (the claim may be false, see `parse`)."""
    return _media_type(headers) in (STRUCTURED, BATCH) or headers.get("ce-specversion") in VERSIONS


def parse(headers: Mapping[str, str], body: bytes) -> Event:
    """The event in a request or an answer; header names are lower-case. Raises NotAnEvent."""
    media_type = _media_type(headers)
    if media_type == BATCH:
        raise NotAnEvent("a batch of events is not taken")
    if media_type == STRUCTURED:
        event = _structured(body)
    else:
        attributes = {name[3:]: value for name, value in headers.items() if name.startswith("ce-")}
        if content_type := headers.get("content-type"):
            attributes["datacontenttype"] = content_type
        event = Event(attributes, body)
    return _checked(event)


def structured(event: Event) -> tuple[dict[str, str], bytes]:
    """Headers and body of the event in structured mode. Data that is JSON stays so, other text becomes a string."""
    return {"content-type": STRUCTURED}, msgspec.json.encode({**event.attributes, **_data_fields(event)})


def forwarded(headers: Mapping[str, str]) -> dict[str, str]:
    """Those headers that Knative carries from hop to hop beside the event."""
    return {name: value for name, value in headers.items() if name in FORWARDED or name.startswith(FORWARDED_PREFIXES)}


def media_type(content_type: str) -> str:
    """The content type without its parameters."""
    return content_type.partition(";")[0].strip().lower()


def _media_type(headers: Mapping[str, str]) -> str:
    return media_type(headers.get("content-type", ""))


def _is_json(content_type: str) -> bool:
    kind = media_type(content_type)
    return kind in ("", "application/json", "text/json") or kind.endswith("+json")


def _checked(event: Event) -> Event:
    attributes = event.attributes
    if attributes.get("specversion") not in VERSIONS:
        raise NotAnEvent(f"specversion {attributes.get('specversion')!r} is not 1.0 or 0.3")
    for name in ("id", "source", "type"):
        if not attributes.get(name):
            raise NotAnEvent(f"the attribute {name} is missing")
    for name in attributes:
        if not _NAME.match(name):
            raise NotAnEvent(f"{name!r} is not the name of an attribute: lower-case letters and digits")
    if _CONTROL.search(attributes["source"]):
        raise NotAnEvent("source has a control character")
    if "time" in attributes:
        return event.with_attributes(time=_normalised(attributes["time"]))
    return event


def _normalised(time: str) -> str:
    match = _TIME.match(time)
    if not match:
        raise NotAnEvent(f"time {time!r} is not RFC 3339")
    whole, fraction, zone = match.groups()
    try:
        moment = datetime.fromisoformat(whole + zone)
        text = timestamp(moment)
    except (ValueError, OverflowError) as error:
        raise NotAnEvent(f"time {time!r} is not RFC 3339") from error
    fraction = (fraction or "").rstrip("0")[:9]
    return f"{text.removesuffix('Z')}.{fraction}Z" if fraction else text


def _structured(body: bytes) -> Event:
    try:
        fields = msgspec.json.decode(body, type=dict[str, Raw])
        data, encoded = fields.pop("data", None), fields.pop("data_base64", None)
        attributes = {name.lower(): text for name, raw in fields.items() if (text := _attribute(raw)) is not None}
        if encoded is not None:
            return Event(attributes, base64.b64decode(msgspec.json.decode(encoded, type=str), validate=True))
        if data is None:
            return Event(attributes)
        return Event(attributes, _data(data, attributes))
    except (msgspec.MsgspecError, binascii.Error) as error:
        raise NotAnEvent(f"no structured event: {error}") from error


def _data_fields(event: Event) -> dict[str, Raw | str]:
    if not event.body:
        return {}
    try:
        if not _is_json(event.attributes.get("datacontenttype", "")):
            return {"data": event.body.decode()}
        msgspec.json.decode(event.body)
        return {"data": Raw(event.body)}
    except (UnicodeDecodeError, msgspec.DecodeError):
        return {"data_base64": base64.b64encode(event.body).decode()}


def _attribute(raw: Raw) -> str | None:
    """An attribute's value as a header carries it: any JSON scalar becomes text, null is absence."""
    text = bytes(raw).decode()
    if text == "null":
        return None
    if text[0] == '"':
        return _CONTROL.sub(" ", msgspec.json.decode(raw, type=str))
    if text[0] in "{[":
        raise NotAnEvent("an attribute's value is a list or an object")
    return text


def _data(raw: Raw, attributes: dict[str, str]) -> bytes:
    text = bytes(raw)
    if attributes.get("datacontentencoding", "").lower() == "base64":
        del attributes["datacontentencoding"]
        return base64.b64decode(msgspec.json.decode(raw, type=str), validate=True)
    if text.startswith(b'"') and not _is_json(attributes.get("datacontenttype", "")):
        return msgspec.json.decode(raw, type=str).encode()
    return text
