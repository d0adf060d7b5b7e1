"""Going back to a former configuration, and forward again."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from cutwater.cli.config.use import Edges, listed, use
from cutwater.cli.failing import Failed
from cutwater.config import compiled
from cutwater.config.configuration import Configuration
from cutwater.events.pointer import NAME, NAMESPACE, Pointer, key_of, pointer_of
from cutwater.kube.client import CONFIG_MAP, Kind, Kube
from cutwater.storage.memory import MemoryStore
from infra.local.kube.server import ApiServer
from infra.local.transport import InProcessTransport
from tests import virtual_time

FILES = [compiled.write(Configuration(digest=name)) for name in ("first", "second", "third")]
FIRST, SECOND, THIRD = (hashlib.sha256(content).hexdigest() for content in FILES)
NAMESPACES = Kind("v1", "Namespace", "namespaces")


@asynccontextmanager
async def installed(pointer: Pointer) -> AsyncIterator[Edges]:
    """A cluster with this pointer, and a bucket with three configurations, a minute apart."""
    api_server = ApiServer(None, crds=[], clock=virtual_time.clock)
    kube, state = Kube(InProcessTransport(api_server.app)), MemoryStore(virtual_time.clock)
    await kube.create(NAMESPACES, "", {"metadata": {"name": NAMESPACE}})
    await kube.create(CONFIG_MAP, NAMESPACE, {"metadata": {"name": NAME}, "data": pointer.keys})
    for content in FILES:
        await state.put(key_of(hashlib.sha256(content).hexdigest()), content)
    try:
        yield Edges(kube, state)
    finally:
        api_server.close()


async def pointer(edges: Edges) -> Pointer:
    return pointer_of(await edges.kube.get(CONFIG_MAP, NAMESPACE, NAME) or {})


SECOND_IN_FORCE = Pointer(in_force=SECOND, before=(FIRST,), since="2026-03-01T00:00:00Z", by="its sources", seen="s")


@pytest.mark.virtual
@pytest.mark.parametrize(
    ("wanted", "then", "before"),
    [
        pytest.param("", FIRST, (SECOND,), id="the previous"),
        pytest.param(THIRD[:8], THIRD, (SECOND, FIRST), id="by the beginning of its name"),
        pytest.param(SECOND, SECOND, (FIRST,), id="the one in force"),
    ],
)
async def test_use(wanted: str, then: str, before: tuple[str, ...]) -> None:
    async with installed(SECOND_IN_FORCE) as edges:
        assert (await use(edges, wanted, by="alice")).startswith(f"{then} is in force")
        found = await pointer(edges)
        assert (found.in_force, found.before, found.seen) == (then, before, "s")


@pytest.mark.virtual
async def test_back_and_forth() -> None:
    async with installed(SECOND_IN_FORCE) as edges:
        await use(edges, "", by="alice")
        await use(edges, "", by="alice")
        assert (await pointer(edges)).in_force == SECOND


@pytest.mark.virtual
@pytest.mark.parametrize(
    ("kept", "wanted", "says"),
    [
        pytest.param(SECOND_IN_FORCE, "zz", "none of those that are kept begin with zz", id="no such one"),
        pytest.param(Pointer(in_force=FIRST), "", "no other was in force before", id="no previous"),
        pytest.param(Pointer(before=("0" * 64,)), "", "is not kept any more", id="deleted"),
        pytest.param(SECOND_IN_FORCE, "dead", "has SHA-256", id="damaged"),
    ],
)
async def test_what_cannot_be_used(kept: Pointer, wanted: str, says: str) -> None:
    async with installed(kept) as edges:
        await edges.state.put(key_of("dead" * 16), b"damaged")
        with pytest.raises(Failed, match=says):
            await use(edges, wanted, by="alice")
        assert await pointer(edges) == kept


@pytest.mark.virtual
async def test_list() -> None:
    async with installed(SECOND_IN_FORCE) as edges:
        lines = (await listed(edges)).splitlines()
    standings = {line[:12]: line.partition(" bytes  ")[2] for line in lines}
    assert standings == {
        FIRST[:12]: "in force before",
        SECOND[:12]: "in force since 2026-03-01T00:00:00Z, put by its sources",
        THIRD[:12]: "",
    }
