"""What the sweep finds."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from cutwater.config.prow import ProwConfig
from cutwater.events.publish import LookAgain
from cutwater.kube.effects import LabelProwJob
from cutwater.prowjob.reporting import GITHUB, STORAGE
from cutwater.prowjob.types import ObjectMeta, ProwJob, ProwJobSpec, ProwJobStatus
from functions.crier.scope import Scope
from functions.crier.sweep import LABELLED_AT_ONCE, is_due, sweep
from tests.virtual_time import BEGINNING as NOW


def job(state: str, told: Mapping[str, str], *, is_over: bool = False, **more: Any) -> ProwJob:
    status: dict[str, Any] = {"state": state, "prev_report_states": told, "startTime": NOW, "build_id": "1"}
    status |= {"completionTime": NOW} if is_over else {}
    return ProwJob(
        metadata=ObjectMeta(name="a", namespace="default"),
        spec=ProwJobSpec(type="presubmit", job="unit", report=True),
        status=ProwJobStatus(**(status | more)),
    )


def all_told(state: str) -> dict[str, str]:
    return {GITHUB: state, STORAGE: state}


@pytest.mark.parametrize(
    ("found", "due"),
    [
        pytest.param(job("pending", {}), [GITHUB, STORAGE], id="nobody has told"),
        pytest.param(job("pending", all_told("triggered")), [GITHUB, STORAGE], id="of an older state"),
        pytest.param(job("pending", {GITHUB: "pending"}), [STORAGE], id="one has"),
        pytest.param(job("pending", all_told("pending")), [], id="it is not over"),
        pytest.param(job("success", all_told("success"), is_over=True), ["label"], id="it is over"),
        pytest.param(job("success", {GITHUB: "success"}, is_over=True), [STORAGE], id="over, but not told"),
        pytest.param(job("", {}, build_id=""), [], id="no state"),
    ],
)
def test_sweep(found: ProwJob, due: list[str]) -> None:
    assert [_shown(effect) for effect in sweep([found], Scope(), ProwConfig(), NOW)] == due


def _shown(effect: object) -> str:
    if isinstance(effect, LookAgain):
        return effect.attributes["reporter"]
    assert isinstance(effect, LabelProwJob)
    return "label"


def test_labels_are_few_at_a_time() -> None:
    over = [job("success", all_told("success"), is_over=True)] * (LABELLED_AT_ONCE + 1)
    assert len(sweep(over, Scope(), ProwConfig(), NOW)) == LABELLED_AT_ONCE


@pytest.mark.parametrize(
    ("hours", "tries"),
    [pytest.param(0, 30, id="the first"), pytest.param(1, 8, id="the second"), pytest.param(9, 4, id="the tenth")],
)
def test_what_cannot_be_told_is_tried_less_and_less(hours: int, tries: int) -> None:
    minutes = (timedelta(hours=hours, minutes=minute) for minute in range(60))
    assert sum(is_due(job("pending", {}), _later(minute)) for minute in minutes) == tries


def _later(span: timedelta) -> datetime:
    return NOW + span
