"""An event that goes out over HTTP comes in as it was."""

from datetime import UTC, datetime

import msgspec
import pytest

from cutwater.events.event import Event, NotAnEvent, from_request, to_request

EVENT = Event(
    id="72d3162e.lgtm",
    source="/hook",
    type="dev.cutwater.webhook",
    subject="acme/rocket#7",
    time=datetime(2026, 3, 2, 12, tzinfo=UTC),
    extensions={"plugin": "lgtm", "delivery": "72d3162e"},
    data=b'{"a":1}',
)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({}, id="an ordinary one"),
        pytest.param({"subject": "", "data": b"", "extensions": {}}, id="the least there is"),
        pytest.param({"subject": 'acme/rocket:→ 100%"x"'}, id="a branch of odd letters"),
        pytest.param({"extensions": {"partitionkey": "acme/rocket:a b%20c"}}, id="an extension with a blank"),
        pytest.param({"subject": "x\r\nce-plugin: other"}, id="a forged header"),
        pytest.param({"data": b"\x00\xff"}, id="a body that is no JSON"),
    ],
)
def test_there_and_back(change: dict[str, object]) -> None:
    event = msgspec.structs.replace(EVENT, **change)
    headers, body = to_request(event)
    for value in headers.values():
        assert value.isascii() and "\n" not in value
    assert from_request(headers, body) == event


@pytest.mark.parametrize(
    "headers, body",
    [
        pytest.param({}, b"", id="nothing"),
        pytest.param({"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/x"}, b"", id="no type"),
        pytest.param({"content-type": "application/cloudevents+json"}, b"{", id="half a structured one"),
        pytest.param({"content-type": "application/json"}, b"[]", id="a list"),
    ],
)
def test_what_is_none(headers: dict[str, str], body: bytes) -> None:
    with pytest.raises(NotAnEvent):
        from_request(headers, body)


def test_a_structured_one_is_read_too() -> None:
    body = b'{"specversion":"1.0","id":"1","source":"/s","type":"t","role":"plank","data":{"a":1}}'
    event = from_request({"content-type": "application/cloudevents+json"}, body)
    assert (event.type, event["role"], msgspec.json.decode(event.data)) == ("t", "plank", {"a": 1})
