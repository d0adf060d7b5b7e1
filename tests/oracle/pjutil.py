"""engine/pjutil: how ProwJobs are made, labelled, and given up for newer ones."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from cutwater.config.configuration import Jobs
from cutwater.config.findings import Source
from cutwater.config.jobs import Periodic, Postsubmit, Presubmit
from cutwater.config.load import load
from cutwater.config.sources import Sources
from cutwater.config.specs import presubmit_labels, refs_of_pull_request
from cutwater.prowjob.duplicates import superseded
from cutwater.prowjob.labels import annotations_of, labels_of
from cutwater.prowjob.new import new_prowjob
from cutwater.prowjob.types import ProwJob, ProwJobSpec, Pull, Refs
from tests.oracle.config import spec_of
from tests.oracle_rows import Row, difference

KINDS = ("engine/pjutil",)
_START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def check(row: Row) -> str | None:
    """The difference between our answer and upstream's, or None."""
    family = row["id"].partition("-")[0]
    return difference(_FAMILIES[family](row["input"]), row["upstream"])


def _superseded(given: Mapping[str, Any]) -> object:
    """Each is patched with what changes."""
    patches = []
    for job in superseded([msgspec.convert(raw, ProwJob) for raw in given["prowjobs"]]):
        status: dict[str, object] = {} if job.status.state == "aborted" else {"state": "aborted"}
        if job.status.prev_report_states.get("github-reporter") != "aborted":
            status["prev_report_states"] = {"github-reporter": "aborted"}
        patches.append({"name": job.metadata.name, "patch": {"status": status}})
    return {"patches": patches}


def _made(given: Mapping[str, Any]) -> object:
    config = load(Sources(Source("config.yaml", given["config"].encode()))).jobs
    job = _only_job(config)
    refs = msgspec.convert(given["refs"], Refs) if given.get("refs") else None
    labelled: Mapping[str, str] = given["labels"] or {}
    if isinstance(job, Presubmit) and given["kind"] == "presubmit":
        refs = _refs(given)
        labelled = presubmit_labels(job, event_guid=given["event_guid"], added=labelled)
    made = new_prowjob(
        spec_of(job, refs, is_batch=given["kind"] == "batch"),
        name="<uuid>",
        start=_START,
        labelled=labelled,
        annotated=job.annotations,
    )
    shown: dict[str, Any] = msgspec.to_builtins(made)
    shown["status"]["startTime"] = None
    return {"prowjob": shown}


def _only_job(jobs: Jobs) -> Presubmit | Postsubmit | Periodic:
    presubmits = [job for of_repository in jobs.presubmits.values() for job in of_repository]
    postsubmits = [job for of_repository in jobs.postsubmits.values() for job in of_repository]
    return (presubmits or postsubmits or [*jobs.periodics])[0]


def _refs(given: Mapping[str, Any]) -> Refs:
    pull = given["pull_request"]
    base, head, user = pull["base"], pull["head"], pull["user"]
    return refs_of_pull_request(
        org=base["repo"]["owner"]["login"],
        repo=base["repo"]["name"],
        repo_link=base["repo"]["html_url"],
        base_ref=base["ref"],
        base_sha=given["base_sha"],
        pull=Pull(
            number=pull["number"],
            author=user["login"],
            sha=head["sha"],
            title=pull.get("title", ""),
            head_ref=head["ref"],
            link=pull["html_url"],
            author_link=user["html_url"],
        ),
    )


def _labelled(given: Mapping[str, Any]) -> object:
    spec = msgspec.convert({"type": "periodic", "job": "", **given["spec"]}, ProwJobSpec)
    if "type" not in given["spec"]:
        spec = msgspec.structs.replace(spec, type="")
    return {
        "labels": labels_of(spec, given["labels"] or {}),
        "annotations": annotations_of(spec, given["annotations"] or {}),
    }


_FAMILIES = {"dup": _superseded, "spec": _made, "labels": _labelled}
