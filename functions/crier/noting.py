"""What a ProwJob says of its reports: of which states was told, and what came in the way.

The words of whoever refused a report stand on the ProwJob itself, where people look at a run: in its annotation
`report.cutwater.dev/<reporter>`, until the reporter has told of a later state.
"""

from cutwater.kube.effects import AnnotateProwJob, MarkReported
from cutwater.prowjob.reporting import claim_key, is_claimed, note_key, note_of
from cutwater.prowjob.types import ProwJob
from functions.crier.outcome import Outcome

UNKNOWN = "unknown: it may have been told or not, and is not told twice"


def mark(job: ProwJob, reporter: str, outcome: Outcome) -> MarkReported:
    """The state counts as told; what is no longer so goes with it."""
    meta, state = job.metadata, job.status.state
    annotations: dict[str, str | None] = {}
    if outcome is Outcome.UNKNOWN:
        annotations[note_key(reporter)] = note_of(state, UNKNOWN)
    elif note_key(reporter) in meta.annotations:
        annotations[note_key(reporter)] = None
    if is_claimed(reporter):
        annotations[claim_key(reporter)] = None
    why = f"{reporter} has told of it" if outcome is Outcome.TOLD else UNKNOWN
    return MarkReported(
        namespace=meta.namespace, name=meta.name, reporter=reporter, state=state, why=why, annotations=annotations
    )


def refusal(job: ProwJob, reporter: str, words: str) -> AnnotateProwJob | None:
    """The refuser's words for people to see; None where they stand there already."""
    meta, said = job.metadata, note_of(job.status.state, words)
    key = note_key(reporter)
    if meta.annotations.get(key) == said:
        return None
    return AnnotateProwJob(namespace=meta.namespace, name=meta.name, annotation=key, value=said, why=words)
