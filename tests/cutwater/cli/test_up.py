"""`cutwater up` and `cutwater demo`, asked for what they cannot do: they say why, at once, and start nothing."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.settings import Ports, Settings

CONFIG = "prowjob_namespace: default\n"
WRONG = """
periodics:
  - name: weather
    interval: 30m
    max_concurrency: many
    spec: {containers: [{image: x}]}
"""


def cutwater(*arguments: object) -> tuple[int, str]:
    """The exit status, and what was said on either stream."""
    command = [sys.executable, "-m", "cutwater.cli.main", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def free_port() -> int:
    """The first of five ports that nobody listens on."""
    return next(first for first in range(20_000, 60_000, 5) if all(map(is_free, range(first, first + 5))))


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


@pytest.fixture
def busy_port() -> Iterator[int]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening.getsockname()[1]


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments, says",
    [
        pytest.param([], "SUBCOMMAND", id="no subcommand"),
        pytest.param(["down"], "invalid choice: 'down'", id="no such subcommand"),
        pytest.param(["up", "--port", "many"], "invalid int value: 'many'", id="no number"),
        pytest.param(["demo", "--fast"], "unrecognized arguments: --fast", id="no such option"),
    ],
)
def test_arguments(arguments: list[str], says: str) -> None:
    status, said = cutwater(*arguments)
    assert (status, says in said) == (2, True), said


@pytest.mark.slow
@pytest.mark.parametrize("command", ["up", "demo"])
def test_busy_port(command: str, busy_port: int, tmp_path: Path) -> None:
    state = ["--state", tmp_path / "state"] if command == "up" else []
    status, said = cutwater(command, "--port", busy_port, *state)
    assert (status, said) == (1, f"cutwater {command}: port {busy_port} is taken; choose others with --port\n")


def test_folder_of_another_port(free_port: int, tmp_path: Path) -> None:
    before = Settings(folder=tmp_path, ports=Ports(front=free_port + 1), config=tmp_path)
    before.write()
    status, said = cutwater("up", "--port", free_port, "--state", tmp_path)
    assert status == 1
    assert f"{tmp_path} was made for port {free_port + 1}" in said


def test_configuration_that_is_wrong(free_port: int, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(CONFIG)
    (tmp_path / "jobs.yaml").write_text(WRONG)
    places = ["--config-path", tmp_path / "config.yaml", "--job-config-path", tmp_path / "jobs.yaml"]
    status, said = cutwater("up", "--port", free_port, "--state", tmp_path / "state", *places)
    assert status == 1
    assert f'{tmp_path}/jobs.yaml:5: periodics[0].max_concurrency: "many" is not a whole number' in said
    assert not (tmp_path / "state").exists(), "nothing was begun"


def test_configuration_that_is_not_there(free_port: int, tmp_path: Path) -> None:
    missing = tmp_path / "config.yaml"
    status, said = cutwater("up", "--port", free_port, "--state", tmp_path / "state", "--config-path", missing)
    assert (status, said) == (1, f"cutwater up: {missing}: No such file or directory\n")


def test_jobs_without_a_configuration(tmp_path: Path) -> None:
    status, said = cutwater("up", "--job-config-path", tmp_path)
    assert (status, "--config-path is missing" in said) == (1, True)
