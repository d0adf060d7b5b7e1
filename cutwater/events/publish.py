"""Events out: to the Broker, and as an effect of a decision."""

import asyncio
import functools
import uuid
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, ClassVar, Protocol

from msgspec import Struct, field

from cutwater.errors import Later
from cutwater.events import names
from cutwater.events.event import Event, to_request

CALL_SECONDS = 10
CONNECTIONS = 32


class HasBroker(Protocol):
    """What publishing needs of the world."""

    @property
    def publish(self) -> Callable[[Event], Awaitable[None]]:
        """Sends an event to the Broker; raises Later."""


class LookAgain(Struct, frozen=True, kw_only=True, tag=True):
    """Have a role look at an object. Said twice it is looked at twice, which changes nothing."""

    role: str
    subject: str
    why: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    visible: ClassVar[bool] = False

    async def apply(self, world: HasBroker) -> None:
        await world.publish(look_event(self.role, self.subject, **self.attributes))

    async def stands(self, world: HasBroker, since: datetime) -> bool | None:
        return None


def look_event(role: str, subject: str, **attributes: str) -> Event:
    """The event by which a role looks at an object."""
    extensions = {"role": role, "partitionkey": subject} | attributes
    return Event(id=str(uuid.uuid4()), source="/look", type=names.LOOK, subject=subject, extensions=extensions)


class HttpBroker:
    """A Broker's ingress. `address` is where it takes events. urllib3 is there already where a heavy client is used."""

    def __init__(self, address: str) -> None:
        self._address = address

    @functools.cached_property
    def _pool(self) -> Any:
        from urllib3 import PoolManager, Timeout

        return PoolManager(maxsize=CONNECTIONS, timeout=Timeout(CALL_SECONDS), retries=False)

    async def publish(self, event: Event) -> None:
        """Send one event. Raises Later where the Broker does not take it."""
        status = await asyncio.to_thread(self._post, *to_request(event))
        if not 200 <= status < 300:
            raise Later(f"the Broker answers {status}")

    def _post(self, headers: Mapping[str, str], body: bytes) -> int:
        from urllib3.exceptions import HTTPError

        try:
            status: int = self._pool.request("POST", self._address, headers=headers, body=body).status
        except HTTPError as error:
            raise Later(f"the Broker cannot be reached: {type(error).__name__}") from error
        return status
