"""Workloads out of what there was."""

from typing import Any

import msgspec
import pytest

from cutwater.cli.tide.recorded import AFTERWARDS, NotRecorded, recorded
from cutwater.cli.tide.workload import HOUR, Change, Job, Workload

JOBS = (Job(name="assumed", minutes=20),)
LINES = b"""
{"number": 8, "arrived": "2026-03-02T13:30:00Z", "breaks": "unit"}
{"number": 7, "arrived": "2026-03-02T12:00:00Z"}
{"number": 9, "arrived": "2026-03-02T14:00:00+00:00", "conflicts": [7]}
"""


def entry(time: str, action: str, *numbers: int, err: str = "") -> Any:
    """One of tide's history, on the second of March."""
    targets = [
        {"number": number, "author": "bob", "sha": f"head-{number}", "title": "a change", "head_ref": "topic"}
        for number in numbers
    ]
    return {"time": f"2026-03-02T{time}:00Z", "action": action, "target": targets, "err": err}


def run(number: int, job: str, state: str, began: str, ended: str, *, is_tides: bool = True) -> Any:
    """A run of one pull request's."""
    pull = {"number": number, "author": "bob", "sha": f"head-{number}"}
    refs = {"org": "acme", "repo": "rocket", "base_ref": "main", "base_sha": "b", "pulls": [pull]}
    times = {"startTime": f"2026-03-02T{began}:00Z", "completionTime": f"2026-03-02T{ended}:00Z"}
    return {
        "metadata": {"name": f"{number}-{job}-{began}", "labels": {"created-by-tide": "true"} if is_tides else {}},
        "spec": {"type": "presubmit", "job": job, "context": job, "refs": refs},
        "status": {"state": state, **times},
    }


HISTORY = [
    entry("15:00", "MERGE_BATCH", 7, 8),
    entry("14:00", "TRIGGER_BATCH", 7, 8),
    entry("13:00", "TRIGGER", 9),
]
RUNS = [
    run(7, "unit", "success", "11:00", "11:10", is_tides=False),
    run(7, "e2e", "success", "11:00", "12:00", is_tides=False),
    run(7, "lint", "success", "11:00", "11:01", is_tides=False),
    run(9, "unit", "success", "13:00", "13:12"),
    run(9, "e2e", "failure", "13:00", "13:50"),
    run(8, "unit", "failure", "13:00", "13:14"),
    run(8, "unit", "success", "13:20", "13:36"),
]


def read(history: Any, runs: Any = None) -> Workload:
    """`history`: bytes, or what is written as JSON."""
    text = history if isinstance(history, bytes) else msgspec.json.encode(history)
    return recorded(text, msgspec.json.encode({"items": runs}) if runs is not None else b"", jobs=JOBS, flakes=0.01)


def test_arrivals_one_a_line() -> None:
    found = read(LINES)
    assert found.changes == (
        Change(number=7, arrived=0, conflicts=frozenset({9})),
        Change(number=8, arrived=1.5 * HOUR, breaks="unit"),
        Change(number=9, arrived=2 * HOUR, conflicts=frozenset({7})),
    )
    assert (found.jobs, found.flakes, found.hours) == (JOBS, 0.01, 2 + AFTERWARDS)


def test_arrivals_in_seconds() -> None:
    found = read(b'{"number": 7, "arrived": 100}\n{"number": 8, "arrived": 160.5}\n')
    assert [change.arrived for change in found.changes] == [0, 60.5]


@pytest.mark.parametrize(
    "wrap", [lambda it: it, lambda it: {"History": {"acme/rocket:main": it}}], ids=["kept", "deck"]
)
def test_history_of_tide(wrap: Any) -> None:
    found = read(wrap(HISTORY))
    assert [(change.number, change.arrived) for change in found.changes] == [(9, 0), (7, HOUR), (8, HOUR)]
    assert found.jobs == JOBS


def test_history_and_runs() -> None:
    found = read(HISTORY, RUNS)
    assert [(change.number, change.arrived, change.breaks) for change in found.changes] == [
        (7, 0, ""),
        (9, HOUR, "e2e"),
        (8, 2 * HOUR, ""),
    ], "7 came when its own tests had passed; 9 was never merged, and failed alone"
    assert {job.name: job.measured for job in found.jobs} == {"e2e": (60, 50), "unit": (10, 12, 14, 16)}
    assert found.flakes == pytest.approx(1 / 7), "8's unit has failed, and passed for the same code"


def test_a_merge_that_was_refused_is_none() -> None:
    found = read([entry("13:00", "MERGE", 9, err="refused")], RUNS)
    assert [change.breaks for change in found.changes] == ["e2e"]


@pytest.mark.parametrize(
    ("history", "runs", "message"),
    [
        pytest.param(b"", None, "neither arrivals", id="nothing"),
        pytest.param([], None, "no pull request", id="an empty history"),
        pytest.param(b"{", None, "neither arrivals", id="no JSON"),
        pytest.param({"History": {"a/b:c": [], "a/b:d": []}}, None, "and not of a/b:c, a/b:d", id="two pools"),
        pytest.param({"History": {}}, None, "and not of none", id="no pool"),
        pytest.param(HISTORY, [{"spec": {}}], "no list of ProwJobs", id="something else than runs"),
    ],
)
def test_what_is_none(history: Any, runs: Any, message: str) -> None:
    with pytest.raises(NotRecorded, match=message):
        read(history, runs)
