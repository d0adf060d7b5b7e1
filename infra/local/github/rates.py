"""Rate limits: how many requests each credential has left in its hour, told in the headers of every answer.

Source of the limits: docs.github.com, "Rate limits for the REST API".
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

LIMITS = {"core": 5000, "search": 30, "graphql": 5000, "code_search": 10, "integration_manifest": 5000}
ANONYMOUS = {"core": 60, "search": 10, "graphql": 0, "code_search": 60, "integration_manifest": 5000}
_WINDOWS = {"search": timedelta(minutes=1), "code_search": timedelta(minutes=1)}
_HOUR = timedelta(hours=1)


@dataclass(slots=True)
class Bucket:
    """What one credential has used of one resource, until `reset`."""

    limit: int
    used: int
    reset: datetime

    @property
    def remaining(self) -> int:
        return max(self.limit - self.used, 0)

    def form(self, resource: str) -> dict[str, object]:
        return {
            "limit": self.limit,
            "used": self.used,
            "remaining": self.remaining,
            "reset": int(self.reset.timestamp()),
            "resource": resource,
        }


class Rates:
    """The buckets of all credentials; kept in memory, as an hour is soon over.

    `limits` are those of whoever has signed in; a test that asks a great deal may raise them.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.limits = dict(LIMITS)
        self._clock = clock
        self._buckets: dict[tuple[str, str], Bucket] = {}

    def bucket(self, key: str, resource: str, *, is_anonymous: bool) -> Bucket:
        """The bucket as it stands now; a new one when its window is over."""
        now = self._clock()
        found = self._buckets.get((key, resource))
        if found is None or found.reset <= now:
            limits = ANONYMOUS if is_anonymous else self.limits
            found = Bucket(limits[resource], 0, now + _WINDOWS.get(resource, _HOUR))
            self._buckets[key, resource] = found
        return found

    def exhaust(self, key: str, resource: str = "core") -> None:
        """Let a credential have nothing left until its window is over."""
        bucket = self.bucket(key, resource, is_anonymous=False)
        bucket.used = bucket.limit

    @staticmethod
    def headers(bucket: Bucket, resource: str) -> list[tuple[bytes, bytes]]:
        return [
            (b"x-ratelimit-limit", b"%d" % bucket.limit),
            (b"x-ratelimit-remaining", b"%d" % bucket.remaining),
            (b"x-ratelimit-reset", b"%d" % bucket.reset.timestamp()),
            (b"x-ratelimit-used", b"%d" % bucket.used),
            (b"x-ratelimit-resource", resource.encode()),
        ]
