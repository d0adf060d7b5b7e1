from datetime import UTC, datetime

import pytest

from cutwater.prowjob.new import new_prowjob
from cutwater.prowjob.types import ProwJob, ProwJobSpec, ReporterConfig, SlackReporterConfig

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def made(**fields: object) -> ProwJob:
    spec = ProwJobSpec(**{"type": "periodic", "job": "nightly", **fields})  # type: ignore[arg-type]
    return new_prowjob(spec, name="a-name", start=NOW)


def test_a_new_prowjob_is_triggered() -> None:
    job = made()
    assert (job.api_version, job.kind, job.metadata.name) == ("prow.k8s.io/v1", "ProwJob", "a-name")
    assert (job.status.state, job.status.startTime, job.is_complete) == ("triggered", NOW, False)


@pytest.mark.parametrize(
    "states, said, means",
    [
        pytest.param((), None, False, id="an empty list is no report"),
        pytest.param(("aborted",), None, True, id="a list is"),
        pytest.param(None, None, True, id="no list, too"),
        pytest.param((), True, True, id="what is said stands"),
        pytest.param(("aborted",), False, False, id="either way"),
    ],
)
def test_whether_slack_is_told_is_written_down(states: tuple[str, ...] | None, said: bool | None, means: bool) -> None:
    slack = SlackReporterConfig(job_states_to_report=states, report=said)
    job = made(reporter_config=ReporterConfig(slack=slack))
    assert job.spec.reporter_config is not None and job.spec.reporter_config.slack is not None
    assert job.spec.reporter_config.slack.report is means


def test_a_job_without_slack_is_left_alone() -> None:
    assert made(reporter_config=ReporterConfig()).spec.reporter_config == ReporterConfig()
