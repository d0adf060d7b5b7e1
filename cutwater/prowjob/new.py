"""A new ProwJob out of its spec, and the refs of a pull request.

Source: sigs.k8s.io/prow pkg/pjutil (pjutil.go).
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Literal

from msgspec.structs import replace

from cutwater.prowjob import labels
from cutwater.prowjob.types import (
    API_VERSION,
    KIND,
    ObjectMeta,
    ProwJob,
    ProwJobSpec,
    ProwJobStatus,
    ReporterConfig,
)

NOTHING: Mapping[str, str] = MappingProxyType({})


def new_prowjob(
    spec: ProwJobSpec,
    *,
    name: str,
    namespace: str = "",
    start: datetime,
    labelled: Mapping[str, str] = NOTHING,
    annotated: Mapping[str, str] = NOTHING,
    state: Literal["triggered", "scheduling"] = "triggered",
) -> ProwJob:
    """The object as it is created. `labelled` and `annotated` win over what the spec gives.

    `state` is `scheduling` where a scheduler chooses the cluster first.
    """
    return ProwJob(
        api_version=API_VERSION,
        kind=KIND,
        metadata=ObjectMeta(
            name=name,
            namespace=namespace,
            labels=labels.labels_of(spec, labelled),
            annotations=labels.annotations_of(spec, annotated),
        ),
        spec=replace(spec, reporter_config=_with_report(spec.reporter_config)),
        status=ProwJobStatus(state=state, startTime=start),
    )


def _with_report(reporters: ReporterConfig | None) -> ReporterConfig | None:
    """An empty list of states means no report. It would be lost in the object, so what it means is written down."""
    if reporters is None or reporters.slack is None or reporters.slack.report is not None:
        return reporters
    return replace(reporters, slack=replace(reporters.slack, report=reporters.slack.job_states_to_report != ()))
