"""The log's line of an event."""

import json
import logging

import pytest

from cutwater.events import log
from cutwater.events.event import Event
from cutwater.github.asking import Caller, Calls, Spent
from tests import virtual_time


def test_it_says_what_was_asked_of_github(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log.logger, "propagate", True)
    caller, calls = Caller("lgtm"), Calls()
    for call, cost in (("GET /labels", 1), ("GET /labels", 0), ("POST /comments", 1)):
        calls.add(caller, call, Spent(1, cost, 1 - cost, 0.1))
    event = Event(
        id="1", source="/hook", type="dev.cutwater.webhook", time=virtual_time.BEGINNING, extensions={"plugin": "lgtm"}
    )
    with caplog.at_level(logging.INFO, logger="cutwater"):
        log.event(logging.INFO, "plugins", event, status=204, done="", milliseconds=1, github=caller.spent)
    line = json.loads(caplog.messages[-1])
    assert {name: value for name, value in line.items() if name == "plugin" or name.startswith("github")} == {
        "plugin": "lgtm",
        "githubcalls": 3,
        "githubcost": 2,
        "githubms": 300.0,
        "githubasked": {"GET /labels": {"calls": 2, "cost": 1}, "POST /comments": {"calls": 1, "cost": 1}},
    }


def test_what_people_write_cannot_leave_its_line(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log.logger, "propagate", True)
    written = "".join(map(chr, range(0xA1))) + "\u2028\u2029\u202e\u2066\U0001f996"
    with caplog.at_level(logging.INFO, logger="cutwater"):
        log.event(logging.INFO, "hook", None, status=200, done=written, milliseconds=1)
    assert not {*map(chr, range(32)), *map(chr, log.UNSEEN)} & set(caplog.messages[-1])
    assert json.loads(caplog.messages[-1])["done"] == written
