"""What receivers of one's own are told of a ProwJob: the message that Prow sends to Pub/Sub. Pure.

Source: sigs.k8s.io/prow pkg/crier/reporters/pubsub.
"""

from msgspec import Struct

from cutwater.config.prow import Plank
from cutwater.podutils import paths
from cutwater.prowjob.types import JobType, ProwJob, Refs

PROJECT, TOPIC, RUN_ID = (f"prow.k8s.io/pubsub.{name}" for name in ("project", "topic", "runID"))
"""The annotations, or labels, by which a job names a topic of Pub/Sub."""

_PROVIDERS = ("gs/", "s3/")


class Message(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One state of one run. All but `refs` and `message` are always written."""

    project: str
    topic: str
    runid: str
    status: str
    url: str
    gcs_path: str
    job_type: JobType
    job_name: str
    refs: tuple[Refs, ...] = ()
    message: str = ""


def message_of(job: ProwJob, plank: Plank) -> Message:
    """The message about the state that the run is in."""
    return Message(
        project=topic(job, PROJECT),
        topic=topic(job, TOPIC),
        runid=topic(job, RUN_ID),
        status=job.status.state,
        url=job.status.url,
        gcs_path=_storage_path(job.status.url, paths.url_prefix(job, plank.job_url_prefix_config)),
        job_type=job.spec.type,
        job_name=job.spec.job,
        refs=(*([job.spec.refs] if job.spec.refs else []), *job.spec.extra_refs),
        message=job.status.description,
    )


def topic(job: ProwJob, key: str) -> str:
    """What the run says of its topic, as an annotation or as a label."""
    return job.metadata.annotations.get(key) or job.metadata.labels.get(key, "")


def _storage_path(url: str, prefix: str) -> str:
    """The folder in storage, made of the link to the run; "" where there is none."""
    if not url:
        return ""
    path = url.removeprefix(prefix)
    path = path.replace("gcs", "gs", 1) if path.startswith("gcs") else path
    return path.replace("/", "://", 1) if path.startswith(_PROVIDERS) else f"gs://{path}"
