"""`cutwater config compile`: a file, under its own SHA-256."""

import hashlib
from pathlib import Path

from cutwater.config import compiled
from tests.cutwater.cli.conftest import Command
from tests.cutwater.cli.trees import flags


def test_a_file(cutwater: Command, tree: Path, tmp_path: Path) -> None:
    done = cutwater("config", "compile", "--output", tmp_path / "out", *flags(tree))
    content = (tmp_path / "out").read_bytes()
    assert (done.status, done.out) == (0, f"{hashlib.sha256(content).hexdigest()}\n")
    assert compiled.read(content).jobs.repositories


def test_nowhere(cutwater: Command, tree: Path) -> None:
    done = cutwater("config", "compile", *flags(tree))
    assert (done.status, done.err) == (1, "cutwater config compile: where to? say --output FILE or --state BUCKET\n")


def test_nothing_is_written_of_a_wrong_one(cutwater: Command, tree: Path, tmp_path: Path) -> None:
    (tree / "jobs.yaml").write_text("periodics: [{name: x, interval: often}]")
    done = cutwater("config", "compile", "--output", tmp_path / "out", *flags(tree))
    assert done.status == 1
    assert not (tmp_path / "out").exists()
