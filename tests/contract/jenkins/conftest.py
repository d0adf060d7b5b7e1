"""Every test here runs against the Jenkins of the tests, and, where Java and Maven are, against a real one."""

import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from tests.conftest import ROOT
from tests.contract.jenkins.server import InProcess, Real, Server

START_SECONDS = 90


@pytest.fixture(scope="session")
def real_jenkins(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Real]:
    """A real one, started for these tests."""
    if not all(map(shutil.which, ("java", "mvn"))):
        pytest.skip("no real Jenkins: it needs Java 17 and Maven")
    if subprocess.run([ROOT / ".ci/jenkins", "war"], check=False, stdout=subprocess.DEVNULL).returncode:
        pytest.skip("no real Jenkins: it cannot be fetched")
    folder = tmp_path_factory.mktemp("jenkins")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = [str(ROOT / ".ci/jenkins"), "serve", str(folder / "home"), str(port)]
    with (folder / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            _wait_for(address, process)
            yield Real(address, folder)
        finally:
            process.kill()


@pytest.fixture(params=["in process", pytest.param("real", marks=pytest.mark.slow)])
def server(request: pytest.FixtureRequest) -> Server:
    """The Jenkins that a test runs against."""
    if request.param == "in process":
        return InProcess()
    real: Real = request.getfixturevalue("real_jenkins")
    return real


def _wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, "it ended before it was there"
        try:
            urllib.request.urlopen(f"{address}/api/json", timeout=5).close()
        except urllib.error.HTTPError as answer:
            if answer.code == 403:  # it is ready, and does not know us
                return
        except OSError:
            pass
        time.sleep(0.2)
    raise AssertionError(f"it is not there after {START_SECONDS} s")
