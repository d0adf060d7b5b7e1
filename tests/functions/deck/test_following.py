"""A log while it grows: in storage, with its pod, and from the one into the other."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from cutwater.kube.client import PROWJOB
from cutwater.podutils.sidecar import pieces
from functions.deck.following import follow
from functions.deck.kept import Runs
from functions.deck.logs import Logs
from functions.deck.storage import Storage
from tests.functions.deck.site import RUN, Site, stamp

pytestmark = pytest.mark.virtual

PATH = f"s3/artifacts/{RUN}/build-log.txt"
FOLDER = pieces.folder(RUN, "build-log.txt")


def logs(site: Site) -> Logs:
    return Logs(site.edges, Storage(site.edges), Runs(site.edges))


async def piece(site: Site, offset: int, body: bytes) -> None:
    await site.bucket.put(pieces.key(FOLDER, offset), body)


async def end(site: Site, job: Any, log: bytes | None, **how: str) -> None:
    """What the sidecar and plank do in the end."""
    if log is not None:
        await site.file("build-log.txt", log, **how)
        async for entry in site.bucket.list(FOLDER):
            await site.bucket.delete(entry.key)
    ended = {"status": {"state": "success", "completionTime": stamp(site.now)}}
    await site.kube.merge(PROWJOB, "default", job["metadata"]["name"], ended)


async def test_pieces_and_then_the_whole() -> None:
    site = Site()
    job = await site.run(state="pending")
    await piece(site, 0, b"one\ntw")
    news = follow(logs(site), PATH, 0)
    assert await anext(news) == b"one\n"
    await piece(site, 0, b"one\ntwo\n")
    await piece(site, 8, b"three\nfo")
    assert await anext(news) == b"two\nthree\n"
    await end(site, job, b"one\ntwo\nthree\nfour")
    rest = [body async for body in news]
    assert rest[-1] is None
    assert b"".join(body for body in rest if body).endswith(b"four")


@pytest.mark.parametrize("start, news", [(0, b"one\ntwo\n"), (4, b"two\n"), (8, b"")])
async def test_it_goes_on_where_one_has_read(start: int, news: bytes) -> None:
    site = Site()
    await site.run()
    await site.file("build-log.txt", "one\ntwo\n")
    found = [body async for body in follow(logs(site), PATH, start)]
    assert (b"".join(body for body in found if body), found[-1]) == (news, None)


async def test_a_run_that_leaves_no_log() -> None:
    site = Site()
    job = await site.run(state="pending")
    news = follow(logs(site), PATH, 0)
    waiting = asyncio.ensure_future(anext(news))
    await asyncio.sleep(30)
    assert not waiting.done()
    await end(site, job, None)
    assert await waiting is None


async def test_pieces_of_a_run_that_died() -> None:
    site = Site()
    job = await site.run(state="pending")
    await piece(site, 0, b"one\nhalf")
    await end(site, job, None)
    found = [body async for body in follow(logs(site), PATH, 0)]
    assert (b"".join(body for body in found if body), found[-1]) == (b"one\nhalf", None)


async def test_a_piece_that_is_gone_is_in_the_whole() -> None:
    site = Site()
    await site.run(state="pending")
    await piece(site, 0, b"one\n")
    found = await logs(site).open(PATH)
    await site.bucket.delete(pieces.key(FOLDER, 0))
    assert await found.read(0, 100) == b""


class Pod:
    """A pod's log, as a kubelet streams it."""

    def __init__(self, *lines: bytes) -> None:
        self.lines, self.asked = list(lines), 0

    async def log(self, namespace: str, pod: str, container: str, *, follow: bool = False) -> AsyncIterator[bytes]:
        assert (namespace, pod, container) == ("test-pods", "the-pod", "test")
        self.asked += 1
        for index, line in enumerate(self.lines):
            if index and not follow:
                return
            await asyncio.sleep(5 if index else 0)
            yield line


async def test_a_pods_log() -> None:
    site = Site()
    pod = Pod(b"one\ntw", b"o\nthr", b"ee\n")
    job = await site.run(state="pending", status={"pod_name": "the-pod"})
    site.edges.cluster = lambda alias: pod  # type: ignore[assignment]
    found = logs(site)
    log = await found.open(PATH)
    assert (log.size, await log.read(0, 99)) == (6, b"one\ntw")
    news = follow(found, PATH, 0)
    assert [await anext(news), await anext(news), await anext(news)] == [b"one\n", b"two\n", b"three\n"]
    await end(site, job, b"one\ntwo\nthree\nfour\n")
    assert [body async for body in news] == [b"four\n", None]


async def test_nobody_follows_for_ever() -> None:
    site = Site()
    await site.run(state="pending")
    began = asyncio.get_running_loop().time()
    assert [body async for body in follow(logs(site), PATH, 0)] == []
    assert timedelta(seconds=200) < timedelta(seconds=asyncio.get_running_loop().time() - began)
