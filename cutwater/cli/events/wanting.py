"""Why a plugin did not want a webhook: its predicate is asked once more, and its declaration says what it misses."""

from collections.abc import Collection, Iterator

from cutwater.config.configuration import Configuration
from cutwater.errors import Refused
from cutwater.github.webhooks import Text, Webhook
from functions.plugins.every import PLUGINS
from functions.plugins.kit import TEXT, Plugin


def unwanted(webhook: Webhook, config: Configuration, asked: Collection[str] = ()) -> Iterator[tuple[str, str]]:
    """Those that did not want it under this configuration, each with the reason.

    `asked`: these, also where they are off; without names, those that are on for the repository.
    """
    enabled = config.plugins.enabled_for(webhook.org, webhook.repo)
    for name in asked or enabled:
        reason = _why_not(name, webhook, config, is_on=name in enabled)
        if reason:
            yield name, reason


def _why_not(name: str, webhook: Webhook, config: Configuration, *, is_on: bool) -> str:
    """The first reason that holds; "" for one that wants it by now."""
    if name not in PLUGINS:
        return "there is no plugin of this name"
    if not is_on:
        where = f"{webhook.org}/{webhook.repo}".rstrip("/")
        return f"it is not on for {where}" if not _is_left_out(name, webhook, config) else f"{where} is left out"
    plugin = PLUGINS[name]
    try:
        if plugin.wants(webhook, config):
            return ""
        text = webhook.text
    except Refused as refused:
        return f"it cannot be read: {refused}"
    return _misses(plugin, webhook, text, config)


def _is_left_out(name: str, webhook: Webhook, config: Configuration) -> bool:
    of_org = config.plugins.general.plugins.get(webhook.org)
    return of_org is not None and webhook.repo in of_org.excluded_repos and name in of_org.plugins


def _misses(plugin: Plugin, webhook: Webhook, text: Text | None, config: Configuration) -> str:
    """What of its declaration is not there."""
    events = sorted(plugin.events - {TEXT})
    if webhook.event in events:
        return f"of {webhook.event}, it does not answer to {webhook.action or 'this one'}, or not to one like this"
    if text is None and TEXT not in plugin.events:
        return f"it answers to {', '.join(events)}"
    if text is None:
        return "nothing was written with it"
    if typed := [command for command in plugin.commands if command.is_in(text.body)]:
        deaf = [
            f"{command} ({command.on}, {text.action} text)"
            for command in typed
            if not command.is_heard_at(text, config)
        ]
        return f"it does not hear here: {', '.join(deaf)}" if deaf else "its commands mean nothing there"
    commands = ", ".join(map(str, plugin.commands))
    return f"none of its commands is there ({commands})" if commands else "it does not answer to a text like this"
