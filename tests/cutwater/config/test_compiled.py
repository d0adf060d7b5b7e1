from pathlib import Path

import pytest

from cutwater.config import compiled, sections
from cutwater.config.configuration import Configuration
from cutwater.events.configuration import Files
from functions.plugins.sections import SECTIONS
from tests.cutwater.config.configured import POD, configured
from tests.cutwater.config.test_plugins import Settings

CONFIG = """
sinker: {max_pod_age: 90m}
tide: {queries: [{orgs: [acme]}], merge_method: {acme: {rocket: {main: squash}}}}
plank: {default_decoration_config_entries: [{config: {timeout: 2h, default_memory_request: 1Gi}}]}
presets: [{labels: {a: b}}]
"""
JOBS = f"""
presubmits: {{acme/rocket: [{{name: a, {POD}}}], acme/engine: [{{name: b, {POD}, branches: [main]}}]}}
postsubmits: {{acme/rocket: [{{name: c, {POD}, always_run: false}}]}}
periodics: [{{name: d, interval: 1h, {POD}}}]
"""
PLUGINS = "plugins: {acme: {plugins: [loud]}}\nloud: {note: on}\nother: {x: on}"


@pytest.fixture
def whole() -> Configuration:
    return configured(CONFIG, jobs=JOBS, plugins=PLUGINS)


def test_what_is_written_is_read(whole: Configuration) -> None:
    again = compiled.read(compiled.write(whole))
    assert (again.prow, again.digest) == (whole.prow, whole.digest)
    assert dict(again.jobs.presubmits) == dict(whole.jobs.presubmits)
    assert dict(again.jobs.postsubmits) == dict(whole.jobs.postsubmits)
    assert (tuple(again.jobs.periodics), tuple(again.jobs.presets)) == (whole.jobs.periodics, whole.jobs.presets)
    assert again.jobs.repositories == {"acme/rocket", "acme/engine"}
    assert again.plugins.enabled_for("acme", "any") == ("loud",)


def test_the_same_configuration_gives_the_same_bytes(whole: Configuration) -> None:
    content = compiled.write(whole)
    assert content == compiled.write(configured(CONFIG, jobs=JOBS, plugins=PLUGINS))
    assert content == compiled.write(compiled.read(content))


def test_sections_are_typed_while_their_text_is_known(whole: Configuration) -> None:
    again = compiled.read(compiled.write(whole, sections={"loud": Settings, "absent": Settings}))
    assert again.plugins.section("loud", Settings) == Settings(note="true")
    assert again.plugins.sections == {"loud": {"repos": [], "quiet": False, "note": "true"}, "other": {"x": True}}
    assert again.plugins.section("absent", tuple[Settings, ...]) == ()


def test_a_repository_is_decoded_when_it_is_asked_for(whole: Configuration) -> None:
    content = compiled.write(whole)
    again = compiled.read(content[:-4] + b"\0\0\0\0")  # the last part: acme/rocket's postsubmits
    assert [job.name for job in again.jobs.presubmits_of("acme", "rocket")] == ["a"]
    with pytest.raises(ValueError, match="damaged"):
        again.jobs.postsubmits_of("acme", "rocket")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("config", "plugins", "jobs"),
    [
        ("kubernetes/config/prow/config.yaml", "kubernetes/config/prow/plugins.yaml", "kubernetes/config/jobs"),
        ("synthetic/config.yaml", "synthetic/plugins.yaml", "synthetic/jobs"),
    ],
)
def test_what_is_read_of_the_corpora_is_what_was_loaded(corpus: Path, config: str, plugins: str, jobs: str) -> None:
    """Every field of every job and section."""
    typed = {**sections.SECTIONS, **SECTIONS}
    loaded = Files(corpus / config, (corpus / jobs,), corpus / plugins).read(SECTIONS)
    again = compiled.read(compiled.write(loaded, sections=SECTIONS))
    assert again.prow == loaded.prow
    assert dict(again.jobs.presubmits) == dict(loaded.jobs.presubmits)
    assert dict(again.jobs.postsubmits) == dict(loaded.jobs.postsubmits)
    assert (tuple(again.jobs.periodics), tuple(again.jobs.presets)) == (loaded.jobs.periodics, loaded.jobs.presets)
    assert again.plugins.general == loaded.plugins.general
    for name in typed:
        assert again.plugins.section(name, typed[name]) == loaded.plugins.section(name, typed[name])
    assert again.digest == loaded.digest


def test_something_else_is_refused() -> None:
    with pytest.raises(ValueError, match="not a compiled configuration"):
        compiled.read(b"presubmits: {}")
