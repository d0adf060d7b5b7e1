"""The manifests hold together, and a mistake of each kind that people make in them is found."""

import shutil
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.contract.kubectl import kubectl
from tests.contract.manifests.checks import findings


@pytest.fixture(scope="session")
def program() -> Path:
    found = kubectl()
    if found is None:
        pytest.skip("there is no kubectl here")
    return found


@pytest.mark.slow
def test_all_manifests_are_right(program: Path) -> None:
    assert list(findings(ROOT, program)) == []


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of what the checks read, to plant a mistake in."""
    for folder in ("triggers", "crds", "infra/knative"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    for path in (ROOT / "functions").rglob("*"):
        if path.name in {"func.yaml", "__init__.py"}:
            copy = tmp_path / path.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, copy)
    shutil.copy(ROOT / "func.yaml", tmp_path)
    return tmp_path


MISTAKES = [
    pytest.param("triggers/crier.yaml", "reporter: gcsreporter", "reporter: gcs", 'no reporter "gcs"', id="a reporter"),
    pytest.param("triggers/plank.yaml", "broker: default", "brokr: default", "'brokr' was unexpected", id="a field"),
    pytest.param(
        "triggers/plank.yaml", "    - exact:\n        role", "    - exakt:\n        role", "'exakt'", id="a dialect"
    ),
    pytest.param(
        "triggers/plank.yaml",
        "        - exact:\n            type: dev.c",
        "        - exakt:\n            type: dev.c",
        "spec.filters[1].any[0]",
        id="a dialect inside another",
    ),
    pytest.param(
        "triggers/plank.yaml", "role: plank\n    - any", "role: ''\n    - any", "shorter than 1", id="an empty value"
    ),
    pytest.param(
        "triggers/plank.yaml", "type: dev.cutwater.look", "type: dev.cutwater.lock", "nobody sends", id="a type"
    ),
    pytest.param(
        "triggers/plank.yaml", "role: plank\n    - any", "role: planck\n    - any", 'no role "planck"', id="a role"
    ),
    pytest.param(
        "triggers/plank.yaml", "role: plank\n    - any", "role: tide\n    - any", "which is plank", id="another's role"
    ),
    pytest.param(
        "triggers/plank.yaml",
        "      role: plank\n      tick",
        "      role: planck\n      tick",
        "extensions.role",
        id="a source's role",
    ),
    pytest.param(
        "triggers/plank.yaml",
        "name: plank\n  delivery",
        "name: planck\n  delivery",
        'service "planck"',
        id="a subscriber",
    ),
    pytest.param(
        "triggers/plank.yaml", "        name: relay", "        name: delay", 'service "delay"', id="a dead letter sink"
    ),
    pytest.param("triggers/plank.yaml", "  broker: default", "  broker: other", 'no Broker "other"', id="a broker"),
    pytest.param(
        "triggers/plank.yaml",
        "    kind: Broker\n      name: default",
        "    kind: Broker\n      name: other",
        'no Broker "other"',
        id="a sink",
    ),
    pytest.param("triggers/plank.yaml", "    retry: 5\n", "", "delivery.retry is not said", id="part of the delivery"),
    pytest.param(
        "triggers/plank.yaml",
        "backoffPolicy: exponential",
        "backoffPolicy: exponentially",
        "backoffPolicy",
        id="a policy",
    ),
    pytest.param("triggers/plank.yaml", "backoffDelay: PT1S", "backoffDelay: 1s", "does not match", id="a duration"),
    pytest.param(
        "triggers/plank.yaml",
        "timeout: PT310S",
        "timeout: PT300S",
        "no longer than the function's own",
        id="a time-out",
    ),
    pytest.param(
        "triggers/tide.yaml",
        "timeout: PT610S",
        "timeout: PT310S",
        "no longer than the function's own",
        id="a long function's time-out",
    ),
    pytest.param(
        "triggers/relay.yaml", "namespaceSelector", "namespaceSelektor", "'namespaceSelektor'", id="a source's field"
    ),
    pytest.param("triggers/kustomization.yaml", "- tide.yaml", "- tyde.yaml", "kustomize triggers", id="a resource"),
    pytest.param(
        "infra/knative/base/access/tide.yaml",
        "resources: [prowjobs]",
        "resource: [prowjobs]",
        "'resource'",
        id="a rule's field",
    ),
    pytest.param(
        "infra/knative/base/access/tide.yaml",
        "    name: tide",
        "    name: tyde",
        'no ServiceAccount "tyde"',
        id="a subject",
    ),
    pytest.param(
        "infra/knative/base/access/tide.yaml",
        "kind: Role\n  name: cutwater-tide",
        "kind: Role\n  name: cutwater-tyde",
        'no Role "cutwater-tyde"',
        id="a Role",
    ),
    pytest.param("infra/knative/base/namespaces.yaml", "kind: Namespace", "kind: Namespase", "no schema", id="a kind"),
    pytest.param(
        "infra/knative/base/settings.yaml", "  namespace: cutwater\n", "", "metadata.namespace", id="no namespace"
    ),
    pytest.param(
        "infra/knative/overlays/openshift/domains.yaml", "name: deck", "name: dek", 'service "dek"', id="a mapping"
    ),
    pytest.param(
        "infra/knative/overlays/canary/crier.yaml", "percent: 90", "percentage: 90", "'percentage'", id="a patch"
    ),
    pytest.param(
        "infra/knative/services/tide.yaml",
        "timeoutSeconds: 600",
        "timeoutSeconds: 500",
        "not what its func.yaml says",
        id="a Service made by hand",
    ),
    pytest.param("crds/prowjob.yaml", "scope: Namespaced", "skope: Namespaced", "'skope'", id="a definition's field"),
    pytest.param("func.yaml", "runtime: python", "runtimes: python", "'runtimes'", id="the root func.yaml's field"),
    pytest.param(
        "functions/tide/func.yaml", "concurrency: 8", "concurency: 8", "'concurency'", id="a func.yaml's field"
    ),
    pytest.param(
        "functions/tide/func.yaml", "created: 2026", "creatd: 2026", '"created" is a required', id="no creation time"
    ),
    pytest.param("functions/tide/func.yaml", "value: tide", "value: tyde", 'no role "tyde"', id="a function's role"),
    pytest.param(
        "functions/tide/func.yaml",
        "serviceAccountName: tide",
        "serviceAccountName: tyde",
        'no account "tyde"',
        id="a function's account",
    ),
    pytest.param(
        "functions/tide/func.yaml", "value: cluster-local", "value: public", "cluster-local", id="a public function"
    ),
    pytest.param(
        "functions/tide/func.yaml",
        "value: cutwater\n",
        "value: other\n",
        "Broker's address",
        id="a function without address",
    ),
]


@pytest.mark.slow
@pytest.mark.parametrize("file, right, wrong, found", MISTAKES)
def test_a_mistake_is_found(project: Path, program: Path, file: str, right: str, wrong: str, found: str) -> None:
    path = project / file
    text = path.read_text()
    assert right in text, "the manifest no longer has what this row spoils"
    path.write_text(text.replace(right, wrong))
    seen = []
    for finding in findings(project, program):
        if found in finding:
            return
        seen.append(finding)
    pytest.fail(f"found only: {seen}")
