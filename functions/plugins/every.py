"""Every plugin that there is, by the name it has in plugins.yaml."""

from functions.plugins import lgtm
from functions.plugins.kit import Plugin
from functions.plugins.trigger import plugin as trigger

PLUGINS: dict[str, Plugin] = {plugin.name: plugin for plugin in (lgtm.plugin, trigger.plugin)}
