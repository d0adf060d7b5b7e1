"""What a role can reach. Each edge is made when it is first used: a heavy client costs only the role that needs it."""

import functools
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

from cutwater.config.configuration import Configuration
from cutwater.events.event import Event
from cutwater.github.client import GitHub
from cutwater.kube.client import Kube
from cutwater.storage.store import Store

Clock = Callable[[], datetime]
Publish = Callable[[Event], Awaitable[None]]


def utc_now() -> datetime:
    return datetime.now(UTC)


class Edges:
    """The world around a function. The arguments make an edge, or (for those with a name) one of a kind.

    `state`: the bucket of the ledger. `bucket`: an artifacts' bucket by name. `cluster`: a build cluster by alias.
    `clusters`: the aliases of all build clusters. `publish`: sends an event to the Broker; raises Later.
    `configuration`: the one in force.
    `event_key`: what hook signs its events with. `webhook_secret`: the file of secrets that GitHub signs with.
    `pace`: how long leases and grace times are, measured by production's; tests that kill real processes shorten them.
    """

    def __init__(
        self,
        *,
        kube: Callable[[], Kube],
        github: Callable[[], GitHub],
        state: Callable[[], Store],
        bucket: Callable[[str], Store],
        cluster: Callable[[str], Kube],
        publish: Publish,
        configuration: Callable[[], Awaitable[Configuration]],
        event_key: Callable[[], bytes],
        webhook_secret: Callable[[], bytes],
        clusters: Callable[[], Sequence[str]] = lambda: ("default",),
        clock: Clock = utc_now,
        pace: float = 1.0,
    ) -> None:
        self._kube, self._github, self._state, self._event_key = kube, github, state, event_key
        self.bucket = functools.cache(bucket)
        self.cluster = functools.cache(cluster)
        self._clusters = clusters
        self.publish = publish
        self.configuration = configuration
        self.webhook_secret = webhook_secret
        self.clock = clock
        self.pace = pace

    @functools.cached_property
    def kube(self) -> Kube:
        """The cluster of the ProwJobs."""
        return self._kube()

    @functools.cached_property
    def github(self) -> GitHub:
        """GitHub under the bot's identity."""
        return self._github()

    @functools.cached_property
    def state(self) -> Store:
        """The state bucket."""
        return self._state()

    @functools.cached_property
    def clusters(self) -> Sequence[str]:
        """The aliases of the build clusters."""
        return self._clusters()

    @functools.cached_property
    def event_key(self) -> bytes:
        """The key that an event of hook's is signed with."""
        return self._event_key()
