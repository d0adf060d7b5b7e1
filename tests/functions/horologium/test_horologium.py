"""Periodics start once for each cause: also where ticks come twice, late, at once or never, and functions die."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from cutwater.errors import Later
from cutwater.events.edges import Edges
from cutwater.events.effect import Apply, Effect, apply
from cutwater.events.event import Event
from cutwater.events.level import look_again
from cutwater.kube.effects import CreateProwJob
from cutwater.prowjob.types import ProwJob
from functions.horologium.function import horologium
from tests import virtual_time
from tests.functions.kubernetes import NAMESPACE, Dying, Killed, Kubernetes
from tests.world import configuration

pytestmark = pytest.mark.virtual

MINUTE = timedelta(minutes=1)
NOON = virtual_time.BEGINNING
DAILY = "periodics: [{name: daily, cron: '3 12 * * *', spec: {containers: [{image: x}]}}]"
EVERY_MINUTE = "periodics: [{name: often, cron: '* * * * *', spec: {containers: [{image: x}]}}]"
HOURLY = "periodics: [{name: hourly, interval: 1h, spec: {containers: [{image: x}]}}]"
TWO = """
periodics:
- {name: one, cron: '1 12 * * *', spec: {containers: [{image: x}]}}
- {name: two, cron: '1 12 * * *', spec: {containers: [{image: x}]}}
"""


async def kubernetes(jobs: str) -> Kubernetes:
    return await Kubernetes(configuration("prowjob_namespace: default", jobs=jobs, plugins="{}")).start()


async def tick(world: Kubernetes, time: datetime | None = None, *, apply: Apply = apply) -> None:
    event = Event(
        id="1", source="ping", type="ping", time=time or virtual_time.clock(), extensions={"tick": "schedule"}
    )
    await look_again(horologium, event, world.edges, owner=f"test {id(event)}", apply=apply)


async def runs(world: Kubernetes) -> list[ProwJob]:
    return await world.kube.read.prowjobs(NAMESPACE)


async def test_a_cron_job_starts_at_its_time_and_is_what_upstream_makes() -> None:
    world = await kubernetes(DAILY)
    for _ in range(6):
        await tick(world)
        await world.pass_time(seconds=60)
    (run,) = await runs(world)
    assert run.status.startTime == NOON + 3 * MINUTE
    assert (run.spec.type, run.spec.job, run.spec.report, run.status.state) == ("periodic", "daily", True, "triggered")
    assert run.metadata.labels["prow.k8s.io/type"] == "periodic"


async def test_a_cron_in_a_zone_of_its_own() -> None:
    world = await kubernetes(DAILY.replace("3 12", "CRON_TZ=Asia/Tokyo 3 21"))
    for _ in range(6):
        await tick(world)
        await world.pass_time(seconds=60)
    (run,) = await runs(world)
    assert run.status.startTime == NOON + 3 * MINUTE


async def test_the_same_tick_twice() -> None:
    world = await kubernetes(DAILY)
    await tick(world)
    await world.pass_time(seconds=180)
    await tick(world, NOON + 3 * MINUTE)
    await tick(world, NOON + 3 * MINUTE)
    assert len(await runs(world)) == 1


async def test_two_ticks_at_once() -> None:
    world = await kubernetes(HOURLY)
    await asyncio.gather(*(tick(world) for _ in range(5)))
    assert len(await runs(world)) == 1


async def test_a_late_tick_starts_what_it_was_for() -> None:
    world = await kubernetes(DAILY)
    await tick(world)
    await world.pass_time(seconds=10 * 60)
    await tick(world, NOON + 3 * MINUTE)
    assert len(await runs(world)) == 1


async def test_a_lost_tick_is_made_up_for() -> None:
    world = await kubernetes(DAILY)
    await tick(world)
    await world.pass_time(seconds=5 * 60)
    await tick(world)
    await tick(world, NOON + 3 * MINUTE)  # it was only slow
    assert len(await runs(world)) == 1


async def test_what_was_missed_for_long_is_not_made_up_for() -> None:
    world = await kubernetes(DAILY)
    await tick(world)
    await world.pass_time(seconds=2 * 3600)
    await tick(world)
    assert await runs(world) == []


async def test_many_lost_ticks_are_one_run() -> None:
    world = await kubernetes(EVERY_MINUTE)
    await tick(world)
    await world.pass_time(seconds=5 * 60)
    await tick(world)
    assert len(await runs(world)) == 1


async def test_a_firing_during_a_run_is_dropped() -> None:
    world = await kubernetes(EVERY_MINUTE)
    await tick(world)
    for _ in range(3):
        await world.pass_time(seconds=60)
        await tick(world)
    (run,) = await runs(world)
    await world.set(run.metadata.name, state="success", completionTime="2026-03-02T12:03:01Z")
    await tick(world)
    assert len(await runs(world)) == 1
    await world.pass_time(seconds=60)
    await tick(world)
    assert len(await runs(world)) == 2


async def test_one_that_cannot_be_made_now_holds_back_no_other_and_is_not_lost() -> None:
    world = await kubernetes(TWO)
    await tick(world)
    await world.pass_time(seconds=60)

    async def refuse(effect: Effect[object], edges: Edges) -> object:
        if isinstance(effect, CreateProwJob) and effect.job.spec.job == "one":
            raise Later("not now")
        return await apply(effect, edges)

    with pytest.raises(Later, match="failed to create 1 prowjobs"):
        await tick(world, apply=refuse)
    assert [run.spec.job for run in await runs(world)] == ["two"]
    await world.pass_time(seconds=60)
    await tick(world)
    assert sorted(run.spec.job for run in await runs(world)) == ["one", "two"]


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [TWO, HOURLY, EVERY_MINUTE], ids=["cron", "interval", "every minute"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("number", range(3))
async def test_killed_at_any_effect(jobs: str, number: int, after: bool) -> None:
    """The tick comes back, or the next one does: either way each job runs once."""
    for comes_back in (True, False):
        world = await kubernetes(jobs)
        await tick(world, NOON - MINUTE)
        await world.pass_time(seconds=60)
        dying: Any = Dying(number, after=after)
        try:
            await tick(world, NOON + MINUTE, apply=dying)
        except Killed:
            assert dying.has_died
        if not comes_back:
            await world.pass_time(seconds=60)
        await tick(world)
        names = [run.spec.job for run in await runs(world)]
        assert len(names) == len(set(names)) == jobs.count("name:")
