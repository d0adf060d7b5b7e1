"""What hook says of the plugins, as deck shows it: the plugins of a repository, and their commands. Pure.

Source: sigs.k8s.io/prow pkg/pluginhelp, cmd/deck/static (command-help, plugin-help).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from msgspec import UNSET, Struct, UnsetType, field
from msgspec.structs import replace

EVERYWHERE = ""
"""The key of what is not of one repository."""
V = TypeVar("V")


class Command(Struct, frozen=True, kw_only=True, rename="pascal"):
    """What people may type."""

    usage: str = ""
    featured: bool = False
    description: str = ""
    examples: Sequence[str] | None = None
    who_can_use: str = ""

    @property
    def anchor(self) -> str:
        """Where it stands on the page, as upstream's links name it: the first example's first word, without `/`."""
        first = (self.examples or (self.usage,))[0].split()
        return first[0][1:].replace("-", "_") if first else ""


class PluginHelp(Struct, frozen=True, kw_only=True, rename="pascal"):
    """What a plugin says of itself. Texts may hold HTML."""

    description: str = ""
    config: Mapping[str, str] | None = None
    snippet: str | UnsetType = UNSET
    events: Sequence[str] | None = None
    commands: Sequence[Command] | None = None

    @property
    def is_deprecated(self) -> bool:
        return "deprecated!" in self.description.lower()


class Help(Struct, frozen=True, kw_only=True, rename="pascal"):
    """All of it."""

    all_repos: Sequence[str] | None = None
    repo_plugins: Mapping[str, Sequence[str] | None] = field(default_factory=dict)
    repo_external_plugins: Mapping[str, Sequence[str] | None] = field(default_factory=dict)
    plugin_help: Mapping[str, PluginHelp] = field(default_factory=dict)
    external_plugin_help: Mapping[str, PluginHelp] = field(default_factory=dict)


class Shown(Struct, frozen=True, kw_only=True):
    """One plugin on a page. `says_nothing`: an external one that has not answered."""

    name: str
    help: PluginHelp
    is_external: bool
    says_nothing: bool = False

    def configured(self, repository: str) -> list[str]:
        """What is configured of it, for all repositories and for this one."""
        said = self.help.config or {}
        keys = [EVERYWHERE, "default", repository] if repository else [EVERYWHERE, "default"]
        return [said[key] for key in keys if said.get(key)]


def without(help_: Help, hidden: Iterable[str]) -> Help:
    """The same, but nothing of repositories that deck does not show. `hidden`: organisations and repositories."""
    names = frozenset(hidden)
    if not names:
        return help_

    def shown(found: Mapping[str, V]) -> dict[str, V]:
        return {key: one for key, one in found.items() if key not in names and key.partition("/")[0] not in names}

    def cleared(plugins: Mapping[str, PluginHelp]) -> dict[str, PluginHelp]:
        return {name: replace(one, config=one.config and shown(one.config)) for name, one in plugins.items()}

    return Help(
        all_repos=list(shown(dict.fromkeys(help_.all_repos or ()))),
        repo_plugins=shown(help_.repo_plugins),
        repo_external_plugins=shown(help_.repo_external_plugins),
        plugin_help=cleared(help_.plugin_help),
        external_plugin_help=cleared(help_.external_plugin_help),
    )


def plugins_of(help_: Help, repository: str) -> list[Shown]:
    """The plugins of a repository, or all that there are, by name."""
    inside = {name: help_.plugin_help.get(name) for name in _names(help_.repo_plugins, repository)}
    outside = {name: help_.external_plugin_help.get(name) for name in _names(help_.repo_external_plugins, repository)}
    found = [Shown(name=name, help=said, is_external=False) for name, said in inside.items() if said]
    for name, said in outside.items():
        silent = said is None
        found.append(Shown(name=name, help=said or PluginHelp(), is_external=True, says_nothing=silent))
    return sorted(found, key=lambda one: (one.help.is_deprecated, one.name))


def _names(by_place: Mapping[str, Sequence[str] | None], repository: str) -> Sequence[str]:
    """Those of a repository and of its organisation. What an organisation leaves out is not told in help."""
    if not repository:
        return by_place.get(EVERYWHERE) or ()
    org = repository.partition("/")[0]
    return tuple(dict.fromkeys((*(by_place.get(org) or ()), *(by_place.get(repository) or ()))))


def commands_of(plugins: Iterable[Shown], word: str = "") -> list[tuple[Shown, Command]]:
    """Their commands, those first that are featured. `word`: what must stand in what is said of one."""
    found = [(plugin, command) for plugin in plugins for command in plugin.help.commands or ()]
    if wanted := word.casefold():
        found = [(plugin, command) for plugin, command in found if wanted in _said(plugin, command).casefold()]
    return sorted(found, key=lambda one: not one[1].featured)


def _said(plugin: Shown, command: Command) -> str:
    return " ".join((plugin.name, command.usage, command.description, *(command.examples or ())))
