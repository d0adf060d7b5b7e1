"""A merged change of the configuration itself comes in force: config-updater writes it, configuration compiles it."""

from pathlib import Path

import pytest

from cutwater.events.compiled import CompiledConfiguration
from cutwater.events.origin import VARIABLE
from cutwater.events.pointer import NAME, NAMESPACE, pointer_of
from cutwater.kube.client import CONFIG_MAP
from tests.world import World, configuration

CONFIG = f"prowjob_namespace: {NAMESPACE}\n"
JOBS = "periodics: [{{name: {}, interval: {}, spec: {{containers: [{{image: x}}]}}}}]\n"
PLUGINS = """
plugins: {acme/rocket: {plugins: [config-updater]}}
config_updater:
  maps:
    prow/config.yaml: {name: config}
    prow/plugins.yaml: {name: plugins}
    prow/jobs/**/*.yaml: {name: job-config, use_full_path_as_key: true, gzip: true}
"""
FILES = {
    "prow/config.yaml": CONFIG,
    "prow/plugins.yaml": PLUGINS,
    "prow/jobs/a/weather.yaml": JOBS.format("weather", "30m"),
}


@pytest.mark.virtual
async def test_a_merged_change_comes_in_force(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(VARIABLE, "configMaps: {config: config, plugins: plugins, jobs: [job-config]}")
    async with World(configuration(CONFIG, "{}", PLUGINS)) as world:
        await world.kube.create(CONFIG_MAP, NAMESPACE, {"metadata": {"name": NAME}})
        for files in (FILES, {"prow/jobs/a/weather.yaml": None, "prow/jobs/b/tides.yaml": JOBS.format("tides", "20m")}):
            change = await world.github.pull_request(world.rocket, author="bob", files=files)
            sha = await change.merge("alice")
            await world.settle(62.0)
        pointer = pointer_of(await world.kube.get(CONFIG_MAP, NAMESPACE, NAME) or {})
        (tmp_path / "in-force").write_text(pointer.in_force)
        found = await CompiledConfiguration(tmp_path, lambda: world.state).current()
        assert pointer.refused == ""
        assert [(job.name, job.interval) for job in found.jobs.periodics] == [("tides", "20m")]
        jobs = await world.kube.get(CONFIG_MAP, NAMESPACE, "job-config")
        assert jobs is not None
        assert (jobs["data"], list(jobs["binaryData"])) == ({"VERSION": sha}, ["prow-jobs-b-tides.yaml"])
        assert [text.partition(" using")[0] for _, text in change.comments] == [
            "@bob: Updated the `job-config` configmap in namespace `cutwater` at cluster `default`"
        ]
