"""Every test here runs against the Jenkins of the tests, and, where Java and Maven are, against a real one."""

from collections.abc import Iterator

import pytest

from tests.contract.jenkins.real import Real, started
from tests.contract.jenkins.server import InProcess, Server


@pytest.fixture(scope="session")
def real_jenkins(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Real]:
    """A real one for all of these tests."""
    with started(tmp_path_factory.mktemp("jenkins")) as real:
        yield real


@pytest.fixture(
    params=["in process", pytest.param("real", marks=[pytest.mark.slow, pytest.mark.xdist_group("jenkins")])]
)
def server(request: pytest.FixtureRequest) -> Server:
    """The Jenkins that a test runs against."""
    if request.param == "in process":
        return InProcess()
    real: Real = request.getfixturevalue("real_jenkins")
    return real
