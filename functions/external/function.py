"""external: woken by hook's events, one for each (delivery, external plugin); POSTs the webhook to that plugin.

It needs no right anywhere, neither in Kubernetes nor at GitHub: only a way to the addresses in plugins.yaml.
"""

from cutwater.events import names
from cutwater.events.serve import event_role
from functions.external.forwarding import External


def serves(name: str) -> External | None:
    """The external plugin that owes answers under this name. Whether there is one, the configuration says later."""
    return External(name) if name.startswith(names.EXTERNAL) else None


role = event_role("external", serves)
