"""JSON patch, merge patch, strategic merge; what none of them may do."""

import pytest

from tests.contract.kube.cluster import Cluster, JsonObject
from tests.contract.kube.objects import config_map, prowjob

REFUSED = "the server rejected our request due to an error in our request"


def test_a_transition_is_tested_on_what_it_was_decided_on(cluster: Cluster, prowjobs: str) -> None:
    cluster.post(prowjobs, prowjob("a", state="triggered"))
    unfinished = {"op": "test", "path": "/status/completionTime", "value": None}
    to_pending: list[JsonObject] = [
        {"op": "test", "path": "/status/state", "value": "triggered"},
        unfinished,
        {"op": "replace", "path": "/status/state", "value": "pending"},
    ]

    first, again = cluster.json_patch(f"{prowjobs}/a", *to_pending), cluster.json_patch(f"{prowjobs}/a", *to_pending)

    assert (first.code, first.body["status"]["state"]) == (200, "pending")
    assert (again.code, again.reason, again.message) == (422, "Invalid", REFUSED)


@pytest.mark.parametrize(
    "operation, code",
    [
        pytest.param({"op": "test", "path": "/data/none", "value": None}, 200, id="null equals absent"),
        pytest.param({"op": "test", "path": "/none/none", "value": None}, 422, id="but not below what is absent"),
        pytest.param({"op": "test", "path": "/data/key", "value": None}, 422, id="nor what is there"),
        pytest.param({"op": "add", "path": "/data/new", "value": "1"}, 200, id="add"),
        pytest.param({"op": "add", "path": "/none/new", "value": "1"}, 422, id="add below what is absent"),
        pytest.param({"op": "replace", "path": "/data/none", "value": "1"}, 200, id="replace what is absent"),
        pytest.param({"op": "remove", "path": "/data/key"}, 200, id="remove"),
        pytest.param({"op": "remove", "path": "/data/none"}, 422, id="remove what is absent"),
        pytest.param({"op": "copy", "from": "/data/key", "path": "/data/b"}, 200, id="copy"),
        pytest.param({"op": "move", "from": "/data/key", "path": "/data/b"}, 200, id="move"),
        pytest.param({"op": "add", "path": "/data/a~1b", "value": "1"}, 422, id="a slash in a key, which is invalid"),
        pytest.param({"op": "nonesuch", "path": "/data/key"}, 422, id="no such operation"),
        pytest.param({"op": "add", "path": "/data/new", "value": 5}, 422, id="of the wrong type"),
        pytest.param(5, 400, id="no operation"),
    ],
)
def test_json_patch(cluster: Cluster, config_maps: str, operation: JsonObject, code: int) -> None:
    cluster.post(config_maps, config_map("a", key="1"))

    assert cluster.json_patch(f"{config_maps}/a", operation).code == code


def test_all_operations_or_none(cluster: Cluster, config_maps: str) -> None:
    before = cluster.post(config_maps, config_map("a", key="1")).body
    add, fail = {"op": "add", "path": "/data/x", "value": "1"}, {"op": "remove", "path": "/data/none"}

    cluster.json_patch(f"{config_maps}/a", add, fail)

    assert cluster.get(f"{config_maps}/a").body == before


def test_merge_patch(cluster: Cluster, prowjobs: str) -> None:
    cluster.post(prowjobs, prowjob("a", labels={"x": "1", "y": "1"}, refs={"org": "o", "repo": "r"}))

    patch = {"metadata": {"labels": {"x": None, "z": "1"}}, "spec": {"refs": {"base_ref": "main"}, "extra_refs": []}}
    answer = cluster.merge(f"{prowjobs}/a", patch)

    assert answer.metadata["labels"] == {"y": "1", "z": "1"}
    assert answer.body["spec"]["refs"] == {"org": "o", "repo": "r", "base_ref": "main"}


@pytest.mark.parametrize(
    "patch, code, message",
    [
        pytest.param({"metadata": {"resourceVersion": "1"}}, 409, "the object has been modified", id="an old version"),
        pytest.param({"metadata": {"name": "b"}}, 400, "does not match the name on the URL (a)", id="another name"),
        pytest.param({"metadata": {"namespace": "b"}}, 400, "does not match the namespace", id="another namespace"),
        pytest.param({"metadata": {"uid": "b"}}, 422, "metadata.uid: Invalid value", id="another uid"),
        pytest.param({"metadata": None}, 400, "name must be provided", id="no metadata"),
        pytest.param({"kind": "Other"}, 422, "kind: Invalid value", id="another kind"),
        pytest.param({"apiVersion": "v9"}, 422, "apiVersion: Invalid value", id="another version"),
        pytest.param({"spec": {"type": "other"}}, 422, "spec.type: Unsupported value", id="not valid"),
        pytest.param({"metadata": {"labels": 5}}, 422, "patch: Invalid value", id="of the wrong type"),
        pytest.param([], 400, "error decoding patch: json: cannot unmarshal array", id="a list"),
        pytest.param("{", 400, "error decoding patch: unexpected end of JSON input", id="half a patch"),
    ],
)
def test_merge_patches_that_are_refused(
    cluster: Cluster, prowjobs: str, patch: object, code: int, message: str
) -> None:
    cluster.post(prowjobs, prowjob("a"))

    answer = cluster.merge(f"{prowjobs}/a", patch)

    assert answer.code == code
    assert message in answer.message


