"""The configuration in force follows the user's files, but into no mistake."""

import os
from pathlib import Path

import pytest

from cutwater.config.findings import ConfigError
from cutwater.errors import Later
from cutwater.events.compiled import CompiledConfiguration
from cutwater.storage.store import Store
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


async def in_force(settings: Settings) -> list[str]:
    """The intervals of the periodics, as a function finds them that starts now."""
    found = await CompiledConfiguration(settings.in_force, no_bucket).current()
    return [job.interval for job in found.jobs.periodics]


def no_bucket() -> Store:
    raise Later("there is no bucket here")


async def test_first(settings: Settings) -> None:
    found = InForce(settings).follow()
    assert found is not None
    assert [job.name for job in found.jobs.periodics] == ["weather"]
    assert await in_force(settings) == ["30m"]


def test_nothing_changed(settings: Settings) -> None:
    follower = InForce(settings)
    follower.follow()
    assert follower.follow() is None


async def test_good_change(settings: Settings) -> None:
    follower = InForce(settings)
    follower.follow()
    write_jobs(settings, BETTER)
    assert follower.follow() is not None
    assert await in_force(settings) == ["10m"]


async def test_bad_change_changes_nothing_and_is_said_once(settings: Settings) -> None:
    follower = InForce(settings)
    follower.follow()
    write_jobs(settings, BAD)
    with pytest.raises(ConfigError, match=r'jobs\.yaml:1: periodics\[0\]\.interval: "often"'):
        follower.follow()
    assert follower.follow() is None
    assert await in_force(settings) == ["30m"]


async def test_file_that_is_gone(settings: Settings) -> None:
    follower = InForce(settings)
    follower.follow()
    settings.config.unlink()
    with pytest.raises(FileNotFoundError):
        follower.follow()
    assert follower.follow() is None
    assert await in_force(settings) == ["30m"]


async def test_back_again(settings: Settings) -> None:
    """A version that was in force before is put in force again; no more than two are kept."""
    follower = InForce(settings)
    for interval in ("30m", "10m", "30m", "5m"):
        write_jobs(settings, GOOD.replace("30m", interval))
        follower.follow()
        assert await in_force(settings) == [interval]
    assert len(list(settings.in_force.iterdir())) == 3, "the pointer and two files"


async def test_a_function_that_runs_follows(settings: Settings) -> None:
    follower = InForce(settings)
    follower.follow()
    function = CompiledConfiguration(settings.in_force, no_bucket)
    assert await function.current() is await function.current()
    write_jobs(settings, BETTER)
    follower.follow()
    assert [job.interval for job in (await function.current()).jobs.periodics] == ["10m"]
    (settings.in_force / "in-force").write_text("f" * 64)
    assert [job.interval for job in (await function.current()).jobs.periodics] == ["10m"], (
        "what cannot be loaded is not"
    )
