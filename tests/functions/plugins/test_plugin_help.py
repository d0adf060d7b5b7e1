"""Help, made of what plugins declare."""

import msgspec

from functions.plugins.every import PLUGINS
from functions.plugins.plugin_help import help_for, help_of
from tests.functions.plugins.scene import configuration

CONFIG = """
plugins: {acme: {plugins: [hold]}, other/one: {plugins: [wip]}}
external_plugins: {acme/rocket: [{name: refresh}]}
"""


def test_a_plugin_says_what_prow_says() -> None:
    said = msgspec.json.decode(msgspec.json.encode(help_of(PLUGINS["hold"])))
    assert list(said) == ["Description", "Config", "Events", "Commands"]
    assert said["Events"] == ["GenericCommentEvent (any event for user text)"]
    (command,) = said["Commands"]
    assert command["Usage"] == "/hold [cancel]"
    assert command["WhoCanUse"] == "Anyone."
    assert command["Examples"] == ["/hold", "/hold cancel", "/unhold", "/remove-hold"]


def test_all_of_it() -> None:
    found = help_for(configuration(CONFIG), PLUGINS, repositories={"acme": ["acme/rocket", "acme/launcher"]})
    assert found.all_repos == ("acme/launcher", "acme/rocket", "other/one")
    assert found.repo_plugins["acme"] == ("hold",)
    assert set(found.repo_plugins[""]) == set(PLUGINS) == set(found.plugin_help)
    assert found.repo_external_plugins == {"acme/rocket": ("refresh",), "": ("refresh",)}


def test_an_organisation_whose_repositories_are_unknown_is_left_out() -> None:
    assert help_for(configuration(CONFIG), PLUGINS, repositories={}).all_repos == ("acme/rocket", "other/one")
