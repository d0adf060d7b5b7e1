"""CustomResourceDefinitions, and the kinds that they make."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.contract.kube.cluster import TABLE, Cluster, JsonObject
from tests.contract.kube.objects import prowjob

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


def definition(group: str, *, schema: JsonObject | None = None, **version: object) -> JsonObject:
    """A namespaced kind Widget of one version."""
    root = {"type": "object"} | (schema or {"x-kubernetes-preserve-unknown-fields": True})
    served = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": root}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"widgets.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"plural": "widgets", "kind": "Widget", "shortNames": ["wi"]},
            "versions": [served | version],
        },
    }


@dataclass(frozen=True)
class Widgets:
    """A kind of the test's own."""

    group: str
    path: str

    def named(self, name: str, **fields: object) -> JsonObject:
        return {"apiVersion": f"{self.group}/v1", "kind": "Widget", "metadata": {"name": name}} | fields


SCHEMA: JsonObject = {
    "properties": {
        "spec": {
            "type": "object",
            "required": ["size"],
            "properties": {
                "size": {"type": "integer", "minimum": 1, "maximum": 9},
                "color": {"type": "string", "default": "red", "enum": ["red", "green"]},
                "code": {"type": "string", "pattern": "^[a-z]+$", "maxLength": 3},
                "note": {"type": "string", "nullable": True},
                "port": {"x-kubernetes-int-or-string": True},
                "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
                "parts": {
                    "type": "array",
                    "maxItems": 3,
                    "x-kubernetes-list-type": "map",
                    "x-kubernetes-list-map-keys": ["name"],
                    "items": {
                        "type": "object",
                        "required": ["name"],
                        "properties": {"name": {"type": "string"}, "count": {"type": "integer", "default": 1}},
                    },
                },
                "tags": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}},
                "extra": {"type": "object", "additionalProperties": {"type": "string"}},
            },
        },
        "status": {"type": "object", "properties": {"ready": {"type": "boolean"}}},
    }
}
COLUMNS = [
    {"name": "Size", "type": "integer", "jsonPath": ".spec.size"},
    {"name": "Ready", "type": "boolean", "jsonPath": ".status.ready", "priority": 1},
    {"name": "First", "type": "string", "jsonPath": '.spec.parts[?(@.name=="a")].count'},
    {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
]


@pytest.fixture(scope="module")
def kind(cluster: Cluster) -> Iterator[str]:
    """The group of a kind that is defined as long as the tests here run."""
    group = f"x{uuid.uuid4().hex[:8]}.example.com"
    made = cluster.post(
        DEFINITIONS,
        definition(
            group,
            schema=SCHEMA,
            subresources={"status": {}},
            additionalPrinterColumns=COLUMNS,
            selectableFields=[{"jsonPath": ".spec.color"}],
        ),
    )
    assert made.code == 201, made.text
    cluster.wait_until_served(f"/apis/{group}/v1/widgets")
    yield group
    cluster.delete(f"{DEFINITIONS}/widgets.{group}")


@pytest.fixture
def widgets(kind: str, namespace: str) -> Widgets:
    return Widgets(kind, f"/apis/{kind}/v1/namespaces/{namespace}/widgets")


def test_a_definition_is_put_in_force(cluster: Cluster, kind: str) -> None:
    found = cluster.get(f"{DEFINITIONS}/widgets.{kind}").body

    assert found["spec"]["names"] == {
        "plural": "widgets",
        "singular": "widget",
        "kind": "Widget",
        "listKind": "WidgetList",
        "shortNames": ["wi"],
    }
    assert found["status"]["acceptedNames"] == found["spec"]["names"]
    assert found["status"]["storedVersions"] == ["v1"]
    conditions = {condition["type"]: condition["status"] for condition in found["status"]["conditions"]}
    assert conditions == {"NamesAccepted": "True", "Established": "True"}


def test_defaults_and_pruning(cluster: Cluster, widgets: Widgets) -> None:
    spec: JsonObject = {"size": 1, "color": None, "note": None, "free": {"any": {"thing": None}}, "zip": 1}
    spec |= {"parts": [{"name": "a", "zip": 1}], "extra": {"k": "v"}, "port": "http"}

    made = cluster.post(widgets.path, widgets.named("a", spec=spec, zip=1))

    assert made.body["spec"] == {
        "size": 1,
        "color": "red",
        "note": None,
        "free": {"any": {"thing": None}},
        "parts": [{"name": "a", "count": 1}],
        "extra": {"k": "v"},
        "port": "http",
    }
    assert "zip" not in made.body
    assert set(made.warnings) == {
        '299 - "unknown field \\"zip\\""',
        '299 - "unknown field \\"spec.zip\\""',
        '299 - "unknown field \\"spec.parts[0].zip\\""',
    }


@pytest.mark.parametrize(
    "spec, message",
    [
        pytest.param({}, "spec.size: Required value", id="missing"),
        pytest.param(
            {"size": "x"},
            'spec.size: Invalid value: "string": spec.size in body must be of type integer: "string"',
            id="type",
        ),
        pytest.param(
            {"size": 0},
            "spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1",
            id="below the minimum",
        ),
        pytest.param(
            {"size": 10},
            "spec.size: Invalid value: 10: spec.size in body should be less than or equal to 9",
            id="above the maximum",
        ),
        pytest.param(
            {"size": 1, "color": "blue"},
            'spec.color: Unsupported value: "blue": supported values: "red", "green"',
            id="not in the list",
        ),
        pytest.param(
            {"size": 1, "code": "A"},
            "spec.code: Invalid value: \"A\": spec.code in body should match '^[a-z]+$'",
            id="pattern",
        ),
        pytest.param({"size": 1, "code": "abcd"}, "spec.code: Too long: may not be more than 3 bytes", id="too long"),
        pytest.param(
            {"size": 1, "parts": [{"name": "a"}, {"name": "a"}]},
            'spec.parts[1]: Duplicate value: {"name":"a"}',
            id="a key twice",
        ),
        pytest.param({"size": 1, "tags": ["a", "b", "a"]}, 'spec.tags[2]: Duplicate value: "a"', id="an element twice"),
        pytest.param(
            {"size": 1, "parts": [{"name": name} for name in "abcd"]},
            "spec.parts: Too many: 4: must have at most 3 items",
            id="too many",
        ),
        pytest.param({"size": 1, "extra": {"k": 5}}, "spec.extra.k: Invalid value", id="a value of a map"),
    ],
)
def test_objects_that_are_refused(cluster: Cluster, widgets: Widgets, spec: JsonObject, message: str) -> None:
    answer = cluster.post(widgets.path, widgets.named("a", spec=spec))

    assert (answer.code, answer.reason) == (422, "Invalid")
    assert answer.message == f'Widget.{widgets.group} "a" is invalid: {message}' or message in answer.message


def test_a_status_of_its_own(cluster: Cluster, widgets: Widgets) -> None:
    made = cluster.post(widgets.path, widgets.named("a", spec={"size": 1}, status={"ready": True}))
    assert "status" not in made.body
    path = f"{widgets.path}/a"

    status = cluster.merge(
        f"{path}/status", {"metadata": {"labels": {"x": "1"}}, "spec": {"size": 2}, "status": {"ready": True}}
    )
    assert (status.body["spec"]["size"], status.body["status"]) == (1, {"ready": True})
    assert "labels" not in status.metadata
    assert status.metadata["generation"] == 1

    spec = cluster.merge(path, {"spec": {"size": 2}, "status": None})
    assert (spec.body["status"], spec.metadata["generation"]) == ({"ready": True}, 2)
    assert cluster.get(f"{path}/status").body == spec.body
    assert cluster.put(f"{path}/status", widgets.named("a", status={})).code == 422


def test_columns_and_fields(cluster: Cluster, widgets: Widgets) -> None:
    cluster.post(widgets.path, widgets.named("a", spec={"size": 3, "parts": [{"name": "a", "count": 2}]}))
    cluster.post(widgets.path, widgets.named("b", spec={"size": 4, "color": "green"}))

    table = cluster.get(widgets.path, accept=TABLE).body

    assert [column["priority"] for column in table["columnDefinitions"]] == [0, 0, 1, 0, 0]
    assert [row["cells"][:4] for row in table["rows"]] == [["a", 3, None, "2"], ["b", 4, None, None]]
    assert cluster.get(f"{widgets.path}?fieldSelector=spec.color=green").names == ["b"]


def test_a_definition_goes_with_its_objects(cluster: Cluster, namespace: str) -> None:
    group = f"x{uuid.uuid4().hex[:8]}.example.com"
    cluster.post(DEFINITIONS, definition(group))
    path = f"/apis/{group}/v1/namespaces/{namespace}/widgets"
    cluster.wait_until_served(path)
    assert cluster.post(path, Widgets(group, path).named("a", anything=1)).body["anything"] == 1

    marked = cluster.delete(f"{DEFINITIONS}/widgets.{group}")

    assert marked.metadata["finalizers"] == ["customresourcecleanup.apiextensions.k8s.io"]
    with cluster.watch(f"{DEFINITIONS}?fieldSelector=metadata.name=widgets.{group}&timeoutSeconds=20") as events:
        if cluster.get(f"{DEFINITIONS}/widgets.{group}").code == 200:
            assert "DELETED" in (event.type for event in events)
    assert cluster.get(f"{DEFINITIONS}/widgets.{group}").code == 404


@pytest.mark.parametrize(
    "change, field",
    [
        pytest.param({"group": ""}, "spec.group", id="no group"),
        pytest.param({"scope": "Other"}, "spec.scope", id="no such scope"),
        pytest.param({"versions": []}, "spec.versions", id="no version"),
        pytest.param({"names": {"plural": "others", "kind": "Other"}}, "metadata.name", id="another plural"),
    ],
)
def test_definitions_that_are_refused(cluster: Cluster, change: JsonObject, field: str) -> None:
    wanted = definition("refused.example.com")
    wanted["spec"] |= change

    answer = cluster.post(DEFINITIONS, wanted)

    assert (answer.code, answer.reason) == (422, "Invalid")
    assert field in {name for name, _ in answer.causes}


def test_a_group_of_kubernetes_needs_an_approval(cluster: Cluster) -> None:
    answer = cluster.post(DEFINITIONS, definition("refused.k8s.io"))

    assert answer.causes == {("metadata.annotations[api-approved.kubernetes.io]", "FieldValueRequired")}


def test_a_field_without_a_type_is_refused(cluster: Cluster) -> None:
    answer = cluster.post(DEFINITIONS, definition("refused.example.com", schema={"properties": {"spec": {}}}))

    (cause,) = answer.causes
    assert cause == ("spec.validation.openAPIV3Schema.properties[spec].type", "FieldValueRequired")


def test_rules_that_cannot_be_evaluated_are_refused(cluster: Cluster) -> None:
    if cluster.is_real:
        pytest.skip("a real server evaluates them")
    schema = {"properties": {"spec": {"type": "object", "x-kubernetes-validations": [{"rule": "true"}]}}}

    answer = cluster.post(DEFINITIONS, definition("refused.example.com", schema=schema))

    assert (answer.code, "this server does not evaluate CEL rules" in answer.message) == (422, True)


@pytest.mark.parametrize(
    "status, causes",
    [
        pytest.param({"state": "success"}, {"must validate at least one schema"}, id="ended without its end"),
        pytest.param({"state": "aborted"}, set(), id="an abort that is not carried out yet"),
        pytest.param({"state": "other"}, {"status.state: Unsupported value"}, id="no such state"),
        pytest.param({"state": "pending", "startTime": "x"}, {"must be of type date-time"}, id="no time"),
        pytest.param({}, {"status.state: Required value"}, id="no state"),
    ],
)
def test_the_status_of_a_prowjob(cluster: Cluster, prowjobs: str, status: JsonObject, causes: set[str]) -> None:
    answer = cluster.post(prowjobs, prowjob("a") | {"status": status})

    assert answer.code == (422 if causes else 201)
    assert all(cause in answer.message for cause in causes)


@pytest.mark.parametrize(
    "spec, message",
    [
        pytest.param({"job": None}, "spec.job: Required value", id="no job"),
        pytest.param({"type": "other"}, "spec.type: Unsupported value", id="no such type"),
        pytest.param({"max_concurrency": -1}, "spec.max_concurrency: Invalid value: -1", id="negative limit"),
        pytest.param({"refs": {"org": "o"}}, "spec.refs.repo: Required value", id="refs without a repository"),
        pytest.param({"pod_spec": {}}, "spec.pod_spec.containers: Required value", id="no containers"),
        pytest.param(
            {"pod_spec": {"containers": [{"name": "a"}, {"name": "a"}]}},
            'spec.pod_spec.containers[1]: Duplicate value: {"name":"a"}',
            id="a container twice",
        ),
        pytest.param(
            {"decoration_config": {"default_memory_request": "much"}},
            "spec.decoration_config.default_memory_request in body should match",
            id="no quantity",
        ),
    ],
)
def test_prowjobs_that_are_refused(cluster: Cluster, prowjobs: str, spec: JsonObject, message: str) -> None:
    answer = cluster.post(prowjobs, prowjob("a", **spec))

    assert answer.code == 422
    assert message in answer.message


def test_a_pod_spec_is_known_to_its_last_field(cluster: Cluster, prowjobs: str) -> None:
    container = {"name": "a", "image": "i", "env": [{"name": "A", "value": "1", "zip": 1}]}
    spec = {"containers": [container | {"resources": {"limits": {"cpu": 1}}}], "zip": 1}

    made = cluster.post(prowjobs, prowjob("a", pod_spec=spec, pipeline_run_spec={"zip": {"zip": 1}}))

    assert made.body["spec"]["pod_spec"]["containers"][0]["resources"] == {"limits": {"cpu": 1}}
    assert made.body["spec"]["pipeline_run_spec"] == {"zip": {"zip": 1}}
    assert {warning.split("\\")[1].strip('"') for warning in made.warnings} == {
        "spec.pod_spec.zip",
        "spec.pod_spec.containers[0].env[0].zip",
    }
