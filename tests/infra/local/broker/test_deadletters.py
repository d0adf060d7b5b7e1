"""Dead letters are kept, listed and can be sent again."""

import base64
import json
from pathlib import Path

from infra.local.broker.asgi import Request, call
from infra.local.broker.deadletters import DeadLetters
from infra.local.broker.events import Event
from infra.local.broker.functions import Functions, InProcess
from tests.infra.local.broker.world import EVENT, Clock, Subscriber, dead_letter_sink, serving, trigger

LETTER = Event({"specversion": "1.0", "id": "1", "source": "/s", "type": "t"}, b"body")


async def test_a_failed_event_is_listed(clock: Clock) -> None:
    letters = DeadLetters(None, clock=clock)
    functions: Functions = {"f": Subscriber(400), "dls": InProcess(letters)}
    assert await serving(clock, functions, trigger(delivery=dead_letter_sink())).receive(EVENT, b"body") == 202
    answer = await call(letters, Request("GET", "/deadletters"))
    assert json.loads(answer.body) == [
        {
            "number": 1,
            "kept": "2026-11-25T08:00:30Z",
            "event": {
                "specversion": "1.0",
                "id": "1",
                "source": "/s",
                "type": "t",
                "knativebrokerttl": "255",
                "knativearrivaltime": "2026-11-25T08:00:30Z",
            },
            "destination": "http://f.ns.svc.cluster.local",
            "code": "400",
            "error": "",
            "size": 4,
        }
    ]


async def test_a_kept_event_can_be_sent_again(clock: Clock) -> None:
    letters = DeadLetters(None, clock=clock)
    letters.keep(
        LETTER.with_attributes(
            knativebrokerttl="1",
            knativearrivaltime="2026-11-25T08:00:00Z",
            knativeerrordest="http://f",
            knativeerrorcode="400",
            knativeerrordata=base64.b64encode(b"no").decode(),
        )
    )
    assert letters.list()[0].error == "no"
    again = await call(letters, Request("GET", "/deadletters/1"))
    function = Subscriber()
    assert await serving(clock, {"f": function}, trigger()).receive(again.headers, again.body) == 202
    assert function.requests[0].headers["ce-knativearrivaltime"] == "2026-11-25T08:00:30Z"
    assert not any("error" in name for name in function.requests[0].headers)


async def test_restart_loses_none(clock: Clock, tmp_path: Path) -> None:
    DeadLetters(tmp_path / "letters.db", clock=clock).keep(LETTER)
    letters = DeadLetters(tmp_path / "letters.db", clock=clock)
    assert letters.event(1) == LETTER
    assert [(letter.code, letter.destination, letter.error) for letter in letters.list()] == [("", "", "")]


async def test_one_is_forgotten(clock: Clock) -> None:
    letters = DeadLetters(None, clock=clock)
    letters.keep(LETTER)
    assert (await call(letters, Request("DELETE", "/deadletters/1"))).status == 204
    assert (await call(letters, Request("GET", "/deadletters/1"))).status == 404
    assert letters.list() == []


async def test_what_is_no_event_is_refused(clock: Clock) -> None:
    assert (await call(DeadLetters(None, clock=clock), Request("POST", "/", {}, b"x"))).status == 400
