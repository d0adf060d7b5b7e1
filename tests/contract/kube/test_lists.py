"""Lists: selectors, pages, versions, and the forms in which objects are answered."""

import pytest

from tests.contract.kube.cluster import PARTIAL, PARTIAL_LIST, TABLE, Cluster
from tests.contract.kube.objects import config_map, pod, prowjob


@pytest.fixture
def labelled(cluster: Cluster, config_maps: str) -> str:
    """A collection of objects that differ in their labels."""
    for name, labels in {"a": {"x": "1"}, "b": {"x": "2", "y": "1"}, "c": {"x": "3"}, "d": {}}.items():
        cluster.post(config_maps, config_map(name, labels=labels))
    return config_maps


@pytest.mark.parametrize(
    "selector, names",
    [
        pytest.param("", "abcd", id="none"),
        pytest.param("x=1", "a", id="equal"),
        pytest.param("x==1", "a", id="equal, doubled"),
        pytest.param("x!=1", "bcd", id="not equal, absent too"),
        pytest.param("x", "abc", id="there"),
        pytest.param("!x", "d", id="not there"),
        pytest.param("x in (1,2)", "ab", id="one of"),
        pytest.param("x notin (1,2)", "cd", id="none of, absent too"),
        pytest.param("x,y=1", "b", id="both"),
        pytest.param("x>1", "bc", id="above"),
        pytest.param("x<2", "a", id="below"),
        pytest.param("x=", "", id="empty value"),
        pytest.param(" x = 1 , !y", "a", id="blanks"),
    ],
)
def test_label_selectors(cluster: Cluster, labelled: str, selector: str, names: str) -> None:
    assert cluster.get(f"{labelled}?labelSelector={selector}").names == list(names)


@pytest.mark.parametrize(
    "selector, message",
    [
        pytest.param("x===1", "unable to parse requirement: found '=', expected: identifier", id="too many signs"),
        pytest.param("x in (a", "unable to parse requirement: found '', expected: ',' or ')'", id="open parenthesis"),
        pytest.param("x in y", "unable to parse requirement: found 'y' expected: '('", id="no parenthesis"),
        pytest.param("!a!", "found '!', expected: ',' or 'end of string'", id="trailing sign"),
        pytest.param(",", "found ',', expected: !, identifier, or 'end of string'", id="only a comma"),
        pytest.param("x,", "found '', expected: identifier after ','", id="nothing after the comma"),
        pytest.param("a b", "found 'b', expected: in, notin, =, ==, !=, gt, lt", id="no operator"),
        pytest.param("x=-", 'values[0][x]: Invalid value: "-": a valid label must be', id="bad value"),
        pytest.param("x>a", "for 'Gt', 'Lt' operators, the value must be an integer", id="no number"),
        pytest.param("a/b/c=1", 'Invalid value: "a/b/c": a valid label key must', id="bad key"),
    ],
)
def test_label_selectors_that_are_refused(cluster: Cluster, config_maps: str, selector: str, message: str) -> None:
    answer = cluster.get(f"{config_maps}?labelSelector={selector}")

    assert (answer.code, answer.reason) == (400, "BadRequest")
    assert message in answer.message


@pytest.mark.parametrize(
    "selector, names",
    [
        pytest.param("metadata.name=a", "a", id="name"),
        pytest.param("metadata.name!=a", "bcd", id="not the name"),
        pytest.param("status.state=pending", "b", id="state"),
        pytest.param("status.completionTime=", "ab", id="incomplete"),
        pytest.param("spec.job=other,status.state!=success", "d", id="job and state"),
        pytest.param("spec.job==unit", "abc", id="doubled sign"),
        pytest.param("spec.agent=", "abcd", id="absent field"),
        pytest.param("metadata.name=a\\,b", "", id="protected comma"),
    ],
)
def test_field_selectors_of_a_custom_kind(cluster: Cluster, prowjobs: str, selector: str, names: str) -> None:
    for job in (
        prowjob("a"),
        prowjob("b", state="pending"),
        prowjob("c", state="success"),
        prowjob("d", state="failure", job="other"),
    ):
        cluster.post(prowjobs, job)

    assert cluster.get(f"{prowjobs}?fieldSelector={selector}").names == list(names)


