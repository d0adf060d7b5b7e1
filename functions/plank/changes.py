"""What plank writes into a ProwJob. Source of the texts: sigs.k8s.io/prow pkg/plank (reconciler.go)."""

from datetime import datetime

from msgspec.structs import replace

from cutwater.config.prow import Plank
from cutwater.config.template import parse
from cutwater.kube.effects import Transition, timestamp, transition
from cutwater.podutils import paths
from cutwater.prowjob.labels import BUILD_ID, ID
from cutwater.prowjob.types import ProwJob, State


def begun(job: ProwJob, build_id: str, plank: Plank, now: datetime, *, is_new: bool) -> Transition:
    """Its pod was made: the first one, or another in place of one that was lost. `is_new`: made just now, by us."""
    then = _with(job, plank, state="pending", build_id=build_id)
    status: dict[str, object] = {"build_id": build_id, "pod_name": job.metadata.name, "url": then.status.url}
    if job.status.state == "triggered":
        status |= {"state": "pending", "pendingTime": timestamp(now), "description": "Job triggered."}
    why = "its pod was made" if is_new else "its pod was there already"
    return transition(job, status, why=why, labels=_labels(job, build_id) if is_new else {})


def refused(job: ProwJob, build_id: str, why: str, plank: Plank, now: datetime) -> Transition:
    """No pod can be made of it."""
    ended = finished(job, "error", f"Pod can not be created: {why}", plank, now, build_id=build_id)
    if job.status.state == "triggered":
        ended = replace(ended, status={key: value for key, value in ended.status.items() if key != "url"})
    return replace(ended, status={**ended.status, "build_id": build_id})


def finished(
    job: ProwJob, state: State, description: str, plank: Plank, now: datetime, *, build_id: str = ""
) -> Transition:
    """It is over. `build_id`: one that it was given just now."""
    then = _with(job, plank, state=state, build_id=build_id or job.status.build_id)
    status = {
        "state": state,
        "description": description,
        "completionTime": timestamp(now),
        "url": then.status.url,
    }
    return transition(job, status, why=description, labels=_labels(job, build_id) if build_id else {})


def given_up(job: ProwJob, why: str, now: datetime) -> Transition:
    """It cannot be carried on, whatever is tried."""
    status = {"state": "error", "description": f"Terminal error: {why}.", "completionTime": timestamp(now)}
    return transition(job, status, why=why)


def aborted(job: ProwJob, now: datetime) -> Transition:
    """The abort that somebody asked for was carried out; what they said of it stands."""
    return transition(job, {"completionTime": timestamp(now)}, why="its pod is gone")


def _with(job: ProwJob, plank: Plank, *, state: State, build_id: str) -> ProwJob:
    """The ProwJob in its next state, with the link that belongs to it; without one where none can be made."""
    then = replace(job, status=replace(job.status, state=state, build_id=build_id))
    prefixes, names_provider = plank.job_url_prefix_config, not plank.job_url_prefix_without_provider
    try:
        url = paths.job_url(then, build_id=build_id, prefixes=prefixes, names_provider=names_provider)
        if url is None:
            url = parse(plank.job_url_template).render(then)
    except ValueError:
        url = ""
    return replace(then, status=replace(then.status, url=url))


def _labels(job: ProwJob, build_id: str) -> dict[str, str]:
    return {ID: job.metadata.name, BUILD_ID: build_id}
