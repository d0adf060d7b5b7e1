"""Create, read, update: names, versions, generations, conflicts, refusals."""

import pytest

from tests.contract.kube.cluster import Cluster, JsonObject
from tests.contract.kube.objects import config_map, pod, prowjob

MODIFIED = "the object has been modified; please apply your changes to the latest version and try again"
SUBDOMAIN = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    r"'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)


def test_a_new_object_is_stamped(cluster: Cluster, namespace: str, prowjobs: str) -> None:
    answer = cluster.post(prowjobs, prowjob("a", labels={"x": "1"}))

    assert answer.code == 201
    assert answer.metadata["namespace"] == namespace
    assert answer.metadata["generation"] == 1
    assert answer.metadata["labels"] == {"x": "1"}
    assert answer.metadata["resourceVersion"].isdecimal()
    assert len(answer.metadata["uid"]) == 36
    assert answer.metadata["creationTimestamp"].endswith("Z")
    assert cluster.get(f"{prowjobs}/a").body == answer.body


def test_what_a_writer_cannot_set_is_ignored(cluster: Cluster, config_maps: str) -> None:
    metadata = {"name": "a", "uid": "mine", "creationTimestamp": "2020-01-01T00:00:00Z", "selfLink": "x"}
    metadata["deletionTimestamp"] = "2020-01-01T00:00:00Z"

    answer = cluster.post(config_maps, {"metadata": metadata})

    assert answer.code == 201
    assert answer.metadata["uid"] != "mine"
    assert not answer.metadata["creationTimestamp"].startswith("2020")
    assert "deletionTimestamp" not in answer.metadata


def test_generate_name(cluster: Cluster, prowjobs: str) -> None:
    wanted = prowjob("x")
    wanted["metadata"] = {"generateName": "run-"}

    first, second = cluster.post(prowjobs, wanted), cluster.post(prowjobs, wanted)

    assert first.metadata["generateName"] == "run-"
    assert first.metadata["name"].startswith("run-")
    assert len(first.metadata["name"]) == len("run-") + 5
    assert first.metadata["name"] != second.metadata["name"]


def test_the_same_name_again(cluster: Cluster, prowjobs: str, config_maps: str) -> None:
    cluster.post(prowjobs, prowjob("a"))
    cluster.post(config_maps, config_map("a"))

    custom, core = cluster.post(prowjobs, prowjob("a")), cluster.post(config_maps, config_map("a"))

    assert (custom.code, custom.reason) == (409, "AlreadyExists")
    assert custom.message == 'prowjobs.prow.k8s.io "a" already exists'
    assert custom.body["details"] == {"name": "a", "group": "prow.k8s.io", "kind": "prowjobs"}
    assert core.body == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": 'configmaps "a" already exists',
        "reason": "AlreadyExists",
        "details": {"name": "a", "kind": "configmaps"},
        "code": 409,
    }


def test_what_is_not_there(cluster: Cluster, prowjobs: str, config_maps: str) -> None:
    assert cluster.get(f"{prowjobs}/none").message == 'prowjobs.prow.k8s.io "none" not found'
    for answer in (
        cluster.get(f"{config_maps}/none"),
        cluster.put(f"{config_maps}/none", config_map("none")),
        cluster.merge(f"{config_maps}/none", {}),
        cluster.delete(f"{config_maps}/none"),
    ):
        assert (answer.code, answer.reason, answer.message) == (404, "NotFound", 'configmaps "none" not found')


def test_a_namespace_that_is_not_there(cluster: Cluster) -> None:
    path = "/api/v1/namespaces/no-such-namespace/configmaps"

    assert cluster.get(path).body["items"] == []
    refused = cluster.post(path, config_map("a"))
    assert (refused.code, refused.message) == (404, 'namespaces "no-such-namespace" not found')


