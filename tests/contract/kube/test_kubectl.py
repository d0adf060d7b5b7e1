"""A real kubectl: what people type."""

import json
import subprocess
from dataclasses import dataclass

import pytest

from tests.contract.kube.cluster import Cluster, JsonObject
from tests.contract.kube.objects import binding, config_map, pod, prowjob


@dataclass(frozen=True)
class Kubectl:
    """kubectl in the test's namespace."""

    cluster: Cluster
    namespace: str

    def __call__(self, *arguments: str, given: object = None) -> str:
        """What it prints; `given` is an object on its standard input."""
        done = self._run(*arguments, given=given)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def refuses(self, *arguments: str, given: object = None) -> str:
        """What it complains of."""
        done = self._run(*arguments, given=given)
        assert done.returncode != 0, done.stdout
        return done.stderr

    def _run(self, *arguments: str, given: object) -> subprocess.CompletedProcess[str]:
        stdin = json.dumps(given) if given is not None else ""
        return self.cluster.kubectl("--namespace", self.namespace, *arguments, stdin=stdin)


@pytest.fixture
def kubectl(cluster: Cluster, namespace: str) -> Kubectl:
    return Kubectl(cluster, namespace)


@pytest.mark.slow
def test_apply_get_delete(kubectl: Kubectl) -> None:
    job = prowjob("a", refs={"org": "acme", "repo": "rocket"})

    assert kubectl("apply", "-f", "-", given=job) == "prowjob.prow.k8s.io/a created\n"
    assert kubectl("apply", "-f", "-", given=job) == "prowjob.prow.k8s.io/a unchanged\n"
    job["spec"]["cluster"] = "build"
    assert kubectl("apply", "-f", "-", given=job) == "prowjob.prow.k8s.io/a configured\n"
    header, row = kubectl("get", "prowjobs").splitlines()
    assert header.split() == [
        "NAME",
        "JOB",
        "BUILDID",
        "TYPE",
        "ORG",
        "REPO",
        "PULLS",
        "STARTTIME",
        "COMPLETIONTIME",
        "STATE",
    ]
    assert row.split()[:5] == ["a", "unit", "periodic", "acme", "rocket"]
    assert kubectl("get", "prowjob", "a", "-o", "jsonpath={.spec.cluster}") == "build"
    assert kubectl("get", "prowjobs", "--field-selector", "spec.job=unit", "-o", "name") == "prowjob.prow.k8s.io/a\n"
    assert 'prowjob.prow.k8s.io "a" deleted' in kubectl("delete", "prowjob", "a")
    assert 'prowjobs.prow.k8s.io "a" not found' in kubectl.refuses("get", "prowjob", "a")


def test_apply_merges_what_others_wrote(kubectl: Kubectl) -> None:
    wanted = config_map("a", mine="1", dropped="1")
    kubectl("apply", "-f", "-", given=wanted)
    kubectl("patch", "configmap", "a", "--type", "merge", "-p", '{"data":{"theirs":"1"}}')
    del wanted["data"]["dropped"]
    kubectl("apply", "-f", "-", given=wanted)

    assert json.loads(kubectl("get", "cm", "a", "-o", "jsonpath={.data}")) == {"mine": "1", "theirs": "1"}


def test_an_unknown_field_is_refused(kubectl: Kubectl) -> None:
    complaint = kubectl.refuses("apply", "-f", "-", given=prowjob("a", zip=1))

    assert 'strict decoding error: unknown field "spec.zip"' in complaint


def test_an_invalid_object_is_refused(kubectl: Kubectl) -> None:
    complaint = kubectl.refuses("create", "-f", "-", given=pod("a", containers=[{"name": "c"}]))

    assert 'The Pod "a" is invalid: spec.containers[0].image: Required value' in complaint


@pytest.mark.parametrize("kind", ["merge", "json"])
def test_patch(kubectl: Kubectl, kind: str) -> None:
    kubectl("create", "-f", "-", given=prowjob("a"))
    operation = {"op": "replace", "path": "/status/state", "value": "pending"}
    patch = {"status": {"state": "pending"}} if kind == "merge" else [operation]

    assert "patched" in kubectl("patch", "prowjob", "a", "--type", kind, "-p", json.dumps(patch))
    assert kubectl("get", "prowjob", "a", "-o", "jsonpath={.status.state}") == "pending"


def test_label_annotate_replace(kubectl: Kubectl) -> None:
    kubectl("create", "-f", "-", given=config_map("a"))
    kubectl("label", "cm", "a", "x=1")
    kubectl("annotate", "cm", "a", "y=1")

    assert kubectl("get", "cm", "-l", "x=1", "-o", "name") == "configmap/a\n"
    kubectl("replace", "-f", "-", given=config_map("a", key="2"))
    assert kubectl("get", "cm", "a", "-o", "jsonpath={.data.key}{.metadata.labels}") == "2"


