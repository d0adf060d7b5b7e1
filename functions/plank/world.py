"""What plank looks at: the ProwJob of an event, its fellows, and its pod in its build cluster."""

from collections.abc import Iterable, Sequence

from cutwater.errors import Later, Refused
from cutwater.events.event import Event
from cutwater.events.look import Look
from cutwater.kube.client import Rejected
from cutwater.prowjob.duplicates import superseded
from cutwater.prowjob.pods import Pod, as_pod
from cutwater.prowjob.types import ProwJob
from cutwater.prowjob.wants import AGENTS

AGENT = "kubernetes"
INCOMPLETE = f"spec.agent={AGENT},status.completionTime="


class NoCluster(Exception):
    """The ProwJob names a build cluster that is not ours to use: it can never be carried on."""

    def __init__(self, alias: str) -> None:
        super().__init__(f'nonretryable error: no build client found for cluster "{alias}"')


async def prowjob_of(event: Event, look: Look) -> ProwJob | None:
    """The ProwJob that the event is about, if it is plank's. So is one whose agent nobody knows: to say so."""
    namespace, _, name = event.subject.rpartition("/")
    ours = look.config.prow.prowjob_namespace
    if namespace not in {"", ours}:
        return None
    job = await look.kube.prowjob(ours, name)
    return job if job is not None and (job.spec.agent == AGENT or job.spec.agent not in AGENTS) else None


async def incomplete(look: Look, *, job: str = "", queue: str = "") -> list[ProwJob]:
    """Plank's ProwJobs that are not complete, by name; with `job` or `queue`, those of one."""
    fields = INCOMPLETE
    fields += f",spec.job={job}" if job else ""
    fields += f",spec.job_queue_name={queue}" if queue else ""
    return await look.kube.prowjobs(look.config.prow.prowjob_namespace, fields=fields)


async def pending_ones(look: Look) -> list[ProwJob]:
    """Plank's ProwJobs that have a pod, by name: never more than run at once."""
    return await look.kube.prowjobs(
        look.config.prow.prowjob_namespace, fields=f"spec.agent={AGENT},status.state=pending"
    )


async def fellows_of(job: ProwJob, look: Look) -> list[ProwJob]:
    """Plank's incomplete ProwJobs that take the places of this limited one, or wait for the same, itself among them.

    Of those that only the limit on all together concerns, the ones that run: it knows no order.
    """
    found: dict[str, ProwJob] = {}
    if look.config.prow.plank.max_concurrency > 0:
        found |= {one.metadata.name: one for one in await pending_ones(look)}
    if job.spec.max_concurrency > 0:
        found |= {one.metadata.name: one for one in await incomplete(look, job=job.spec.job)}
    if job.spec.job_queue_name:
        found |= {one.metadata.name: one for one in await incomplete(look, queue=job.spec.job_queue_name)}
    return list(found.values())


def superseded_of(jobs: Iterable[ProwJob]) -> Sequence[ProwJob]:
    """Those of the ProwJobs that a newer run replaces, once both are in plank's hands."""
    return superseded([job for job in jobs if job.status.state in {"triggered", "pending"}])


def waiting_or_running(jobs: Sequence[ProwJob]) -> list[ProwJob]:
    """The ProwJobs that take places or wait for one: not those that wait, and that a newer run replaces."""
    replaced = {job.metadata.name for job in superseded_of(jobs)}
    return [job for job in jobs if job.status.state != "triggered" or job.metadata.name not in replaced]


def cluster_of(job: ProwJob) -> str:
    """The alias of its build cluster."""
    return job.spec.cluster or "default"


async def pod_of(job: ProwJob, look: Look) -> Pod | None:
    """Its pod, or None. Raises NoCluster, and Later where the cluster does not answer."""
    alias = cluster_of(job)
    if alias in look.config.prow.disabled_clusters:
        raise NoCluster(alias)
    try:
        found = await look.cluster(alias).pod(look.config.prow.pod_namespace, job.metadata.name)
    except Rejected as rejected:
        raise Later(f"cluster {alias} does not let us see pods: {rejected}") from rejected
    except Refused as refused:
        raise NoCluster(alias) from refused
    return None if found is None else as_pod(found)
