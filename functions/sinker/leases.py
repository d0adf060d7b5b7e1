"""Which Leases are left of work that was never done again: of reports on ProwJobs that are gone, say."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from cutwater.kube.client import Json
from cutwater.kube.leases import ForgetLease, forgotten

AGE = timedelta(days=7)
"""What is in doubt is looked into by then, or never."""


def old_leases(found: Sequence[Json], now: datetime) -> Iterator[ForgetLease]:
    """The deletions. `found`: all Leases of the namespace."""
    for one in found:
        if forgotten(one, now, AGE):
            meta = one["metadata"]
            yield ForgetLease(
                namespace=meta["namespace"],
                name=meta["name"],
                version=meta["resourceVersion"],
                why=f"nobody has held it for {AGE.days} days",
            )
