"""The configuration in force follows its sources, but into no mistake, and says what it does."""

import base64
import gzip
from pathlib import Path
from typing import Any

import pytest

from cutwater.errors import Later
from cutwater.events.compiled import CompiledConfiguration
from cutwater.events.origin import VARIABLE
from cutwater.events.pointer import NAME, NAMESPACE, Pointer, key_of, pointer_of
from cutwater.github.read import Reader
from cutwater.kube.client import CONFIG_MAP, EVENT
from tests import mortal
from tests.world import SECRET, World

CONFIG = "prowjob_namespace: default\n"
JOBS = "periodics: [{name: weather, interval: 30m, spec: {containers: [{image: x}]}}]\n"
WORSE = JOBS.replace("30m", "often")
PLUGINS = "plugins: {}\n"
MAPS = 'configMaps: {config: config, plugins: plugins, jobs: [job-config, "job-config-*"]}'
REPOSITORY = "repository: {name: acme/infra, branch: main, config: prow/config.yaml, jobs: [jobs]}"
MINUTE = 61.0


async def config_map(world: World, name: str, data: dict[str, str], binary: dict[str, bytes] | None = None) -> None:
    """Make a ConfigMap, or write it over the one that is there."""
    coded = {key: base64.b64encode(content).decode() for key, content in (binary or {}).items()}
    body = {"metadata": {"name": name}, "data": data, "binaryData": coded}
    if await world.kube.get(CONFIG_MAP, NAMESPACE, name) is None:
        await world.kube.create(CONFIG_MAP, NAMESPACE, body)
    else:
        await world.kube.replace(CONFIG_MAP, NAMESPACE, name, body)


async def pointer(world: World) -> Pointer:
    return pointer_of(await world.kube.get(CONFIG_MAP, NAMESPACE, NAME) or {})


async def periodics(world: World, folder: Path) -> list[str]:
    """The intervals in force, as a function finds them that starts now."""
    folder.mkdir(exist_ok=True)
    (folder / "in-force").write_text((await pointer(world)).in_force)
    found = await CompiledConfiguration(folder, lambda: world.state).current()
    return [job.interval for job in found.jobs.periodics]


async def announced(world: World) -> list[tuple[str, str, str]]:
    found: list[dict[str, Any]] = await world.kube.find(EVENT, NAMESPACE)
    return [
        (one["type"], one["reason"], one["message"]) for one in sorted(found, key=lambda one: one["firstTimestamp"])
    ]


async def furnished(world: World) -> None:
    """What an installation has: the pointer, and the three ConfigMaps."""
    await config_map(world, NAME, {})
    await config_map(world, "config", {"config.yaml": CONFIG})
    await config_map(world, "plugins", {"plugins.yaml": PLUGINS})
    await config_map(world, "job-config", {"weather.yaml": JOBS, "README.md": "no jobs"})


