"""Which ProwJobs a crier reports."""

from typing import Any

import pytest
from msgspec.structs import replace

from cutwater.config.prow import ProwConfig
from cutwater.prowjob.reporting import GITHUB, PODINFO, SLACK, STORAGE
from cutwater.prowjob.types import ObjectMeta, ProwJob, ProwJobSpec, ProwJobStatus, Refs
from functions.crier.scope import Scope, crc32c, scope_of
from tests.virtual_time import BEGINNING

CONFIG = ProwConfig()
ROCKET, LIBRARY = Refs(org="acme", repo="rocket"), Refs(org="umbrella", repo="library")
ORG, REPO = "CUTWATER_GITHUB_ENABLED_ORGS", "CUTWATER_GITHUB_ENABLED_REPOS"
FRACTION, REPORTERS = "CUTWATER_KUBERNETES_REPORT_FRACTION", "CUTWATER_REPORTERS"
NO_ORG, NO_REPO = "CUTWATER_GITHUB_DISABLED_ORGS", "CUTWATER_GITHUB_DISABLED_REPOS"


def job(**spec: Any) -> ProwJob:
    wanted: dict[str, Any] = {"type": "presubmit", "job": "unit", "agent": "kubernetes", "report": True, "refs": ROCKET}
    return ProwJob(
        metadata=ObjectMeta(), spec=ProwJobSpec(**(wanted | spec)), status=ProwJobStatus(state="pending", build_id="1")
    )


@pytest.mark.parametrize(
    ("environment", "spec", "owes"),
    [
        pytest.param({}, {}, True, id="no limits"),
        pytest.param({ORG: "umbrella"}, {}, False, id="another organisation is enabled"),
        pytest.param({ORG: "umbrella,acme"}, {}, True, id="the organisation is"),
        pytest.param({REPO: "acme/boat"}, {}, False, id="another repository is"),
        pytest.param({REPO: "acme/rocket"}, {}, True, id="the repository is"),
        pytest.param({NO_ORG: "acme"}, {}, False, id="the organisation is disabled"),
        pytest.param({NO_REPO: "acme/rocket"}, {}, False, id="the repository is disabled"),
        pytest.param({ORG: "acme", NO_REPO: "acme/rocket"}, {}, False, id="all but this repository"),
        pytest.param({ORG: "umbrella"}, {"extra_refs": (LIBRARY,)}, True, id="one of several is enough"),
        pytest.param({ORG: "umbrella"}, {"refs": None}, True, id="of no repository"),
        pytest.param({"CUTWATER_REPORT_AGENT": "jenkins"}, {}, False, id="another agent"),
        pytest.param({"CUTWATER_REPORT_AGENT": "kubernetes"}, {}, True, id="the agent"),
    ],
)
def test_github(environment: dict[str, str], spec: dict[str, Any], owes: bool) -> None:
    assert scope_of(environment).owes(job(**spec), GITHUB, CONFIG) == owes


def test_the_agent_is_nothing_to_storage() -> None:
    assert Scope(agent="jenkins").owes(job(), STORAGE, CONFIG)


def test_crc32c() -> None:
    assert crc32c(b"123456789") == 0xE3069283


@pytest.mark.parametrize(("fraction", "described"), [("0", 0), ("0.25", 241), ("0.5", 500), ("1", 1000)])
def test_a_share_of_the_pods_is_described(fraction: str, described: int) -> None:
    scope = scope_of({FRACTION: fraction})
    names = (f"pod-{number}" for number in range(1000))
    ran = ProwJobStatus(state="pending", build_id="1", pendingTime=BEGINNING)
    jobs = [replace(job(), metadata=ObjectMeta(name=name), status=ran) for name in names]
    assert sum(scope.concerns(one, PODINFO, CONFIG) for one in jobs) == described


def test_the_reporters_at_work() -> None:
    assert scope_of({}).reporters == [GITHUB, STORAGE, PODINFO]
    assert scope_of({REPORTERS: "slackreporter, cloudevents/lake"}).reporters == [SLACK, "cloudevents/lake"]


@pytest.mark.parametrize(
    ("environment", "problem"),
    [
        ({REPO: "acme"}, '"acme" is not of the form org/repo'),
        ({NO_REPO: "acme/"}, '"acme/" is not of the form org/repo'),
        ({ORG: "a,b", NO_ORG: "b"}, "b: both enabled and disabled"),
        ({FRACTION: "1.2"}, '"1.2" is not a number between 0 and 1'),
        ({FRACTION: "-1"}, '"-1" is not a number between 0 and 1'),
        ({FRACTION: "half"}, '"half" is not a number between 0 and 1'),
        ({REPORTERS: "github-reporter,email"}, '"email" is none of github-reporter, '),
        ({REPORTERS: "webhook/"}, '"webhook/" is none of'),
    ],
)
def test_what_contradicts_itself(environment: dict[str, str], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        scope_of(environment)
