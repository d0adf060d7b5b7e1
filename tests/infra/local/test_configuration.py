"""The configuration in force follows the user's files, but into no mistake."""

import os
from pathlib import Path

import pytest

from cutwater.config.findings import ConfigError
from infra.local.configuration import InForce
from infra.local.settings import Settings

GOOD = "periodics: [{name: weather, interval: 30m, spec: {containers: [{image: x}]}}]\n"
BETTER = GOOD.replace("30m", "10m")
BAD = GOOD.replace("30m", "often")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    mine = tmp_path / "mine"
    (mine / "jobs" / "deep").mkdir(parents=True)
    (mine / "config.yaml").write_text("prowjob_namespace: default\n")
    (mine / "jobs" / "deep" / "jobs.yaml").write_text(GOOD)
    (mine / "plugins.yaml").write_text("plugins: {}\n")
    return Settings(folder=tmp_path, config=mine / "config.yaml", jobs=mine / "jobs", plugins=mine / "plugins.yaml")


def write_jobs(settings: Settings, text: str) -> None:
    assert settings.jobs is not None
    path = settings.jobs / "deep" / "jobs.yaml"
    later = path.stat().st_mtime + 1
    path.write_text(text)
    os.utime(path, (later, later))


def jobs_in_force(settings: Settings) -> str:
    return (settings.in_force / "jobs" / "deep" / "jobs.yaml").read_text()


def test_first(settings: Settings) -> None:
    found = InForce(settings).follow()
    assert found is not None
    assert [job.name for job in found.jobs.periodics] == ["weather"]
    assert jobs_in_force(settings) == GOOD
    assert (settings.in_force / "plugins.yaml").read_text() == "plugins: {}\n"


def test_nothing_changed(settings: Settings) -> None:
    in_force = InForce(settings)
    in_force.follow()
    assert in_force.follow() is None


def test_good_change(settings: Settings) -> None:
    in_force = InForce(settings)
    in_force.follow()
    write_jobs(settings, BETTER)
    assert in_force.follow() is not None
    assert jobs_in_force(settings) == BETTER


def test_bad_change_changes_nothing_and_is_said_once(settings: Settings) -> None:
    in_force = InForce(settings)
    in_force.follow()
    write_jobs(settings, BAD)
    with pytest.raises(ConfigError, match=r'jobs\.yaml:1: periodics\[0\]\.interval: "often"'):
        in_force.follow()
    assert in_force.follow() is None
    assert jobs_in_force(settings) == GOOD


def test_file_that_is_gone(settings: Settings) -> None:
    in_force = InForce(settings)
    in_force.follow()
    settings.config.unlink()
    with pytest.raises(FileNotFoundError):
        in_force.follow()
    assert in_force.follow() is None
    assert jobs_in_force(settings) == GOOD


def test_back_again(settings: Settings) -> None:
    """A version that was in force before is put in force again; no more than two are kept."""
    in_force = InForce(settings)
    for text in (GOOD, BETTER, GOOD, BETTER.replace("10m", "5m")):
        write_jobs(settings, text)
        in_force.follow()
        assert jobs_in_force(settings) == text
    assert len([entry for entry in settings.in_force.parent.iterdir() if not entry.is_symlink()]) == 2