@pytest.mark.parametrize(
    "body, code, message",
    [
        pytest.param(
            {"kind": "Pod", "metadata": {"name": "a"}}, 400, "cannot be handled as a ConfigMap", id="other kind"
        ),
        pytest.param(
            {"apiVersion": "v2", "kind": "ConfigMap", "metadata": {"name": "a"}},
            400,
            'no kind "ConfigMap" is registered for version "v2"',
            id="other version",
        ),
        pytest.param(
            {"metadata": {"name": "a", "namespace": "other"}},
            400,
            "the namespace of the provided object does not match the namespace sent on the request",
            id="other namespace",
        ),
        pytest.param(
            {"metadata": {"name": "a", "resourceVersion": "5"}},
            500,
            "resourceVersion should not be set on objects to be created",
            id="a version",
        ),
        pytest.param(
            {"metadata": {"name": 5}},
            400,
            'ConfigMap in version "v1" cannot be handled as a ConfigMap: '
            "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.name of type string",
            id="wrong type",
        ),
        pytest.param(
            {"metadata": {"name": "a"}, "data": []},
            400,
            "json: cannot unmarshal array into Go struct field ConfigMap.data of type map[string]string",
            id="list for a map",
        ),
        pytest.param('{"metadata":{"name":"a"', 400, "unexpected end of JSON input", id="half an object"),
        pytest.param("", 400, "unexpected end of JSON input (<empty>)", id="nothing"),
        pytest.param("[]", 400, "cannot unmarshal array into Go value", id="a list"),
        pytest.param(
            {"metadata": {}}, 422, "metadata.name: Required value: name or generateName is required", id="no name"
        ),
        pytest.param(
            {"metadata": {"name": "B_"}},
            422,
            f'ConfigMap "B_" is invalid: metadata.name: Invalid value: "B_": {SUBDOMAIN}',
            id="bad name",
        ),
        pytest.param({"metadata": {"name": "x" * 254}}, 422, "must be no more than 253 characters", id="name too long"),
        pytest.param({"metadata": {"name": "a"}, "data": {"a/b": ""}}, 422, "data[a/b]: Invalid value", id="bad key"),
        pytest.param(
            {"metadata": {"name": "a"}, "data": {"a": "1"}, "binaryData": {"a": "ZA=="}},
            422,
            "duplicate of key present in binaryData",
            id="key twice",
        ),
        pytest.param({"metadata": {"name": "a"}, "binaryData": {"a": "!"}}, 400, "illegal base64 data", id="no base64"),
    ],
)
def test_objects_that_are_refused(cluster: Cluster, config_maps: str, body: object, code: int, message: str) -> None:
    answer = cluster.post(config_maps, body)

    assert answer.code == code
    assert message in answer.message


def test_metadata_is_judged_as_a_whole(cluster: Cluster, config_maps: str) -> None:
    labels = {"a b": "c", "x": "y z", "long": "x" * 64, "a/b/c": ""}
    owners = [{"kind": "Pod"}]
    metadata = {"name": "a", "labels": labels, "finalizers": ["mine"], "ownerReferences": owners}

    answer = cluster.post(config_maps, {"metadata": metadata | {"annotations": {"a b": ""}}})

    assert (answer.code, answer.reason) == (422, "Invalid")
    assert answer.body["details"]["kind"] == "ConfigMap"
    assert answer.causes == {
        ("metadata.labels", "FieldValueInvalid"),
        ("metadata.annotations", "FieldValueInvalid"),
        ("metadata.finalizers[0]", "FieldValueInvalid"),
        ("metadata.ownerReferences.apiVersion", "FieldValueInvalid"),
        ("metadata.ownerReferences.name", "FieldValueInvalid"),
        ("metadata.ownerReferences.uid", "FieldValueInvalid"),
    }


