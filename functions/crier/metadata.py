"""started.json, finished.json and prowjob.json as crier writes them: in place of pod utilities that could not. Pure.

Source: sigs.k8s.io/prow pkg/crier/reporters/gcs.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from cutwater.podutils import gojson, jobspec, status
from cutwater.podutils.clone import Record
from cutwater.prowjob.types import ProwJob

CLONE_RECORDS, PROWJOB = "clone-records.json", "prowjob.json"
OURS = {"uploader": "crier"}
"""What tells our files from those of the pod utilities, which know better."""


def started(job: ProwJob, records: Sequence[Record]) -> str:
    """What is known of the beginning of a run. `records`: of what was cloned, as far as anything was."""
    start = job.status.startTime
    spec = jobspec.of(job, job.status.build_id)
    said = status.started(spec, records, int(start.timestamp()) if start else 0)
    return text(msgspec.to_builtins(said) | {"metadata": OURS})


def finished(job: ProwJob) -> str | None:
    """How the run ended; None while it has not."""
    end = job.status.completionTime
    if end is None:
        return None
    state = job.status.state
    return text({"timestamp": int(end.timestamp()), "passed": state == "success", "metadata": OURS, "result": state})


def may_replace_started(job: ProwJob, existing: Mapping[str, Any] | None) -> bool:
    """Whether started.json is ours to write. `existing`: what it says, None where there is none that can be read.

    A run without refs has none of ours. One that names a commit which was found out is better than what we know.
    """
    if job.spec.refs is None:
        return False
    if existing is None:
        return True
    metadata = existing.get("metadata")
    if not isinstance(metadata, Mapping) or metadata.get("uploader") != OURS["uploader"]:
        return False
    commit = existing.get("repo-commit")
    return not commit or commit == jobspec.revision(jobspec.of(job, job.status.build_id))


def as_object(content: bytes | None) -> dict[str, Any] | None:
    """The JSON object in a file, or None."""
    try:
        found = msgspec.json.decode(content or b"")
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return found if isinstance(found, dict) else None


def records_of(content: bytes | None) -> list[Record]:
    """What clone-records.json says; nothing where it cannot be read."""
    try:
        return gojson.decode(content or b"", list[Record])
    except ValueError:
        return []


def text(value: Mapping[str, Any]) -> str:
    """JSON as upstream's crier writes it: a tab for each level."""
    return json.dumps(value, indent="\t", ensure_ascii=False)
