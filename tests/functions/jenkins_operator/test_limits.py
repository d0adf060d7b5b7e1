"""How many builds may be under way. The cases are upstream's; those that wait in Jenkins' queue count here as well."""

from datetime import timedelta

import pytest

from cutwater.config.prow import JenkinsOperator
from cutwater.prowjob.types import ObjectMeta, ProwJob, ProwJobSpec, ProwJobStatus, State
from functions.jenkins_operator.limits import limits_of, startable
from tests.virtual_time import BEGINNING


def job(name: str, state: State = "triggered", *, of: str = "unit", most: int = 0, asked: bool = False) -> ProwJob:
    annotations = {"cutwater.dev/jenkins-start": "asked 42 1"} if asked else {}
    made = BEGINNING + timedelta(seconds=int(name))
    return ProwJob(
        metadata=ObjectMeta(name=name, annotations=annotations, creation_timestamp=made),
        spec=ProwJobSpec(type="periodic", job=of, agent="jenkins", max_concurrency=most),
        status=ProwJobStatus(state=state),
    )


@pytest.mark.parametrize(
    ("jobs", "most", "starts"),
    [
        pytest.param([job("1"), job("2")], 0, ["1", "2"], id="no limit"),
        pytest.param([*(job(str(n), "pending") for n in range(20)), job("99")], 20, [], id="all places are taken"),
        pytest.param([*(job(str(n), "pending") for n in range(20)), job("99")], 21, ["99"], id="one place is left"),
        pytest.param([job("2", most=1), job("1", most=1)], 0, ["1"], id="one at a time, the older first"),
        pytest.param([job("1", most=2), job("2", most=2)], 0, ["1", "2"], id="two at a time"),
        pytest.param([*(job(str(n), "pending") for n in range(5)), job("9", most=5)], 0, [], id="five run already"),
        pytest.param([job("1", of="a", asked=True), job("2", of="a", most=1)], 0, [], id="one waits in Jenkins"),
        pytest.param([job("1", asked=True), job("2")], 1, [], id="one waits in Jenkins, of all"),
        pytest.param([job("1", "aborted"), job("2", "scheduling"), job("3")], 1, ["3"], id="others take no place"),
        pytest.param([job("1", "pending", of="a"), job("2", of="b", most=1)], 0, ["2"], id="another job's"),
    ],
)
def test_startable(jobs: list[ProwJob], most: int, starts: list[str]) -> None:
    operator = JenkinsOperator(max_concurrency=most)
    assert [each.metadata.name for each in startable(jobs, operator)] == starts


@pytest.mark.parametrize(
    ("own", "altogether", "names"),
    [(0, 0, []), (1, 0, ["job/unit"]), (0, 5, ["operator/a=b"]), (1, 5, ["job/unit", "operator/a=b"])],
)
def test_limits_of(own: int, altogether: int, names: list[str]) -> None:
    operator = JenkinsOperator(label_selector="a=b", max_concurrency=altogether)
    assert limits_of(job("1", most=own), operator) == names
