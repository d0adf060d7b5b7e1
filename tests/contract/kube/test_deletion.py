"""Deletion: preconditions, finalizers, grace periods, collections, namespaces."""

import pytest

from tests.contract.kube.cluster import Cluster, JsonObject
from tests.contract.kube.objects import binding, config_map, pod, prowjob


def test_it_says_what_is_gone(cluster: Cluster, prowjobs: str) -> None:
    uid = cluster.post(prowjobs, prowjob("a")).metadata["uid"]

    answer = cluster.delete(f"{prowjobs}/a")

    assert (answer.code, answer.body["status"]) == (200, "Success")
    assert answer.body["details"] == {"name": "a", "group": "prow.k8s.io", "kind": "prowjobs", "uid": uid}
    assert cluster.get(f"{prowjobs}/a").code == 404


def test_preconditions(cluster: Cluster, config_maps: str) -> None:
    made = cluster.post(config_maps, config_map("a")).metadata
    path = f"{config_maps}/a"

    uid = cluster.delete(path, {"preconditions": {"uid": "other"}})
    assert (uid.code, uid.reason) == (409, "Conflict")
    assert uid.message == (
        'Operation cannot be fulfilled on ConfigMap "a": the UID in the precondition (other) does not match the UID in '
        f"record ({made['uid']}). The object might have been deleted and then recreated"
    )
    version = cluster.delete(path, {"preconditions": {"resourceVersion": "1"}})
    assert "the ResourceVersion in the precondition (1) does not match" in version.message
    both = {"uid": made["uid"], "resourceVersion": made["resourceVersion"]}
    assert cluster.delete(path, {"preconditions": both}).code == 200


def test_a_finalizer_holds_it(cluster: Cluster, config_maps: str) -> None:
    path = f"{config_maps}/a"
    cluster.post(config_maps, {"metadata": {"name": "a", "finalizers": ["example.com/hold"]}})

    marked = cluster.delete(path)
    assert (marked.code, marked.body["kind"]) == (200, "ConfigMap")
    assert marked.metadata["deletionGracePeriodSeconds"] == 0
    assert cluster.delete(path).body == marked.body == cluster.get(path).body
    more = {"metadata": {"finalizers": ["example.com/hold", "example.com/more"]}}
    assert "no new finalizers can be added if the object is being deleted" in cluster.merge(path, more).message
    assert cluster.merge(path, {"data": {"key": "1"}}).code == 200

    assert cluster.merge(path, {"metadata": {"finalizers": None}}).code == 200
    assert cluster.get(path).code == 404


def test_a_custom_kinds_finalizer_and_generation(cluster: Cluster, prowjobs: str) -> None:
    job = prowjob("a")
    job["metadata"]["finalizers"] = ["hold"]
    made = cluster.post(prowjobs, job)

    assert "prefer a domain-qualified finalizer name" in made.warnings[0]
    assert cluster.delete(f"{prowjobs}/a").metadata["generation"] == 2


@pytest.mark.parametrize(
    "options, code",
    [
        pytest.param({"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Background"}, 200, id="usual"),
        pytest.param({"gracePeriodSeconds": 5}, 200, id="grace that nothing uses"),
        pytest.param({"propagationPolicy": "Other"}, 422, id="no such policy"),
        pytest.param({"kind": "Other", "apiVersion": "v1"}, 400, id="another kind"),
        pytest.param({"gracePeriodSeconds": "x"}, 400, id="no number"),
        pytest.param("{", 400, id="half of it"),
        pytest.param("[]", 400, id="a list"),
    ],
)
def test_options(cluster: Cluster, config_maps: str, options: object, code: int) -> None:
    cluster.post(config_maps, config_map("a"))

    assert cluster.delete(f"{config_maps}/a", options).code == code


def test_a_pod_that_nothing_runs_goes_at_once(cluster: Cluster, pods: str) -> None:
    cluster.post(pods, pod("a"))

    answer = cluster.delete(f"{pods}/a")

    assert (answer.code, answer.body["kind"]) == (200, "Pod")
    assert answer.metadata["deletionGracePeriodSeconds"] == 0
    assert cluster.get(f"{pods}/a").code == 404


