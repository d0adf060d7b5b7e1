"""What all plugins say of themselves: the answer that hook gives at /plugin-help, which deck shows.

The keys are Prow's, capitals and all. Source: sigs.k8s.io/prow pkg/pluginhelp and pkg/hook (plugin-help).
"""

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from cutwater.config.configuration import Configuration
from functions.plugins.commands import Command
from functions.plugins.kit import TEXT, Plugin

EVERYWHERE = ""
"""The key under which everything stands that is not of one repository."""
EVENTS = {
    "issues": "issue",
    "issue_comment": "issue_comment",
    "pull_request": "pull_request",
    "push": "push",
    "pull_request_review": "pull_request_review",
    "pull_request_review_comment": "pull_request_review_comment",
    "status": "status",
    TEXT: "GenericCommentEvent (any event for user text)",
}
"""GitHub's events as help calls them, in its order."""


class CommandHelp(Struct, frozen=True, kw_only=True, rename="pascal"):
    """One command."""

    usage: str
    featured: bool
    description: str
    examples: tuple[str, ...]
    who_can_use: str


class PluginHelp(Struct, frozen=True, kw_only=True, rename="pascal"):
    """One plugin. `config`: what the configuration makes of it, by repository."""

    description: str
    config: Mapping[str, str]
    events: tuple[str, ...]
    commands: tuple[CommandHelp, ...]


class Help(Struct, frozen=True, kw_only=True, rename="pascal"):
    """All of it."""

    all_repos: tuple[str, ...]
    repo_plugins: Mapping[str, tuple[str, ...]]
    repo_external_plugins: Mapping[str, tuple[str, ...]]
    plugin_help: Mapping[str, PluginHelp]
    external_plugin_help: Mapping[str, Any]


def help_of(plugin: Plugin) -> PluginHelp:
    """What a plugin's declaration says."""
    return PluginHelp(
        description=plugin.about,
        config={},
        events=tuple(shown for event, shown in EVENTS.items() if event in plugin.events),
        commands=tuple(_help_of(command) for command in plugin.commands),
    )


def _help_of(command: Command) -> CommandHelp:
    return CommandHelp(
        usage=command.shown,
        featured=False,
        description=command.about,
        examples=command.examples,
        who_can_use=str(command.who),
    )


def help_for(
    config: Configuration,
    plugins: Mapping[str, Plugin],
    *,
    repositories: Mapping[str, Iterable[str]],
    external: Mapping[str, Any] | None = None,
) -> Help:
    """The help of these plugins under a configuration.

    `repositories`: the full names of each organisation's repositories, as far as they are known. `external`: what the
    external plugins that answered say of themselves, by name.
    """
    enabled, outside = config.plugins.general.plugins, config.plugins.general.external_plugins
    named = [name for key in dict.fromkeys((*enabled, *outside)) for name in _expanded(key, repositories)]
    return Help(
        all_repos=tuple(sorted(set(named))),
        repo_plugins={key: entry.plugins for key, entry in enabled.items()} | {EVERYWHERE: tuple(sorted(plugins))},
        repo_external_plugins={
            **{key: tuple(one.name for one in entries) for key, entries in outside.items()},
            EVERYWHERE: tuple(sorted({one.name for entries in outside.values() for one in entries})),
        },
        plugin_help={name: help_of(plugin) for name, plugin in sorted(plugins.items())},
        external_plugin_help=external or {},
    )


def _expanded(key: str, repositories: Mapping[str, Iterable[str]]) -> Iterable[str]:
    """A repository, or those of an organisation."""
    return [key] if "/" in key else repositories.get(key, ())
