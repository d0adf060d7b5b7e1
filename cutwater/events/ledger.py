"""The ledger's webhooks: each that somebody wants is stored in one write before GitHub gets its 2xx.

`owed/<minute>/<GUID>-<digest>` is delivery and outbox at once. When every plugin on its list has a finished receipt
it is moved to `deliveries/<day>/<minute>/<GUID>-<digest>`. Keys begin with the time, so that old ones go by prefix.
With it an empty `subjects/<day>/<org>/<repo>/<number>/<minute>.<GUID>-<digest>` is left, by which those of one
repository or pull request are found without a look at all others.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import quote

import msgspec
from msgspec import Struct

from cutwater.errors import Refused
from cutwater.events import names
from cutwater.events.event import Event
from cutwater.github.webhooks import open_webhook
from cutwater.storage.store import Store, Taken

OWED = "owed/"
DELIVERIES = "deliveries/"
SUBJECTS = "subjects/"
GUID = re.compile(r"[0-9A-Za-z-]{1,64}\Z")
"""What a delivery's GUID may look like: it becomes part of keys and names."""


class Delivery(Struct, frozen=True, kw_only=True):
    """One webhook as it came, and the plugins that owe an answer to it.

    `asked_again`: when somebody had it answered once more; None where nobody did.
    """

    guid: str
    event: str
    received: datetime
    headers: Mapping[str, str]
    body: bytes
    plugins: tuple[str, ...]
    asked_again: datetime | None = None

    @property
    def digest(self) -> str:
        """SHA-256 of the body, hexadecimal."""
        return hashlib.sha256(self.body).hexdigest()

    @property
    def stored(self) -> str:
        """Where it lies below `owed/` and `deliveries/<day>/`."""
        return f"{self.received:%Y-%m-%dT%H-%M}/{self.guid}-{self.digest[:16]}"


async def store(state: Store, delivery: Delivery) -> None:
    """Keep a webhook that is owed. One that is there already is the same webhook. Raises Later and Refused."""
    try:
        await state.put(OWED + delivery.stored, msgspec.json.encode(delivery), if_absent=True, content_type=JSON)
    except Taken:
        return


async def load(state: Store, stored: str) -> Delivery | None:
    """The webhook, whether it is still owed or not; None where it is neither (it was deleted for its age)."""
    for key in (OWED + stored, f"{DELIVERIES}{stored[:10]}/{stored}"):
        found = await state.get(key)
        if found is not None:
            return msgspec.json.decode(found.body, type=Delivery)
    return None


async def settle(state: Store, delivery: Delivery) -> None:
    """Move a webhook whose every plugin has answered. Killed in between, the next sweep moves it again."""
    body = msgspec.json.encode(delivery)
    await state.put(f"{DELIVERIES}{delivery.stored[:10]}/{delivery.stored}", body, content_type=JSON)
    await state.put(_index_key(delivery), b"")
    await state.delete(OWED + delivery.stored)


def _index_key(delivery: Delivery) -> str:
    """Where the webhook is found by what it is about."""
    try:
        webhook = open_webhook(delivery.event, delivery.guid, delivery.body)
        about = index_of(webhook.org, webhook.repo or "-", str(webhook.number or "-"))
    except Refused:
        about = index_of("-", "-", "-")
    return f"{SUBJECTS}{delivery.stored[:10]}/{about}{delivery.stored.replace('/', '.', 1)}"


def index_of(*about: str) -> str:
    """The beginning of the keys about an organisation, a repository of it, an issue of that. In any case of letters."""
    return "".join(f"{quote(part.casefold(), safe='') or '-'}/" for part in about)


def webhook_event(delivery: Delivery, plugin: str, *, subject: str, key: bytes) -> Event:
    """The event that asks one plugin to answer to a webhook. It carries hook's signature, and no body."""
    return Event(
        id=f"{delivery.guid}.{plugin}",
        source="/hook",
        type=names.WEBHOOK,
        subject=subject,
        time=delivery.received,
        extensions={
            "plugin": plugin,
            "delivery": delivery.guid,
            "hookevent": delivery.event,
            "stored": delivery.stored,
            "partitionkey": subject,
            "signature": sign(delivery, plugin, key),
        },
    )


def sign(delivery: Delivery, plugin: str, key: bytes) -> str:
    """Hook's word that this plugin is to answer to this webhook."""
    said = "\n".join((delivery.guid, plugin, delivery.event, delivery.digest))
    return hmac.new(key, said.encode(), hashlib.sha256).hexdigest()


def is_signed(event: Event, delivery: Delivery, key: bytes) -> bool:
    """Whether the event is hook's, for this very webhook. Constant time."""
    return hmac.compare_digest(event["signature"].encode(), sign(delivery, event["plugin"], key).encode())


JSON = "application/json"