@pytest.mark.virtual
async def test_config_maps(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """From nothing, over a change and a mistake, to what mends it."""
    monkeypatch.setenv(VARIABLE, MAPS)
    async with World() as world:
        await furnished(world)
        await world.settle(MINUTE)
        first = await pointer(world)
        assert (first.by, first.before, first.refused) == ("its sources", (), "")
        assert await periodics(world, tmp_path) == ["30m"]

        await config_map(world, "job-config", {"weather.yaml": WORSE})
        await world.settle(MINUTE)
        wrong = await pointer(world)
        assert wrong.in_force == first.in_force
        assert wrong.refused.startswith('job-config/weather.yaml:1: periodics[0].interval: "often"')
        await world.settle(3 * MINUTE)
        assert [kind for kind, *_ in await announced(world)] == ["Normal", "Warning"], "a mistake is told once"
        assert wrong.refused in (await announced(world))[1][2]

        await config_map(world, "job-config", {"weather.yaml": JOBS.replace("30m", "10m")})
        await world.settle()
        assert await periodics(world, tmp_path) == ["10m"]
        assert (await pointer(world)).before == (first.in_force,)


@pytest.mark.virtual
async def test_what_config_updater_writes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Several maps of jobs, packed ones among them, and VERSION in each."""
    monkeypatch.setenv(VARIABLE, MAPS)
    async with World() as world:
        await furnished(world)
        await config_map(world, "config", {"config.yaml": CONFIG, "VERSION": "abc"})
        more = JOBS.replace("weather", "tides").replace("30m", "20m").encode()
        await config_map(world, "job-config-1", {"VERSION": "abc"}, {"tides.yaml": gzip.compress(more)})
        await world.settle(MINUTE)
        assert await periodics(world, tmp_path) == ["30m", "20m"]
        (tmp_path / "in-force").write_text((await pointer(world)).in_force)
        found = await CompiledConfiguration(tmp_path, lambda: world.state).current()
        assert found.prow.config_version_sha == "abc"


@pytest.mark.virtual
@pytest.mark.parametrize(
    ("missing", "says"),
    [
        pytest.param("config", "config/config.yaml: cannot be read: No such file or directory", id="a map"),
        pytest.param("job-config", "job-config: cannot be read: No such file or directory", id="the map of the jobs"),
    ],
)
async def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, missing: str, says: str) -> None:
    monkeypatch.setenv(VARIABLE, MAPS)
    async with World() as world:
        await furnished(world)
        await world.kube.delete(CONFIG_MAP, NAMESPACE, missing)
        await world.settle(MINUTE)
        assert (await pointer(world)).refused == says


@pytest.mark.virtual
async def test_gone_back_stays_until_the_sources_change(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(VARIABLE, MAPS)
    async with World() as world:
        await furnished(world)
        await world.settle(MINUTE)
        first = await pointer(world)
        await config_map(world, "job-config", {"weather.yaml": JOBS.replace("30m", "10m")})
        await world.settle(MINUTE)
        back = (await pointer(world)).to(first.in_force, by="alice", since="now")
        await world.kube.merge(CONFIG_MAP, NAMESPACE, NAME, {"data": back.keys})
        await config_map(world, "job-config", {"weather.yaml": JOBS.replace("30m", "10m"), "README.md": "read me"})
        await world.settle(3 * MINUTE)
        assert (await pointer(world)).by == "alice"
        await config_map(world, "job-config", {"weather.yaml": JOBS.replace("30m", "5m")})
        await world.settle()
        assert await periodics(world, tmp_path) == ["5m"]


@pytest.mark.virtual
async def test_a_repository(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A push is heard by hook, read by trees and blobs, and answered by a status on its commit."""
    monkeypatch.setenv(VARIABLE, REPOSITORY)
    async with World() as world:
        await config_map(world, NAME, {})
        files = {"prow/config.yaml": CONFIG, "jobs/weather.yaml": JOBS, "jobs/old/x.yaml": "no: [", "main.go": "x"}
        infra = world.github.repository(
            "acme/infra",
            files={**files, "jobs/.prowignore": "old/\n"},
            collaborators={"alice": "admin", "ci-robot": "write"},
            hook=("http://hook/hook", SECRET),
        )
        await world.settle(MINUTE)
        assert await periodics(world, tmp_path) == ["30m"]
        sha = await world.github.push(infra, "main", {"jobs/weather.yaml": WORSE}, author="alice")
        await world.settle()
        statuses = await Reader(world.functions.edges.github).statuses("acme", "infra", sha)
        assert [(one.context, one.state) for one in statuses] == [("cutwater/configuration", "failure")]
        assert (statuses[0].description or "").startswith("jobs/weather.yaml:1: periodics[0].interval")
        assert await periodics(world, tmp_path) == ["30m"]
        await world.github.push(infra, "main", {"jobs/weather.yaml": JOBS.replace("30m", "1h")}, author="alice")
        await world.settle()
        assert await periodics(world, tmp_path) == ["1h"]


@pytest.mark.slow
@pytest.mark.virtual
@pytest.mark.parametrize("after", [False, True], ids=["before it", "after it"])
@pytest.mark.parametrize("at", range(4))
async def test_killed_at_each_effect(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, at: int, after: bool) -> None:
    """The next look does the rest: in force, told once, and nothing named that is not there."""
    monkeypatch.setenv(VARIABLE, MAPS)
    count = -1

    async def apply(effect: Any, edges: Any) -> object:
        nonlocal count
        count += 1
        if count == at and not after:
            mortal.die()
        result: object = await effect.apply(edges)
        if count == at:
            mortal.die()
        return result

    async with World(apply=apply, around=mortal.around, store=mortal.MortalStore) as world:
        await furnished(world)
        await world.settle(3 * MINUTE)
        found = await pointer(world)
        assert await world.state.head(key_of(found.in_force)) is not None
        assert (found.told, found.before) == (found.considered, ())
        assert [kind for kind, *_ in await announced(world)] == ["Normal"]
        assert await periodics(world, tmp_path) == ["30m"]


@pytest.mark.virtual
async def test_a_file_that_is_not_what_its_name_says_is_not_opened(tmp_path: Path) -> None:
    async with World() as world:
        await world.state.put(key_of("0" * 64), b"something else")
        (tmp_path / "in-force").write_text("0" * 64)
        with pytest.raises(Later, match="has SHA-256"):
            await CompiledConfiguration(tmp_path, lambda: world.state).current()
