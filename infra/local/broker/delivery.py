"""How one event is tried again: which failures, how often, after how long.

Source: knative.dev/eventing pkg/kncloudevents/retries.go, pkg/reconciler/subscription.
"""

import asyncio
import base64
from collections.abc import Awaitable, Callable
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Literal

from msgspec import Struct

from infra.local.broker import durations, events
from infra.local.broker.asgi import Response
from infra.local.broker.events import TTL, Event, NotAnEvent
from infra.local.broker.resources import BrokerResource, Destination, Trigger

RETRIED = frozenset({404, 408, 409, 429})
"""Answers below 500 that are tried again."""

ERROR_BODY_LIMIT = 768
"""Bytes of an error's body that a dead letter carries: 1024 characters of base64."""


class Failure(Struct, frozen=True):
    """What a dead letter says of the last try."""

    destination: str
    code: int
    body: bytes


class Outcome(Struct, frozen=True, kw_only=True):
    """How one try ended. `status` None: no answer. `failure` None: nothing is known that a dead letter could say."""

    status: int | None
    reply: Event | None = None
    reply_headers: dict[str, str] = {}
    failure: Failure | None = None
    retry_after: str = ""

    @property
    def is_delivered(self) -> bool:
        """Whether the receiver has taken the event."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_retried(self) -> bool:
        """Whether another try may go better."""
        return self.status is None or self.status >= 500 or self.status in RETRIED


NO_EVENT_IN_REPLY = Outcome(status=502)


class Policy(Struct, frozen=True, kw_only=True):
    """A delivery specification, ready for use. Times are seconds."""

    retries: int = 0
    backoff: Literal["linear", "exponential"] | None = None
    delay: float = 0.0
    timeout: float | None = None
    retry_after_max: float = 0.0
    format: Literal["binary", "json"] = "binary"

    def pause(self, retry: int, outcome: Outcome, now: datetime) -> float:
        """Seconds before retry number `retry`, the first being 0: the first linear one comes at once."""
        backoff = 0.0
        if self.backoff == "exponential":
            backoff = self.delay * 2**retry
        elif self.backoff == "linear":
            backoff = self.delay * retry
        if self.retry_after_max and outcome.status in (429, 503):
            return max(backoff, min(_seconds(outcome.retry_after, now), self.retry_after_max))
        return backoff


def policy_of(trigger: Trigger, broker: BrokerResource) -> Policy:
    """What holds for a Trigger: its own delivery as a whole, else the Broker's."""
    delivery = trigger.spec.delivery or broker.spec.delivery
    return Policy(
        retries=delivery.retry,
        backoff=delivery.backoff_policy,
        delay=_optional(delivery.backoff_delay),
        timeout=_optional(delivery.timeout) or None,
        retry_after_max=_optional(delivery.retry_after_max),
        format=trigger.spec.delivery.format if trigger.spec.delivery else "binary",
    )


def dead_letter_sink_of(trigger: Trigger, broker: BrokerResource) -> Destination | None:
    """Where the Trigger's dead letters go: the one part of a delivery that is taken from the Broker when it lacks."""
    own = trigger.spec.delivery.dead_letter_sink if trigger.spec.delivery else None
    return own or broker.spec.delivery.dead_letter_sink


async def deliver(
    attempt: Callable[[int], Awaitable[Outcome]], policy: Policy, clock: Callable[[], datetime]
) -> Outcome:
    """Tries until one try succeeds, cannot succeed, or was the last. `attempt` is told its number, from 1."""
    for retry in range(policy.retries + 1):
        try:
            async with asyncio.timeout(policy.timeout):
                outcome = await attempt(retry + 1)
        except TimeoutError:
            outcome = Outcome(status=None)
        if outcome.is_delivered or not outcome.is_retried or retry == policy.retries:
            break
        await asyncio.sleep(policy.pause(retry, outcome, clock()))
    return outcome


def answered(response: Response, *, ttl: str) -> Outcome:
    """A 2xx: nothing, an event in reply, or something else, which Knative takes for a failure."""
    if not events.is_event(response.headers):
        return NO_EVENT_IN_REPLY if response.body else Outcome(status=response.status)
    try:
        reply = events.parse(response.headers, response.body).with_attributes(**{TTL: ttl})
    except NotAnEvent:
        return NO_EVENT_IN_REPLY
    return Outcome(status=response.status, reply=reply, reply_headers=events.forwarded(response.headers))


def refused(url: str, response: Response) -> Outcome:
    """A failed answer. With a 304 nothing can be said of it: HTTP drops the body that would."""
    if response.status == 304:
        return Outcome(status=304)
    outcome = failed(url, response.status, response.body)
    return Outcome(status=outcome.status, failure=outcome.failure, retry_after=response.headers.get("retry-after", ""))


def failed(url: str, code: int, body: bytes) -> Outcome:
    return Outcome(status=code, failure=Failure(url, code, body))


def dead_letter(event: Event, failure: Failure | None) -> Event:
    """The event with what is known of its failure. What an earlier failure wrote stands."""
    if failure is None:
        return event
    said = {
        "knativeerrordest": failure.destination,
        "knativeerrorcode": str(failure.code),
        "knativeerrordata": base64.b64encode(failure.body[:ERROR_BODY_LIMIT]).decode(),
    }
    return Event({**said, **event.attributes}, event.body)


def _seconds(retry_after: str, now: datetime) -> float:
    """What a Retry-After header asks for: seconds or a date."""
    if retry_after.isdigit():
        return float(retry_after)
    try:
        return max(0.0, (parsedate_to_datetime(retry_after) - now).total_seconds())
    except ValueError:
        return 0.0


def _optional(duration: str) -> float:
    return durations.seconds(duration) if duration else 0.0
