"""plugins: woken by hook's events, one for each (delivery, plugin); carries out once what the plugin decides.

It is deployed as several services with different rights; CUTWATER_PLUGINS names those that one of them serves
(`trigger,override,skip`), and without it a service serves them all.
"""

import os

from cutwater.events.level import LevelRole
from cutwater.events.serve import event_role
from functions.plugins.every import PLUGINS
from functions.plugins.kit import Plugin


def serves(name: str) -> Plugin | None:
    """The plugin of this name, if it is one that this service serves."""
    served = os.environ.get("CUTWATER_PLUGINS", "")
    return PLUGINS.get(name) if not served or name in served.split(",") else None


def looks(name: str) -> LevelRole | None:
    """What the plugin of this name does of its own accord, if this service serves it."""
    plugin = serves(name)
    return plugin.looks if plugin else None


role = event_role("plugins", serves, looks)
