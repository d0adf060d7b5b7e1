"""What the engine asks of the API server grows with what changes, not with what exists."""

from collections.abc import Mapping

import pytest

from bench import engine
from infra.local.kube.server import ApiServer
from infra.local.settings import CRDS
from infra.local.transport import InProcessTransport

RUNNING, EVENTS, DUE, OLD = 20, 50, 5, 10


async def measured(waiting: int) -> Mapping[str, engine.Figures]:
    api_server = ApiServer(None, crds=[CRDS / "prowjob.yaml"])
    transport = InProcessTransport(api_server.app)
    return await engine.measure(
        transport, waiting=waiting, running=RUNNING, periodics=30, events=EVENTS, due=DUE, old=OLD
    )


@pytest.mark.slow
async def test_calls_grow_with_what_changes() -> None:
    small, large = await measured(200), await measured(2000)
    assert max(engine.growth(small, large).values()) <= engine.MOST_GROWTH
    idle, burst, tick, sinking = (dict(figures.calls) for figures in large.values())
    assert idle == {"list": 2, "page": 4, "lease": 3}
    assert tick == {"list": 1, "create": DUE, "lease": 3}
    assert sinking == {"list": 2, "page": 4, "delete": OLD, "lease": 4}
    assert burst["create"] == RUNNING, "a pod for each one that ended"
    most = {"get": 13, "list": 9, "patch": 3, "lease": 7}
    assert all(burst[verb] <= count * RUNNING for verb, count in most.items()), burst
