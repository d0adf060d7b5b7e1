"""Whose a ProwJob is, of several Jenkins operators, and whose words its reports are in."""

import pytest

from cutwater.config.jenkins import operator_of, report_templates_for
from cutwater.config.prow import JenkinsOperator, Plank, ProwConfig
from cutwater.prowjob.types import ObjectMeta, ProwJob, ProwJobSpec

A, B, C = (JenkinsOperator(label_selector=f"master={name}") for name in ("a", "b", "a"))


@pytest.mark.parametrize(
    ("operators", "labels", "found"),
    [
        pytest.param([A], {}, A, id="the only one, whatever it selects"),
        pytest.param([A, B], {"master": "b"}, B, id="the one that selects it"),
        pytest.param([A, B], {"master": "c"}, None, id="nobody's"),
        pytest.param([A, C], {"master": "a"}, A, id="the first of two"),
        pytest.param([], {}, None, id="there is none"),
    ],
)
def test_operator_of(operators: list[JenkinsOperator], labels: dict[str, str], found: JenkinsOperator | None) -> None:
    assert operator_of(labels, operators) is found


@pytest.mark.parametrize(
    ("agent", "labels", "words"),
    [
        pytest.param("kubernetes", {"master": "a"}, "plank's", id="a pod's"),
        pytest.param("jenkins", {"master": "b"}, "b's", id="its operator's"),
        pytest.param("jenkins", {"master": "c"}, None, id="nobody's"),
    ],
)
def test_whose_words_a_report_is_in(agent: str, labels: dict[str, str], words: str | None) -> None:
    operators = [JenkinsOperator(label_selector=f"master={n}", report_templates={"*": f"{n}'s"}) for n in ("a", "b")]
    prow = ProwConfig(plank=Plank(report_templates={"*": "plank's"}), jenkins_operators=tuple(operators))
    spec = ProwJobSpec(type="presubmit", job="unit", agent=agent)
    assert report_templates_for(ProwJob(metadata=ObjectMeta(labels=labels), spec=spec), prow).get("*") == words
