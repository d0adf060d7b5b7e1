"""The Broker: takes an event, hands it to every Trigger that wants it, tries again, and buries what nobody takes.

It is Knative's MTChannelBasedBroker over an in-memory channel without the hops between its parts. As there, a producer
waits for all deliveries unless the Broker carries the async-handler annotation, and what is under way when the process
dies is lost: the sweeps of the functions repair that. Source: knative.dev/eventing pkg/broker, pkg/channel/fanout.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime
from functools import partial
from urllib.parse import urljoin

from msgspec import Struct

from infra.local.broker import addresses, delivery, events, filters
from infra.local.broker.asgi import Request, Response
from infra.local.broker.delivery import Outcome, Policy
from infra.local.broker.events import ARRIVAL_TIME, TTL, Event, NotAnEvent
from infra.local.broker.functions import Functions
from infra.local.broker.resources import BrokerResource, Resources, Trigger

log = logging.getLogger(__name__)

MAX_TTL = 255
"""Brokers that one event and the replies to it may pass."""

PATIENCE = 15 * 60.0
"""Seconds between two completed deliveries that a producer is kept waiting for."""

REDIRECTS = 10
TRIGGER_GONE = Outcome(status=404)


class Attempt(Struct, frozen=True):
    """One try to deliver one event, told to whoever watches. `status` None: no answer in time."""

    attributes: Mapping[str, str]
    trigger: str
    service: str
    attempt: int
    status: int | None
    started: datetime
    milliseconds: float


class Subscription(Struct, frozen=True):
    """A Trigger with all that it names resolved."""

    trigger: Trigger
    accepts: Callable[[Mapping[str, str]], bool]
    subscriber: str
    ingress: str
    dead_letter_sink: str | None
    policy: Policy

    @property
    def key(self) -> tuple[str, str]:
        """Its Trigger's namespace and name."""
        return self.trigger.metadata.namespace, self.trigger.metadata.name


class Served(Struct, frozen=True):
    """A Broker and who listens to it."""

    resource: BrokerResource
    subscriptions: tuple[Subscription, ...]


class Passage(Struct, frozen=True):
    """An event on its way through a Broker, with the headers that travel beside it."""

    event: Event
    forwarded: Mapping[str, str]