def test_field_selectors_of_pods(cluster: Cluster, pods: str, namespace: str) -> None:
    cluster.post(pods, pod("a", nodeName="node-1"))
    cluster.post(pods, pod("b", restartPolicy="Never"))
    cluster.merge(f"{pods}/a/status", {"status": {"phase": "Running"}})

    for selector, names in {
        "spec.nodeName=node-1": ["a"],
        "spec.nodeName=": ["b"],
        "status.phase=Running": ["a"],
        "status.phase!=Running": ["b"],
        "spec.restartPolicy=Never": ["b"],
        f"metadata.namespace={namespace},metadata.name=b": ["b"],
    }.items():
        assert cluster.get(f"{pods}?fieldSelector={selector}").names == names, selector


@pytest.mark.parametrize(
    "path, selector, message",
    [
        pytest.param("/api/v1/pods", "spec.foo=a", "field label not supported: spec.foo", id="pods"),
        pytest.param(
            "/api/v1/configmaps",
            "spec.foo=a",
            '"spec.foo" is not a known field selector: only "metadata.name", "metadata.namespace"',
            id="a kind without fields",
        ),
        pytest.param(
            "/apis/prow.k8s.io/v1/prowjobs", "spec.type=a", "field label not supported: spec.type", id="a custom kind"
        ),
        pytest.param("/api/v1/pods", "zz", "invalid selector: 'zz'; can't understand 'zz'", id="no selector"),
    ],
)
def test_field_selectors_that_are_refused(cluster: Cluster, path: str, selector: str, message: str) -> None:
    answer = cluster.get(f"{path}?fieldSelector={selector}")

    assert (answer.code, answer.reason, answer.message) == (400, "BadRequest", message)


def test_pages_show_one_moment(cluster: Cluster, prowjobs: str) -> None:
    for name in "abcde":
        cluster.post(prowjobs, prowjob(name))

    first = cluster.get(f"{prowjobs}?limit=2")
    assert (first.names, first.metadata["remainingItemCount"]) == (["a", "b"], 3)
    cluster.delete(f"{prowjobs}/d")
    cluster.merge(f"{prowjobs}/c", {"spec": {"job": "changed"}})
    cluster.post(prowjobs, prowjob("f"))
    second = cluster.get(f"{prowjobs}?limit=2&continue={first.metadata['continue']}")
    third = cluster.get(f"{prowjobs}?limit=2&continue={second.metadata['continue']}")

    assert (second.names, third.names) == (["c", "d"], ["e"])
    assert second.body["items"][0]["spec"]["job"] == "unit"
    assert second.metadata["resourceVersion"] == first.metadata["resourceVersion"]
    assert not third.metadata.get("continue")
    assert cluster.get(prowjobs).names == ["a", "b", "c", "e", "f"]


def test_pages_of_what_is_selected(cluster: Cluster, labelled: str) -> None:
    first = cluster.get(f"{labelled}?limit=2&labelSelector=x")
    second = cluster.get(f"{labelled}?limit=2&labelSelector=x&continue={first.metadata['continue']}")

    assert (first.names, second.names) == (["a", "b"], ["c"])
    assert "remainingItemCount" not in first.metadata


def test_a_list_as_it_was(cluster: Cluster, config_maps: str) -> None:
    then = cluster.post(config_maps, config_map("a", key="1")).metadata["resourceVersion"]
    cluster.merge(f"{config_maps}/a", {"data": {"key": "2"}})
    cluster.post(config_maps, config_map("b"))

    before = cluster.get(f"{config_maps}?resourceVersion={then}&resourceVersionMatch=Exact")
    since = cluster.get(f"{config_maps}?resourceVersion={then}&resourceVersionMatch=NotOlderThan")

    assert [item["data"] for item in before.body["items"]] == [{"key": "1"}]
    assert before.metadata["resourceVersion"] == then
    assert since.names == ["a", "b"]


