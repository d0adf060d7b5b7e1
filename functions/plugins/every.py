"""Every plugin that there is, by the name it has in plugins.yaml: ours, and those that others have installed beside us.

A plugin is imported when it is first asked for: a function that serves one need not wait for all. Another package adds
its own by an entry point in the group `cutwater.plugins`, whose name is the plugin's and whose object is the `Plugin`.
"""

import functools
import importlib
from collections.abc import Iterator, Mapping

from functions.plugins.kit import Plugin

GROUP = "cutwater.plugins"
_OURS = """
    approve assign assign-fixes blockade blunderbuss branchcleaner bugzilla buildifier cat cherry-pick-approved
    cherry-pick-unapproved cherrypicker cla config-updater dco dog golint goose heart help hold invalidcommitmsg
    issue-management jira label lgtm lifecycle merge-method-comment mergecommitblocker milestone milestoneapplier
    milestonestatus needs-rebase override owners-label path-label pony project project-manager refresh release-note
    require-matching-label retitle reward-owners rifle shrug sigmention size skip slackevents stage testfreeze
    trick-or-treat trigger verify-owners welcome wip yuks
"""
_ELSEWHERE = {
    "cherrypicker": "cherrypicker.plugin",
    "approve": "approve.plugin",
    "bugzilla": "bugzilla.plugin",
    "config-updater": "config_updater.plugin",
    "golint": "golint.plugin",
    "help": "help_wanted",
    "issue-management": "issue_management.plugin",
    "needs-rebase": "needs_rebase.plugin",
    "override": "override.plugin",
    "refresh": "refresh.plugin",
    "trigger": "trigger.plugin",
    "verify-owners": "verify_owners.plugin",
}
"""Modules that are not called as their plugin is."""


class Plugins(Mapping[str, Plugin]):
    """The plugins by name, each imported when it is first asked for. Ours come before others of the same name."""

    def __init__(self, ours: Mapping[str, str]) -> None:
        """`ours`: the modules by the names of their plugins."""
        self._ours = ours
        self._loaded: dict[str, Plugin] = {}

    def __getitem__(self, name: str) -> Plugin:
        if name not in self._loaded:
            self._loaded[name] = self._load(name)
        return self._loaded[name]

    def __contains__(self, name: object) -> bool:
        return name in self._ours or name in self._others

    def __iter__(self) -> Iterator[str]:
        yield from sorted({*self._ours, *self._others})

    def __len__(self) -> int:
        return len({*self._ours, *self._others})

    @functools.cached_property
    def _others(self) -> frozenset[str]:
        """What other packages add."""
        from importlib.metadata import entry_points

        return frozenset(entry_points(group=GROUP).names)

    def _load(self, name: str) -> Plugin:
        if name in self._ours:
            plugin = importlib.import_module(self._ours[name]).plugin
        elif name in self._others:
            from importlib.metadata import entry_points

            plugin = entry_points(group=GROUP)[name].load()
        else:
            raise KeyError(name)
        if not isinstance(plugin, Plugin) or plugin.name != name:
            raise TypeError(f"what is there for the plugin {name} is no Plugin of that name")
        return plugin


PLUGINS = Plugins({name: f"functions.plugins.{_ELSEWHERE.get(name, name.replace('-', '_'))}" for name in _OURS.split()})
