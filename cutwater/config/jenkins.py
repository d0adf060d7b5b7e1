"""Which Jenkins operator's a ProwJob is, and so whose words its reports are in.

Source: sigs.k8s.io/prow pkg/jenkins (controller.go).
"""

from collections.abc import Mapping, Sequence

from cutwater.config.prow import JenkinsOperator, ProwConfig
from cutwater.prowjob.selectors import selector
from cutwater.prowjob.types import ProwJob
from cutwater.prowjob.wants import JENKINS


def operator_of(labels: Mapping[str, str], operators: Sequence[JenkinsOperator]) -> JenkinsOperator | None:
    """The operator of a ProwJob with these labels: the only one there is, or the first that selects them."""
    if len(operators) == 1:
        return operators[0]
    return next((operator for operator in operators if selector(operator.label_selector)(labels)), None)


def report_templates_for(job: ProwJob, prow: ProwConfig) -> Mapping[str, str]:
    """The report templates (by `org/repo`, `org` and `*`) of who runs the ProwJob: its Jenkins operator, or plank."""
    if job.spec.agent != JENKINS:
        return prow.plank.report_templates
    operator = operator_of(job.metadata.labels, prow.jenkins_operators)
    return operator.report_templates if operator else {}
