"""Which files are a configuration's, and when it is read again."""

import os
from pathlib import Path

import pytest

from cutwater.errors import Later
from cutwater.events.configuration import FileConfiguration, Files, job_files
from tests.cutwater.config.configured import POD


def written(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def names(root: Path) -> list[str]:
    return [path.relative_to(root).as_posix() for path in job_files(root)]


FOUR = {"bar_1.yaml": "", "foo.yaml": "", "subdir/baz.yaml": "", "subdir/qux.yml": "", "README.md": ""}


@pytest.mark.parametrize(
    "ignored, found",
    [
        pytest.param({}, ["bar_1.yaml", "foo.yaml", "subdir/baz.yaml", "subdir/qux.yml"], id="nothing is left out"),
        pytest.param({".prowignore": "*.yaml\n*.yml"}, [], id="everything is"),
        pytest.param({".prowignore": "bar_*.yaml"}, ["foo.yaml", "subdir/baz.yaml", "subdir/qux.yml"], id="one"),
        pytest.param({".prowignore": "subdir/"}, ["bar_1.yaml", "foo.yaml"], id="a folder"),
        pytest.param({"subdir/.prowignore": "*.yaml"}, ["bar_1.yaml", "foo.yaml", "subdir/qux.yml"], id="within one"),
    ],
)
def test_what_is_left_out(tmp_path: Path, ignored: dict[str, str], found: list[str]) -> None:
    assert names(written(tmp_path, FOUR | ignored)) == found


def test_a_mounted_configmap_is_read_once(tmp_path: Path) -> None:
    written(tmp_path, {"..2026/jobs.yaml": ""})
    (tmp_path / "..data").symlink_to("..2026")
    (tmp_path / "jobs.yaml").symlink_to("..data/jobs.yaml")
    assert names(tmp_path) == ["jobs.yaml"]


def test_one_file_is_its_own_folder(tmp_path: Path) -> None:
    assert list(job_files(written(tmp_path, {"a.yaml": ""}) / "a.yaml")) == [tmp_path / "a.yaml"]


def test_folders_of_everything(tmp_path: Path) -> None:
    written(
        tmp_path,
        {
            "config.yaml": "log_level: debug",
            "VERSION": "v1",
            "plugins.yaml": "plugins: {acme: {plugins: [wip]}}",
            "jobs/a.yaml": f"periodics: [{{name: a, interval: 1h, {POD}}}]",
            "more.yaml": f"periodics: [{{name: b, interval: 1h, {POD}}}]",
            "prow/umbrella_prowconfig.yaml": "tide: {queries: [{orgs: [umbrella]}]}",
            "prow/other.yaml": "sinker: {max_pod_age: 1h}",
            "plugins/umbrella_pluginconfig.yaml": "plugins: {umbrella: {plugins: [wip]}}",
        },
    )
    config = Files(
        tmp_path / "config.yaml",
        jobs=(tmp_path / "jobs", tmp_path / "more.yaml"),
        plugins=tmp_path / "plugins.yaml",
        supplemental=(tmp_path / "prow",),
        supplemental_plugins=(tmp_path / "plugins",),
    ).read()
    assert [job.name for job in config.jobs.periodics] == ["a", "b"]
    assert (config.prow.log_level, config.prow.config_version_sha) == ("debug", "v1")
    assert [query.orgs for query in config.prow.tide.queries] == [("umbrella",)]
    assert set(config.plugins.general.plugins) == {"acme", "umbrella"}


@pytest.mark.parametrize(
    "suffix, found",
    [pytest.param("extra.yaml", {"a", "b"}, id="its own suffix"), pytest.param("", {"a"}, id="no suffix is no file")],
)
def test_suffix_of_plugins(tmp_path: Path, suffix: str, found: set[str]) -> None:
    written(tmp_path, {"plugins.yaml": "plugins: {a: {plugins: [wip]}}", "more/x-extra.yaml": "plugins: {b: {}}"})
    files = Files(
        written(tmp_path, {"config.yaml": ""}) / "config.yaml",
        plugins=tmp_path / "plugins.yaml",
        supplemental_plugins=(tmp_path / "more",),
        supplemental_plugins_suffix=suffix,
    )
    assert set(files.read().plugins.general.plugins) == found


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"jobs/new.yaml": ""}, id="a file comes"),
        pytest.param({"jobs/a.yaml": "periodics: []"}, id="a file changes"),
        pytest.param({"jobs/.prowignore": "a.yaml"}, id="a file is left out"),
        pytest.param({"VERSION": "v2"}, id="a version"),
    ],
)
def test_what_changes_the_stamp(tmp_path: Path, change: dict[str, str]) -> None:
    written(tmp_path, {"config.yaml": "", "jobs/a.yaml": ""})
    files = Files(tmp_path / "config.yaml", jobs=(tmp_path / "jobs",))
    before = files.stamp()
    assert files.stamp() == before
    written(tmp_path, change)
    assert files.stamp() != before


async def test_the_last_good_one_stays(tmp_path: Path) -> None:
    config = written(tmp_path, {"config.yaml": "log_level: debug"}) / "config.yaml"
    configuration = FileConfiguration(Files(config))
    good = await configuration.current()
    assert await configuration.current() is good
    config.write_text("log_level: [")
    assert await configuration.current() is good
    config.write_text("log_level: warn")
    os.utime(config, ns=(1, 1))
    assert (await configuration.current()).prow.log_level == "warn"


async def test_there_never_was_a_good_one(tmp_path: Path) -> None:
    config = written(tmp_path, {"config.yaml": "log_level: loud"}) / "config.yaml"
    with pytest.raises(Later, match=r'config\.yaml:1: log_level: "loud" is not one of'):
        await FileConfiguration(Files(config)).current()
