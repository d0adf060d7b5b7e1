"""Pod logs, as the runner of pods writes them."""

import asyncio
from pathlib import Path

import pytest

from infra.local.kube import ApiServer
from infra.local.kube.logs import LogOptions, read
from tests.infra.local.kube.calls import JsonObject, call, exchange

PODS = "/api/v1/namespaces/default/pods"
LOG = f"{PODS}/p/log"
MERGE = {"content_type": "application/merge-patch+json"}


class Running:
    """A server with a pod on a node, whose container's log is at `path`."""

    def __init__(self, folder: Path) -> None:
        self.server = ApiServer(pod_logs=folder)
        self.folder = folder
        self.path = folder

    async def start(self, *, state: str = "running") -> "Running":
        containers = [{"name": "test", "image": "i"}]
        made = await call(self.server, "POST", PODS, {"metadata": {"name": "p"}, "spec": {"containers": containers}})
        target = {"kind": "Node", "name": "n"}
        await call(self.server, "POST", f"{PODS}/p/binding", {"metadata": {"name": "p"}, "target": target})
        await self.become(state)
        self.path = self.folder / made.body["metadata"]["uid"] / "test.log"
        self.path.parent.mkdir(parents=True)
        return self

    async def become(self, state: str) -> None:
        details: JsonObject = {"exitCode": 0} if state == "terminated" else {}
        status = {"name": "test", "state": {state: details}, "image": "i", "imageID": "", "ready": False}
        patch = {"status": {"containerStatuses": [status | {"restartCount": 0}]}}
        await call(self.server, "PATCH", f"{PODS}/p/status", patch, **MERGE)


async def test_the_whole_log(tmp_path: Path) -> None:
    pod = await Running(tmp_path).start()
    pod.path.write_text("one\ntwo\n")

    for path in (LOG, f"{LOG}?container=test"):
        answer = await call(pod.server, "GET", path)
        assert (answer.code, answer.content) == (200, b"one\ntwo\n")


async def test_a_container_that_has_not_started(tmp_path: Path) -> None:
    pod = await Running(tmp_path).start(state="waiting")

    answer = await call(pod.server, "GET", LOG)

    assert answer.code == 400
    assert answer.body["message"] == 'container "test" in pod "p" is waiting to start: ContainerCreating'


async def test_a_container_that_has_written_nothing(tmp_path: Path) -> None:
    pod = await Running(tmp_path).start(state="terminated")

    assert (await call(pod.server, "GET", f"{LOG}?follow=true")).content == b""


@pytest.mark.virtual
async def test_follow_ends_with_the_container(tmp_path: Path) -> None:
    pod = await Running(tmp_path).start()
    pod.path.write_text("one\n")

    async with exchange(pod.server, "GET", f"{LOG}?follow=true") as log:
        assert await log.chunks.get() == b"one\n"
        with pod.path.open("a") as more:
            more.write("two\n")
        assert await log.chunks.get() == b"two\n"
        with pod.path.open("a") as more:
            more.write("three\n")
        await pod.become("terminated")
        assert await log.rest() == b"three\n"


@pytest.mark.virtual
async def test_follow_ends_with_the_pod(tmp_path: Path) -> None:
    pod = await Running(tmp_path).start()

    async with exchange(pod.server, "GET", f"{LOG}?follow=true") as log:
        await asyncio.sleep(1)
        await call(pod.server, "DELETE", f"{PODS}/p?gracePeriodSeconds=0")
        assert await log.rest() == b""


@pytest.mark.virtual
async def test_a_reader_that_goes_away(tmp_path: Path) -> None:
    pod = await Running(tmp_path).start()
    pod.path.write_text("one\n")

    async with exchange(pod.server, "GET", f"{LOG}?follow=true") as log:
        assert await log.chunks.get() == b"one\n"


async def test_what_the_log_files_do_not_tell(tmp_path: Path) -> None:
    pod = await Running(tmp_path).start()

    for query in ("previous=true", "timestamps=true", "sinceSeconds=5", "sinceTime=2020-01-01T00:00:00Z"):
        assert (await call(pod.server, "GET", f"{LOG}?{query}")).code == 400


@pytest.mark.parametrize(
    "text, tail, limit, expected",
    [
        pytest.param("a\nb\nc\n", 2, None, "b\nc\n", id="the last lines"),
        pytest.param("a\nb\nc", 2, None, "b\nc", id="an unfinished last line"),
        pytest.param("a\nb\n", 5, None, "a\nb\n", id="more than there are"),
        pytest.param("a\nb\n", 0, None, "", id="none"),
        pytest.param("\n\n\n", 2, None, "\n\n", id="empty lines"),
        pytest.param("", 3, None, "", id="an empty log"),
        pytest.param("abcdef", None, 4, "abcd", id="the first bytes"),
        pytest.param("a\nbcdef\n", 1, 3, "bcd", id="the first bytes of the last line"),
        pytest.param("x" * 70_000 + "\ny\n", 2, None, "x" * 70_000 + "\ny\n", id="a line longer than a block"),
        pytest.param("x\n" * 100_000, 99_999, None, "x\n" * 99_999, id="many lines"),
    ],
)
async def test_how_much_is_read(tmp_path: Path, text: str, tail: int | None, limit: int | None, expected: str) -> None:
    (tmp_path / "log").write_text(text)
    options = LogOptions(tail=tail, limit=limit)

    assert b"".join([block async for block in read(tmp_path / "log", options, lambda: True)]).decode() == expected
