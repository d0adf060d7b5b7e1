"""A Broker, Triggers and functions in a few words."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import yaml
from starlette.types import Receive, Scope, Send

from infra.local.broker.asgi import Request, Response
from infra.local.broker.broker import Broker
from infra.local.broker.events import Event
from infra.local.broker.functions import Functions
from infra.local.broker.loading import collect, parse
from infra.local.broker.resources import Resources

Json = Mapping[str, Any]

EVENT = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/s", "ce-type": "t"}
FUNCTION = "http://f.ns.svc.cluster.local"
INGRESS = "http://broker-ingress.knative-eventing.svc.cluster.local/ns/b"


class Clock:
    """The wall clock of a virtual day: it goes as the event loop does."""

    def __init__(self, start: datetime) -> None:
        self._start = start

    def __call__(self) -> datetime:
        return self._start + timedelta(seconds=asyncio.get_running_loop().time())


class Subscriber:
    """A function that answers as it was told, the last answer for ever, and keeps what it got.

    An answer is a status, a Response, an exception, or what a function of the request gives.
    """

    def __init__(self, *answers: int | Response | Exception | Callable[[Request], Response], takes: float = 0) -> None:
        self._answers = answers or (200,)
        self._takes = takes
        self.requests: list[Request] = []
        self.times: list[float] = []

    async def send(self, request: Request) -> Response:
        self.requests.append(request)
        self.times.append(round(asyncio.get_running_loop().time(), 3))
        await asyncio.sleep(self._takes)
        answer = self._answers[min(len(self.requests), len(self._answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, int):
            return Response(answer)
        return answer if isinstance(answer, Response) else answer(request)

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        raise NotImplementedError

    @property
    def gaps(self) -> list[float]:
        """Seconds between the requests."""
        return [round(later - earlier, 3) for earlier, later in zip(self.times, self.times[1:], strict=False)]


def service(name: str) -> Json:
    return {"ref": {"apiVersion": "serving.knative.dev/v1", "kind": "Service", "name": name}}


def to_broker(name: str = "b") -> Json:
    return {"ref": {"apiVersion": "eventing.knative.dev/v1", "kind": "Broker", "name": name}}


def broker(name: str = "b", *, is_async: bool = False, **spec: object) -> Json:
    """A Broker; without a delivery it tries once."""
    annotations = {"messaging.knative.dev/async-handler": "true"} if is_async else {}
    metadata = {"name": name, "namespace": "ns", "annotations": annotations}
    spec = {"delivery": {}, **spec}
    return {"apiVersion": "eventing.knative.dev/v1", "kind": "Broker", "metadata": metadata, "spec": spec}


def trigger(name: str = "f", **spec: object) -> Json:
    """A Trigger whose subscriber is the function of its name."""
    spec = {"broker": "b", "subscriber": service(name), **spec}
    metadata = {"name": name, "namespace": "ns"}
    return {"apiVersion": "eventing.knative.dev/v1", "kind": "Trigger", "metadata": metadata, "spec": spec}


def source(kind: str, name: str = "s", /, **spec: object) -> Json:
    """A PingSource or an ApiServerSource that sends to Broker b."""
    spec = {"sink": to_broker(), **spec}
    metadata = {"name": name, "namespace": "ns"}
    return {"apiVersion": "sources.knative.dev/v1", "kind": kind, "metadata": metadata, "spec": spec}


def resources(*objects: Json) -> Resources:
    """The objects, read as a file of triggers/ is."""
    return collect(parse(yaml.safe_dump_all(objects), file="t.yaml"))


def serving(clock: Clock, functions: Functions, *objects: Json) -> Broker:
    """Broker b, where the objects have none, with these Triggers."""
    has_broker = any(item["kind"] == "Broker" for item in objects)
    return Broker(resources(*([] if has_broker else [broker()]), *objects), functions, clock=clock)


def received(request: Request) -> Event:
    """The event in a request of binary mode, as a function sees it."""
    attributes = {name[3:]: value for name, value in request.headers.items() if name.startswith("ce-")}
    return Event(attributes, request.body)


def dead_letter_sink(retry: int = 0, **delivery: object) -> Json:
    """A delivery to a dead letter sink called dls."""
    return {"retry": retry, "deadLetterSink": service("dls"), **delivery}
