"""One pass after the other: what goes, what stays, and what a pass that dies leaves to the next one."""

from datetime import timedelta
from typing import Any

import pytest

from cutwater.errors import Refused
from cutwater.events.effect import Apply, apply
from cutwater.kube.client import LEASE, POD, PROWJOB
from cutwater.kube.leases import Leases, lease_name
from functions.sinker import ledger
from functions.sinker.function import ENOUGH, sinker
from functions.sinker.ledger import Keeping
from tests import virtual_time
from tests.functions.kubernetes import NAMESPACE, PODS, Dying, Killed, Kubernetes
from tests.world import configuration

CONFIG = """
prowjob_namespace: default
pod_namespace: test-pods
sinker: {resync_period: 1s, max_prowjob_age: 48h, max_pod_age: 12h, terminated_pod_ttl: 30m}
"""
JOBS = "periodics: [{name: daily, interval: 24h, spec: {containers: [{image: x}]}}]"
HOUR = 3600


async def kubernetes(config: str = CONFIG) -> Kubernetes:
    return await Kubernetes(configuration(config, jobs=JOBS, plugins="{}")).start()


async def sweep(world: Kubernetes, apply: Apply = apply) -> None:
    await world.look(sinker, "", tick="sweep", apply=apply)


async def run(world: Kubernetes, name: str, *, ended: bool = True, cluster: str = "default", **spec: Any) -> None:
    """A ProwJob with its pod."""
    await world.job(name, **spec)
    labels = {"created-by-prow": "true", "prow.k8s.io/id": name}
    pod = {"metadata": {"name": name, "labels": labels}, "spec": {"containers": [{"name": "x", "image": "x"}]}}
    await world.clusters[cluster].kube.create(POD, PODS, pod)
    if ended:
        now = f"{virtual_time.clock():%Y-%m-%dT%H:%M:%SZ}"
        await world.set(name, state="success", completionTime=now)


async def names(world: Kubernetes) -> list[str]:
    return [job.metadata.name for job in await world.kube.read.prowjobs(NAMESPACE)]


@pytest.mark.virtual
async def test_a_pod_goes_before_its_prowjob() -> None:
    world = await kubernetes()
    await run(world, "a")
    await world.pass_time(seconds=HOUR / 2)
    await sweep(world)
    assert await world.pods() == ["a"]
    await world.pass_time(seconds=1)
    await sweep(world)
    assert (await world.pods(), await names(world)) == ([], ["a"])
    await world.pass_time(seconds=48 * HOUR)
    await sweep(world)
    assert await names(world) == []


@pytest.mark.virtual
async def test_ticks_are_passed_over_until_the_resync_period_has_passed() -> None:
    world = await kubernetes(CONFIG.replace("resync_period: 1s", "resync_period: 10m"))
    await sweep(world)
    await run(world, "a")
    await world.pass_time(seconds=HOUR / 2 + 1 - 60)
    await sweep(world)
    for seconds, expected in ((60, ["a"]), (8 * 60, ["a"]), (60, [])):
        await world.pass_time(seconds=seconds)
        await sweep(world)
        assert await world.pods() == expected


@pytest.mark.virtual
async def test_a_pass_that_dies_is_made_again_by_the_next_tick() -> None:
    world = await kubernetes(CONFIG.replace("resync_period: 1s", "resync_period: 10h"))
    await run(world, "a")
    await run(world, "b")
    await world.pass_time(seconds=HOUR)
    with pytest.raises(Killed):
        await sweep(world, Dying(0, after=True))
    await world.pass_time(seconds=60)
    await sweep(world)
    assert await world.pods() == []


@pytest.mark.virtual
async def test_what_goes_on_stays_however_old() -> None:
    world = await kubernetes()
    await run(world, "a", ended=False)
    await world.pass_time(seconds=100 * HOUR)
    await sweep(world)
    assert (await world.pods(), await names(world)) == (["a"], ["a"])


