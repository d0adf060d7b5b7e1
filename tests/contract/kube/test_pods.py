"""Pods: defaults, validation, binding, status, logs."""

import pytest

from tests.contract.kube.cluster import Cluster, JsonObject
from tests.contract.kube.objects import binding, pod


def container(**fields: object) -> JsonObject:
    return {"name": "test", "image": "example.com/test:v1"} | fields


def test_defaults(cluster: Cluster, pods: str) -> None:
    volumes = [{"name": "s", "secret": {"secretName": "x"}}, {"name": "e"}, {"name": "c", "configMap": {"name": "x"}}]
    env = [{"name": "NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]
    given = container(env=env, ports=[{"containerPort": 80}], resources={"limits": {"cpu": 1, "memory": "1Gi"}})

    made = cluster.post(pods, pod("a", containers=[given], volumes=volumes)).body

    spec = made["spec"]
    (made_container,) = spec.pop("containers")
    tolerations = spec.pop("tolerations")
    assert spec == {
        "volumes": [
            {"name": "s", "secret": {"secretName": "x", "defaultMode": 420}},
            {"name": "e", "emptyDir": {}},
            {"name": "c", "configMap": {"name": "x", "defaultMode": 420}},
        ],
        "restartPolicy": "Always",
        "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst",
        "securityContext": {},
        "schedulerName": "default-scheduler",
        "priority": 0,
        "enableServiceLinks": True,
        "preemptionPolicy": "PreemptLowerPriority",
    }
    assert made_container == given | {
        "env": [{"name": "NAME", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}}}],
        "ports": [{"containerPort": 80, "protocol": "TCP"}],
        "resources": {"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "1", "memory": "1Gi"}},
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        "imagePullPolicy": "IfNotPresent",
    }
    assert [toleration["key"] for toleration in tolerations] == [
        "node.kubernetes.io/not-ready",
        "node.kubernetes.io/unreachable",
    ]
    assert made["status"] == {"phase": "Pending", "qosClass": "Guaranteed"}
    assert made["metadata"]["generation"] == 1


@pytest.mark.parametrize(
    "spec, causes",
    [
        pytest.param({"containers": []}, {("spec.containers", "FieldValueRequired")}, id="no containers"),
        pytest.param(
            {"containers": [container(), container()]},
            {("spec.containers[1].name", "FieldValueDuplicate")},
            id="a container twice",
        ),
        pytest.param(
            {"initContainers": [container()]},
            {("spec.initContainers[0].name", "FieldValueDuplicate")},
            id="an init container of the same name",
        ),
        pytest.param(
            {"containers": [{"image": "x"}, {"name": "B_", "image": "x"}, {"name": "c"}]},
            {
                ("spec.containers[0].name", "FieldValueRequired"),
                ("spec.containers[1].name", "FieldValueInvalid"),
                ("spec.containers[2].image", "FieldValueRequired"),
            },
            id="names and images",
        ),
        pytest.param(
            {"containers": [container(env=[{"name": ""}, {"name": "a=b"}, {"name": "C", "valueFrom": {}}])]},
            {
                ("spec.containers[0].env[0].name", "FieldValueRequired"),
                ("spec.containers[0].env[1].name", "FieldValueInvalid"),
                ("spec.containers[0].env[2].valueFrom", "FieldValueInvalid"),
            },
            id="variables",
        ),
        pytest.param(
            {"containers": [container(volumeMounts=[{"name": "none", "mountPath": ""}])]},
            {
                ("spec.containers[0].volumeMounts[0].name", "FieldValueNotFound"),
                ("spec.containers[0].volumeMounts[0].mountPath", "FieldValueRequired"),
            },
            id="mounts",
        ),
        pytest.param(
            {"volumes": [{"name": "v", "emptyDir": {}}, {"name": "v", "secret": {}}]},
            {
                ("spec.volumes[1].name", "FieldValueDuplicate"),
                ("spec.volumes[1].secret.secretName", "FieldValueRequired"),
            },
            id="volumes",
        ),
        pytest.param(
            {"volumes": [{"name": "v", "emptyDir": {}, "secret": {"secretName": "x"}}]},
            {("spec.volumes[0].secret", "FieldValueForbidden")},
            id="two sources of a volume",
        ),
        pytest.param(
            {"containers": [container(resources={"requests": {"cpu": "2"}, "limits": {"cpu": "1"}})]},
            {("spec.containers[0].resources.requests", "FieldValueInvalid")},
            id="more asked for than allowed",
        ),
        pytest.param(
            {"containers": [container(ports=[{"containerPort": 70000, "protocol": "X"}])]},
            {
                ("spec.containers[0].ports[0].containerPort", "FieldValueInvalid"),
                ("spec.containers[0].ports[0].protocol", "FieldValueNotSupported"),
            },
            id="ports",
        ),
        pytest.param(
            {"restartPolicy": "Sometimes", "dnsPolicy": "Other", "activeDeadlineSeconds": 0},
            {
                ("spec.restartPolicy", "FieldValueNotSupported"),
                ("spec.dnsPolicy", "FieldValueNotSupported"),
                ("spec.activeDeadlineSeconds", "FieldValueInvalid"),
            },
            id="policies",
        ),
    ],
)
def test_pods_that_are_refused(cluster: Cluster, pods: str, spec: JsonObject, causes: set[tuple[str, str]]) -> None:
    answer = cluster.post(pods, pod("a", **spec))

    assert (answer.code, answer.reason) == (422, "Invalid")
    assert answer.message.startswith('Pod "a" is invalid: ')
    assert answer.causes == causes


@pytest.mark.parametrize(
    "spec, message",
    [
        pytest.param(
            {"containers": "x"},
            "json: cannot unmarshal string into Go struct field PodSpec.spec.containers of type []v1.Container",
            id="containers of a wrong type",
        ),
        pytest.param(
            {"containers": [{"name": 5}]},
            "json: cannot unmarshal number into Go struct field Container.spec.containers.name of type string",
            id="a name of a wrong type",
        ),
        pytest.param(
            {"containers": [container(resources={"limits": {"cpu": "zz"}})]},
            "quantities must match the regular expression",
            id="no quantity",
        ),
    ],
)
def test_pods_that_cannot_be_read(cluster: Cluster, pods: str, spec: JsonObject, message: str) -> None:
    answer = cluster.post(pods, pod("a", **spec))

    assert (answer.code, answer.reason) == (400, "BadRequest")
    assert message in answer.message


def test_a_pod_is_given_to_a_node_once(cluster: Cluster, pods: str) -> None:
    cluster.post(pods, pod("a"))

    bound = cluster.post(f"{pods}/a/binding", binding("a", "node-1"))
    assert (bound.code, bound.body["status"]) == (201, "Success")
    found = cluster.get(f"{pods}/a").body
    assert found["spec"]["nodeName"] == "node-1"
    (condition,) = found["status"]["conditions"]
    assert (condition["type"], condition["status"]) == ("PodScheduled", "True")

    again = cluster.post(f"{pods}/a/binding", binding("a", "node-2"))
    assert (again.code, again.reason) == (409, "Conflict")
    assert again.message.endswith('"a": pod a is already assigned to node "node-1"')
    assert cluster.post(f"{pods}/none/binding", binding("none", "node-2")).code == 404


def test_the_status_is_written_at_its_own_path(cluster: Cluster, pods: str) -> None:
    made = cluster.post(pods, pod("a") | {"status": {"phase": "Running"}}).body
    assert made["status"]["phase"] == "Pending"
    assert cluster.merge(f"{pods}/a", {"status": {"phase": "Failed"}}).body["status"]["phase"] == "Pending"

    patch = {"metadata": {"labels": {"x": "1"}}, "spec": {"nodeName": "node"}, "status": {"phase": "Running"}}
    written = cluster.strategic(f"{pods}/a/status", patch).body

    assert (written["status"]["phase"], written["status"]["qosClass"]) == ("Running", "BestEffort")
    assert written["metadata"]["labels"] == {"x": "1"}
    assert "nodeName" not in written["spec"]
    assert written["metadata"]["generation"] == 1


def test_conditions_are_merged_by_type(cluster: Cluster, pods: str) -> None:
    cluster.post(pods, pod("a"))
    for kind, status in (("Ready", "False"), ("Initialized", "True"), ("Ready", "True")):
        answer = cluster.strategic(f"{pods}/a/status", {"status": {"conditions": [{"type": kind, "status": status}]}})

    conditions = {condition["type"]: condition["status"] for condition in answer.body["status"]["conditions"]}
    assert conditions == {"Ready": "True", "Initialized": "True"}


def test_what_of_a_pod_may_change(cluster: Cluster, pods: str) -> None:
    cluster.post(pods, pod("a", activeDeadlineSeconds=10))
    image = {"spec": {"containers": [{"name": "test", "image": "example.com/test:v2"}]}}

    assert cluster.strategic(f"{pods}/a", image).metadata["generation"] == 2
    assert cluster.merge(f"{pods}/a", {"spec": {"activeDeadlineSeconds": 5}}).code == 200
    assert cluster.merge(f"{pods}/a", {"spec": {"activeDeadlineSeconds": 6}}).code == 422
    for change in ({"nodeName": "other"}, {"terminationGracePeriodSeconds": 5}, {"restartPolicy": "Never"}):
        refused = cluster.merge(f"{pods}/a", {"spec": change})
        assert (refused.code, refused.causes) == (422, {("spec", "FieldValueForbidden")})
        assert "pod updates may not change fields other than `spec.containers[*].image`" in refused.message


def test_logs_of_a_pod_without_a_node_are_empty(cluster: Cluster, pods: str) -> None:
    cluster.post(pods, pod("a"))

    answer = cluster.get(f"{pods}/a/log")

    assert (answer.code, answer.text) == (204, "")


@pytest.mark.parametrize(
    "query, code, message",
    [
        pytest.param("container=none", 400, "container none is not valid for pod a", id="no such container"),
        pytest.param(
            "",
            400,
            "a container name must be specified for pod a, choose one of: [zero one two]",
            id="which container",
        ),
        pytest.param("container=one&tailLines=-1", 422, "must be greater than or equal to 0", id="negative lines"),
        pytest.param("container=one&limitBytes=0", 422, "limitBytes: Invalid value: 0", id="no bytes"),
        pytest.param("container=one&tailLines=x", 400, 'strconv.ParseInt: parsing "x": invalid syntax', id="no number"),
    ],
)
def test_logs_that_are_refused(cluster: Cluster, pods: str, query: str, code: int, message: str) -> None:
    containers = [container(name="one"), container(name="two")]
    cluster.post(pods, pod("a", containers=containers, initContainers=[container(name="zero")]))

    answer = cluster.get(f"{pods}/a/log?{query}")

    assert answer.code == code
    assert message in answer.message


def test_logs_of_what_is_not_there(cluster: Cluster, pods: str) -> None:
    assert cluster.get(f"{pods}/none/log").message == 'pods "none" not found'