def test_unknown_fields_are_dropped_with_a_warning(cluster: Cluster, config_maps: str, prowjobs: str) -> None:
    core = cluster.post(config_maps, config_map("a") | {"datas": {}})
    custom = cluster.post(prowjobs, prowjob("a", zip=1))

    assert core.warnings == ['299 - "unknown field \\"datas\\""']
    assert "datas" not in core.body
    assert custom.warnings == ['299 - "unknown field \\"spec.zip\\""']
    assert "zip" not in custom.body["spec"]


@pytest.mark.parametrize(
    "validation, code, warnings",
    [
        pytest.param("Ignore", 201, 0, id="ignored"),
        pytest.param("Warn", 201, 1, id="warned of"),
        pytest.param("Strict", 400, 0, id="refused"),
        pytest.param("Other", 422, 0, id="no such way"),
    ],
)
def test_field_validation(cluster: Cluster, prowjobs: str, validation: str, code: int, warnings: int) -> None:
    answer = cluster.post(f"{prowjobs}?fieldValidation={validation}", prowjob("a", zip=1))

    assert (answer.code, len(answer.warnings)) == (code, warnings)
    if validation == "Strict":
        what = 'strict decoding error: unknown field "spec.zip"'
        assert answer.message == f'ProwJob in version "v1" cannot be handled as a ProwJob: {what}'


def test_dry_run_changes_nothing(cluster: Cluster, config_maps: str) -> None:
    made = cluster.post(f"{config_maps}?dryRun=All", config_map("a"))
    assert (made.code, "resourceVersion" in made.metadata) == (201, False)
    assert cluster.get(f"{config_maps}/a").code == 404

    before = cluster.post(config_maps, config_map("b", key="1")).body
    changed = cluster.put(f"{config_maps}/b?dryRun=All", config_map("b", key="2"))
    assert changed.body["data"] == {"key": "2"}
    assert cluster.delete(f"{config_maps}/b?dryRun=All").code == 200
    assert cluster.get(f"{config_maps}/b").body == before
    assert cluster.post(f"{config_maps}?dryRun=All", config_map("b")).code == 409
    assert cluster.post(f"{config_maps}?dryRun=Some", config_map("c")).code == 422


def test_an_update_needs_the_newest_version(cluster: Cluster, prowjobs: str) -> None:
    first = cluster.post(prowjobs, prowjob("a")).body
    first["status"]["state"] = "pending"
    second = cluster.put(f"{prowjobs}/a", first)

    assert (second.code, second.metadata["generation"]) == (200, 2)
    assert int(second.metadata["resourceVersion"]) > int(first["metadata"]["resourceVersion"])

    stale = cluster.put(f"{prowjobs}/a", first)
    assert (stale.code, stale.reason) == (409, "Conflict")
    assert stale.message == f'Operation cannot be fulfilled on prowjobs.prow.k8s.io "a": {MODIFIED}'


def test_an_update_without_a_version(cluster: Cluster, prowjobs: str, config_maps: str, leases: str) -> None:
    cluster.post(prowjobs, prowjob("a"))
    cluster.post(config_maps, config_map("a"))
    cluster.post(leases, {"metadata": {"name": "a"}})

    assert cluster.put(f"{config_maps}/a", config_map("a", key="1")).code == 200
    for refused in (
        cluster.put(f"{prowjobs}/a", prowjob("a")),
        cluster.put(f"{leases}/a", {"metadata": {"name": "a"}}),
    ):
        assert refused.code == 422
        assert refused.message.endswith("metadata.resourceVersion: Invalid value: 0: must be specified for an update")


def test_an_update_that_changes_nothing_keeps_the_version(cluster: Cluster, prowjobs: str, config_maps: str) -> None:
    for path, body in ((prowjobs, prowjob("a")), (config_maps, config_map("a", key="1"))):
        before = cluster.post(path, body).body
        after = cluster.put(f"{path}/a", before)
        assert after.body == before
        assert cluster.merge(f"{path}/a", {}).body == before


