"""A webhook, handed on as it came: upstream's protocol between hook and external plugins, so that any of them fits.

The bytes and the headers are GitHub's, so that the plugin can check the signature itself. What the plugin answers is
in the receipt, and goes nowhere else. Source: sigs.k8s.io/prow pkg/hook (server.go, demuxExternal).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from msgspec import Struct

from cutwater.errors import Later, Refused
from cutwater.events import ledger, names
from cutwater.events.edges import Edges
from cutwater.events.effect import Act, Effect
from cutwater.events.ledger import Delivery
from cutwater.events.look import Look
from cutwater.github.webhooks import open_webhook
from cutwater.outgoing.client import Answer, Silent, Unknown

SECONDS = 15
"""How long an answer is waited for: these services answer at once, and work afterwards."""
PATIENCE = timedelta(minutes=15)
"""How long one that takes nothing now is tried, from the first try: a new version of it may need so long to start."""
PATIENCE_WITH_SILENCE = timedelta(minutes=1)
"""The same for one that has the webhook, as far as we know, and does not answer: it may be at work on it."""
SHOWN = 300
"""Characters of an answer that the receipt keeps."""
HEADERS = {"user-agent": "ProwHook"}
THROTTLED = 429


class Answered(Struct, frozen=True):
    """What the plugin said: the beginning of it."""

    status: int
    words: str


class Forward(Struct, frozen=True, kw_only=True, tag=True):
    """POST a stored webhook to an address. `since`: when that was decided.

    Raises Later where it may be taken later, and Refused in the receiver's words where it will not be.
    """

    stored: str
    address: str
    since: datetime
    why: str
    visible: ClassVar[bool] = True

    async def apply(self, world: Edges) -> Answered:
        delivery = await ledger.load(world.state, self.stored)
        if delivery is None:
            raise Refused(f"no webhook is kept as {self.stored} any more")
        headers = {**delivery.headers, **HEADERS}
        try:
            answer = await world.outgoing.post(self.address, headers=headers, body=delivery.body, seconds=SECONDS)
        except Silent as silent:
            raise self._no(str(silent), world.clock(), PATIENCE_WITH_SILENCE) from silent
        except (Unknown, Later) as trouble:
            raise self._no(str(trouble), world.clock(), PATIENCE) from trouble
        if answer.status == THROTTLED or answer.status >= 500:
            raise self._no(_words_of(answer), world.clock(), PATIENCE)
        if not 200 <= answer.status < 300:
            raise Refused(_words_of(answer))
        return Answered(answer.status, answer.body[:SHOWN].decode(errors="replace"))

    def _no(self, words: str, now: datetime, patience: timedelta) -> Later | Refused:
        """No for now; for good when it has been no for too long."""
        return Later(words) if now < self.since + patience else Refused(f"{words}; it was tried for {patience}")

    async def stands(self, world: Edges, since: datetime) -> Answered | None:
        """Nobody can be asked. Where it may have been sent it is sent again, as upstream does: its GUID is the same."""
        return None


def _words_of(answer: Answer) -> str:
    return f"the plugin answers {answer.shown}"


class External:
    """An external plugin as the runner knows plugins. `name` is that under which it owes answers."""

    def __init__(self, name: str) -> None:
        self.name, self.effects, self.reads, self.recomputes = name, (Forward,), (), False

    def subject(self, delivery: Delivery) -> str:
        return open_webhook(delivery.event, delivery.guid, delivery.body).subject

    def time(self, delivery: Delivery) -> datetime:
        return open_webhook(delivery.event, delivery.guid, delivery.body).time

    async def decide(self, delivery: Delivery, look: Look, act: Act) -> Sequence[Effect[object]]:
        """One POST to each address that plugins.yaml gives this plugin for the webhook's repository.

        Where hook found the plugin and the configuration has changed since, the plugin may be gone.
        """
        webhook = open_webhook(delivery.event, delivery.guid, delivery.body)
        entries = look.config.plugins.external_for(*webhook.place)
        meant = [
            entry
            for entry in entries
            if names.external(entry.name) == self.name and not entry.is_ours and entry.takes(delivery.event)
        ]
        if not meant:
            raise Refused(f"plugins.yaml names no such external plugin for {'/'.join(webhook.place)} any more")
        why = f"{delivery.event} of {webhook.subject} is for {meant[0].name}"
        addresses = dict.fromkeys(entry.address for entry in meant)
        return [Forward(stored=delivery.stored, address=one, since=look.now, why=why) for one in addresses]
