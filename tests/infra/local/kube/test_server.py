"""What only the embedded server has: restarts, compaction, its token, logs, a clock that is given."""

import asyncio
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from infra.local.kube import ApiServer
from tests.infra.local.kube.calls import JsonObject, call, exchange

ROOT = Path(__file__).parent.parent.parent.parent.parent
MAPS = "/api/v1/namespaces/default/configmaps"
PODS = "/api/v1/namespaces/default/pods"
JOBS = "/apis/prow.k8s.io/v1/namespaces/default/prowjobs"
JOB: JsonObject = {
    "apiVersion": "prow.k8s.io/v1",
    "kind": "ProwJob",
    "metadata": {"name": "a"},
    "spec": {"job": "unit", "type": "periodic"},
}


def named(name: str, **data: str) -> JsonObject:
    return {"metadata": {"name": name}, "data": data}


async def test_a_restart_loses_nothing(tmp_path: Path) -> None:
    before = ApiServer(tmp_path / "db", [ROOT / "crds"])
    made = (await call(before, "POST", JOBS, JOB)).body
    await call(before, "POST", MAPS, named("a"))
    await call(before, "POST", MAPS, named("b"))
    await call(before, "DELETE", f"{MAPS}/b")
    version = (await call(before, "GET", MAPS)).body["metadata"]["resourceVersion"]
    before.close()

    after = ApiServer(tmp_path / "db", [ROOT / "crds"])

    assert (await call(after, "GET", f"{JOBS}/a")).body == made
    assert (await call(after, "GET", MAPS)).names == ["a"]
    async with exchange(
        after, "GET", f"{MAPS}?watch=true&resourceVersion={made['metadata']['resourceVersion']}"
    ) as watch:
        events = (await watch.chunks.get() or b"").splitlines()
    assert [b'"ADDED"' in event for event in events] == [True, True, False]
    later = await call(after, "POST", MAPS, named("c"))
    assert int(later.body["metadata"]["resourceVersion"]) > int(version)


async def test_a_server_that_is_killed_has_kept_every_answered_write(tmp_path: Path) -> None:
    killed = ApiServer(tmp_path / "db")
    made = (await call(killed, "POST", MAPS, named("a"))).body
    for name in ("db", "db-wal"):
        (tmp_path / f"copy{name[2:]}").write_bytes((tmp_path / name).read_bytes())

    assert (await call(ApiServer(tmp_path / "copy"), "GET", f"{MAPS}/a")).body == made


def test_two_servers_do_not_share_a_file(tmp_path: Path) -> None:
    first = ApiServer(tmp_path / "db")

    with pytest.raises(sqlite3.OperationalError, match="locked"):
        ApiServer(tmp_path / "db")
    first.close()


async def test_what_is_compacted_is_gone(tmp_path: Path) -> None:
    server = ApiServer(tmp_path / "db")
    await call(server, "POST", MAPS, named("a"))
    first = (await call(server, "GET", f"{MAPS}?limit=1")).body
    await call(server, "POST", MAPS, named("b"))
    page = (await call(server, "GET", f"{MAPS}?limit=1")).body["metadata"]
    old = first["metadata"]["resourceVersion"]
    await call(server, "POST", MAPS, named("c"))
    server.compact()

    async with exchange(server, "GET", f"{MAPS}?watch=true&resourceVersion={old}") as watch:
        event = await watch.event()
    assert (event["type"], event["object"]["code"], event["object"]["reason"]) == ("ERROR", 410, "Expired")
    exact = await call(server, "GET", f"{MAPS}?resourceVersion={old}&resourceVersionMatch=Exact")
    assert (exact.code, exact.body["reason"]) == (410, "Expired")
    rest = await call(server, "GET", f"{MAPS}?limit=1&continue={page['continue']}")
    assert rest.code == 410
    # The refusal brings a token with which the list can be ended, at the price of its oneness.
    following = await call(server, "GET", f"{MAPS}?continue={rest.body['metadata']['continue']}")
    assert following.names == ["b", "c"]


async def test_a_long_history_is_compacted_by_itself(tmp_path: Path) -> None:
    server = ApiServer(tmp_path / "db", history=10)
    start = (await call(server, "POST", MAPS, named("a"))).body["metadata"]["resourceVersion"]
    for number in range(30):
        await call(server, "PUT", f"{MAPS}/a", named("a", count=str(number)))
    server.close()

    with closing(sqlite3.connect(tmp_path / "db")) as database:
        ((rows,),) = database.execute("SELECT count(*) FROM revisions WHERE resource = '/configmaps'")
    assert rows <= 21
    again = ApiServer(tmp_path / "db", history=10)
    assert (await call(again, "GET", f"{MAPS}/a")).body["data"] == {"count": "29"}
    async with exchange(again, "GET", f"{MAPS}?watch=true&resourceVersion={start}") as watch:
        assert (await watch.event())["type"] == "ERROR"


