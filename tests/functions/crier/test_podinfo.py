"""podinfo.json, and the finalizer that keeps a pod until it is written."""

import asyncio
from typing import Any

import msgspec
import pytest

from cutwater.errors import Later
from cutwater.kube.client import EVENT, POD, PROWJOB
from cutwater.kube.effects import DeletePod
from cutwater.prowjob.pods import INFO_FINALIZER
from cutwater.prowjob.reporting import PODINFO
from functions.crier import podinfo
from tests.functions.crier.alone import END, Alone, alone
from tests.functions.kubernetes import NAMESPACE, PODS, Dying, Killed

pytestmark = pytest.mark.virtual

BEGIN = "2026-03-02T11:59:00Z"
FILE = "unit/7/podinfo.json"


async def running(cluster: str = "default") -> Alone:
    """A run whose pod is at work in a build cluster."""
    world = await alone()
    await world.run("unit", "pending", pendingTime=BEGIN)
    await world.kube.merge(PROWJOB, NAMESPACE, "unit", {"spec": {"cluster": cluster}})
    spec = {"containers": [{"name": "test", "image": "x"}], "nodeName": "node-1"}
    pod = {"metadata": {"name": "unit", "namespace": PODS, "finalizers": ["acme.dev/mine"]}, "spec": spec}
    made = await world.clusters[cluster].kube.create(POD, PODS, pod)
    for name, uid in (("of-it", made["metadata"]["uid"]), ("of-its-predecessor", "another")):
        about = {"kind": "Pod", "namespace": PODS, "name": "unit", "uid": uid}
        event = {"metadata": {"name": name, "namespace": PODS}, "involvedObject": about, "reason": "Scheduled"}
        await world.clusters[cluster].kube.create(EVENT, PODS, event)
    return world


async def end(world: Alone, state: str = "success") -> None:
    await world.set("unit", state=state, completionTime=END)


async def finalizers(world: Alone, cluster: str = "default") -> list[str] | None:
    pod = await world.pod("unit", cluster)
    return None if pod is None else pod["metadata"].get("finalizers", [])


async def written(world: Alone) -> dict[str, Any] | None:
    text = (await world.files()).get(FILE)
    return None if text is None else msgspec.json.decode(text)


@pytest.mark.parametrize("cluster", ["default", "far"])
async def test_a_pod_is_held_described_and_let_go(cluster: str) -> None:
    world = await running(cluster)
    await world.report("unit", PODINFO)
    assert await finalizers(world, cluster) == ["acme.dev/mine", INFO_FINALIZER]
    assert await world.told("unit", PODINFO) == "pending"
    await end(world)
    await world.report("unit", PODINFO)
    found = await written(world)
    assert found is not None and found["pod"]["metadata"]["name"] == "unit"
    assert [event["metadata"]["name"] for event in found["events"]] == ["of-it"]
    assert await finalizers(world, cluster) == ["acme.dev/mine"]
    assert await world.told("unit", PODINFO) == "success"


async def test_a_pod_that_was_deleted_is_still_described() -> None:
    world = await running()
    await world.report("unit", PODINFO)
    await DeletePod(cluster="default", namespace=PODS, name="unit", why="a test").apply(world.edges)
    await end(world, "error")
    await world.report("unit", PODINFO)
    found = await written(world)
    assert found is not None and "deletionTimestamp" in found["pod"]["metadata"]


async def test_an_abort_is_described_at_its_end() -> None:
    world = await running()
    await world.set("unit", state="aborted")
    await world.report("unit", PODINFO)
    assert (await world.told("unit", PODINFO), await written(world)) == ("", None)
    await end(world, "aborted")
    await world.report("unit", PODINFO)
    assert await world.told("unit", PODINFO) == "aborted" and await written(world)


async def test_a_pod_that_is_not_there_is_not_described() -> None:
    world = await alone()
    await world.run("unit", "error", pendingTime=BEGIN)
    await world.report("unit", PODINFO)
    assert (await world.told("unit", PODINFO), await written(world)) == ("error", None)


async def test_a_silent_cluster_is_asked_for_an_hour() -> None:
    world = await running("far")
    await end(world)
    world.clusters["far"].is_silent = True
    with pytest.raises(Later):
        await world.report("unit", PODINFO)
    await asyncio.sleep(podinfo.SILENCE.total_seconds())
    await world.report("unit", PODINFO)
    assert (await world.told("unit", PODINFO), await written(world)) == ("success", None)


async def test_nothing_is_held_that_will_not_be_described() -> None:
    world = await running()
    decoration = {"gcs_configuration": {"bucket": "b", "path_strategy": "of no kind"}}
    await world.kube.merge(PROWJOB, NAMESPACE, "unit", {"spec": {"decoration_config": decoration}})
    await world.report("unit", PODINFO)
    assert (await finalizers(world), await world.told("unit", PODINFO)) == (["acme.dev/mine"], "pending")


@pytest.mark.parametrize("after", [False, True], ids=["before it", "after it"])
@pytest.mark.parametrize("number", range(3))
async def test_killed_at_an_effect(number: int, *, after: bool) -> None:
    world = await running()
    await world.report("unit", PODINFO)
    await end(world)
    with pytest.raises(Killed):
        await world.report("unit", PODINFO, apply=Dying(number, after=after))
    await asyncio.sleep(90)
    await world.report("unit", PODINFO)
    assert await written(world) and await finalizers(world) == ["acme.dev/mine"]
    assert await world.told("unit", PODINFO) == "success"