class Broker:
    """All Brokers and Triggers of one machine.

    `functions` by Service name. A Trigger whose subscriber or dead letter sink is not among them is not served, as on
    a cluster: `not_ready` says why. `on_delivery` is told of each try. Time is `clock`'s and asyncio's.
    """

    def __init__(
        self,
        resources: Resources,
        functions: Functions,
        *,
        clock: Callable[[], datetime] = events.utc_now,
        on_delivery: Callable[[Attempt], None] | None = None,
    ) -> None:
        self._functions = functions
        self._clock = clock
        self._on_delivery = on_delivery
        self._under_way: set[asyncio.Task[bool]] = set()
        self._served: dict[tuple[str, str], Served] = {}
        self._current: dict[tuple[str, str], Subscription] = {}
        self.not_ready: dict[str, str] = {}
        self.apply(resources)

    def apply(self, resources: Resources) -> None:
        """Serves these resources from now on. A try for a Trigger that is gone ends with 404."""
        self.not_ready = {}
        ready = [s for trigger in resources.triggers if (s := self._subscription(trigger, resources))]
        self._current = {subscription.key: subscription for subscription in ready}
        self._served = {
            (broker.metadata.namespace, broker.metadata.name): Served(
                broker, tuple(s for s in ready if s.ingress == _url(broker))
            )
            for broker in resources.brokers
        }

    async def receive(self, headers: Mapping[str, str], body: bytes, *, broker: tuple[str, str] | None = None) -> int:
        """Takes one event (header names lower-case) and answers with Knative's status: 202, 400, 404 or 500.

        `broker`: namespace and name; None where there is only one. Cancelled, as when the producer hangs up, it stops
        the deliveries of a Broker that is not async.
        """
        try:
            event = _stamped(events.parse(headers, body), self._clock())
        except NotAnEvent as error:
            log.info("an event was refused: %s", error)
            return 400
        served = self._served.get(broker) if broker else next(iter(self._served.values()), None)
        if served is None:
            return 404
        visible = event.without(TTL).attributes
        passage = Passage(event, events.forwarded(headers))
        tasks = [
            self._begin(self._deliver(subscription, passage))
            for subscription in served.subscriptions
            if subscription.accepts(visible)
        ]
        return 202 if served.resource.is_async or await _all_taken(tasks) else 500

    async def post(self, url: str, headers: Mapping[str, str], body: bytes, method: str = "POST") -> Response:
        """One request to a URL of the cluster: a Broker or a function. Raises OSError where nothing answers there."""
        path = addresses.target(url)
        service = addresses.service_of(url)
        if addresses.is_ingress(url):
            _, namespace, name = path.split("/", 2)
            return Response(await self.receive(headers, body, broker=(namespace, name)))
        if service is None or service not in self._functions:
            raise ConnectionError(f"dial tcp: lookup {url}: no such host")
        host = {"host": url.split("/", 3)[2]}
        return await self._functions[service].send(Request(method, path, {**headers, **host}, body))

    async def settle(self) -> None:
        """Waits until no event is under way, back-off included."""
        while self._under_way:
            await asyncio.wait(self._under_way)

    async def close(self) -> None:
        """Drops what is under way."""
        tasks = list(self._under_way)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _begin(self, delivering: Coroutine[None, None, bool]) -> asyncio.Task[bool]:
        task = asyncio.get_running_loop().create_task(delivering)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return task

    def _subscription(self, trigger: Trigger, resources: Resources) -> Subscription | None:
        """The Trigger made ready, or None where it cannot be."""
        try:
            return self._resolved(trigger, resources)
        except addresses.Unresolved as why:
            self.not_ready[trigger.metadata.name] = str(why)
            log.warning("Trigger %s is not served: %s", trigger.metadata.name, why)
            return None

    def _resolved(self, trigger: Trigger, resources: Resources) -> Subscription:
        namespace = trigger.metadata.namespace
        key = (namespace, trigger.spec.broker)
        broker = next((b for b in resources.brokers if (b.metadata.namespace, b.metadata.name) == key), None)
        if broker is None:
            raise addresses.Unresolved(f"there is no Broker {trigger.spec.broker}")
        sink = delivery.dead_letter_sink_of(trigger, broker)
        subscription = Subscription(
            trigger=trigger,
            accepts=filters.accepts(trigger.spec),
            subscriber=addresses.resolve(trigger.spec.subscriber, namespace),
            ingress=_url(broker),
            dead_letter_sink=addresses.resolve(sink, namespace) if sink else None,
            policy=delivery.policy_of(trigger, broker),
        )
        urls = (subscription.subscriber, subscription.dead_letter_sink)
        for url in filter(None, urls):
            service = addresses.service_of(url)
            if service not in self._functions and not addresses.is_ingress(url):
                raise addresses.Unresolved(f"there is no function {service or url}")
        return subscription

    async def _deliver(self, subscription: Subscription, passage: Passage) -> bool:
        """One event to one Trigger, with all that follows. Whether somebody took it."""
        policy = subscription.policy
        tried = partial(delivery.deliver, policy=policy, clock=self._clock)
        outcome = await tried(partial(self._try_subscriber, subscription.key, passage))
        if outcome.is_delivered and outcome.reply:
            reply = Passage(outcome.reply, outcome.reply_headers)
            outcome = await tried(partial(self._try_reply, subscription.ingress, reply))
        if outcome.is_delivered:
            return True
        what = f"{passage.event.attributes['type']} {passage.event.attributes['id']}"
        if subscription.dead_letter_sink is None:
            log.error("%s is lost: Trigger %s ended with %s", what, subscription.key, outcome.status)
            return False
        dead = Passage(delivery.dead_letter(passage.event, outcome.failure), passage.forwarded)
        outcome = await tried(partial(self._try_dead_letter_sink, subscription, dead))
        if not outcome.is_delivered:
            log.error("%s is lost: the dead letter sink ended with %s", what, outcome.status)
        return outcome.is_delivered

    async def _try_subscriber(self, key: tuple[str, str], passage: Passage, attempt: int) -> Outcome:
        """What Knative's filter service does with one try."""
        subscription = self._current.get(key)
        if subscription is None:
            return TRIGGER_GONE
        event = passage.event.without(TTL)
        is_json = subscription.policy.format == "json"
        headers, body = events.structured(event) if is_json else (event.headers(), event.body)
        beside = {"prefer": "reply", "kn-namespace": subscription.trigger.metadata.namespace}
        url = subscription.subscriber
        try:
            response = await self._observed(
                subscription, url, event, attempt, self._follow(url, {**headers, **passage.forwarded, **beside}, body)
            )
        except OSError as error:
            return delivery.failed(url, 500, f'dispatch error: Post "{url}": {error}'.encode())
        if not 200 <= response.status < 300:
            return delivery.refused(url, response)
        return delivery.answered(response, ttl=passage.event.attributes[TTL])

    async def _try_reply(self, ingress: str, reply: Passage, attempt: int) -> Outcome:
        response = await self.post(ingress, {**reply.event.headers(), **reply.forwarded}, reply.event.body)
        if 200 <= response.status < 300:
            return Outcome(status=response.status)
        return delivery.failed(ingress, response.status, b"")

    async def _try_dead_letter_sink(self, subscription: Subscription, dead: Passage, attempt: int) -> Outcome:
        beside = {"kn-namespace": subscription.trigger.metadata.namespace}
        url = subscription.dead_letter_sink or ""
        posted = self._follow(url, {**dead.event.headers(), **dead.forwarded, **beside}, dead.event.body)
        try:
            response = await self._observed(subscription, url, dead.event, attempt, posted)
        except OSError:
            return Outcome(status=None)
        return Outcome(status=response.status, retry_after=response.headers.get("retry-after", ""))

    async def _follow(self, url: str, headers: Mapping[str, str], body: bytes) -> Response:
        """Posts, and follows redirects as Go's client does: 301, 302 and 303 as GET without the event."""
        method = "POST"
        for _ in range(REDIRECTS):
            response = await self.post(url, headers, body, method)
            location = response.headers.get("location")
            if response.status not in (301, 302, 303, 307, 308) or not location:
                return response
            url = urljoin(url, location)
            if response.status < 304:
                method, body = "GET", b""
        raise ConnectionError(f"stopped after {REDIRECTS} redirects")

    async def _observed(
        self,
        subscription: Subscription,
        url: str,
        event: Event,
        attempt: int,
        posting: Coroutine[None, None, Response],
    ) -> Response:
        """Awaits the answer and tells the observer of it, whatever it was."""
        started = self._clock()
        status: int | None = None
        try:
            response = await posting
            status = response.status
            return response
        finally:
            if self._on_delivery:
                took = (self._clock() - started).total_seconds() * 1000
                service = addresses.service_of(url) or url
                name = subscription.trigger.metadata.name
                self._on_delivery(Attempt(event.attributes, name, service, attempt, status, started, took))


def _url(broker: BrokerResource) -> str:
    return addresses.broker_url(broker.metadata.namespace, broker.metadata.name)


def _stamped(event: Event, now: datetime) -> Event:
    """The event as the ingress hands it on. Raises NotAnEvent where it has passed too many Brokers."""
    ttl = event.attributes.get(TTL, "")
    left = int(ttl) - 1 if ttl.removeprefix("-").isdecimal() else MAX_TTL
    if left <= 0:
        raise NotAnEvent("it has passed too many Brokers")
    return event.with_attributes(**{TTL: str(left), ARRIVAL_TIME: events.timestamp(now)})


async def _all_taken(tasks: list[asyncio.Task[bool]]) -> bool:
    """Waits for all deliveries. If the producer hangs up they stop, retries and dead letters with them."""
    pending = set(tasks)
    try:
        while pending:
            done, pending = await asyncio.wait(pending, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
            if not done:
                return False
    except asyncio.CancelledError:
        for task in pending:
            task.cancel()
        raise
    return all(task.result() for task in tasks)
