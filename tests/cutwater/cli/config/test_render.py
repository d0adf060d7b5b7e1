"""The configuration with all that is in force written out."""

from pathlib import Path

import pytest
import yaml

from tests.cutwater.cli.conftest import Command
from tests.cutwater.cli.trees import flags


def test_everything(cutwater: Command, tree: Path) -> None:
    whole = yaml.safe_load(cutwater("config", "render", *flags(tree)).out)
    assert whole["sinker"]["max_pod_age"] == "24h0m0s"
    assert whole["presubmits"]["acme/rocket"][0]["decoration_config"]["timeout"] == "1h0m0s"
    assert [job["name"] for job in whole["periodics"]] == ["nightly"]


def test_it_is_a_configuration(cutwater: Command, tree: Path, tmp_path: Path) -> None:
    once = cutwater("config", "render", *flags(tree)).out
    (tmp_path / "config.yaml").write_text(once)
    assert cutwater("config", "render", "--config-path", tmp_path / "config.yaml").out == once


@pytest.mark.parametrize(
    "words, names",
    [
        pytest.param(["unit"], {"presubmits": ["unit", "unit"]}, id="a name"),
        pytest.param(["publish", "nightly"], {"postsubmits": ["publish"], "periodics": ["nightly"]}, id="two names"),
        pytest.param(
            ["--repo=acme/rocket"], {"presubmits": ["unit", "unit", "docs"], "postsubmits": ["publish"]}, id="a repo"
        ),
    ],
)
def test_some_jobs(cutwater: Command, tree: Path, words: list[str], names: dict[str, list[str]]) -> None:
    found = yaml.safe_load(cutwater("config", "render", *words, *flags(tree)).out)
    jobs = {kind: held if isinstance(held, list) else held["acme/rocket"] for kind, held in found.items()}
    assert {kind: [job["name"] for job in held] for kind, held in jobs.items()} == names


@pytest.mark.parametrize(
    "words, says",
    [
        (["nihgtly"], "there is no job nihgtly; there is nightly"),
        (["--repo=acme/pad"], "acme/pad has no jobs"),
        (["unit", "--repo=acme/pad"], "there is no job unit of acme/pad"),
    ],
)
def test_what_is_said_otherwise(cutwater: Command, tree: Path, words: list[str], says: str) -> None:
    done = cutwater("config", "render", *words, *flags(tree))
    assert (done.status, done.out, says in done.err) == (1, "", True), done.err
