"""Whether Prow would tell Pub/Sub, Gerrit or ResultStore of a run: for receivers of one's own that pass it on there.

cutwater has no reporters to these. Source: sigs.k8s.io/prow pkg/crier/reporters (pubsub, gerrit, resultstore).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType

from cutwater.config.defaulting import Defaults
from cutwater.config.prow import ProwConfig
from cutwater.events.look import Look
from cutwater.prowjob.labels import ORG, PULL, REPO, TYPE
from cutwater.prowjob.reporting import GERRIT_LABEL
from cutwater.prowjob.types import ProwJob
from functions.crier import message

PUBSUB, GERRIT, RESULTSTORE = "pubsub-reporter", "gerrit-reporter", "resultstorereporter"
GOING_ON = ("triggered", "pending")

_CHANGE = ("prow.k8s.io/gerrit-id", "prow.k8s.io/gerrit-instance")
_REVISION, _PATCHSET = "prow.k8s.io/gerrit-revision", "prow.k8s.io/gerrit-patchset"
_NEVER = datetime.min.replace(tzinfo=UTC)


def concerns_pubsub(job: ProwJob, config: ProwConfig) -> bool:
    """Whether the run names a topic."""
    return bool(message.topic(job, message.PROJECT) and message.topic(job, message.TOPIC))


def concerns_gerrit(job: ProwJob, config: ProwConfig) -> bool:
    """Whether the run is of a change in Gerrit, and over. Whether it is the last of its fellows, `is_last` says."""
    if not job.spec.report or job.status.state in {*GOING_ON, "aborted"}:
        return False
    has_change = all(job.metadata.annotations.get(key) for key in _CHANGE)
    return has_change and bool(job.metadata.labels.get(_REVISION))


def concerns_resultstore(job: ProwJob, config: ProwConfig) -> bool:
    """Whether the run is over, names a project of ResultStore, and has its files in Google's storage."""
    defaults = job.spec.prowjob_defaults
    project = defaults.resultstore_config.project_id if defaults and defaults.resultstore_config else ""
    return job.spec.report and bool(project) and job.is_complete and _is_at_google(job, config)


CONCERNS: Mapping[str, Callable[[ProwJob, ProwConfig], bool]] = MappingProxyType(
    {PUBSUB: concerns_pubsub, GERRIT: concerns_gerrit, RESULTSTORE: concerns_resultstore}
)


async def is_last(job: ProwJob, look: Look) -> bool:
    """Whether Gerrit may be told of the run now: it hears of all runs that vote for a label at once.

    So none of those may go on, none of the change's newer runs of the job may be there, and no newer patch set.
    """
    if not job.metadata.labels.get(GERRIT_LABEL):
        return True
    fellows = await _alike(job, (_REVISION, TYPE, GERRIT_LABEL), look)
    if any(fellow.status.state in GOING_ON for fellow in fellows):
        return False
    return is_newest(job, await _alike(job, (ORG, REPO, PULL), look))


def is_newest(job: ProwJob, runs: Iterable[ProwJob]) -> bool:
    """Whether none of the change's runs is a later one of the same job, or of a later patch set."""
    made = _made(job)
    return not any(
        (run.spec.job == job.spec.job and _made(run) > made) or _patch_set(run) > _patch_set(job) for run in runs
    )


async def _alike(job: ProwJob, labels: Sequence[str], look: Look) -> list[ProwJob]:
    """The ProwJobs with the same values of these labels; none where the run itself lacks one."""
    values = job.metadata.labels
    if not all(label in values for label in labels):
        return []
    selector = ",".join(f"{label}={values[label]}" for label in labels)
    return await look.kube.prowjobs(job.metadata.namespace, labels=selector)


def _patch_set(job: ProwJob) -> int:
    text = job.metadata.labels.get(_PATCHSET, "")
    try:
        return int(text)
    except ValueError:
        return -1


def _made(job: ProwJob) -> datetime:
    return job.metadata.creation_timestamp or _NEVER


def _is_at_google(job: ProwJob, config: ProwConfig) -> bool:
    """Whether its files go to Google's storage, as every bucket does that names no other."""
    decoration = job.spec.decoration_config
    if decoration is None or decoration.gcs_configuration is None:
        refs = job.spec.refs or next(iter(job.spec.extra_refs), None)
        decoration = Defaults(config).decoration(refs.full_name if refs else "", job.spec.cluster)
    bucket = decoration.gcs_configuration.bucket if decoration.gcs_configuration else ""
    return bool(job.status.build_id and bucket) and ("://" not in bucket or bucket.startswith("gs://"))
