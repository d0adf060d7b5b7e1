"""plugins.yaml and its supplemental files together: what merges, in which order, and what clashes."""

from typing import Any

import pytest

from cutwater.config.configuration import Configuration
from cutwater.config.findings import ConfigError, Source
from cutwater.config.load import load
from cutwater.config.sections import Bugzilla, Label
from cutwater.config.sources import Sources
from functions.plugins.approve.section import ApproveSettings
from functions.plugins.sections import SECTIONS


def together(*texts: str) -> Configuration:
    """plugins.yaml, and what is beside it."""
    main, *more = (Source(f"{index}.yaml", text.encode()) for index, text in enumerate(texts))
    return load(Sources(Source("config.yaml", b""), plugins=main, supplemental_plugins=tuple(more)), sections=SECTIONS)


def enabled(config: Configuration) -> dict[str, tuple[str, ...]]:
    return {name: entry.plugins for name, entry in config.plugins.general.plugins.items()}


def test_plugins_of_both() -> None:
    found = together("plugins: {org/repo: [wip]}", "plugins: {org/repo2: {plugins: [wip]}}")
    assert enabled(found) == {"org/repo": ("wip",), "org/repo2": ("wip",)}


@pytest.mark.parametrize(
    "texts",
    [
        pytest.param(("", "plugins: {a: {plugins: [wip]}}"), id="into nothing"),
        pytest.param(("plugins: {a: {plugins: [wip]}}", ""), id="of nothing"),
    ],
)
def test_nothing_changes_nothing(texts: tuple[str, ...]) -> None:
    assert enabled(together(*texts)) == {"a": ("wip",)}


@pytest.mark.parametrize("section", ["approve", "lgtm", "triggers", "welcome"])
def test_lists_are_put_one_after_the_other(section: str) -> None:
    found = together(f"{section}: [{{repos: [foo/bar]}}]", f"{section}: [{{repos: [foo/baz]}}]")
    assert [entry["repos"] for entry in found.plugins.sections[section]] == [["foo/bar"], ["foo/baz"]]


def test_a_plugin_gets_both_in_its_own_type() -> None:
    found = together("approve: [{repos: [foo/bar]}]", "approve: [{repos: [foo/baz], issue_required: true}]")
    wanted: Any = tuple[ApproveSettings, ...]
    assert found.plugins.section("approve", wanted) == (
        ApproveSettings(repos=("foo/bar",)),
        ApproveSettings(repos=("foo/baz",), issue_required=True),
    )


def test_external_plugins_of_both() -> None:
    found = together("external_plugins: {foo/bar: [{name: a}]}", "external_plugins: {foo/baz: [{name: b}]}")
    assert {key: entries[0].name for key, entries in found.plugins.general.external_plugins.items()} == {
        "foo/bar": "a",
        "foo/baz": "b",
    }


def test_additional_and_restricted_labels() -> None:
    found = together("label: {additional_labels: [foo]}", "label: {restricted_labels: {org: [{label: l}]}}")
    label = found.plugins.section("label", Label)
    assert (label.additional_labels, label.restricted_labels["org"][0].label) == (("foo",), "l")


def test_bugzilla_of_an_organisation_and_of_its_repository() -> None:
    found = together(
        "bugzilla: {orgs: {org: {default: {'*': {is_open: true}}}}}",
        "bugzilla: {orgs: {org: {repos: {repo: {branches: {main: {is_open: false}}}}}}}",
    )
    org = found.plugins.section("bugzilla", Bugzilla).orgs["org"]
    assert (org.default["*"].is_open, org.repos["repo"].branches["main"].is_open) == (True, False)


@pytest.mark.parametrize(
    "first, second, wrong",
    [
        pytest.param(
            "plugins: {org/repo-1: {plugins: [a]}}",
            "plugins: {org/repo-1: {plugins: [b]}}",
            '1.yaml:1: plugins["org/repo-1"]: found duplicate config for plugins["org/repo-1"], first in 0.yaml:1',
            id="a repository's plugins",
        ),
        pytest.param(
            "external_plugins: {foo/bar: [{name: a}]}",
            "external_plugins: {foo/bar: [{name: b}]}",
            '1.yaml:1: external_plugins["foo/bar"]: found duplicate config',
            id="external plugins",
        ),
        pytest.param(
            "bugzilla: {default: {'*': {}}}",
            "bugzilla: {default: {main: {}}}",
            "1.yaml:1: bugzilla.default: found duplicate config for bugzilla.default, first in 0.yaml:1",
            id="bugzilla for all",
        ),
        pytest.param(
            "bugzilla: {orgs: {org: {default: {'*': {}}}}}",
            "bugzilla: {orgs: {org: {default: {'*': {}}}}}",
            "1.yaml:1: bugzilla.orgs.org.default: found duplicate",
            id="bugzilla for an organisation",
        ),
        pytest.param(
            "bugzilla: {orgs: {org: {repos: {repo-1: {}}}}}",
            "bugzilla: {orgs: {org: {repos: {repo-1: {}}}}}",
            "1.yaml:1: bugzilla.orgs.org.repos.repo-1: found duplicate",
            id="bugzilla for a repository",
        ),
        pytest.param(
            "label: {restricted_labels: {org: [{label: l}]}}",
            "label: {restricted_labels: {org: [{label: l}]}}",
            "there are multiple label.restricted_labels configs for label l, first in 0.yaml:1",
            id="a restricted label",
        ),
        pytest.param(
            "approve: [{repos: [org]}]",
            "approve: [{repos: [org]}]",
            '1.yaml:1: approve[0].repos[0]: the org "org" is duplicated, first in 0.yaml:1',
            id="who approves",
        ),
        pytest.param("", "size: {s: 5, m: 6, l: 7, xl: 8, xxl: 9}", "1.yaml:1: size: doesn't support", id="a section"),
        pytest.param("", "owners: {skip_collaborators: [a]}", "1.yaml:1: owners: doesn't support merging", id="owners"),
    ],
)
def test_what_clashes(first: str, second: str, wrong: str) -> None:
    with pytest.raises(ConfigError) as error:
        together(first, second)
    assert wrong in str(error.value)


@pytest.mark.parametrize(
    "text, about",
    [
        pytest.param("plugins: {a: [wip]}", "plugins: uses a deprecated style", id="the old style"),
        pytest.param("size: {}", "plugins: no plugins specified", id="no plugins"),
        pytest.param(
            "plugins: {a: {}}\ntriggers: [{trusted_org: b}]",
            'triggers[0].trusted_org: "b"',
            id="a trusted organisation",
        ),
        pytest.param(
            "plugins: {a: {}}\nrepo_milestone: {a/b: {maintainers_id: 5}}",
            "maintainers_id is deprecated",
            id="a team's id",
        ),
    ],
)
def test_what_is_deprecated(text: str, about: str) -> None:
    (warning,) = together(text).warnings
    assert about in str(warning) and warning.kind == ""


def test_keys_in_any_case() -> None:
    assert enabled(together("PLUGINS: {a: {plugins: [wip]}}")) == {"a": ("wip",)}
