"""A real Jenkins, started for tests where Java and Maven are (.ci/jenkins has which one it is)."""

import asyncio
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from cutwater.jenkins.access import opener
from cutwater.jenkins.client import Jenkins
from tests.conftest import ROOT
from tests.contract.jenkins.server import COMMANDS

START_SECONDS = 90
CONFIG = """
<project>
  <keepDependencies>false</keepDependencies>
  <properties>
    <hudson.model.ParametersDefinitionProperty><parameterDefinitions>{parameters}</parameterDefinitions>
    </hudson.model.ParametersDefinitionProperty>
  </properties>
  <scm class="hudson.scm.NullSCM"/>
  <canRoam>true</canRoam>
  <disabled>false</disabled>
  <concurrentBuild>true</concurrentBuild>
  <builders><hudson.tasks.Shell><command>{command}</command></hudson.tasks.Shell></builders>
  <publishers/>
  <buildWrappers/>
</project>
"""
PARAMETER = (
    "<hudson.model.StringParameterDefinition><name>{}</name><defaultValue/></hudson.model.StringParameterDefinition>"
)


class Real:
    """A real one, which goes on by itself."""

    def __init__(self, address: str, folder: Path) -> None:
        self.address, self._folder = address, folder

    def file(self, password: str = "secret") -> Path:
        """What says where it is and how it is entered, in the form that operators write."""
        token, file = self._folder / f"token-{password}", self._folder / f"jenkins-{password}.yaml"
        token.write_text(f"{password}\n")
        file.write_text(f"- {{jenkins-url: '{self.address}', jenkins-user: prow, jenkins-token-file: {token}}}\n")
        return file

    def client(self, password: str = "secret") -> Jenkins:
        """One made as the functions make it."""
        return opener(str(self.file(password)))("")

    async def make(self, name: str, does: str) -> None:
        parameters = "".join(map(PARAMETER.format, ("PROW_JOB_ID", "BUILD_ID")))
        body = CONFIG.format(parameters=parameters, command=COMMANDS[does])
        async with httpx2.AsyncClient(auth=("prow", "secret"), timeout=30) as client:
            crumb = (await client.get(f"{self.address}/crumbIssuer/api/json")).json()
            headers = {crumb["crumbRequestField"]: crumb["crumb"], "content-type": "application/xml"}
            made = await client.post(f"{self.address}/createItem?name={name}", content=body, headers=headers)
            assert made.status_code == 200, made.text

    async def go_on(self) -> None:
        await asyncio.sleep(0.2)


@contextmanager
def started(folder: Path) -> Iterator[Real]:
    """One with its files in this folder, until the test has ended."""
    if not all(map(shutil.which, ("java", "mvn"))):
        pytest.skip("no real Jenkins: it needs a JDK and Maven")
    if subprocess.run([ROOT / ".ci/jenkins", "war"], check=False, stdout=subprocess.DEVNULL).returncode:
        pytest.skip("no real Jenkins: it cannot be fetched")
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
