"""The states of a ProwJob, and what may follow what.

Source: sigs.k8s.io/prow pkg/apis/prowjobs/v1 and the controllers that move a ProwJob on.
"""

from typing import Final

from cutwater.prowjob.types import ProwJob, State

FINAL: Final[frozenset[State]] = frozenset({"success", "failure", "aborted", "error"})

_FOLLOWERS: Final[dict[str, frozenset[State]]] = {
    "": frozenset({"scheduling", "triggered", "error"}),
    "scheduling": frozenset({"triggered", "aborted", "error"}),
    "triggered": frozenset({"pending", "aborted", "failure", "error"}),
    "pending": frozenset({"success", "failure", "aborted", "error"}),
}


def may_follow(now: str, then: State) -> bool:
    """Whether a ProwJob may go from one state to another. Nothing follows a final state."""
    return then in _FOLLOWERS.get(now, frozenset())


def is_abort_wanted(job: ProwJob) -> bool:
    """Whether somebody asked for an abort that its controller has not carried out yet."""
    return job.status.state == "aborted" and not job.is_complete
