"""What a plugin is written with: it says what it wants, and decides effects. One small module a plugin.

A plugin's declaration is data: hook asks it whether it wants a webhook, help is made of it, and the runner refuses
effects that it does not name. `docs/plugins.md` has a page on writing one.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from msgspec import Struct

from cutwater.config.configuration import Configuration
from cutwater.errors import Refused
from cutwater.events.effect import Act, Effect, takes_act
from cutwater.events.ledger import Delivery
from cutwater.events.level import Decide as Decides
from cutwater.events.level import LevelRole
from cutwater.events.look import Look
from cutwater.github import webhooks
from cutwater.github.webhooks import Text, Webhook
from functions.plugins.commands import (
    ANYONE,
    AUTHOR_OR_COLLABORATORS,
    MEMBERS,
    TRUSTED,
    Command,
    Comment,
    Typed,
    Who,
)

__all__ = [
    "ANYONE",
    "AUTHOR_OR_COLLABORATORS",
    "MEMBERS",
    "TRUSTED",
    "Act",
    "Command",
    "Comment",
    "Effect",
    "Look",
    "Plugin",
    "Text",
    "Typed",
    "Webhook",
    "Who",
]

Decide = TypeVar("Decide", bound=Callable[..., Awaitable[Sequence[Effect[object]] | None]])
Looks = TypeVar("Looks", bound=Decides)
Wants = Callable[[Webhook, Configuration], bool]

EVENTS: dict[str, type] = {
    "pull_request": webhooks.PullRequestEvent,
    "issues": webhooks.IssueEvent,
    "issue_comment": webhooks.IssueCommentEvent,
    "pull_request_review": webhooks.ReviewEvent,
    "pull_request_review_comment": webhooks.ReviewCommentEvent,
    "push": webhooks.PushEvent,
    "status": webhooks.StatusEvent,
}
TEXT = "text"
"""Stands for every event in which somebody wrote something."""


class Handler(Struct, frozen=True):
    """One thing that a plugin answers to. `open` makes of a webhook that is wanted what `decide` is given.

    `event`: GitHub's event, or TEXT for what was written, in whichever event it comes.
    """

    event: str
    wants: Wants
    open: Callable[[Webhook, Configuration], Any]
    decide: Callable[..., Awaitable[Sequence[Effect[object]] | None]]


class Plugin:
    """A plugin: its declaration, and the functions that decide.

    `effects` are the kinds of effect that it may have. `reads`: what it must be permitted to read of GitHub beyond
    what all are (`cutwater.github.permissions`), as in `administration`. `recomputes`: it decides everything anew from
    GitHub, so that two of its decisions on one pull request must not overlap.
    """

    def __init__(
        self,
        name: str,
        *,
        about: str,
        effects: Sequence[type],
        commands: Sequence[Command] = (),
        reads: Sequence[str] = (),
        recomputes: bool = False,
    ) -> None:
        self.name, self.about, self.effects, self.recomputes = name, about, tuple(effects), recomputes
        self.commands, self.reads = tuple(commands), tuple(reads)
        self._handlers: list[Handler] = []
        self._ticks: dict[str, Decides] = {}
        self._look: Decides | None = None

    def on(self, event: str, *actions: str, wants: Wants | None = None) -> Callable[[Decide], Decide]:
        """Decide for GitHub's events of this name (and these actions): `(event, look)` or `(event, look, act)`."""

        def is_meant(hook: Webhook, config: Configuration) -> bool:
            is_action = not actions or hook.action in actions
            return hook.event == event and is_action and (wants is None or wants(hook, config))

        return self._register(event, is_meant, lambda hook, config: hook.read(EVENTS[event]))

    def on_text(self, wants: Callable[[Text, Configuration], bool]) -> Callable[[Decide], Decide]:
        """Decide for what somebody wrote, wherever they wrote it."""

        def is_meant(hook: Webhook, config: Configuration) -> bool:
            text = hook.text
            return text is not None and wants(text, config)

        return self._register(TEXT, is_meant, lambda hook, config: hook.text)

    def on_command(self, *names: str, where: Callable[[Text], bool] | None = None) -> Callable[[Decide], Decide]:
        """Decide for commands that were typed in something new, by somebody who may.

        Of several in one text the first named here counts; `comment.all_typed` has all of them.
        """
        commands = [command for name in names for command in self.commands if command.name == name]

        def typed(hook: Webhook, config: Configuration) -> Comment | None:
            text = hook.text
            if text is None or text.action != "created" or not (where is None or where(text)):
                return None
            heard = [command for command in commands if command.is_heard_at(text, config)]
            found = tuple(one for command in heard for one in command.typed(text.body))
            return Comment(text=text, all_typed=found) if found else None

        def keep(decide: Decide) -> Decide:
            self._register(TEXT, lambda hook, config: typed(hook, config) is not None, typed)(_guarded(decide))
            return decide

        return keep

    def on_look(self, decide: Looks) -> Looks:
        """Decide, `(event, look, act)`, at what the plugin has asked for by a LookAgain of its own name."""
        self._look = decide
        return decide

    def on_tick(self, tick: str) -> Callable[[Looks], Looks]:
        """Decide, `(event, look)`, when a PingSource says that it is time: its extensions are `role` and `tick`."""

        def keep(decide: Looks) -> Looks:
            self._ticks[tick] = decide
            return decide

        return keep

    def _register(
        self, event: str, wants: Wants, open_: Callable[[Webhook, Configuration], Any]
    ) -> Callable[[Decide], Decide]:
        def keep(decide: Decide) -> Decide:
            self._handlers.append(Handler(event, wants, open_, decide))
            return decide

        return keep

    # What hook and the runner ask

    @property
    def events(self) -> frozenset[str]:
        """What it answers to: GitHub's events, and TEXT."""
        return frozenset(handler.event for handler in self._handlers)

    @property
    def looks(self) -> LevelRole | None:
        """What it does of its own accord, beside its answers to webhooks."""
        if self._look is None:
            return None
        writes = [name for kind in self.effects for name in getattr(kind, "writes", ())]
        return LevelRole(name=self.name, decide=self._look, sweeps=self._ticks, writes=writes)

    def wants(self, hook: Webhook, config: Configuration) -> bool:
        """Whether the plugin has anything to say to a webhook. Pure: an event that nobody wants costs nothing."""
        return any(handler.wants(hook, config) for handler in self._handlers)

    def subject(self, delivery: Delivery) -> str:
        return _opened(delivery).subject

    def time(self, delivery: Delivery) -> datetime:
        return _opened(delivery).time

    async def decide(self, delivery: Delivery, look: Look, act: Act) -> Sequence[Effect[object]] | None:
        """The effects of all that want the webhook, in the order in which they were declared.

        One that refuses does not keep the others from theirs.
        """
        hook = _opened(delivery)
        effects: list[Effect[object]] = []
        refused: Refused | None = None
        has_acted = False
        for handler in self._handlers:
            if not handler.wants(hook, look.config):
                continue
            event = handler.open(hook, look.config)
            try:
                if takes_act(handler.decide):
                    has_acted = True
                    await _act_all(effects, act)
                    effects = []
                    await handler.decide(event, look, act)
                else:
                    effects += await handler.decide(event, look) or ()
            except Refused as refusal:
                refused = refused or refusal
        if refused is None and not has_acted:
            return effects
        await _act_all(effects, act)
        if refused is not None:
            raise refused
        return None


def _guarded(decide: Callable[..., Any]) -> Callable[..., Any]:
    """Decides only for those who may use the command that counts; others get its refusal."""

    async def refused(comment: Comment, look: Look) -> list[Effect[object]] | None:
        declared = comment.command.command
        if not isinstance(declared.who, Who) or await declared.who.may(comment.text, look):
            return None
        return [comment.reply(declared.refusal)] if declared.refusal else []

    if takes_act(decide):

        async def guarded_act(comment: Comment, look: Look, act: Act) -> None:
            refusal = await refused(comment, look)
            if refusal is None:
                await decide(comment, look, act)
            else:
                await _act_all(refusal, act)

        return guarded_act

    async def guarded(comment: Comment, look: Look) -> Any:
        refusal = await refused(comment, look)
        return await decide(comment, look) if refusal is None else refusal

    return guarded


async def _act_all(effects: Sequence[Effect[object]], act: Act) -> None:
    for effect in effects:
        try:
            await act(effect)
        except Refused:
            continue  # its step in the receipt says so


def _opened(delivery: Delivery) -> Webhook:
    return webhooks.open_webhook(delivery.event, delivery.guid, delivery.body)
