"""A store is a store: in memory, on this machine's disk and at moto, the same questions have the same answers."""

import asyncio
import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from moto.server import ThreadedMotoServer

from cutwater.errors import Later, Refused
from cutwater.storage.memory import MemoryStore
from cutwater.storage.s3 import S3Store
from cutwater.storage.store import Store, Taken
from tests.infra.local.s3.conftest import on_disk  # noqa: F401 - a fixture

_names = (f"store-{number}" for number in itertools.count())


@pytest.fixture(scope="module")
def at_moto() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(params=["memory", "on disk", "moto"])
def store(request: pytest.FixtureRequest) -> Store:
    """An empty bucket."""
    match request.param:
        case "memory":
            return MemoryStore(lambda: datetime.now(UTC))
        case "on disk":
            return bucket(request.getfixturevalue("on_disk"), "cutwater", "cutwater-local")
    return bucket(request.getfixturevalue("at_moto"), "any", "any")


def bucket(address: str, key: str, secret: str) -> S3Store:
    made = S3Store(
        next(_names),
        endpoint_url=address,
        region_name="us-east-1",
        aws_access_key_id=key,
        aws_secret_access_key=secret,
    )
    made._client.create_bucket(Bucket=made.bucket)
    return made


async def test_what_was_put_is_got(store: Store) -> None:
    put = await store.put("a/b c?#%/ü", b"hello", content_type="text/plain", metadata={"who": "me"})
    got = await store.get("a/b c?#%/ü")
    assert got is not None
    assert (got.body, got.size, got.content_type, got.metadata) == (b"hello", 5, "text/plain", {"who": "me"})
    assert got.etag == put.etag
    assert abs(got.date - datetime.now(UTC)) < timedelta(seconds=5)
    head = await store.head("a/b c?#%/ü")
    assert head is not None and (head.body, head.size, head.etag) == (b"", 5, put.etag)


async def test_what_is_not_there(store: Store) -> None:
    assert await store.get("none") is None
    assert await store.head("none") is None
    await store.delete("none")


@pytest.mark.parametrize(
    "start, end, part",
    [
        pytest.param(0, 4, b"0123", id="the beginning"),
        pytest.param(6, None, b"6789", id="from the middle on"),
        pytest.param(-3, None, b"789", id="the end"),
        pytest.param(-99, None, b"0123456789", id="more than there is"),
        pytest.param(8, 99, b"89", id="beyond the end"),
        pytest.param(10, None, b"", id="nothing is left"),
    ],
)
async def test_a_part(store: Store, start: int, end: int | None, part: bytes) -> None:
    await store.put("digits", b"0123456789")
    got = await store.get("digits", start=start, end=end)
    assert got is not None and (got.body, got.size) == (part, 10)


async def test_put_if_absent_succeeds_once(store: Store) -> None:
    async def put(number: int) -> bool:
        try:
            await store.put("claim", str(number).encode(), if_absent=True)
        except Taken:
            return False
        return True

    won = await asyncio.gather(*(put(number) for number in range(8)))
    got = await store.get("claim")
    assert won.count(True) == 1
    assert got is not None and got.body == str(won.index(True)).encode()


async def test_put_if_unchanged_succeeds_once(store: Store) -> None:
    first = await store.put("plan", b"1")

    async def put(number: int) -> bool:
        try:
            await store.put("plan", f"by {number}".encode(), if_match=first.etag)
        except Taken:
            return False
        return True

    assert (await asyncio.gather(*(put(number) for number in range(8)))).count(True) == 1
    with pytest.raises(Taken):
        await store.put("gone", b"", if_match=first.etag)


async def test_listing(store: Store) -> None:
    for key in ("a/1", "a/2/x", "a/2/y", "a/3", "b/1"):
        await store.put(key, key.encode())
    assert [entry.key async for entry in store.list("a/")] == ["a/1", "a/2/x", "a/2/y", "a/3"]
    assert [entry.key async for entry in store.list("a/", after="a/2/x")] == ["a/2/y", "a/3"]
    assert [entry.key async for entry in store.list("a/", delimiter="/")] == ["a/1", "a/2/", "a/3"]
    assert [entry.size async for entry in store.list("b/")] == [3]


@pytest.mark.parametrize(
    "address, raised, words",
    [
        pytest.param("", Refused, "bucket missing does not exist", id="a missing bucket"),
        pytest.param("http://127.0.0.1:9", Later, "bucket missing does not answer", id="nobody listens"),
    ],
)
async def test_trouble_is_said(at_moto: str, address: str, raised: type[Exception], words: str) -> None:
    store = S3Store(
        "missing",
        endpoint_url=address or at_moto,
        region_name="us-east-1",
        aws_access_key_id="any",
        aws_secret_access_key="any",
    )
    with pytest.raises(raised, match=words):
        await store.put("x", b"")
