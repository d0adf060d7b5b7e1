"""The report to storage: what the pod utilities did not write of a run, beside what they did.

| file | when | what is there already |
| --- | --- | --- |
| started.json | in every state | is replaced if it is ours, and knows no more than we do |
| finished.json | once the run is over | stays |
| prowjob.json | in every state | is replaced |
| build-log.txt and its like | once the run is over, out of pieces | stays |

Source of all but the last: sigs.k8s.io/prow pkg/crier/reporters/gcs.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from msgspec import Struct

from cutwater.config.defaulting import Defaults
from cutwater.config.prow import ProwConfig
from cutwater.errors import Later, Refused
from cutwater.events.effect import Act
from cutwater.events.look import Look
from cutwater.kube.client import PROWJOB
from cutwater.podutils import jobspec, paths, status
from cutwater.podutils.sidecar import pieces
from cutwater.prowjob import duration
from cutwater.prowjob.types import ProwJob
from cutwater.storage.artifacts import JoinLog, WriteArtifact
from functions.crier import metadata
from functions.crier.outcome import Outcome

LOG_MAY_COME = timedelta(minutes=1)
"""How long after its end, and the grace that its pod is given, a run's own log is waited for."""
LARGEST_LOG = 64 * 1024 * 1024
"""Bytes of a log that are joined; a longer one stays in its pieces, which deck reads as well."""


class Destination(Struct, frozen=True, kw_only=True):
    """The folder of a run. `grace`: how long its pod may take to end."""

    bucket: str
    folder: str
    grace: timedelta

    def key(self, name: str) -> str:
        return paths.join(self.folder, name)


async def report(job: ProwJob, look: Look, act: Act) -> Outcome:
    """Write down the state that the run is in. There is more to come of an abort until its end, and of a late log.

    All files are tried. Raises Later or Refused where one could not be written, and Refused where the run has no
    folder that can be named.
    """
    place = destination(job, look.config.prow)
    if place is None:
        return Outcome.TOLD
    problems: list[Later | Refused] = []
    for wanted in await _files(job, place, look):
        try:
            await act(wanted)
        except (Later, Refused) as problem:
            problems.append(problem)
    if problems:
        raise problems[0]
    if not job.is_complete:
        return Outcome.NOT_YET if job.status.state == "aborted" else Outcome.TOLD  # its end has the same state
    return await _join_logs(job, place, look, act)


def destination(job: ProwJob, config: ProwConfig) -> Destination | None:
    """Where the run's files go: as it says itself, else as the installation says; None where neither does.

    Raises Refused where that is no place.
    """
    decoration = job.spec.decoration_config
    if decoration is None or decoration.gcs_configuration is None:
        refs = job.spec.refs or next(iter(job.spec.extra_refs), None)
        decoration = Defaults(config).decoration(refs.full_name if refs else "", job.spec.cluster)
    storage = decoration.gcs_configuration
    if storage is None:
        return None
    try:
        folder = paths.run_path(jobspec.of(job, job.status.build_id), storage)
        grace = timedelta(seconds=duration.seconds(decoration.grace_period or 0))
        return Destination(bucket=paths.bucket(storage.bucket).name, folder=folder, grace=grace)
    except ValueError as error:
        raise Refused(f"{job.metadata.name} has no folder in storage: {error}") from error


async def _files(job: ProwJob, place: Destination, look: Look) -> list[WriteArtifact]:
    """The files to be written."""
    why, wanted = f"{job.metadata.name} is {job.status.state}", []

    def write(name: str, body: str, over: str) -> None:
        wanted.append(WriteArtifact(bucket=place.bucket, key=place.key(name), body=body, over=over, why=why))

    store = look.bucket(place.bucket)
    found = await store.get(place.key(status.STARTED))
    existing = metadata.as_object(found.body) if found else None
    if metadata.may_replace_started(job, existing):
        records = await store.get(place.key(metadata.CLONE_RECORDS))
        body = metadata.started(job, metadata.records_of(records.body if records else None))
        write(status.STARTED, body, found.etag if found and existing is not None else "nothing")
    finished = metadata.finished(job)
    if finished is not None:
        write(status.FINISHED, finished, "nothing")
    whole = await look.kube.get(PROWJOB, job.metadata.namespace, job.metadata.name)
    write(metadata.PROWJOB, metadata.text(whole or {}), "any")
    return wanted


async def _join_logs(job: ProwJob, place: Destination, look: Look, act: Act) -> Outcome:
    """Join the pieces of each log that was not uploaded, unless the pod may still upload it itself."""
    broken = await _logs_in_pieces(place, look)
    if not broken:
        return Outcome.TOLD
    ended = job.status.completionTime
    if ended is not None and look.now < ended + (place.grace + LOG_MAY_COME) * look.pace:
        return Outcome.NOT_YET
    for name, keys in broken.items():
        why = f"{job.metadata.name} ended without its {name}"
        await act(JoinLog(bucket=place.bucket, key=place.key(name), pieces=tuple(keys), why=why))
    return Outcome.TOLD


async def _logs_in_pieces(place: Destination, look: Look) -> Mapping[str, Sequence[str]]:
    """The pieces of each log that lies in pieces only, in order; without those that are too long to be joined."""
    store, root = look.bucket(place.bucket), paths.join(place.folder, pieces.FOLDER) + "/"
    keys: dict[str, list[str]] = {}
    sizes: dict[str, int] = {}
    async for entry in store.list(root):
        name = entry.key.removeprefix(root).rpartition("/")[0]
        keys.setdefault(name, []).append(entry.key)
        sizes[name] = sizes.get(name, 0) + entry.size
    return {
        name: found
        for name, found in keys.items()
        if sizes[name] <= LARGEST_LOG and await store.head(place.key(name)) is None
    }
