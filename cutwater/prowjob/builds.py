"""The number of a run: unique, and larger than that of an earlier run.

Source of the layout: sigs.k8s.io/prow pkg/pjutil (tot.go), which takes Twitter's snowflake: 41 bits of milliseconds,
22 bits that keep apart what begins in the same one. There it is a counter of the one controller; here, where any
number of functions start pods at once, it is drawn from the ProwJob's own identity.
"""

import hashlib
from datetime import UTC, datetime, timedelta

from cutwater.prowjob.types import ProwJob

EPOCH = datetime(2010, 11, 4, 1, 42, 54, 657000, tzinfo=UTC)
_APART_BITS = 22


def build_id(job: ProwJob, now: datetime) -> str:
    """The build id of a pod that is made of this ProwJob now, in decimal: 19 digits. Unlike its last one's."""
    milliseconds = (now - EPOCH) // timedelta(milliseconds=1)
    digest = hashlib.sha256(f"{job.metadata.uid}/{job.status.build_id}".encode()).digest()
    apart = int.from_bytes(digest[:4], "big") >> (32 - _APART_BITS)
    return str(milliseconds << _APART_BITS | apart)
