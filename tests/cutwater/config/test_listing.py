"""Which job is meant by a name."""

import pytest

from cutwater.config.listing import NotOne, any_of, only
from tests.cutwater.config.configured import POD, configured

JOBS = f"""
presubmits:
  acme/rocket:
  - {{name: unit, branches: [main], {POD}}}
  - {{name: unit, branches: [release], {POD}}}
  acme/pad:
  - {{name: lift, {POD}}}
postsubmits:
  acme/pad:
  - {{name: lift, {POD}}}
periodics:
- {{name: nightly, interval: 1h, {POD}}}
"""


@pytest.mark.parametrize(
    "name, repository, branch, title",
    [
        pytest.param("unit", "", "release", "presubmit unit of acme/rocket", id="by branch"),
        pytest.param("nightly", "", "", "periodic nightly", id="a periodic"),
        pytest.param("nightly", "", "main", "periodic nightly", id="a periodic has no branches"),
    ],
)
def test_the_one_that_is_meant(name: str, repository: str, branch: str, title: str) -> None:
    jobs = configured(jobs=JOBS).jobs
    found = only(any_of(jobs, name, repository=repository), branch=branch)
    assert found.title == title


@pytest.mark.parametrize(
    "name, repository, branch, says",
    [
        pytest.param("unti", "", "", "there is no job unti; there is unit", id="unknown"),
        pytest.param("unit", "acme/pad", "", "there is no job unit of acme/pad; there is unit", id="not there"),
        pytest.param("unit", "", "next", "no presubmit unit of acme/rocket is for the branch next", id="no branch"),
        pytest.param(
            "lift",
            "",
            "main",
            "several jobs are called lift: say whose, or of which branch, is meant"
            "\n  presubmit lift of acme/pad, in jobs.yaml:7\n  postsubmit lift of acme/pad, in jobs.yaml:10",
            id="several",
        ),
    ],
)
def test_what_is_said_otherwise(name: str, repository: str, branch: str, says: str) -> None:
    jobs = configured(jobs=JOBS).jobs
    with pytest.raises(NotOne) as caught:
        only(any_of(jobs, name, repository=repository), branch=branch)
    assert str(caught.value) == says
