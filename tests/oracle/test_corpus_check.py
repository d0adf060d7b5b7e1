"""Kubernetes' own configuration: it is accepted, and the warnings are those that upstream gives."""

from collections import Counter
from pathlib import Path

import pytest

from cutwater.config.findings import Finding
from cutwater.config.warnings.every import chosen, findings
from cutwater.config.warnings.subject import Subject
from cutwater.events.configuration import Files
from functions.plugins.sections import SECTIONS


def warnings_of(config: Path, jobs: Path, plugins: Path) -> list[Finding]:
    files = Files(config, (jobs,), plugins)
    return findings(Subject(files.read(SECTIONS), files.sources()), chosen([], []))


@pytest.mark.slow
def test_kubernetes(corpus: Path) -> None:
    """Upstream's checkconfig names as many; the names were compared one by one when this was written."""
    root = corpus / "kubernetes" / "config"
    found = warnings_of(root / "prow" / "config.yaml", root / "jobs", root / "prow" / "plugins.yaml")
    assert Counter(finding.kind for finding in found) == {
        "long-job-names": 320,
        "periodic-default-clone-config": 20,
        "mismatched-tide": 16,
    }
    assert all(finding.line for finding in found)


def test_synthetic(corpus: Path) -> None:
    root = corpus / "synthetic"
    found = warnings_of(root / "config.yaml", root / "jobs", root / "plugins.yaml")
    assert [(finding.kind, finding.where) for finding in found] == [
        ("unknown-fields", "plank.allow_cancellations"),
        ("unknown-fields", "jenkins_operators[0].allow_cancellations"),
        ("mismatched-tide", "tide.queries[0].repos[0]"),
        ("mismatched-tide", "tide.queries[0].repos[1]"),
        ("non-decorated-jobs", 'presubmits["acme/rocket"][7].name'),
        ("long-job-names", 'presubmits["acme/rocket"][10].name'),
        ("missing-trigger", "presubmits.umbrella"),
        ("non-decorated-jobs", "periodics[3].name"),
        ("validate-owners", "plugins.acme"),
        ("mismatched-tide", 'plugins["acme/rocket"]'),
    ]
