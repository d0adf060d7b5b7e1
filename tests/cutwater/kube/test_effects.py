"""When a change of a ProwJob stands already: only when everything that it writes is there."""

from typing import Any

import pytest

from cutwater.kube.client import PROWJOB
from cutwater.kube.effects import transition
from cutwater.prowjob.types import ProwJob
from tests.functions.kubernetes import NAMESPACE, Kubernetes
from tests.world import configuration

pytestmark = pytest.mark.virtual


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"status": {"state": "pending", "description": "begun"}}, id="status"),
        pytest.param({"status": {}, "annotations": {"note": "1"}}, id="only an annotation"),
        pytest.param({"status": {}, "labels": {"note": "1"}}, id="only a label"),
        pytest.param({"status": {"description": ""}, "told": {"reporter": "aborted"}}, id="what a reporter told"),
    ],
)
async def test_a_transition_stands_when_all_of_it_is_there(change: dict[str, Any]) -> None:
    world = await Kubernetes(configuration(jobs="{}", plugins="{}")).start()
    job: ProwJob = await world.job("a")
    now = await world.pass_time(seconds=1)
    effect = transition(job, change.pop("status"), why="a test", **change)
    assert await effect.stands(world.edges, now) is None
    await effect.apply(world.edges)
    assert await effect.stands(world.edges, now) is not None
    await world.kube.delete(PROWJOB, NAMESPACE, "a")
    assert await effect.stands(world.edges, now) is None
