"""The ledger in words, in which nothing moves a terminal's cursor."""

from datetime import timedelta

import pytest

from cutwater.events import account
from cutwater.events.level import Record
from cutwater.events.receipt import Step
from cutwater.events.records import Done
from tests.virtual_time import BEGINNING

LABEL = {
    "type": "Label",
    "subject": {"org": "acme", "repo": "rocket", "number": 7},
    "name": "kind/bug",
    "present": True,
    "why": "/kind bug by alice",
}


@pytest.mark.parametrize(
    "step, line",
    [
        pytest.param(
            Step(effect=LABEL), "Label acme/rocket#7 name=kind/bug, present=true — planned, not begun", id="label"
        ),
        pytest.param(
            Step(effect=LABEL, state="refused", result="422 no\nsuch \x1b[31mlabel"),
            r"Label acme/rocket#7 name=kind/bug, present=true — refused: 422 no such \x1b[31mlabel",
            id="the refuser's words",
        ),
        pytest.param(
            Step(
                effect={"type": "CreateProwJob", "job": {"metadata": {"name": "u-1"}, "spec": {"job": "unit"}}},
                result="u-1",
                state="done",
            ),
            "CreateProwJob unit as u-1 — done",
            id="a ProwJob",
        ),
        pytest.param(
            Step(effect={"type": "SetStatus", "org": "acme", "repo": "rocket", "sha": "c" * 40, "state": "success"}),
            "SetStatus acme/rocket@cccccccccc state=success — planned, not begun",
            id="a commit's status",
        ),
        pytest.param(
            Step(
                effect={
                    "type": "Transition",
                    "namespace": "default",
                    "name": "u-1",
                    "status": {"url": "x", "state": "error", "description": "gone"},
                }
            ),
            'Transition default/u-1 status=error: "gone" — planned, not begun',
            id="a transition",
        ),
        pytest.param(
            Step(effect={"type": "LookAgain", "role": "tide", "subject": "acme/rocket:\x1b]0;\x07"}),
            r"LookAgain acme/rocket:\x1b]0;\x07 role=tide — planned, not begun",
            id="a hostile branch",
        ),
        pytest.param(
            Step(effect={"type": "PostToSlack", "text": "y" * 300}, state="unknown"),
            f"PostToSlack text={'y' * 99}… — {account.STEPS['unknown']}",
            id="a long text",
        ),
    ],
)
def test_effects(step: Step, line: str) -> None:
    assert account.effect(step).line == line


def test_what_nobody_sees_is_left_out_of_a_story() -> None:
    quiet = Step(effect={"type": "MarkReported", "namespace": "default", "name": "u-1"}, state="done")
    refused = Step(effect={"type": "MarkReported", "namespace": "default", "name": "u-2"}, state="refused", result="no")
    for steps, lines in (([quiet], 0), ([quiet, refused], 2)):
        done = Done(time=BEGINNING, record=Record(role="crier", event="e", questions=[], steps=steps))
        assert len(list(account.done(done, is_whole=False))) == lines
        assert len(list(account.done(done))) == len(steps) + 1


def test_headers() -> None:
    given = {"x-hub-signature-256": "sha256=00", "Authorization": "Basic x", "cookie": "c", "x-github-event": "push"}
    assert account.headers(given) == dict.fromkeys(given, "(not shown)") | {"x-github-event": "push"}


@pytest.mark.parametrize(
    "body, text",
    [
        pytest.param(b'{"a":[1]}', '{\n  "a": [\n    1\n  ]\n}', id="JSON is indented"),
        pytest.param(b"{", "{", id="no JSON"),
        pytest.param(b"\xff\x1b[2J", r"\xff\x1b[2J", id="no text"),
        pytest.param('"\u202e\u0007"'.encode(), r'"\u202e\x07"', id="letters turned round"),
    ],
)
def test_bodies(body: bytes, text: str) -> None:
    assert account.body(body) == text


@pytest.mark.parametrize(
    "time, words",
    [
        (timedelta(seconds=-3), "0 s"),
        (timedelta(seconds=1.54), "1.5 s"),
        (timedelta(seconds=119), "119 s"),
        (timedelta(minutes=10), "10 min"),
        (timedelta(hours=5), "5 h"),
        (timedelta(days=3), "3 days"),
    ],
)
def test_spans(time: timedelta, words: str) -> None:
    assert account.span(time) == words