@pytest.mark.slow
def test_wait_for_a_state(kubectl: Kubectl, cluster: Cluster, prowjobs: str) -> None:
    kubectl("create", "-f", "-", given=prowjob("a", state="pending"))

    waiting = "--for=jsonpath={.status.state}=pending"
    assert "condition met" in kubectl("wait", "prowjob/a", waiting, "--timeout=10s")
    assert "timed out" in kubectl.refuses("wait", "prowjob/a", "--for=delete", "--timeout=1s")
    cluster.delete(f"{prowjobs}/a")
    kubectl("wait", "prowjob/a", "--for=delete", "--timeout=10s")


def test_wait_for_a_definition(kubectl: Kubectl) -> None:
    established = "--for=condition=Established"
    assert "condition met" in kubectl("wait", established, "crd/prowjobs.prow.k8s.io", "--timeout=10s")


def test_pods(kubectl: Kubectl, cluster: Cluster, pods: str) -> None:
    kubectl("apply", "-f", "-", given=pod("a"))
    assert kubectl("logs", "a") == ""
    cluster.post(f"{pods}/a/binding", binding("a", "node-1"))

    _, row = kubectl("get", "pods", "-o", "wide").splitlines()
    assert row.split()[:4] == ["a", "0/1", "Pending", "0"]
    assert "node-1" in row
    assert "Node:" in kubectl("describe", "pod", "a")
    assert 'pod "a" force deleted' in kubectl("delete", "pod", "a", "--force", "--grace-period=0")


def test_logs_of_a_container(kubectl: Kubectl, cluster: Cluster, pods: str) -> None:
    if cluster.pod_logs is None:
        pytest.skip("nothing runs pods for a bare server")
    uid = cluster.post(pods, pod("a")).metadata["uid"]
    cluster.post(f"{pods}/a/binding", binding("a", "node-1"))
    assert "is waiting to start: ContainerCreating" in kubectl.refuses("logs", "a")
    path = cluster.pod_logs / uid / "test.log"
    path.parent.mkdir(parents=True)
    path.write_text("one\ntwo\nthree\n")
    ended: JsonObject = {"name": "test", "image": "i", "imageID": "", "ready": False, "restartCount": 0}
    ended["state"] = {"terminated": {"exitCode": 0}}
    cluster.merge(f"{pods}/a/status", {"status": {"phase": "Succeeded", "containerStatuses": [ended]}})

    assert kubectl("logs", "a") == kubectl("logs", "-f", "a", "-c", "test") == "one\ntwo\nthree\n"
    assert kubectl("logs", "a", "--tail", "1") == "three\n"
    assert kubectl("logs", "a", "--limit-bytes", "5") == "one\nt"
    assert "not found" in kubectl.refuses("logs", "a", "--previous")


@pytest.mark.slow
def test_delete_waits_for_what_is_held(kubectl: Kubectl, cluster: Cluster, config_maps: str) -> None:
    held = config_map("a")
    held["metadata"]["finalizers"] = ["example.com/hold"]
    kubectl("create", "-f", "-", given=held)

    assert "timed out" in kubectl.refuses("delete", "cm", "a", "--timeout=1s")
    cluster.merge(f"{config_maps}/a", {"metadata": {"finalizers": None}})
    assert cluster.get(f"{config_maps}/a").code == 404


def test_short_names_and_all(kubectl: Kubectl) -> None:
    names = kubectl("api-resources", "-o", "name").split()

    assert {"configmaps", "pods", "leases.coordination.k8s.io", "prowjobs.prow.k8s.io"} <= set(names)
    for short in ("cm", "po", "ns", "ev", "crd", "all"):
        kubectl("get", short)


def test_explain(kubectl: Kubectl) -> None:
    assert "max_concurrency" in kubectl("explain", "prowjob.spec")
    assert "containers" in kubectl("explain", "pod.spec")


def test_dry_run_and_diff(kubectl: Kubectl) -> None:
    assert "created (server dry run)" in kubectl("apply", "--dry-run=server", "-f", "-", given=config_map("a"))
    assert "not found" in kubectl.refuses("get", "cm", "a")


@pytest.mark.parametrize(
    "arguments, path, expected",
    [
        pytest.param(("configmap", "a", "--from-literal=k=v"), "{.data.k}", "v", id="config map"),
        pytest.param(("secret", "generic", "a", "--from-literal=k=v"), "{.data.k}", "dg==", id="secret"),
    ],
)
def test_create_by_words(kubectl: Kubectl, arguments: tuple[str, ...], path: str, expected: str) -> None:
    """kubectl sends these in protobuf."""
    kubectl("create", *arguments)

    assert kubectl("get", arguments[0], "a", "-o", f"jsonpath={path}") == expected