@pytest.mark.virtual
async def test_the_latest_run_of_a_configured_periodic_stays() -> None:
    world = await kubernetes()
    for name, job in (("a", "daily"), ("b", "daily"), ("c", "no longer there")):
        await run(world, name, job=job)
        await world.pass_time(seconds=1)
    await world.pass_time(seconds=49 * HOUR)
    await sweep(world)
    assert await names(world) == ["b"]


@pytest.mark.virtual
async def test_an_orphan_goes_when_it_is_no_longer_young() -> None:
    world = await kubernetes()
    await run(world, "a", ended=False, cluster="far")
    await world.kube.delete(PROWJOB, NAMESPACE, "a")
    await world.pass_time(seconds=30)
    await sweep(world)
    assert await world.pods("far") == ["a"]
    await world.pass_time(seconds=1)
    await sweep(world)
    assert await world.pods("far") == []


@pytest.mark.virtual
async def test_a_silent_cluster_does_not_keep_the_others_from_being_swept() -> None:
    world = await kubernetes()
    await run(world, "a", cluster="far")
    await run(world, "b")
    await world.pass_time(seconds=HOUR)
    world.clusters["far"].is_silent = True
    await sweep(world)
    world.clusters["far"].is_silent = False
    assert (await world.pods("far"), await world.pods()) == (["a"], [])


@pytest.mark.virtual
async def test_excluded_and_disabled_clusters_are_left_alone() -> None:
    for words in ("sinker: {terminated_pod_ttl: 30m, exclude_clusters: [far]}", "disabled_clusters: [far]"):
        world = await kubernetes(f"prowjob_namespace: default\npod_namespace: test-pods\n{words}")
        await run(world, "a", cluster="far")
        await world.pass_time(seconds=48 * HOUR)
        await sweep(world)
        assert await world.pods("far") == ["a"]


@pytest.mark.virtual
async def test_a_pod_that_was_made_again_meanwhile_is_not_hit() -> None:
    world = await kubernetes()
    await run(world, "a")
    await world.pass_time(seconds=HOUR)

    async def meanwhile(effect: Any, edges: Any) -> object:
        if type(effect).__name__ == "DeletePod":
            body = await world.pod("a")
            assert body is not None
            await world.kube.delete(POD, PODS, "a")
            again = {"metadata": {"name": "a", "labels": body["metadata"]["labels"]}, "spec": body["spec"]}
            await world.kube.create(POD, PODS, again)
        result: object = await effect.apply(edges)
        return result

    await sweep(world, apply=meanwhile)
    assert await world.pods() == ["a"]


@pytest.mark.virtual
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("number", range(4))
async def test_killed_at_any_effect(number: int, after: bool) -> None:
    world = await kubernetes()
    for name in ("a", "b"):
        await run(world, name)
    await world.pass_time(seconds=49 * HOUR)
    with pytest.raises(Killed):
        await sweep(world, apply=Dying(number, after=after))
    await sweep(world)
    assert (await world.pods(), await names(world)) == ([], [])


@pytest.mark.virtual
async def test_a_pass_that_takes_long_leaves_the_rest_to_the_next() -> None:
    world = await kubernetes()
    for name in ("a", "b", "c"):
        await run(world, name)
    await world.pass_time(seconds=49 * HOUR)

    async def slow(effect: Any, edges: Any) -> object:
        await world.pass_time(seconds=ENOUGH.total_seconds() + 1)
        result: object = await effect.apply(edges)
        return result

    await sweep(world, apply=slow)
    assert await names(world) == ["b", "c"]
    await sweep(world)
    assert await names(world) == []