def test_only_what_is_asked_for_counts_as_a_generation(cluster: Cluster, prowjobs: str, config_maps: str) -> None:
    cluster.post(prowjobs, prowjob("a"))
    cluster.post(config_maps, config_map("a"))

    assert cluster.merge(f"{prowjobs}/a", {"metadata": {"labels": {"x": "1"}}}).metadata["generation"] == 1
    assert cluster.merge(f"{prowjobs}/a", {"status": {"state": "pending"}}).metadata["generation"] == 2
    assert "generation" not in cluster.merge(f"{config_maps}/a", {"data": {"x": "1"}}).metadata


def test_an_update_keeps_what_it_cannot_set(cluster: Cluster, config_maps: str) -> None:
    before = cluster.post(config_maps, config_map("a")).metadata

    after = cluster.put(
        f"{config_maps}/a", {"metadata": {"name": "a", "creationTimestamp": "2020-01-01T00:00:00Z"}}
    ).metadata

    assert (after["uid"], after["creationTimestamp"]) == (before["uid"], before["creationTimestamp"])


@pytest.mark.parametrize(
    "metadata, code, message",
    [
        pytest.param(
            {"name": "b"}, 400, "the name of the object (b) does not match the name on the URL (a)", id="name"
        ),
        pytest.param(
            {}, 400, "the name of the object (a based on URL) was undeterminable: name must be provided", id="no name"
        ),
        pytest.param({"name": "a", "resourceVersion": "1"}, 409, MODIFIED, id="old version"),
        pytest.param({"name": "a", "resourceVersion": "x"}, 500, 'strconv.ParseUint: parsing "x"', id="no version"),
        pytest.param({"name": "a", "uid": "x"}, 409, "Precondition failed: UID in precondition: x", id="other uid"),
        pytest.param(
            {"name": "a", "deletionTimestamp": "2020-01-01T00:00:00Z"},
            422,
            "metadata.deletionTimestamp: Invalid value",
            id="deletion by hand",
        ),
    ],
)
def test_updates_that_are_refused(
    cluster: Cluster, config_maps: str, metadata: JsonObject, code: int, message: str
) -> None:
    cluster.post(config_maps, config_map("a"))

    answer = cluster.put(f"{config_maps}/a", {"metadata": metadata})

    assert answer.code == code
    assert message in answer.message


def test_a_lease_is_made_by_an_update(cluster: Cluster, leases: str) -> None:
    made = cluster.put(f"{leases}/a", {"metadata": {"name": "a"}, "spec": {"holderIdentity": "me"}})

    assert (made.code, made.body["spec"]) == (201, {"holderIdentity": "me"})


@pytest.mark.parametrize(
    "spec, code, message",
    [
        pytest.param({"leaseDurationSeconds": 0}, 422, "must be greater than 0", id="no duration"),
        pytest.param({"leaseTransitions": -1}, 422, "must be greater than or equal to 0", id="negative transitions"),
        pytest.param(
            {"renewTime": "2020-01-01T00:00:00Z"},
            400,
            'parsing time "2020-01-01T00:00:00Z" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "Z" as ".000000"',
            id="time without microseconds",
        ),
    ],
)
def test_leases_that_are_refused(cluster: Cluster, leases: str, spec: JsonObject, code: int, message: str) -> None:
    answer = cluster.post(leases, {"metadata": {"name": "a"}, "spec": spec})

    assert answer.code == code
    assert message in answer.message


def test_secrets(cluster: Cluster, namespace: str) -> None:
    path = f"/api/v1/namespaces/{namespace}/secrets"
    made = cluster.post(path, {"metadata": {"name": "a"}, "stringData": {"a": "b"}, "data": {"c": "ZA=="}})

    assert made.body["data"] == {"a": "Yg==", "c": "ZA=="}
    assert (made.body["type"], "stringData" in made.body) == ("Opaque", False)
    assert "field is immutable" in cluster.merge(f"{path}/a", {"type": "other"}).message
    assert "illegal base64 data" in cluster.post(path, {"metadata": {"name": "b"}, "data": {"c": "Z"}}).message
    assert cluster.post(path, {"metadata": {"name": "b"}, "type": "kubernetes.io/tls"}).causes == {
        ("data[tls.crt]", "FieldValueRequired"),
        ("data[tls.key]", "FieldValueRequired"),
    }