async def test_a_token() -> None:
    server = ApiServer(token="secret")

    assert (await call(server, "GET", "/readyz")).code == 200
    for headers in ({}, {"authorization": "Bearer other"}):
        refused = await call(server, "GET", MAPS, **headers)
        assert (refused.code, refused.body["reason"]) == (401, "Unauthorized")
    assert (await call(server, "GET", MAPS, authorization="Bearer secret")).code == 200
    assert (await call(server, "GET", f"/as/secret{MAPS}")).code == 200
    assert (await call(server, "GET", f"/as/other{MAPS}")).code == 401


async def test_objects_are_stamped_with_the_given_time() -> None:
    server = ApiServer(clock=lambda: datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC))

    made = await call(server, "POST", MAPS, named("a"))

    assert made.body["metadata"]["creationTimestamp"] == "2020-01-02T03:04:05Z"


@pytest.mark.virtual
async def test_a_quiet_watch_in_virtual_time() -> None:
    server = ApiServer()
    async with exchange(server, "GET", f"{MAPS}?watch=true&allowWatchBookmarks=true&timeoutSeconds=300") as watch:
        events = (await watch.rest()).splitlines()

    assert all(b"BOOKMARK" in event for event in events)
    assert len(events) == 6


async def test_watches_end_with_the_server() -> None:
    server = ApiServer()
    async with exchange(server, "GET", f"{MAPS}?watch=true") as watch:
        await asyncio.sleep(0)
        server.end_streams()
        assert await watch.rest() == b""


async def test_many_watches_see_every_change_in_order() -> None:
    server = ApiServer()
    paths = [f"{MAPS}?watch=true&timeoutSeconds=5", "/api/v1/configmaps?watch=true&timeoutSeconds=5"]
    async with exchange(server, "GET", paths[0]) as one, exchange(server, "GET", paths[1]) as all_namespaces:
        await asyncio.sleep(0)
        for number in range(50):
            await call(server, "POST", MAPS, named(f"m{number:02}"))
        for watch in (one, all_namespaces):
            lines: list[bytes] = []
            while len(lines) < 50:
                lines += (await watch.chunks.get() or b"").splitlines()
            assert [f'"name":"m{number:02}"'.encode() in line for number, line in enumerate(lines)] == [True] * 50


async def test_a_definition_that_changed_on_disk_is_put_in_force(tmp_path: Path) -> None:
    text = (ROOT / "crds/prowjob.yaml").read_text()
    (tmp_path / "crds").mkdir()
    (tmp_path / "crds/prowjob.yaml").write_text(text)
    ApiServer(tmp_path / "db", [tmp_path / "crds"]).close()
    (tmp_path / "crds/prowjob.yaml").write_text(text.replace("enum: [presubmit, ", "enum: [other, presubmit, "))

    server = ApiServer(tmp_path / "db", [tmp_path / "crds"])

    job = JOB | {"spec": {"job": "unit", "type": "other"}}
    assert (await call(server, "POST", JOBS, job)).code == 201


async def test_an_ended_namespace_is_gone() -> None:
    server = ApiServer()
    await call(server, "POST", "/api/v1/namespaces", {"metadata": {"name": "x"}})
    await call(server, "POST", "/api/v1/namespaces/x/configmaps", named("a"))
    held: JsonObject = {"metadata": {"name": "held", "finalizers": ["example.com/hold"]}}
    await call(server, "POST", "/api/v1/namespaces/x/configmaps", held)

    assert (await call(server, "DELETE", "/api/v1/namespaces/x")).body["status"]["phase"] == "Terminating"
    assert (await call(server, "GET", "/api/v1/namespaces/x/configmaps")).names == ["held"]
    merge = {"content_type": "application/merge-patch+json"}
    await call(server, "PATCH", "/api/v1/namespaces/x/configmaps/held", {"metadata": {"finalizers": None}}, **merge)
    assert (await call(server, "GET", "/api/v1/namespaces/x")).code == 404


@pytest.mark.parametrize("policy", ["Foreground", "Orphan"])
async def test_an_object_without_dependents_does_not_wait_for_a_collector(policy: str) -> None:
    server = ApiServer()
    await call(server, "POST", MAPS, named("a"))

    marked = await call(server, "DELETE", f"{MAPS}/a?propagationPolicy={policy}")

    assert len(marked.body["metadata"]["finalizers"]) == 1
    assert (await call(server, "GET", f"{MAPS}/a")).code == 404


async def test_a_body_that_is_too_large() -> None:
    answer = await call(ApiServer(), "POST", MAPS, b"x" * (3 * 1024 * 1024 + 1))

    assert (answer.code, answer.body["reason"]) == (413, "RequestEntityTooLarge")


async def test_a_bug_is_answered_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    server = ApiServer()
    monkeypatch.setattr(server, "_answer", None)

    with pytest.raises(TypeError):
        async with exchange(server, "GET", MAPS) as under_way:
            content = await under_way.rest()
            assert (under_way.code, b"Internal error occurred" in content) == (500, True)