def test_a_patch_with_the_newest_version(cluster: Cluster, config_maps: str) -> None:
    newest = cluster.post(config_maps, config_map("a")).metadata["resourceVersion"]

    patch = {"metadata": {"resourceVersion": newest}, "data": {"key": "1"}}
    assert cluster.merge(f"{config_maps}/a", patch).code == 200
    assert cluster.merge(f"{config_maps}/a", patch).code == 409


def test_strategic_merge_of_lists(cluster: Cluster, config_maps: str) -> None:
    owner = {"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": "1"}
    path = f"{config_maps}/a"
    cluster.post(config_maps, {"metadata": {"name": "a", "ownerReferences": [owner], "finalizers": ["x/1"]}})

    other = owner | {"uid": "2", "name": "q"}
    added = cluster.strategic(path, {"metadata": {"ownerReferences": [other, {"uid": "1", "name": "r"}]}}).metadata
    assert added["ownerReferences"] == [other, owner | {"name": "r"}]
    deletion = {"$patch": "delete", "uid": "1"}
    left = cluster.strategic(path, {"metadata": {"ownerReferences": [deletion]}}).metadata
    assert left["ownerReferences"] == [other]

    assert cluster.strategic(path, {"metadata": {"finalizers": ["x/2"]}}).metadata["finalizers"] == ["x/2", "x/1"]
    order = {"$setElementOrder/finalizers": ["x/1", "x/3", "x/2"], "finalizers": ["x/3"]}
    assert cluster.strategic(path, {"metadata": order}).metadata["finalizers"] == ["x/1", "x/3", "x/2"]
    removal = {"$deleteFromPrimitiveList/finalizers": ["x/1", "x/2", "x/3"]}
    assert "finalizers" not in cluster.strategic(path, {"metadata": removal}).metadata


def test_strategic_merge_of_maps(cluster: Cluster, config_maps: str) -> None:
    cluster.post(config_maps, config_map("a", x="1", y="1"))

    assert cluster.strategic(f"{config_maps}/a", {"data": {"x": None, "z": "1"}}).body["data"] == {"y": "1", "z": "1"}
    replaced = cluster.strategic(f"{config_maps}/a", {"data": {"$patch": "replace", "w": "1"}})
    assert replaced.body["data"] == {"w": "1"}


def test_containers_are_merged_by_name(cluster: Cluster, pods: str) -> None:
    containers = [{"name": name, "image": "example.com/old"} for name in ("a", "b")]
    cluster.post(pods, {"metadata": {"name": "p"}, "spec": {"containers": containers}})

    patch = {"spec": {"containers": [{"name": "b", "image": "example.com/new"}]}}
    answer = cluster.strategic(f"{pods}/p", patch)

    images = {container["name"]: container["image"] for container in answer.body["spec"]["containers"]}
    assert images == {"a": "example.com/old", "b": "example.com/new"}


@pytest.mark.parametrize(
    "media_type",
    [pytest.param("application/strategic-merge-patch+json", id="strategic"), pytest.param("text/plain", id="text")],
)
def test_patches_that_a_custom_kind_has_not(cluster: Cluster, prowjobs: str, media_type: str) -> None:
    cluster.post(prowjobs, prowjob("a"))

    answer = cluster.request("PATCH", f"{prowjobs}/a", "{}", media_type=media_type)

    assert (answer.code, answer.reason) == (415, "UnsupportedMediaType")
    assert answer.message.startswith(
        "the body of the request was in an unknown format - accepted media types include: "
    )


def test_options_of_a_patch(cluster: Cluster, config_maps: str) -> None:
    cluster.post(config_maps, config_map("a"))

    forced = cluster.merge(f"{config_maps}/a?force=true", {})
    assert (forced.code, forced.causes) == (422, {("force", "FieldValueForbidden")})
    unnamed = cluster.request("PATCH", f"{config_maps}/a", "{}", media_type="application/apply-patch+yaml")
    assert (unnamed.code, unnamed.causes) == (422, {("fieldManager", "FieldValueRequired")})


def test_server_side_apply_is_refused_in_so_many_words(cluster: Cluster, config_maps: str) -> None:
    if cluster.is_real:
        pytest.skip("a real server has it")
    path = f"{config_maps}/a?fieldManager=me"
    answer = cluster.request("PATCH", path, config_map("a"), media_type="application/apply-patch+yaml")

    assert (answer.code, answer.reason) == (415, "UnsupportedMediaType")
