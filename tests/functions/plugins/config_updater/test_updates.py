"""Which files change which keys of which ConfigMaps."""

from collections.abc import Mapping

import pytest

from cutwater.github.types import PullFile
from functions.plugins.config_updater.updates import Place, maps_for
from tests.functions.plugins.scene import configuration

DEEP = "{config/**/*.yaml: {name: m, use_full_path_as_key: true}}"
GROUPS = """
{config/*: {name: m, cluster_groups: [near, far], use_full_path_as_key: true}}
cluster_groups: {near: {clusters: [a], namespaces: [ns]}, far: {clusters: [a, b], namespaces: [os, ""]}}
"""


def file(name: str, status: str = "modified", before: str = "") -> PullFile:
    return PullFile(filename=name, status=status, previous_filename=before)


def shown(maps: str, *files: PullFile, org: str = "acme", repo: str = "rocket") -> Mapping[str, list[str]]:
    """By `cluster/namespace/name`: `key=file`, or `-key` where it goes; `!` for what is packed."""
    section = f"config_updater: {{maps: {maps.strip().replace(chr(10), ', ')}}}"
    found = maps_for(configuration(section, "prowjob_namespace: prow"), org, repo).updates(files)
    return {
        f"{place.cluster}/{place.namespace}/{place.name}": [
            f"-{one.key}" if one.is_removed else f"{one.key}={one.file}{'!' if one.is_packed else ''}"
            for one in updates
        ]
        for place, updates in found.items()
    }


@pytest.mark.parametrize(
    "maps, files, after",
    [
        pytest.param("{}", [file("foo.txt")], {}, id="a file of no map"),
        pytest.param(
            "{}",
            [file("config/prow/config.yaml"), file("config/prow/plugins.yaml")],
            {
                "default/prow/config": ["config.yaml=config/prow/config.yaml"],
                "default/prow/plugins": ["plugins.yaml=config/prow/plugins.yaml"],
            },
            id="the usual maps",
        ),
        pytest.param(
            "{c/*.yaml: {name: m}}",
            [file("c/a.yaml"), file("c/b.yaml", "added")],
            {"default/prow/m": ["a.yaml=c/a.yaml", "b.yaml=c/b.yaml"]},
            id="two files of one map",
        ),
        pytest.param("{c/*: {name: m}}", [file("c/a", "removed")], {"default/prow/m": ["-a"]}, id="a removed file"),
        pytest.param(
            "{c/*: {name: m}}",
            [file("c/b", "renamed", "c/a")],
            {"default/prow/m": ["-a", "b=c/b"]},
            id="a renamed file: the old key goes",
        ),
        pytest.param(
            "{c/*: {name: m, key: k}}",
            [file("c/b", "renamed", "c/a")],
            {"default/prow/m": ["k=c/b"]},
            id="a renamed file under a fixed key",
        ),
        pytest.param(
            "{c/*: {name: m}}", [file("d/b", "renamed", "c/a")], {"default/prow/m": ["-a"]}, id="renamed out of a map"
        ),
        pytest.param(
            "{c/*: {name: m}}", [file("c/b", "renamed", "d/a")], {"default/prow/m": ["b=c/b"]}, id="renamed into one"
        ),
        pytest.param(
            "{c/*: {name: m}, d/*: {name: other}}",
            [file("d/b", "renamed", "c/a")],
            {"default/prow/m": ["-a"], "default/prow/other": ["b=d/b"]},
            id="renamed from one to another",
        ),
        pytest.param(
            DEEP,
            [file("config/a.yaml"), file("config/x/y/b.yaml"), file("config/x/c.txt")],
            {"default/prow/m": ["config-a.yaml=config/a.yaml", "config-x-y-b.yaml=config/x/y/b.yaml"]},
            id="full paths as keys, in any folder",
        ),
        pytest.param(
            "{'{a,b}/*.yaml': {name: m}}",
            [file("b/c.yaml")],
            {"default/prow/m": ["c.yaml=b/c.yaml"]},
            id="alternatives",
        ),
        pytest.param("{c/*: {name: m, gzip: true}}", [file("c/a")], {"default/prow/m": ["a=c/a!"]}, id="packed"),
        pytest.param(
            "{c/*: {name: m}}, gzip: true", [file("c/a")], {"default/prow/m": ["a=c/a!"]}, id="all are packed"
        ),
        pytest.param(
            "{c/*: {name: m, gzip: false}}, gzip: true",
            [file("c/a")],
            {"default/prow/m": ["a=c/a"]},
            id="but for this one",
        ),
        pytest.param(
            "{c/*: {partitioned_names: [one, two]}}",
            [file("c/even.yaml"), file("c/fejta.yaml")],
            {"default/prow/one": ["even.yaml=c/even.yaml"], "default/prow/two": ["fejta.yaml=c/fejta.yaml"]},
            id="partitions",
        ),
        pytest.param(
            "{c/*: {name: m, clusters: {default: ['', ns], far: [ns]}}}",
            [file("c/a")],
            {"default/prow/m": ["a=c/a"], "default/ns/m": ["a=c/a"], "far/ns/m": ["a=c/a"]},
            id="clusters and namespaces",
        ),
        pytest.param(
            "{c/a: {name: m, clusters: {default: ['']}}, c/b: {name: m, clusters: {default: [prow]}}}",
            [file("c/a"), file("c/b")],
            {"default/prow/m": ["a=c/a", "b=c/b"]},
            id="one map under both its namespaces",
        ),
        pytest.param(
            GROUPS,
            [file("config/a")],
            {name: ["config-a=config/a"] for name in ("a/ns/m", "a/os/m", "a/prow/m", "b/os/m", "b/prow/m")},
            id="groups of clusters",
        ),
    ],
)
def test_updates(maps: str, files: list[PullFile], after: dict[str, list[str]]) -> None:
    assert shown(maps, *files) == after


@pytest.mark.parametrize(
    "rule, is_allowed",
    [
        ("", True),
        ("allowed_repos: [acme/rocket]", True),
        ("allowed_repos: [acme]", True),
        ("allowed_repos: [acme/plane]", False),
        ("denied_repos: [acme/rocket]", False),
        ("denied_repos: [acme]", False),
        ("denied_repos: [acme/plane]", True),
        ("allowed_repos: [acme/rocket], denied_repos: [acme]", False),
        ("allowed_repos: [acme], denied_repos: [acme/rocket]", False),
        ("cluster_groups: [g], denied_repos: [acme]", False),
    ],
)
def test_who_may_write(rule: str, is_allowed: bool) -> None:
    maps = f"{{c/*: {{name: m, {rule}}}}}, cluster_groups: {{g: {{clusters: [default], namespaces: [ns]}}}}"
    assert bool(shown(maps, file("c/a"))) == is_allowed


def test_places_are_told_as_upstream_tells_them() -> None:
    assert str(Place("m", "n", "c")) == "`m` configmap in namespace `n` at cluster `c`"
