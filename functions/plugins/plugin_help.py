"""What all plugins say of themselves: the answer that hook gives at /plugin-help, which deck shows.

The keys are Prow's, capitals and all. Source: sigs.k8s.io/prow pkg/pluginhelp and pkg/hook (plugin-help).
"""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from cutwater.config.configuration import Configuration
from cutwater.config.findings import ConfigError
from cutwater.config.plugins import OURS
from functions.plugins.commands import Command
from functions.plugins.configured import EVERYWHERE, configured
from functions.plugins.kit import TEXT, Plugin

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

    usage: str = ""
    featured: bool = False
    description: str = ""
    examples: tuple[str, ...] | None = None
    who_can_use: str = ""


class PluginHelp(Struct, frozen=True, kw_only=True, rename="pascal"):
    """One plugin. `config`: what the configuration makes of it, by repository. Empty lists and maps are null.

    Texts may hold HTML. `snippet`: an example of its configuration, in YAML.
    """

    description: str = ""
    config: Mapping[str, str] | None = None
    snippet: str | UnsetType = UNSET
    events: tuple[str, ...] | None = None
    commands: tuple[CommandHelp, ...] | None = None


class Help(Struct, frozen=True, kw_only=True, rename="pascal"):
    """All of it."""

    all_repos: tuple[str, ...]
    repo_plugins: Mapping[str, tuple[str, ...]]
    repo_external_plugins: Mapping[str, tuple[str, ...]]
    plugin_help: Mapping[str, PluginHelp]
    external_plugin_help: Mapping[str, PluginHelp]


class Repositories:
    """Which repositories a key of plugins.yaml stands for. `known`: the full names of those of each organisation, as
    far as GitHub has told.
    """

    def __init__(self, config: Configuration, known: Mapping[str, Iterable[str]]) -> None:
        self._general, self._known = config.plugins.general, known

    @property
    def all(self) -> tuple[str, ...]:
        keys = (*self._general.plugins, *self._general.external_plugins)
        return tuple(sorted({name for key in keys for name in self._of(key)}))

    def with_plugin(self, name: str) -> list[tuple[str, str]]:
        """Those that a plugin is on for. What an organisation leaves out is not."""
        left_out = {
            f"{key}/{repo}"
            for key, entry in self._general.plugins.items()
            for repo in entry.excluded_repos
            if name in entry.plugins
        }
        keys = [key for key, entry in self._general.plugins.items() if name in entry.plugins]
        found = {one for key in keys for one in self._of(key) if "/" in key or one not in left_out}
        return _parted(found)

    def with_external(self, name: str) -> list[tuple[str, str]]:
        """Those that have an external plugin. An organisation of which nothing is known stands for itself."""
        entries = self._general.external_plugins.items()
        keys = [key for key, listed in entries if any(one.name == name for one in listed)]
        return _parted({one for key in keys for one in (self._of(key) if key in self._known else [key])})

    def _of(self, key: str) -> Iterable[str]:
        """A repository, or those of an organisation."""
        return [key] if "/" in key else self._known.get(key, ())


def _parted(full_names: Iterable[str]) -> list[tuple[str, str]]:
    return [(org, repo) for org, _, repo in (name.partition("/") for name in sorted(full_names))]


def help_of(plugin: Plugin, config: Configuration, repositories: Sequence[tuple[str, str]]) -> PluginHelp:
    """What a plugin's declaration says, and what its configuration makes of it."""
    try:
        of_config = configured(plugin.name, config, repositories)
    except ConfigError:
        of_config = {}  # `cutwater config check` says what is wrong with it
    return PluginHelp(
        description=plugin.about,
        config=of_config or None,
        events=tuple(shown for event, shown in EVENTS.items() if event in plugin.events) or None,
        commands=tuple(_help_of(command) for command in plugin.commands) or None,
    )


def _help_of(command: Command) -> CommandHelp:
    return CommandHelp(
        usage=command.shown,
        featured=command.is_featured,
        description=command.about,
        examples=command.examples,
        who_can_use=str(command.who),
    )


def help_for(
    config: Configuration,
    plugins: Mapping[str, Plugin],
    *,
    known: Mapping[str, Iterable[str]],
    external: Mapping[str, PluginHelp] | None = None,
) -> Help:
    """The help of these plugins under a configuration.

    `known`: the full names of each organisation's repositories, as far as they are known. `external`: what the
    external plugins that answered say of themselves, by name. Prow's own external plugins say it themselves, too: they
    are among the others only where `plugins` names them.
    """
    enabled, outside = config.plugins.general.plugins, config.plugins.general.external_plugins
    repositories = Repositories(config, known)
    is_on = {name for entry in enabled.values() for name in entry.plugins}
    inside = {
        name: help_of(plugins[name], config, repositories.with_plugin(name))
        for name in plugins
        if name not in OURS or name in is_on
    }
    listed = {one.name: one for entries in outside.values() for one in entries}
    ours = {
        name: replace(help_of(plugins[name], config, repositories.with_external(name)), events=entry.events or None)
        for name, entry in listed.items()
        if entry.is_ours and name in plugins
    }
    return Help(
        all_repos=repositories.all,
        repo_plugins={key: entry.plugins for key, entry in enabled.items()} | {EVERYWHERE: tuple(inside)},
        repo_external_plugins={
            **{key: tuple(one.name for one in entries) for key, entries in outside.items()},
            EVERYWHERE: tuple(sorted(listed)),
        },
        plugin_help=inside,
        external_plugin_help={**(external or {}), **ours},
    )
