"""The commit status that says how a run is going. Source: sigs.k8s.io/prow pkg/github/report."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from cutwater.errors import Refused
from cutwater.github.client import NotFound
from cutwater.github.effects import SetStatus, StatusState
from cutwater.prowjob.descriptions import with_base_sha
from cutwater.prowjob.reporting import GITHUB
from cutwater.prowjob.types import ProwJob

STATES: Mapping[str, StatusState] = MappingProxyType(
    {
        "triggered": "pending",
        "pending": "pending",
        "success": "success",
        "failure": "failure",
        "aborted": "failure",
        "error": "error",
    }
)

_HOPELESS = ("This SHA and context has reached the maximum number of statuses", "No commit found for SHA:")


def status_of(job: ProwJob) -> SetStatus | None:
    """What GitHub is to show; None for a run of several pull requests, which has no commit of its own there.

    Raises Refused for a run of no commit.
    """
    refs = job.spec.refs
    if refs is None:
        raise Refused(f"{job.spec.type} {job.metadata.name} has no refs: there is no commit to set a status on")
    if len(refs.pulls) > 1:
        return None
    return SetStatus(
        org=refs.org,
        repo=refs.repo,
        sha=refs.pulls[0].sha if refs.pulls else refs.base_sha,
        context=job.spec.context,
        state=STATES[job.status.state],
        description=with_base_sha(job.status.description, refs.base_sha),
        target_url=job.status.url,
        why=f"{job.metadata.name} is {job.status.state}",
    )


def is_hopeless(refused: Refused) -> bool:
    """Whether the commit takes no status any more, whoever asks: then the run counts as reported."""
    return isinstance(refused, NotFound) or any(text in str(refused) for text in _HOPELESS)


def is_overtaken(job: ProwJob, runs: Iterable[ProwJob]) -> bool:
    """Whether a newer run for the same context of the same commit has spoken already: its word is the last."""
    return any(
        _target(run) == _target(job) and _is_newer(run, job) and run.status.prev_report_states.get(GITHUB, "")
        for run in runs
    )


def _target(job: ProwJob) -> tuple[str, tuple[str, ...]]:
    """What its status is about: a context, and the commit."""
    return job.spec.context, tuple(pull.sha for pull in job.spec.refs.pulls) if job.spec.refs else ()


def _is_newer(one: ProwJob, other: ProwJob) -> bool:
    created, before = one.metadata.creation_timestamp, other.metadata.creation_timestamp
    return created is not None and before is not None and created > before
