"""Which Jenkins operator's a ProwJob is. Source: sigs.k8s.io/prow pkg/jenkins (controller.go)."""

from collections.abc import Mapping, Sequence

from cutwater.config.prow import JenkinsOperator
from cutwater.prowjob.selectors import selector


def operator_of(labels: Mapping[str, str], operators: Sequence[JenkinsOperator]) -> JenkinsOperator | None:
    """The operator of a ProwJob with these labels: the only one there is, or the first that selects them."""
    if len(operators) == 1:
        return operators[0]
    return next((operator for operator in operators if selector(operator.label_selector)(labels)), None)
