"""Who may do what in Kubernetes: exactly those who must."""

from collections.abc import Iterator

import pytest

from tests.conftest import ROOT
from tests.contract.manifests.documents import Document, manifests

BASE = [document for document in manifests(ROOT) if document.file.startswith("infra/knative/base/access/")]


def rules() -> Iterator[tuple[str, str, list[str], str]]:
    """Account, resource, verbs and namespace of each rule that is bound."""
    roles: dict[tuple[str, str], Document] = {
        (d.content["metadata"]["namespace"], d.name): d for d in BASE if d.kind == "Role"
    }
    for binding in (document for document in BASE if document.kind == "RoleBinding"):
        namespace = binding.content["metadata"]["namespace"]
        for rule in roles[namespace, binding.content["roleRef"]["name"]].content["rules"]:
            for resource in rule["resources"]:
                for subject in binding.content["subjects"]:
                    yield subject["name"], resource, rule["verbs"], namespace


def may(verb: str, resource: str) -> set[str]:
    return {account for account, of, verbs, _ in rules() if of == resource and verb in verbs}


@pytest.mark.parametrize(
    "verb, resource, accounts",
    [
        ("create", "prowjobs", {"plugins-jobs", "horologium", "tide", "deck"}),
        ("patch", "prowjobs", {"plugins-jobs", "plank", "jenkins-operator", "crier", "deck"}),
        ("delete", "prowjobs", {"sinker"}),
        ("create", "pods", {"plank"}),
        ("delete", "pods", {"plank", "sinker"}),
        ("get", "pods/log", {"deck"}),
        ("patch", "configmaps", {"configuration"}),
        ("update", "configmaps", {"plugins-config"}),
        ("create", "leases", {"horologium", "plank", "jenkins-operator", "crier", "sinker", "tide", "needs-rebase"}),
    ],
)
def test_only_these_may(verb: str, resource: str, accounts: set[str]) -> None:
    assert may(verb, resource) == accounts


def test_nobody_reads_secrets_or_may_do_everything() -> None:
    assert not [rule for rule in rules() if rule[1] in {"secrets", "*"} or "*" in rule[2]]
    assert not [document.name for document in BASE if document.kind.startswith("Cluster")]


@pytest.mark.parametrize("account", ["hook", "relay", "external", "plugins", "cherrypicker"])
def test_who_needs_nothing_has_nothing(account: str) -> None:
    assert account not in {rule[0] for rule in rules()}
    found = next(document for document in BASE if document.kind == "ServiceAccount" and document.name == account)
    assert found.content["automountServiceAccountToken"] is False
