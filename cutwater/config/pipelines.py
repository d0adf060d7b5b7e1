"""What a Tekton job's pipeline may not say of the repositories that it uses.

Source: sigs.k8s.io/prow pkg/config (ValidatePipelineRunSpec).
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from cutwater.config.findings import Path
from cutwater.config.jobs import Job, Periodic

IMPLICIT = "PROW_IMPLICIT_GIT_REF"
_EXTRA = re.compile(r"PROW_EXTRA_GIT_REF_(\d+)")


def pipeline_problems(job: Job) -> Iterator[tuple[Path, str]]:
    """Each extra ref must be used by a task, and each that is used must be there."""
    field, spec = pipeline_of(job)
    if spec is None:
        return
    used: set[int] = set()
    for index, task in enumerate((spec.get("pipelineSpec") or {}).get("tasks") or ()):
        here: Path = (*field, "pipelineSpec", "tasks", index, "taskRef", "name")
        name = str((task.get("taskRef") or {}).get("name") or "")
        if isinstance(job, Periodic) and name == IMPLICIT:
            yield here, f'"{name}": periodic jobs do not have an implicit git ref'
        found = _EXTRA.search(name)
        if found is None:
            continue
        if len(found[1]) > 1 and found[1].startswith("0"):
            yield here, f'"{name}": leading zeros are not allowed in PROW_EXTRA_GIT_REF_* indexes'
        elif int(found[1]) >= len(job.extra_refs):
            yield here, f'"{name}": there are only {len(job.extra_refs)} extra_refs'
        used.add(int(found[1]))
    for index, ref in enumerate(job.extra_refs):
        if index not in used:
            message = f"{ref.full_name} is not used: some task must reference PROW_EXTRA_GIT_REF_{index}"
            yield ("extra_refs", index), message


def pipeline_of(job: Job) -> tuple[Path, Mapping[str, Any] | None]:
    """The field that holds the pipeline, and what is in it."""
    if job.tekton_pipeline_run_spec is not None and job.tekton_pipeline_run_spec.v1beta1 is not None:
        return ("tekton_pipeline_run_spec", "v1beta1"), job.tekton_pipeline_run_spec.v1beta1
    return ("pipeline_run_spec",), job.pipeline_run_spec
