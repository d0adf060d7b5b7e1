"""The pod that a job would get for an example of a change: what it looks like does not hang on which one."""

from datetime import UTC, datetime
from typing import Any

import msgspec

from cutwater.config.jobs import Periodic, Postsubmit, Presubmit
from cutwater.config.listing import Listed
from cutwater.config.specs import periodic_spec, postsubmit_spec, presubmit_spec
from cutwater.podutils.decorate import pod_for
from cutwater.podutils.jobspec import VARIABLE
from cutwater.podutils.options import SIDECAR
from cutwater.prowjob.new import new_prowjob
from cutwater.prowjob.types import ProwJobSpec, Pull, Refs

_START = datetime(2000, 1, 1, tzinfo=UTC)
_SHA = "0" * 40
_PULL = Pull(number=1, author="author", sha=_SHA)


def example_pod(wanted: Listed) -> dict[str, Any] | None:
    """The spec of its pod, decorated; None for a job that has none, or of which none can be made.

    Without what says the same again: JOB_SPEC what the job says, and the sidecar's options what the tests' do.
    """
    spec = _spec(wanted)
    if spec.pod_spec is None:
        return None
    try:
        pod = pod_for(new_prowjob(spec, name="example", start=_START), build_id="1")
    except ValueError:
        return None
    made: dict[str, Any] = pod["spec"]
    for container in (*made.get("initContainers", ()), *made["containers"]):
        if "env" in container:
            container["env"] = [_brief(variable) for variable in container["env"] if variable["name"] != VARIABLE]
    return made


def _brief(variable: dict[str, Any]) -> dict[str, Any]:
    if variable["name"] != SIDECAR:
        return variable
    return {**variable, "value": msgspec.json.decode(variable["value"]) | {"entries": None}}


def _spec(wanted: Listed) -> ProwJobSpec:
    org, _, repo = wanted.repository.partition("/")
    refs = Refs(org=org, repo=repo, base_ref="branch", base_sha=_SHA)
    match wanted.job:
        case Presubmit() as job:
            return presubmit_spec(job, Refs(org=org, repo=repo, base_ref="branch", base_sha=_SHA, pulls=(_PULL,)))
        case Postsubmit() as job:
            return postsubmit_spec(job, refs)
        case Periodic() as job:
            return periodic_spec(job)
    raise TypeError(wanted.title)