def test_a_pod_that_has_ended_goes_at_once(cluster: Cluster, pods: str) -> None:
    cluster.post(pods, pod("a"))
    cluster.post(f"{pods}/a/binding", binding("a", "node"))
    cluster.merge(f"{pods}/a/status", {"status": {"phase": "Succeeded"}})

    cluster.delete(f"{pods}/a")

    assert cluster.get(f"{pods}/a").code == 404


def test_a_pod_on_a_node_waits_for_its_runner(cluster: Cluster, pods: str) -> None:
    path = f"{pods}/a"
    cluster.post(pods, pod("a", terminationGracePeriodSeconds=7))
    cluster.post(f"{path}/binding", binding("a", "node"))

    marked = cluster.delete(path)
    assert marked.metadata["deletionGracePeriodSeconds"] == 7
    assert marked.metadata["generation"] == 2
    assert cluster.delete(f"{path}?gracePeriodSeconds=60").body == marked.body
    shorter = cluster.delete(f"{path}?gracePeriodSeconds=3")
    assert shorter.metadata["deletionGracePeriodSeconds"] == 3
    assert shorter.metadata["deletionTimestamp"] < marked.metadata["deletionTimestamp"]
    assert cluster.merge(f"{path}/status", {"status": {"phase": "Running"}}).code == 200

    gone = cluster.delete(f"{path}?gracePeriodSeconds=0")
    assert gone.metadata["deletionGracePeriodSeconds"] == 0
    assert cluster.get(path).code == 404


def test_a_pod_with_grace_and_a_finalizer(cluster: Cluster, pods: str) -> None:
    path = f"{pods}/a"
    held = pod("a")
    held["metadata"]["finalizers"] = ["example.com/hold"]
    cluster.post(pods, held)
    cluster.post(f"{path}/binding", binding("a", "node"))

    cluster.delete(path)
    assert cluster.delete(f"{path}?gracePeriodSeconds=0").metadata["deletionGracePeriodSeconds"] == 0
    assert cluster.get(path).code == 200
    cluster.merge(path, {"metadata": {"finalizers": None}})
    assert cluster.get(path).code == 404


def test_a_collection(cluster: Cluster, prowjobs: str) -> None:
    for name, state in {"a": "success", "b": "pending", "c": "success"}.items():
        cluster.post(prowjobs, prowjob(name, labels={"state": state}, state=state))

    answer = cluster.delete(f"{prowjobs}?labelSelector=state=success")

    assert (answer.body["kind"], answer.names) == ("ProwJobList", ["a", "c"])
    assert cluster.get(prowjobs).names == ["b"]
    assert cluster.delete(f"{prowjobs}?fieldSelector=status.state=pending").names == ["b"]
    assert cluster.delete(prowjobs).names == []


def test_a_namespace_that_ends_takes_nothing_new(cluster: Cluster, namespace: str, config_maps: str) -> None:
    held: JsonObject = {"metadata": {"name": "held", "finalizers": ["example.com/hold"]}}
    cluster.post(config_maps, held)

    ending = cluster.delete(f"/api/v1/namespaces/{namespace}")
    assert ending.body["status"]["phase"] == "Terminating"
    assert "deletionGracePeriodSeconds" not in ending.metadata
    refused = cluster.post(config_maps, config_map("a"))
    assert (refused.code, refused.causes) == (403, {("metadata.namespace", "NamespaceTerminating")})
    assert refused.message == (
        'configmaps "a" is forbidden: '
        f"unable to create new content in namespace {namespace} because it is being terminated"
    )


def test_namespaces_of_the_system_stay(cluster: Cluster) -> None:
    answer = cluster.delete("/api/v1/namespaces/default")

    assert (answer.code, answer.reason) == (403, "Forbidden")
    assert answer.message == 'namespaces "default" is forbidden: this namespace may not be deleted'
