"""What is written on a ProwJob of its start, so that Jenkins is never asked twice for what it has begun already.

Before Jenkins is asked, the ProwJob says so; when Jenkins has answered, or is seen to have it, the ProwJob says that.
Jenkins shows at once what it has taken. A build that is nowhere for `PATIENCE` will not come: Jenkins is asked again if
it never said that it took it.
"""

from datetime import datetime, timedelta

from msgspec import Struct

from cutwater.kube.effects import timestamp
from cutwater.prowjob.labels import JENKINS_START
from cutwater.prowjob.types import ProwJob

UNSEEN = "cutwater.dev/jenkins-unseen-since"
"""The annotation that says since when what should be in Jenkins is not to be seen there; empty when it was seen."""
TAUGHT = "cutwater.dev/jenkins-taught"
"""The annotation that says when the job was built for the first time, to learn its parameters."""
PATIENCE = timedelta(minutes=2)
MOST_ASKED = 3
"""How often Jenkins is asked for the same build, where it never says whether it took it."""


class Start(Struct, frozen=True):
    """A start that was asked for. `is_taken`: Jenkins has it, or had it."""

    build_id: str
    times: int = 1
    is_taken: bool = False

    def __str__(self) -> str:
        return f"{'taken' if self.is_taken else 'asked'} {self.build_id} {self.times}"


def start_of(job: ProwJob) -> Start | None:
    """The start that was asked for, or None where there was none yet."""
    parts = job.metadata.annotations.get(JENKINS_START, "").split()
    if len(parts) != 3 or not parts[2].isdigit():
        return None
    return Start(parts[1], int(parts[2]), parts[0] == "taken")


def is_unseen(job: ProwJob) -> bool:
    """Whether the last look did not find it."""
    return bool(job.metadata.annotations.get(UNSEEN))


def is_lost(job: ProwJob, now: datetime) -> bool:
    """Whether it was not to be seen for so long that it will not be."""
    return is_unseen(job) and now - datetime.fromisoformat(job.metadata.annotations[UNSEEN]) >= PATIENCE


def unseen(now: datetime) -> dict[str, str]:
    """The annotation for a look that does not find it."""
    return {UNSEEN: timestamp(now)}