@pytest.mark.virtual
async def test_the_ledger_is_kept_as_long_as_it_is_said() -> None:
    world = await kubernetes()
    for days in (0, 13, 14, 15, 89, 90, 91):
        day = f"{virtual_time.clock() - timedelta(days=days):%Y-%m-%d}"
        for prefix in ("deliveries", "receipts", "records", "deadletters", "in-repo", "owners"):
            await world.edges.state.put(f"{prefix}/{day}/{days}", b"x")
    await world.edges.state.put("owed/2020-01-01T00-00/x", b"x")
    await sweep(world)
    left: dict[str, list[int]] = {}
    async for entry in world.edges.state.list(""):
        prefix, _, rest = entry.key.partition("/")
        if prefix != "owed" and rest.rpartition("/")[2].isdigit():  # beside them lies the record of the sweep itself
            left.setdefault(prefix, []).append(int(rest.rpartition("/")[2]))
    short, long = [0, 13, 14], [0, 13, 14, 15, 89, 90]
    assert {prefix: sorted(days) for prefix, days in left.items()} == {
        "deliveries": short,
        "deadletters": short,
        "in-repo": [0],
        "owners": [0],
        "receipts": long,
        "records": long,
    }
    assert await world.edges.state.head("owed/2020-01-01T00-00/x") is not None


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        pytest.param({}, Keeping(), id="not said"),
        pytest.param(
            {"CUTWATER_KEEP_DELIVERIES": "30", "CUTWATER_KEEP_RECEIPTS": "4"},
            Keeping(deliveries=timedelta(days=30), receipts=timedelta(days=4)),
            id="both said",
        ),
    ],
)
def test_how_long(environment: dict[str, str], expected: Keeping) -> None:
    assert Keeping.of(environment) == expected


@pytest.mark.parametrize("days", ["3", "0", "-1", "a week"])
def test_too_short_or_no_number(days: str) -> None:
    with pytest.raises(Refused, match="CUTWATER_KEEP_RECEIPTS"):
        Keeping.of({"CUTWATER_KEEP_RECEIPTS": days})


async def test_many_entries_go_in_several_effects() -> None:
    from cutwater.storage.memory import MemoryStore

    state = MemoryStore(lambda: virtual_time.BEGINNING)
    for number in range(ledger.AT_ONCE + 1):
        await state.put(f"deliveries/2020-01-01/{number:04}", b"x")
    found = [len(one.keys) async for one in ledger.old_entries(state, Keeping(), virtual_time.BEGINNING)]
    assert found == [ledger.AT_ONCE, 1]


@pytest.mark.parametrize(
    ("prefix", "days"),
    [("deliveries/", 14), ("subjects/", 14), ("deadletters/", 14), ("receipts/", 90), ("records/", 90)],
)
async def test_what_of_the_ledger_goes_when(prefix: str, days: int) -> None:
    from cutwater.storage.memory import MemoryStore

    state = MemoryStore(lambda: virtual_time.BEGINNING)
    old, young = (virtual_time.BEGINNING - timedelta(days=age) for age in (days + 1, days))
    for day in (old, young):
        await state.put(f"{prefix}{day:%Y-%m-%d}/x", b"x")
    found = [one.keys async for one in ledger.old_entries(state, Keeping(), virtual_time.BEGINNING)]
    assert found == [(f"{prefix}{old:%Y-%m-%d}/x",)]


@pytest.mark.virtual
async def test_leases_that_nobody_takes_any_more_are_forgotten() -> None:
    world = await kubernetes()
    leases = Leases(world.edges.kube, NAMESPACE, "somebody", virtual_time.clock)
    for subject in ("left in doubt", "died with"):
        lease = await leases.take(f"crier/{subject}", seconds=60)
        assert lease is not None
        if subject == "left in doubt":
            await lease.leave_in_doubt()
    await world.edges.kube.create(LEASE, NAMESPACE, {"metadata": {"name": "another"}, "spec": {}})
    await world.pass_time(seconds=6 * 24 * HOUR)
    await leases.take("crier/young", seconds=60)
    await sweep(world)
    assert len(await world.edges.kube.find(LEASE, NAMESPACE)) == 4
    await world.pass_time(seconds=25 * HOUR)
    await sweep(world)
    kept = [one["metadata"]["name"] for one in await world.edges.kube.find(LEASE, NAMESPACE)]
    assert sorted(kept) == sorted(["another", lease_name("crier/young")])
