"""Watches: what is there, what happens, where a watch goes on, and when it cannot."""

import pytest

from tests.contract.kube.cluster import PARTIAL, TABLE, Cluster
from tests.contract.kube.objects import config_map, pod, prowjob


def test_what_is_there_then_what_happens(cluster: Cluster, prowjobs: str) -> None:
    cluster.post(prowjobs, prowjob("a"))
    with cluster.watch(f"{prowjobs}?timeoutSeconds=10") as events:
        first = next(events)
        cluster.post(prowjobs, prowjob("b"))
        cluster.merge(f"{prowjobs}/b", {"status": {"state": "pending"}})
        gone = cluster.get(f"{prowjobs}/a").metadata["resourceVersion"]
        cluster.delete(f"{prowjobs}/a")
        later = [next(events) for _ in range(3)]

    assert (first.type, first.name, first.object["kind"]) == ("ADDED", "a", "ProwJob")
    assert [(event.type, event.name) for event in later] == [("ADDED", "b"), ("MODIFIED", "b"), ("DELETED", "a")]
    assert int(later[2].object["metadata"]["resourceVersion"]) > int(gone)
    assert later[2].object["spec"]["job"] == "unit"


def test_from_a_version_on(cluster: Cluster, prowjobs: str) -> None:
    cluster.post(prowjobs, prowjob("a"))
    version = cluster.get(prowjobs).metadata["resourceVersion"]
    cluster.merge(f"{prowjobs}/a", {"status": {"state": "pending"}})
    cluster.post(prowjobs, prowjob("b"))

    with cluster.watch(f"{prowjobs}?resourceVersion={version}&timeoutSeconds=10") as events:
        missed = [next(events), next(events)]

    assert [(event.type, event.name) for event in missed] == [("MODIFIED", "a"), ("ADDED", "b")]


def test_other_namespaces_are_not_seen(cluster: Cluster, config_maps: str) -> None:
    with cluster.watch(f"{config_maps}?timeoutSeconds=10") as events:
        cluster.post("/api/v1/namespaces/default/configmaps", {"metadata": {"generateName": "contract-"}})
        cluster.post(config_maps, config_map("mine"))
        assert next(events).name == "mine"
    made = cluster.get("/api/v1/namespaces/default/configmaps").names
    for name in (name for name in made if name.startswith("contract-")):
        cluster.delete(f"/api/v1/namespaces/default/configmaps/{name}")


def test_an_object_comes_into_sight_and_goes(cluster: Cluster, pods: str) -> None:
    with cluster.watch(f"{pods}?labelSelector=k=v&timeoutSeconds=10") as events:
        cluster.post(pods, pod("a", labels={"k": "v"}))
        cluster.merge(f"{pods}/a", {"metadata": {"labels": {"k": "other"}}})
        cluster.merge(f"{pods}/a", {"metadata": {"labels": {"k": "v"}}})
        cluster.delete(f"{pods}/a")
        seen = [next(events) for _ in range(5)]

    assert [event.type for event in seen] == ["ADDED", "DELETED", "ADDED", "MODIFIED", "DELETED"]
    assert seen[1].object["metadata"]["labels"] == {"k": "v"}
    versions = [int(event.object["metadata"]["resourceVersion"]) for event in seen]
    assert versions == sorted(set(versions))
    assert seen[3].object["metadata"]["deletionGracePeriodSeconds"] == 0


def test_a_field_selector(cluster: Cluster, prowjobs: str) -> None:
    with cluster.watch(f"{prowjobs}?fieldSelector=status.completionTime=&timeoutSeconds=10") as events:
        cluster.post(prowjobs, prowjob("a"))
        cluster.post(prowjobs, prowjob("b", state="success"))
        done = {"state": "failure", "completionTime": "2026-01-02T04:00:00Z"}
        cluster.merge(f"{prowjobs}/a", {"status": done})
        seen = [next(events), next(events)]

    assert [(event.type, event.name) for event in seen] == [("ADDED", "a"), ("DELETED", "a")]


