"""slackevents: Slack hears of teams that are mentioned, and of pushes that were no merges of tide's.

Source: sigs.k8s.io/prow pkg/plugins/slackevents.
"""

from collections.abc import Iterable, Sequence

from cutwater.config.configuration import Configuration
from cutwater.config.patterns import compiled
from cutwater.config.sections import MergeWarning, Slack
from cutwater.github.webhooks import PushEvent, Webhook
from cutwater.outgoing.effects import PostToSlack
from functions.plugins.kit import Effect, Look, Plugin, Text
from functions.plugins.sigmention import DEFAULT as MENTIONS

HOST = "*"
"""Whose token is used."""

plugin = Plugin(
    "slackevents",
    about="Tells Slack channels of the teams that are mentioned, and of merges and pushes that were made by hand.",
    effects=[PostToSlack],
)


@plugin.on_text(lambda text, config: text.action == "created" and bool(_mentioned(text, config)))
async def on_mention(text: Text, look: Look) -> Sequence[Effect[object]]:
    """A message to each channel, as often as its team was mentioned."""
    login = text.author.login
    if (await look.github.bot()).is_me(login):
        return []
    return [
        PostToSlack(
            host=HOST,
            channel=channel,
            text=f"{channel} was mentioned by {_named(login)} on GitHub. ({text.url})\n>>>{as_text(text.body)}",
            why=f"{channel} was mentioned by {login}",
        )
        for channel in _mentioned(text, look.config)
    ]


def _mentioned(text: Text, config: Configuration) -> list[str]:
    """The channels of the teams that are mentioned."""
    wanted = config.plugins.section("slack", Slack).mentionchannels
    channels = (f"sig-{found.group(1)}" for found in compiled(MENTIONS).finditer(text.body)) if wanted else ()
    return [channel for channel in channels if channel in wanted]


def _is_warned_of(hook: Webhook, config: Configuration) -> bool:
    push: PushEvent = hook.read(PushEvent)
    warning = warning_for(config, push.repository.owner.login, push.repository.name)
    return warning is not None and not _is_exempt(push, warning)


@plugin.on("push", wants=_is_warned_of)
async def on_push(event: PushEvent, look: Look) -> Sequence[Effect[object]]:
    """A message to each channel of the repository."""
    warning = warning_for(look.config, event.repository.owner.login, event.repository.name)
    said = f"*Warning:* {_named(event.sender.login)} {_deed(event)}: {event.compare}"
    why = f"{event.sender.login} is not exempt from warnings on {event.branch}"
    channels = warning.channels if warning else ()
    return [PostToSlack(host=HOST, channel=channel, text=said, why=why) for channel in channels]


def warning_for(config: Configuration, org: str, repo: str) -> MergeWarning | None:
    """The first entry of the repository, or else of its organisation."""
    entries = config.plugins.section("slack", Slack).mergewarnings
    found = (entry for place in (f"{org}/{repo}", org) for entry in entries if place in entry.repos)
    return next(found, None)


def _is_exempt(push: PushEvent, warning: MergeWarning) -> bool:
    """Whether those who pushed may do so."""
    exempt = _normal((*warning.exempt_users, *warning.exempt_branches.get(push.branch, ())))
    return not exempt.isdisjoint(_normal((push.pusher.name, push.sender.login)))


def _normal(logins: Iterable[str]) -> set[str]:
    return {login.lower().removeprefix("@") for login in logins}


def _deed(push: PushEvent) -> str:
    branch, commits = as_text(push.branch), f"merged {len(push.commits)} commit(s)"
    if push.created:
        return f"pushed a new branch ({branch})"
    if push.deleted:
        return f"deleted a branch ({branch})"
    return f"*force* {commits} into {branch}" if push.forced else f"manually {commits} into {branch}"


def _named(login: str) -> str:
    return f"{login} (<@{login}>)"


def as_text(text: str) -> str:
    """Text in which Slack sees no mention and no link of its own: a stranger calls nobody there."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
