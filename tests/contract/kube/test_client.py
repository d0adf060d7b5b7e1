"""The official Python client, raw, typed and dynamic: what cutwater itself uses."""

from collections.abc import Iterator

import pytest
from kubernetes import client, config, dynamic, watch
from kubernetes.client.exceptions import ApiException

from tests.contract.kube.cluster import Cluster
from tests.contract.kube.objects import prowjob

GROUP = ("prow.k8s.io", "v1")


@pytest.fixture
def api(cluster: Cluster) -> Iterator[client.ApiClient]:
    configuration = client.Configuration()
    config.load_kube_config(str(cluster.kubeconfig), client_configuration=configuration)
    configuration.verify_ssl = False
    with client.ApiClient(configuration) as made:
        yield made


def test_custom_objects(api: client.ApiClient, namespace: str) -> None:
    jobs = client.CustomObjectsApi(api)
    where = (*GROUP, namespace, "prowjobs")
    made = jobs.create_namespaced_custom_object(*where, prowjob("a"))

    with pytest.raises(ApiException) as again:
        jobs.create_namespaced_custom_object(*where, prowjob("a"))
    assert (again.value.status, again.value.reason) == (409, "Conflict")
    patched = jobs.patch_namespaced_custom_object(*where, "a", {"status": {"state": "pending"}})
    assert patched["status"]["state"] == "pending"
    made["status"]["state"] = "failure"
    with pytest.raises(ApiException) as stale:
        jobs.replace_namespaced_custom_object(*where, "a", made)
    assert stale.value.status == 409
    pages = jobs.list_namespaced_custom_object(*where, label_selector="!x", limit=1)
    assert [item["metadata"]["name"] for item in pages["items"]] == ["a"]
    jobs.delete_namespaced_custom_object(*where, "a")
    with pytest.raises(ApiException) as gone:
        jobs.get_namespaced_custom_object(*where, "a")
    assert gone.value.status == 404


@pytest.mark.slow
def test_typed_pods(api: client.ApiClient, namespace: str) -> None:
    core = client.CoreV1Api(api)
    container = client.V1Container(name="test", image="example.com/test", env=[client.V1EnvVar(name="A", value="1")])
    spec = client.V1PodSpec(containers=[container], restart_policy="Never")
    body = client.V1Pod(metadata=client.V1ObjectMeta(name="a", labels={"x": "1"}), spec=spec)

    made = core.create_namespaced_pod(namespace, body)
    assert (made.status.phase, made.spec.containers[0].image_pull_policy) == ("Pending", "Always")
    core.patch_namespaced_pod_status("a", namespace, {"status": {"phase": "Succeeded"}})
    listed = core.list_pod_for_all_namespaces(label_selector="x=1", field_selector=f"metadata.namespace={namespace}")
    assert [pod.status.phase for pod in listed.items] == ["Succeeded"]
    assert core.delete_namespaced_pod("a", namespace, grace_period_seconds=0).metadata.name == "a"


def test_leases(api: client.ApiClient, namespace: str) -> None:
    """Who renews must have seen the newest version."""
    leases = client.CoordinationV1Api(api)
    body = {"metadata": {"name": "a"}, "spec": {"holderIdentity": "me", "leaseDurationSeconds": 15}}
    lease = leases.create_namespaced_lease(namespace, body)

    renewed = leases.replace_namespaced_lease("a", namespace, lease)
    assert renewed.spec.holder_identity == "me"
    renewed.spec.holder_identity = "other"
    taken = leases.replace_namespaced_lease("a", namespace, renewed)
    lease.spec.holder_identity = "late"
    with pytest.raises(ApiException) as late:
        leases.replace_namespaced_lease("a", namespace, lease)
    assert (late.value.status, taken.spec.holder_identity) == (409, "other")


@pytest.mark.slow
def test_a_watch(api: client.ApiClient, namespace: str) -> None:
    core = client.CoreV1Api(api)
    core.create_namespaced_config_map(namespace, {"metadata": {"name": "a"}})

    watcher = watch.Watch()
    for event in watcher.stream(core.list_namespaced_config_map, namespace, timeout_seconds=10):
        assert (event["type"], event["object"].metadata.name) == ("ADDED", "a")
        watcher.stop()


def test_dynamic(api: client.ApiClient, namespace: str) -> None:
    jobs = dynamic.DynamicClient(api).resources.get(api_version="prow.k8s.io/v1", kind="ProwJob")

    jobs.create(body=prowjob("a"), namespace=namespace)
    kept = jobs.patch(
        name="a",
        namespace=namespace,
        body={"metadata": {"labels": {"x": "1"}}},
        content_type="application/merge-patch+json",
    )

    assert kept.metadata.labels.x == "1"
    assert [job.metadata.name for job in jobs.get(namespace=namespace, label_selector="x=1").items] == ["a"]
    jobs.delete(name="a", namespace=namespace)