def test_a_version_that_is_past(cluster: Cluster, prowjobs: str) -> None:
    cluster.post(prowjobs, prowjob("a"))

    with cluster.watch(f"{prowjobs}?resourceVersion=1&timeoutSeconds=10") as events:
        (only,) = events

    assert only.type == "ERROR"
    assert (only.object["code"], only.object["reason"]) == (410, "Expired")
    assert only.object["message"].startswith("too old resource version: 1 (")


@pytest.mark.slow
def test_bookmarks_tell_of_what_is_not_selected(cluster: Cluster, prowjobs: str) -> None:
    before = cluster.get(prowjobs).metadata["resourceVersion"]

    query = f"resourceVersion={before}&labelSelector=none&allowWatchBookmarks=true&timeoutSeconds=4"
    with cluster.watch(f"{prowjobs}?{query}") as events:
        after = cluster.post(prowjobs, prowjob("a")).metadata["resourceVersion"]
        bookmark = next(events)

    assert (bookmark.type, bookmark.object["kind"], bookmark.name) == ("BOOKMARK", "ProwJob", "")
    assert int(bookmark.object["metadata"]["resourceVersion"]) >= int(after)


@pytest.mark.parametrize(
    "query",
    [
        pytest.param("sendInitialEvents=true&resourceVersionMatch=NotOlderThan&", id="asked for"),
        pytest.param("", id="as ever"),
    ],
)
def test_initial_events_end_with_a_mark(cluster: Cluster, prowjobs: str, query: str) -> None:
    cluster.post(prowjobs, prowjob("a"))

    with cluster.watch(f"{prowjobs}?{query}allowWatchBookmarks=true&timeoutSeconds=10") as events:
        first, mark = next(events), next(events)

    assert (first.type, first.name, mark.type) == ("ADDED", "a", "BOOKMARK")
    assert mark.object["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}


def test_a_watch_of_tables(cluster: Cluster, prowjobs: str) -> None:
    with cluster.watch(f"{prowjobs}?timeoutSeconds=10", accept=TABLE) as events:
        cluster.post(prowjobs, prowjob("a"))
        cluster.merge(f"{prowjobs}/a", {"status": {"state": "pending"}})
        first, second = next(events).object, next(events).object

    assert (len(first["columnDefinitions"]), first["rows"][0]["cells"][9]) == (10, "triggered")
    assert (second["columnDefinitions"] or [], second["rows"][0]["cells"][9]) == ([], "pending")


def test_a_watch_of_metadata(cluster: Cluster, prowjobs: str) -> None:
    cluster.post(prowjobs, prowjob("a"))

    with cluster.watch(f"{prowjobs}?timeoutSeconds=10", accept=PARTIAL) as events:
        shown = next(events).object

    assert (shown["kind"], "spec" in shown) == ("PartialObjectMetadata", False)


@pytest.mark.slow
def test_it_ends_when_its_time_is_over(cluster: Cluster, prowjobs: str) -> None:
    with cluster.watch(f"{prowjobs}?timeoutSeconds=1") as events:
        assert list(events) == []


@pytest.mark.parametrize(
    "query, code",
    [
        pytest.param("resourceVersion=abc", 500, id="no version"),
        pytest.param("sendInitialEvents=true", 422, id="initial events without a match"),
        pytest.param("resourceVersion=5&resourceVersionMatch=Exact", 422, id="a match without initial events"),
        pytest.param("labelSelector=!a!", 400, id="no selector"),
        pytest.param("fieldSelector=spec.type=a", 400, id="no such field"),
    ],
)
def test_watches_that_are_refused(cluster: Cluster, prowjobs: str, query: str, code: int) -> None:
    assert cluster.get(f"{prowjobs}?watch=true&timeoutSeconds=1&{query}").code == code
