"""The local GitHub has the repositories that a user's own configuration names."""

from pathlib import Path

import pytest

from cutwater.config.configuration import Configuration
from cutwater.config.findings import Source
from cutwater.config.load import load
from cutwater.config.sources import Sources
from infra.local import own
from infra.local.github.server import GitHub
from infra.local.settings import Settings

JOBS = b"""
presubmits: {acme/rocket: [{name: a, spec: {containers: [{image: x}]}}]}
postsubmits: {acme/kite: [{name: b, spec: {containers: [{image: x}]}}]}
"""
PLUGINS = b"plugins: {acme/glider: {plugins: [trigger]}, other: {plugins: [trigger]}}\n"


def config(prow: str = "") -> Configuration:
    return load(
        Sources(Source("config.yaml", prow.encode()), (Source("jobs.yaml", JOBS),), Source("plugins.yaml", PLUGINS))
    )


def test_repositories() -> None:
    assert own.repositories(config()) == ["acme/glider", "acme/kite", "acme/rocket"]


def test_seeded_once(tmp_path: Path) -> None:
    settings = Settings(folder=tmp_path, config=tmp_path)
    assert own.seed(settings, config()) == own.seed(settings, config())
    with GitHub(tmp_path / "github", base_url=settings.github) as github:
        assert [one.full_name for one in github.hub.repositories] == ["acme/glider", "acme/kite", "acme/rocket"]
        assert {hook.url for hook in github.hub.hooks} == {f"{settings.deck}/hook"}
        assert len(list(github.hub.hooks)) == 3
    assert settings.secret("github-token") == "ghp_ci-robot"


@pytest.mark.parametrize(
    "bucket, foreign",
    [
        pytest.param("s3://artifacts", [], id="the local one"),
        pytest.param("our-logs", ["our-logs"], id="one at Google"),
        pytest.param("s3://our-logs", ["s3://our-logs"], id="another one"),
    ],
)
def test_foreign_buckets(bucket: str, foreign: list[str]) -> None:
    images = "{clonerefs: c, initupload: i, entrypoint: e, sidecar: s}"
    decoration = f"{{utility_images: {images}, gcs_configuration: {{bucket: '{bucket}', path_strategy: explicit}}}}"
    found = config(f"plank: {{default_decoration_config_entries: [{{config: {decoration}}}]}}\n")
    assert own.foreign_buckets(found) == foreign