@pytest.mark.parametrize(
    "query, code, reason",
    [
        pytest.param("resourceVersion=99999999999", 504, "Timeout", id="a version to come"),
        pytest.param("resourceVersion=abc", 400, "BadRequest", id="no version"),
        pytest.param("resourceVersionMatch=Exact", 422, "Invalid", id="match without a version"),
        pytest.param("resourceVersion=1&resourceVersionMatch=Other", 422, "Invalid", id="no such match"),
        pytest.param("resourceVersion=0&resourceVersionMatch=Exact", 422, "Invalid", id="exactly any version"),
        pytest.param("continue=abc", 400, "BadRequest", id="no token"),
        pytest.param("limit=x", 400, "BadRequest", id="no number"),
    ],
)
def test_lists_that_are_refused(cluster: Cluster, config_maps: str, query: str, code: int, reason: str) -> None:
    answer = cluster.get(f"{config_maps}?{query}")

    assert (answer.code, answer.reason) == (code, reason)


def test_a_list_names_its_kind(cluster: Cluster, prowjobs: str, config_maps: str) -> None:
    cluster.post(prowjobs, prowjob("a"))
    cluster.post(config_maps, config_map("a"))

    custom, core = cluster.get(prowjobs).body, cluster.get(config_maps).body

    assert (custom["kind"], custom["apiVersion"]) == ("ProwJobList", "prow.k8s.io/v1")
    assert (custom["items"][0]["kind"], custom["items"][0]["apiVersion"]) == ("ProwJob", "prow.k8s.io/v1")
    assert (core["kind"], core["apiVersion"]) == ("ConfigMapList", "v1")
    assert "kind" not in core["items"][0]


def test_the_order_is_that_of_namespace_and_name(cluster: Cluster, config_maps: str) -> None:
    for name in ("b", "a-b", "a.b", "a"):
        cluster.post(config_maps, config_map(name))

    assert cluster.get(config_maps).names == ["a", "a-b", "a.b", "b"]


def test_a_table_of_a_custom_kind(cluster: Cluster, prowjobs: str) -> None:
    pulls = [{"number": number, "author": "a", "sha": "s"} for number in (5, 6)]
    cluster.post(prowjobs, prowjob("a", refs={"org": "acme", "repo": "rocket", "pulls": pulls}))
    cluster.post(prowjobs, prowjob("b", state="success"))

    table = cluster.get(prowjobs, accept=TABLE).body

    assert (table["kind"], table["apiVersion"]) == ("Table", "meta.k8s.io/v1")
    assert [column["name"] for column in table["columnDefinitions"]] == [
        *("Name", "Job", "BuildId", "Type", "Org", "Repo", "Pulls", "StartTime", "CompletionTime", "State")
    ]
    assert {column["type"] for column in table["columnDefinitions"]} == {"string", "date"}
    first, second = (row["cells"] for row in table["rows"])
    assert first[:7] == ["a", "unit", None, "periodic", "acme", "rocket", "5"]
    assert first[8:] == [None, "triggered"]
    assert second[4:7] == [None, None, None]
    assert second[7].endswith("d")
    shown = table["rows"][0]["object"]
    assert (shown["kind"], shown["metadata"]["name"], "spec" in shown) == ("PartialObjectMetadata", "a", False)


def test_a_table_of_one_object(cluster: Cluster, prowjobs: str) -> None:
    cluster.post(prowjobs, prowjob("a"))

    table = cluster.get(f"{prowjobs}/a?includeObject=Object", accept=f"{TABLE},application/json").body

    assert table["rows"][0]["object"]["spec"]["job"] == "unit"
    assert cluster.get(f"{prowjobs}?includeObject=None", accept=TABLE).body["rows"][0]["object"] is None
    assert cluster.get(f"{prowjobs}?includeObject=Some", accept=TABLE).code == 400
    assert cluster.get(f"{prowjobs}/none", accept=TABLE).code == 404


