"""Which triggered ProwJobs may start, and in which order."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from cutwater.config.prow import Plank
from cutwater.prowjob.types import ObjectMeta, ProwJob, ProwJobSpec, ProwJobStatus
from functions.plank.limits import limits_of, startable
from tests.virtual_time import BEGINNING

QUEUES = {"narrow": 1, "wide": 10, "closed": 0, "open": -1}


def job(name: str, state: str = "triggered", *, age: int = 0, **spec: Any) -> ProwJob:
    """`age`: seconds."""
    created = BEGINNING - timedelta(seconds=age)
    return ProwJob(
        metadata=ObjectMeta(name=name, uid=name, creation_timestamp=created),
        spec=msgspec.convert({"type": "periodic", "job": "unit"} | spec, ProwJobSpec),
        status=msgspec.convert({"state": state}, ProwJobStatus),
    )


def pending(count: int, **spec: Any) -> list[ProwJob]:
    return [job(f"p{number}", "pending", **spec) for number in range(count)]


@pytest.mark.parametrize(
    ("jobs", "most", "expected"),
    [
        pytest.param([job("a"), *pending(100)], 0, ["a"], id="no limit"),
        pytest.param([job("a", max_concurrency=10), *pending(9)], 0, ["a"], id="room for one"),
        pytest.param([job("a", max_concurrency=10), *pending(10)], 0, [], id="full"),
        pytest.param(
            [job("a", max_concurrency=10), job("old", age=1, max_concurrency=10), *pending(9)],
            0,
            ["old"],
            id="room for one, and an older one waits",
        ),
        pytest.param(
            [job("a", max_concurrency=1), job("young", age=-1, max_concurrency=1)], 0, ["a"], id="the younger waits"
        ),
        pytest.param(
            [job("b", max_concurrency=1), job("a", max_concurrency=1)], 0, ["a"], id="of two at once one starts"
        ),
        pytest.param(
            [job("b", max_concurrency=2), job("a", max_concurrency=2)], 0, ["a", "b"], id="of two at once both"
        ),
        pytest.param([job("a", max_concurrency=1), *pending(3, job="other")], 0, ["a"], id="other jobs do not count"),
        pytest.param([job("a", max_concurrency=1), job("x", "success")], 0, ["a"], id="nor do those that ended"),
        pytest.param([job("a", max_concurrency=1), job("x", "aborted")], 0, ["a"], id="nor those to be aborted"),
        pytest.param([job("a", max_concurrency=1), *pending(1, cluster="far")], 0, [], id="a name is a name anywhere"),
        pytest.param([job("a", job_queue_name="closed")], 0, [], id="a queue of capacity 0"),
        pytest.param([job("a", job_queue_name="open"), *pending(99, job_queue_name="open")], 0, ["a"], id="and of -1"),
        pytest.param([job("a", job_queue_name="nowhere")], 0, [], id="an unknown queue"),
        pytest.param(
            [job("a", max_concurrency=100, job_queue_name="wide"), *pending(10, job="x", job_queue_name="wide")],
            0,
            [],
            id="the lower limit wins",
        ),
        pytest.param(
            [job("a", job="x", job_queue_name="narrow"), job("b", age=1, job="y", job_queue_name="narrow")],
            0,
            ["b"],
            id="a queue is a line",
        ),
        pytest.param(
            [job("a"), job("b", age=1, job="y"), *pending(1, job="z")], 2, ["b"], id="plank's own: the oldest first"
        ),
        pytest.param([job("a"), *pending(2, job="z")], 2, [], id="plank's own: full"),
        pytest.param(
            [job("a", age=1, max_concurrency=1), job("b"), *pending(1)],
            2,
            ["b"],
            id="one that waits takes no place of all",
        ),
    ],
)
def test_startable(jobs: list[ProwJob], most: int, expected: list[str]) -> None:
    plank = Plank(max_concurrency=most, job_queue_capacities=QUEUES)
    assert [one.metadata.name for one in startable(jobs, plank)] == expected


@pytest.mark.parametrize(
    ("spec", "most", "expected"),
    [
        pytest.param({}, 0, [], id="none"),
        pytest.param({"max_concurrency": 1, "job_queue_name": "q"}, 1, ["job/unit", "queue/q", "plank"], id="all"),
        pytest.param({"job_queue_name": "q"}, 0, ["queue/q"], id="a queue"),
    ],
)
def test_limits(spec: dict[str, Any], most: int, expected: list[str]) -> None:
    assert limits_of(job("a", **spec), Plank(max_concurrency=most)) == expected
