"""Edges for tests: in memory, in virtual time, with what a test does not need missing."""

from collections.abc import Callable
from typing import Any

from cutwater.config.configuration import Configuration
from cutwater.events.edges import Clock, Edges
from cutwater.events.event import Event
from cutwater.storage.memory import MemoryStore
from tests import virtual_time


class Published(list[Event]):
    """The events that were published, in order."""

    async def publish(self, event: Event) -> None:
        self.append(event)


def missing(name: str) -> Callable[..., Any]:
    """An edge that the test has not provided."""

    def use(*_: object) -> Any:
        raise AssertionError(f"this test has no {name}")

    return use


def edges(
    *,
    config: Configuration | None = None,
    state: MemoryStore | None = None,
    clock: Clock = virtual_time.clock,
    **given: Any,
) -> Edges:
    """Edges with an own state bucket; `given` provides others by the names of their arguments."""
    kept = state or MemoryStore(clock)
    in_force = config or Configuration()

    async def configuration() -> Configuration:
        return in_force

    others: dict[str, Any] = {
        "kube": missing("Kubernetes"),
        "github": missing("GitHub"),
        "bucket": missing("artifacts' bucket"),
        "cluster": missing("build cluster"),
        "publish": Published().publish,
        "event_key": lambda: b"event key",
        "webhook_secret": lambda: b"webhook secret",
    }
    return Edges(state=lambda: kept, configuration=configuration, clock=clock, **(others | given))