@pytest.mark.parametrize(
    "path, columns",
    [
        pytest.param(
            "/api/v1/pods",
            "Name Ready Status Restarts Age IP Node NominatedNode ReadinessGates",
            id="pods",
        ),
        pytest.param("/api/v1/configmaps", "Name Data Age", id="config maps"),
        pytest.param("/api/v1/secrets", "Name Type Data Age", id="secrets"),
        pytest.param("/api/v1/namespaces", "Name Status Age", id="namespaces"),
        pytest.param("/apis/coordination.k8s.io/v1/leases", "Name Holder Age", id="leases"),
        pytest.param(
            "/api/v1/events",
            "LastSeen Type Reason Object Subobject Source Message FirstSeen Count Name",
            id="events",
        ),
        pytest.param("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", "Name CreatedAt", id="definitions"),
    ],
)
def test_columns_of_core_kinds(cluster: Cluster, path: str, columns: str) -> None:
    table = cluster.get(path, accept=TABLE).body

    assert " ".join(column["name"].replace(" ", "") for column in table["columnDefinitions"]) == columns


@pytest.mark.parametrize(
    "status, cells",
    [
        pytest.param({"phase": "Pending"}, ["0/1", "Pending", "0"], id="pending"),
        pytest.param(
            {
                "phase": "Pending",
                "containerStatuses": [{"state": {"waiting": {"reason": "CreateContainerConfigError"}}}],
            },
            ["0/1", "CreateContainerConfigError", "0"],
            id="waiting",
        ),
        pytest.param(
            {"phase": "Running", "containerStatuses": [{"ready": True, "started": True, "state": {"running": {}}}]},
            ["1/1", "Running", "0"],
            id="running",
        ),
        pytest.param(
            {"phase": "Failed", "containerStatuses": [{"state": {"terminated": {"exitCode": 1, "reason": "Error"}}}]},
            ["0/1", "Error", "0"],
            id="failed",
        ),
        pytest.param(
            {"phase": "Failed", "containerStatuses": [{"state": {"terminated": {"exitCode": 3}}}]},
            ["0/1", "ExitCode:3", "0"],
            id="exit code",
        ),
        pytest.param({"phase": "Failed", "reason": "Evicted"}, ["0/1", "Evicted", "0"], id="evicted"),
    ],
)
def test_a_pod_in_one_word(cluster: Cluster, pods: str, status: dict[str, object], cells: list[str]) -> None:
    cluster.post(pods, pod("a"))
    containers = status.get("containerStatuses", [])
    assert isinstance(containers, list)
    named = [{"name": "test", "image": "i", "imageID": "", "ready": False, "restartCount": 0} | c for c in containers]
    cluster.merge(f"{pods}/a/status", {"status": status | {"containerStatuses": named}})

    assert cluster.get(f"{pods}/a", accept=TABLE).body["rows"][0]["cells"][1:4] == cells


def test_metadata_alone(cluster: Cluster, prowjobs: str) -> None:
    cluster.post(prowjobs, prowjob("a", labels={"x": "1"}))

    listed = cluster.get(prowjobs, accept=PARTIAL_LIST).body
    single = cluster.get(f"{prowjobs}/a", accept=PARTIAL).body

    assert (listed["kind"], listed["apiVersion"]) == ("PartialObjectMetadataList", "meta.k8s.io/v1")
    assert listed["items"] == [single]
    assert single.keys() == {"kind", "apiVersion", "metadata"}
    assert single["metadata"]["labels"] == {"x": "1"}


@pytest.mark.parametrize(
    "accept, code",
    [
        pytest.param("*/*", 200, id="anything"),
        pytest.param("application/*", 200, id="any application"),
        pytest.param("text/html, application/json;q=0.9", 200, id="second choice"),
        pytest.param("text/html", 406, id="no JSON"),
        pytest.param("application/json;as=Other;v=v1;g=meta.k8s.io", 406, id="no such form"),
        pytest.param(PARTIAL, 406, id="the form of one object"),
    ],
)
def test_which_form_is_accepted(cluster: Cluster, prowjobs: str, accept: str, code: int) -> None:
    assert cluster.get(prowjobs, accept=accept).code == code
