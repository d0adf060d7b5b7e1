"""Commands, run in this process."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from cutwater.cli.main import main
from tests.cutwater.cli.trees import write_tree


class Printed(NamedTuple):
    """What became of a command."""

    status: int
    out: str
    err: str


Command = Callable[..., Printed]


@pytest.fixture
def cutwater(capsys: pytest.CaptureFixture[str]) -> Command:
    """`cutwater("config", "render", …)`: as it is typed."""

    def run(*words: object) -> Printed:
        capsys.readouterr()
        status = main([str(word) for word in words])
        return Printed(status, *capsys.readouterr())

    return run


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A folder with a small configuration."""
    return write_tree(tmp_path / "tree")
