"""What a server says of itself, as far as clients look at it."""

import pytest

from tests.contract.kube.cluster import Cluster, JsonObject

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


@pytest.mark.parametrize("path", ["/healthz", "/livez", "/readyz"])
def test_health(cluster: Cluster, path: str) -> None:
    answer = cluster.get(path)

    assert (answer.code, answer.text, answer.media_type) == (200, "ok", "text/plain; charset=utf-8")


def test_version(cluster: Cluster) -> None:
    version = cluster.get("/version").body

    assert (version["major"], version["minor"].isdecimal()) == ("1", True)


def test_groups(cluster: Cluster) -> None:
    assert cluster.get("/api").body["versions"] == ["v1"]
    groups = {group["name"]: group for group in cluster.get("/apis").body["groups"]}
    assert {"prow.k8s.io", "coordination.k8s.io", "apiextensions.k8s.io"} <= groups.keys()
    served = {"groupVersion": "prow.k8s.io/v1", "version": "v1"}
    assert groups["prow.k8s.io"] == {"name": "prow.k8s.io", "versions": [served], "preferredVersion": served}
    alone = cluster.get("/apis/prow.k8s.io").body
    assert alone == {"kind": "APIGroup", "apiVersion": "v1"} | groups["prow.k8s.io"]


def resources(cluster: Cluster, path: str) -> dict[str, JsonObject]:
    return {resource["name"]: resource for resource in cluster.get(path).body["resources"]}


def test_resources(cluster: Cluster) -> None:
    core = resources(cluster, "/api/v1")
    pods = core["pods"]

    assert (pods["kind"], pods["singularName"], pods["namespaced"]) == ("Pod", "pod", True)
    assert (pods["shortNames"], pods["categories"]) == (["po"], ["all"])
    verbs = {"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"}
    assert set(pods["verbs"]) == verbs
    assert core["pods/log"]["verbs"] == ["get"]
    assert core["pods/binding"]["verbs"] == ["create"]
    assert set(core["pods/status"]["verbs"]) == {"get", "patch", "update"}
    assert set(core["namespaces"]["verbs"]) == verbs - {"deletecollection"}
    custom = resources(cluster, "/apis/prow.k8s.io/v1")
    assert custom.keys() == {"prowjobs"}
    assert set(custom["prowjobs"]["verbs"]) == verbs


def test_aggregated_discovery(cluster: Cluster) -> None:
    core, others = (cluster.get(path, accept=AGGREGATED) for path in ("/api", "/apis"))

    assert (core.body["kind"], core.body["apiVersion"]) == ("APIGroupDiscoveryList", "apidiscovery.k8s.io/v2")
    assert core.media_type == AGGREGATED
    (v1,) = core.body["items"][0]["versions"]
    pods = next(resource for resource in v1["resources"] if resource["resource"] == "pods")
    assert {"log", "binding", "status"} <= {subresource["subresource"] for subresource in pods["subresources"]}
    prow = next(item for item in others.body["items"] if item["metadata"]["name"] == "prow.k8s.io")
    (version,) = prow["versions"]
    assert version["freshness"] == "Current"
    assert version["resources"][0]["responseKind"] == {"group": "prow.k8s.io", "version": "v1", "kind": "ProwJob"}
    assert version["resources"][0]["scope"] == "Namespaced"


@pytest.mark.parametrize(
    "document, kind",
    [
        pytest.param("api/v1", {"group": "", "version": "v1", "kind": "Pod"}, id="core"),
        pytest.param("apis/prow.k8s.io/v1", {"group": "prow.k8s.io", "version": "v1", "kind": "ProwJob"}, id="custom"),
    ],
)
def test_openapi(cluster: Cluster, document: str, kind: JsonObject) -> None:
    """kubectl looks here whether fields are validated by the server, and what an object's fields are."""
    index = cluster.get("/openapi/v3").text
    assert f'"{document}":{{"serverRelativeURL":"/openapi/v3/{document}?hash=' in index

    found = cluster.get(f"/openapi/v3/{document}", accept="application/json").body

    patches = [path["patch"] for path in found["paths"].values() if "patch" in path]
    patch = next(p for p in patches if p.get("x-kubernetes-group-version-kind") == kind)
    assert "fieldValidation" in {parameter["name"] for parameter in patch["parameters"]}
    schemas = found["components"]["schemas"].values()
    schema = next(s for s in schemas if kind in s.get("x-kubernetes-group-version-kind", []))
    assert {"metadata", "spec", "status"} <= schema["properties"].keys()
