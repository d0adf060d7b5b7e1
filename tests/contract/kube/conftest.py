"""Every test here runs against the embedded server, and against a real one where CUTWATER_KUBECONFIG names it."""

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.kube.cluster import Cluster

ROOT = Path(__file__).parent.parent.parent.parent
KUBECONFIG = os.environ.get("CUTWATER_KUBECONFIG", "")
CLEANED = (
    "/api/v1/namespaces/{}/pods",
    "/api/v1/namespaces/{}/configmaps",
    "/api/v1/namespaces/{}/secrets",
    "/api/v1/namespaces/{}/events",
    "/apis/coordination.k8s.io/v1/namespaces/{}/leases",
    "/apis/prow.k8s.io/v1/namespaces/{}/prowjobs",
)


@pytest.fixture(scope="session", params=["embedded", "real"])
def cluster(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """The server that a test runs against."""
    if request.param == "real":
        if not KUBECONFIG:
            pytest.skip("no real API server (set CUTWATER_KUBECONFIG; .ci/kube-apiserver builds and starts one)")
        server = Cluster(Path(KUBECONFIG), is_real=True)
        server.kubectl("apply", "-f", str(ROOT / "crds"))
        server.wait_until_served("/apis/prow.k8s.io/v1/prowjobs")
        yield server
        server.close()
        return
    folder = tmp_path_factory.mktemp("kube")
    kubeconfig = folder / "kubeconfig"
    files = {"--database": folder / "database", "--pod-logs": folder / "logs", "--kubeconfig": kubeconfig}
    options = [part for name, path in files.items() for part in (name, str(path))]
    command = [sys.executable, "-m", "infra.local.kube", "--crds", str(ROOT / "crds"), *options]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline().startswith("http://")
            server = Cluster(kubeconfig, is_real=False, pod_logs=folder / "logs")
            server.wait_until_served("/readyz")
            yield server
            server.close()
        finally:
            process.terminate()


@pytest.fixture
def namespace(cluster: Cluster) -> Iterator[str]:
    """A namespace of the test's own."""
    name = f"contract-{uuid.uuid4().hex[:12]}"
    assert cluster.post("/api/v1/namespaces", {"metadata": {"name": name}}).code == 201
    yield name
    for collection in CLEANED:
        path = collection.format(name)
        for item in cluster.get(path).body["items"]:
            if item["metadata"].get("finalizers"):
                cluster.merge(f"{path}/{item['metadata']['name']}", {"metadata": {"finalizers": None}})
        cluster.delete(path, {"gracePeriodSeconds": 0})
    cluster.delete(f"/api/v1/namespaces/{name}")
    if cluster.is_real:
        # A bare server has no controller that would end a namespace.
        cluster.put(f"/api/v1/namespaces/{name}/finalize", {"metadata": {"name": name}, "spec": {"finalizers": []}})


@pytest.fixture
def config_maps(namespace: str) -> str:
    """The path of a core kind's collection."""
    return f"/api/v1/namespaces/{namespace}/configmaps"


@pytest.fixture
def pods(namespace: str) -> str:
    return f"/api/v1/namespaces/{namespace}/pods"


@pytest.fixture
def prowjobs(namespace: str) -> str:
    """The path of a custom kind's collection."""
    return f"/apis/prow.k8s.io/v1/namespaces/{namespace}/prowjobs"


@pytest.fixture
def leases(namespace: str) -> str:
    return f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases"
