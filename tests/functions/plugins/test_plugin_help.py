"""Help, made of what plugins declare."""

import msgspec

from cutwater.config.plugins import OURS
from functions.plugins.every import PLUGINS
from functions.plugins.plugin_help import help_for, help_of
from tests.functions.plugins.scene import configuration

CONFIG = """
plugins: {acme: {plugins: [hold]}, other/one: {plugins: [wip]}}
external_plugins: {acme/rocket: [{name: refresh}]}
"""


def test_a_plugin_says_what_prow_says() -> None:
    said = msgspec.json.decode(msgspec.json.encode(help_of(PLUGINS["hold"], configuration(CONFIG), [])))
    assert list(said) == ["Description", "Config", "Events", "Commands"]
    assert said["Events"] == ["GenericCommentEvent (any event for user text)"]
    (command,) = said["Commands"]
    assert command["Usage"] == "/hold [cancel]"
    assert (command["WhoCanUse"], command["Featured"]) == ("Anyone.", False)
    assert command["Examples"] == ["/hold", "/hold cancel", "/unhold", "/remove-hold"]


def test_what_is_typed_daily_comes_first() -> None:
    first = {command.name for plugin in PLUGINS.values() for command in plugin.commands if command.is_featured}
    assert {"test", "retest", "lgtm", "approve", "assign", "cc", "cherrypick"} <= first


def test_all_of_it() -> None:
    found = help_for(configuration(CONFIG), PLUGINS, known={"acme": ["acme/rocket", "acme/launcher"]})
    assert found.all_repos == ("acme/launcher", "acme/rocket", "other/one")
    assert found.repo_plugins["acme"] == ("hold",)
    assert set(found.repo_plugins[""]) == set(PLUGINS) - OURS == set(found.plugin_help)
    assert found.repo_external_plugins == {"acme/rocket": ("refresh",), "": ("refresh",)}
    assert found.external_plugin_help["refresh"].description == PLUGINS["refresh"].about


def test_an_external_plugin_of_prows_own_may_be_a_plugin_like_others() -> None:
    found = help_for(configuration("plugins: {a/b: {plugins: [refresh]}}"), PLUGINS, known={})
    assert "refresh" in found.plugin_help and "cherrypicker" not in found.plugin_help


def test_what_an_organisation_leaves_out_has_no_plugin() -> None:
    config = configuration("plugins: {acme: {plugins: [trigger], excluded_repos: [launcher]}}")
    found = help_for(config, PLUGINS, known={"acme": ["acme/rocket", "acme/launcher"]})
    assert list(found.plugin_help["trigger"].config or {}) == ["acme/rocket"]


def test_an_organisation_whose_repositories_are_unknown_is_left_out() -> None:
    assert help_for(configuration(CONFIG), PLUGINS, known={}).all_repos == ("acme/rocket", "other/one")
