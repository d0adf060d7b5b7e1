"""Who is to have a webhook: the plugins that are on for its repository and want it, and the external ones.

All of it is matching: nothing is read, and a webhook that nobody wants costs nothing.
Source: sigs.k8s.io/prow pkg/hook (events.go; server.go, needDemux).
"""

import logging
import traceback
from collections.abc import Iterator

from cutwater.config.configuration import Configuration
from cutwater.errors import Refused
from cutwater.events import log, names
from cutwater.github.webhooks import Webhook
from functions.hook.enablement import Enablement
from functions.plugins.every import PLUGINS
from functions.plugins.kit import EVENTS


def wanted_by(webhook: Webhook, config: Configuration, enablement: Enablement) -> list[str]:
    """The names under which an answer is owed, each once."""
    return list(dict.fromkeys((*_plugins(webhook, config, enablement), *_external(webhook, config, enablement))))


def _plugins(webhook: Webhook, config: Configuration, enablement: Enablement) -> Iterator[str]:
    repository = webhook.envelope.repository
    owner = repository.owner.login if repository else webhook.org
    if enablement.allows(owner, webhook.repo):
        enabled = config.plugins.enabled_for(webhook.org, webhook.repo)
        yield from (name for name in enabled if name in PLUGINS and _wants(name, webhook, config))


def _external(webhook: Webhook, config: Configuration, enablement: Enablement) -> Iterator[str]:
    """External plugins get events of any kind, but only of repositories. Prow's own are plugins like others here."""
    org, repo = webhook.place
    if not org or not enablement.allows(org, repo):
        return
    for entry in config.plugins.external_for(org, repo):
        if entry.takes(webhook.event) and not _is_of_another_shape(webhook):
            if not entry.is_ours:
                yield names.external(entry.name)
            elif entry.name in PLUGINS and _wants(entry.name, webhook, config):
                yield entry.name


def _wants(name: str, webhook: Webhook, config: Configuration) -> bool:
    try:
        return PLUGINS[name].wants(webhook, config)
    except Refused:
        return False  # a payload of another shape than GitHub's: nobody can answer to it
    except Exception:  # one broken plugin keeps the others from nothing; asked to answer, it has a receipt that says so
        done = f"{name} cannot say whether it wants a webhook: {traceback.format_exc()}"
        log.event(logging.ERROR, "hook", None, status=200, done=done, milliseconds=0)
        return True


def _is_of_another_shape(webhook: Webhook) -> bool:
    """Whether an event that plugins know holds something of the wrong type. What is not there does no harm."""
    if webhook.event not in EVENTS:
        return False
    try:
        webhook.read(EVENTS[webhook.event])
    except Refused as refused:
        return "missing required field" not in str(refused)
    return False
