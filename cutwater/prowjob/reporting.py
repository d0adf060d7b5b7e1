"""Which reporters a ProwJob's state concerns, as far as the ProwJob alone can say. Their names are upstream's keys.

Source: sigs.k8s.io/prow pkg/crier/reporters (ShouldReport of each).
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from cutwater.prowjob.types import ProwJob

GITHUB = "github-reporter"
STORAGE = "gcsreporter"
SLACK = "slackreporter"
GERRIT_LABEL = "prow.k8s.io/gerrit-report-label"


def concerns_github(job: ProwJob) -> bool:
    """Whether GitHub is told of this run. A run that waits for its cluster is told of once it has one."""
    if not job.spec.report or job.metadata.labels.get(GERRIT_LABEL):
        return False
    return job.spec.type in {"presubmit", "postsubmit"} and job.status.state != "scheduling"


def concerns_storage(job: ProwJob) -> bool:
    """Whether there is a folder to write to: from the moment on that the run has a build id."""
    return job.status.build_id != ""


def concerns_slack(job: ProwJob) -> bool:
    """Whether the job itself asks for Slack. What the configuration asks for is found by crier's sweep."""
    reporters = job.spec.reporter_config
    if reporters is None or reporters.slack is None:
        return False
    return reporters.slack.report is not False and job.status.state != ""


REPORTERS: Mapping[str, Callable[[ProwJob], bool]] = MappingProxyType(
    {GITHUB: concerns_github, STORAGE: concerns_storage, SLACK: concerns_slack}
)


def is_owed(job: ProwJob, reporter: str) -> bool:
    """Whether the reporter has not told yet of the state that the ProwJob is in, and should."""
    told = job.status.prev_report_states.get(reporter, "")
    return told != job.status.state and REPORTERS[reporter](job)
