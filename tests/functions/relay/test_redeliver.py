"""What GitHub could not deliver is asked for again, and then it is as if it had never failed."""

from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from functions.relay.redeliver import ASKED, failed, redeliver
from tests import virtual_time
from tests.world import SECRET, World, as_app

pytestmark = pytest.mark.virtual

NOW = virtual_time.BEGINNING


def tried(guid: str, status: int, *, ago: timedelta = timedelta(0), id_: int = 1) -> dict[str, Any]:
    """One attempt to deliver, as GitHub lists it."""
    at: datetime = NOW - ago
    return {"id": id_, "guid": guid, "status_code": status, "delivered_at": at.isoformat().replace("+00:00", "Z")}


@pytest.mark.parametrize(
    "attempts, asked",
    [
        pytest.param([tried("a", 200)], [], id="it came through"),
        pytest.param([tried("a", 503, id_=4)], [4], id="it failed"),
        pytest.param([tried("a", 0, id_=4)], [4], id="nobody answered"),
        pytest.param([tried("a", 200), tried("a", 503, ago=timedelta(minutes=9))], [], id="it came through later"),
        pytest.param(
            [tried("a", 503, id_=9), tried("a", 502, ago=timedelta(minutes=9), id_=4)], [9], id="twice: the newest"
        ),
        pytest.param([tried("a", 503, ago=timedelta(days=4))], [], id="too old for GitHub"),
    ],
)
def test_which(attempts: list[dict[str, Any]], asked: list[int]) -> None:
    assert [one["id"] for one in failed(attempts, NOW - timedelta(days=3))] == asked


async def test_a_webhook_that_hook_could_not_take_comes_again() -> None:
    is_down = True

    class Flaky(World):
        async def _deliver(self, url: str, headers: Any, body: bytes) -> tuple[int, str]:
            return (503, "down") if is_down else await super()._deliver(url, headers, body)

    async with Flaky() as world:
        await world.github.pull_request(world.rocket, author="alice", files={"fin.txt": "balsa\n"})
        await world.settle()
        assert await world.jobs() == {}
        is_down = False
        assert await redeliver(world.functions.edges) != "0 deliveries asked for again"
        await world.settle()
        assert set(await world.jobs()) == {"unit", "flight"}
        assert await redeliver(world.functions.edges) == "0 deliveries asked for again"


async def test_the_webhooks_of_an_app_come_again_too() -> None:
    is_down = True

    class Flaky(World):
        async def _deliver(self, url: str, headers: Any, body: bytes) -> tuple[int, str]:
            return (503, "down") if is_down else await super()._deliver(url, headers, body)

    async with Flaky() as world:
        (own,) = world.hub.hub.hooks
        with world.hub.hub.store.transaction():
            world.hub.hub.hooks.remove(own)
        edges = world.functions.edges
        edges.github = as_app(world.hub, "cutwater", hook=("http://hook/hook", SECRET))
        await world.github.pull_request(world.rocket, author="alice", files={"fin.txt": "balsa\n"})
        await world.settle()
        assert (await redeliver(edges)).startswith("1 ") and await world.jobs() == {}
        await world.settle()
        is_down = False
        assert (await redeliver(edges)).startswith("1 ")
        await world.settle()
        assert set(await world.jobs()) == {"unit", "flight"}
        assert await redeliver(edges) == "0 deliveries asked for again"


async def test_one_that_fails_again_is_asked_for_again_however_many_follow() -> None:
    class Down(World):
        async def _deliver(self, url: str, headers: Any, body: bytes) -> tuple[int, str]:
            return 503, "down"

    async with Down() as world:
        for number in range(3):
            files = {f"fin-{number}.txt": "balsa\n"}
            change = await world.github.pull_request(world.rocket, author="alice", files=files)
            for _ in range(60):
                await change.comment("alice", "and so on")
        await world.settle()
        said = [await redeliver(world.functions.edges)]
        await world.settle()
        said.append(await redeliver(world.functions.edges))
        assert said[0] == said[1]
        assert int(said[0].partition(" ")[0]) >= 183


async def test_what_was_asked_for_is_written_down_on_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is killed does not ask for all of it once more."""
    monkeypatch.setattr("functions.relay.redeliver.AT_ONCE", 2)
    written: list[int] = []

    class Down(World):
        async def _deliver(self, url: str, headers: Any, body: bytes) -> tuple[int, str]:
            return 503, "down"

    async with Down() as world:
        for number in range(5):
            await world.github.pull_request(
                world.rocket, author="alice", files={"fin.txt": f"{number}\n"}, branch=f"topic-{number}"
            )
        await world.settle()
        put = world.state.put

        async def noting(key: str, body: bytes, **how: Any) -> Any:
            if key == ASKED:
                written.append(len(msgspec.json.decode(body)))
            return await put(key, body, **how)

        monkeypatch.setattr(world.state, "put", noting)
        assert await redeliver(world.functions.edges) == "5 deliveries asked for again"
    assert written == [2, 4, 5]