def test_an_immutable_object(cluster: Cluster, config_maps: str) -> None:
    cluster.post(config_maps, config_map("a", key="1") | {"immutable": True})

    why = "Forbidden: field is immutable when `immutable` is set"
    assert cluster.merge(f"{config_maps}/a", {"data": {"key": "2"}}).message.endswith(f"data: {why}")
    assert cluster.merge(f"{config_maps}/a", {"immutable": False}).message.endswith(f"immutable: {why}")
    assert cluster.merge(f"{config_maps}/a", {"metadata": {"labels": {"x": "1"}}}).code == 200


def test_an_event_is_about_its_own_namespace(cluster: Cluster, namespace: str) -> None:
    path = f"/api/v1/namespaces/{namespace}/events"
    about = {"kind": "Pod", "namespace": namespace, "name": "p"}

    assert cluster.post(path, {"metadata": {"name": "a"}, "involvedObject": about, "reason": "Seen"}).code == 201
    assert cluster.get(f"{path}?fieldSelector=involvedObject.name=p,reason=Seen").names == ["a"]
    refused = cluster.post(path, {"metadata": {"name": "b"}})
    assert refused.message.endswith('involvedObject.namespace: Invalid value: "": does not match event.namespace')


def test_namespaces(cluster: Cluster, namespace: str) -> None:
    found = cluster.get(f"/api/v1/namespaces/{namespace}")

    assert found.metadata["labels"] == {"kubernetes.io/metadata.name": namespace}
    assert (found.body["spec"], found.body["status"]) == ({"finalizers": ["kubernetes"]}, {"phase": "Active"})
    assert cluster.get(f"/api/v1/namespaces/{namespace}/status").body == found.body
    assert "must not contain dots" in cluster.post("/api/v1/namespaces", {"metadata": {"name": "a.b"}}).message
    assert {"default", "kube-system", "kube-public", "kube-node-lease"} <= set(cluster.get("/api/v1/namespaces").names)


def test_yaml_is_read_too(cluster: Cluster, config_maps: str) -> None:
    body = "metadata: {name: a}\ndata: {key: value}"

    assert cluster.request("POST", config_maps, body, media_type="application/yaml").body["data"] == {"key": "value"}
    refused = cluster.request("POST", config_maps, "{}", media_type="text/plain")
    assert (refused.code, refused.reason) == (415, "UnsupportedMediaType")


@pytest.mark.parametrize(
    "method, path, code",
    [
        pytest.param("GET", "/api/v1/nonesuch", 404, id="no such core resource"),
        pytest.param("GET", "/apis/nonesuch", 404, id="no such group"),
        pytest.param("GET", "/apis/prow.k8s.io/v2/prowjobs", 404, id="no such version"),
        pytest.param("GET", "/apis/prow.k8s.io/v1/nonesuch", 404, id="no such custom resource"),
        pytest.param("GET", "/nonesuch", 404, id="no such path"),
        pytest.param("POST", "/api/v1/pods", 405, id="no namespace to make it in"),
        pytest.param("DELETE", "/api/v1/namespaces", 405, id="all namespaces at once"),
        pytest.param("PUT", "/api/v1/namespaces/default/pods", 405, id="a collection cannot be put"),
        pytest.param("GET", "/api/v1/namespaces/default/pods/a/binding", 405, id="a binding cannot be read"),
    ],
)
def test_what_is_not_served(cluster: Cluster, method: str, path: str, code: int) -> None:
    assert cluster.request(method, path, pod("a") if method != "GET" else None).code == code
