"""A ProwJob from its creation to its end, also where functions die, events are lost, and clusters fall silent."""

import asyncio
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from cutwater.errors import Later
from cutwater.kube.client import POD, PROWJOB
from cutwater.kube.leases import Leases
from cutwater.outgoing.tot import Tot
from cutwater.storage.memory import MemoryStore
from functions.plank.clusters import CLUSTER_SECONDS
from functions.plank.function import plank
from functions.plank.sweep import UNTOLD
from functions.plank.unreachable import ANSWER_SECONDS, PATIENCE
from tests import virtual_time
from tests.functions.kubernetes import NAMESPACE, PODS, Dying, Killed, Kubernetes
from tests.world import configuration

pytestmark = pytest.mark.virtual

CONFIG = """
prowjob_namespace: default
pod_namespace: test-pods
plank:
  job_url_template: http://deck/{{.Status.BuildID}}/{{.Status.State}}
"""
REFS = {"org": "acme", "repo": "rocket", "base_ref": "main", "pulls": [{"number": 1, "author": "bob", "sha": "s"}]}
LIMITED = CONFIG + "  job_queue_capacities: {narrow: 1}\n"
ALTOGETHER = CONFIG + "  max_concurrency: 1\n"


async def kubernetes(config: str = CONFIG, **given: Any) -> Kubernetes:
    return await Kubernetes(configuration(config, jobs="{}", plugins="{}"), **given).start()


async def look(world: Kubernetes, name: str = "a", **more: Any) -> None:
    await world.look(plank, f"{NAMESPACE}/{name}", **more)


async def test_a_run_from_triggered_to_its_end() -> None:
    world = await kubernetes()
    await world.job("a")
    await look(world)
    begun = await world.read("a")
    assert (begun.status.state, begun.status.description) == ("pending", "Job triggered.")
    assert begun.status.url == f"http://deck/{begun.status.build_id}/pending"
    pod = await world.pod("a")
    assert pod is not None and pod["metadata"]["labels"]["prow.k8s.io/build-id"] == begun.status.build_id
    await world.set_pod("a", phase="Succeeded")
    await world.look(plank, "/a")  # the relay does not know where ProwJobs are
    ended = await world.read("a")
    assert (ended.status.state, ended.is_complete) == ("success", True)
    assert ended.status.url == f"http://deck/{begun.status.build_id}/success"


@pytest.mark.parametrize(
    "job", [{"agent": "jenkins"}, {"state": "scheduling"}], ids=["another agent", "no cluster yet"]
)
async def test_not_planks(job: dict[str, Any]) -> None:
    world = await kubernetes()
    await world.job("a", **job)
    await look(world)
    assert await world.pods() == []


async def test_a_pod_that_was_made_but_not_written_down_is_adopted() -> None:
    world = await kubernetes()
    await world.job("a")
    with pytest.raises(Killed):
        await look(world, apply=Dying(0, after=True))
    made = await world.pod("a")
    await look(world)
    job = await world.read("a")
    assert made is not None and job.status.build_id == made["metadata"]["labels"]["prow.k8s.io/build-id"]
    assert job.status.state == "pending"


async def test_a_namesake_is_not_adopted() -> None:
    world = await kubernetes()
    await world.job("a")
    stranger = {"metadata": {"name": "a"}, "spec": {"containers": [{"name": "x", "image": "x"}]}}

    async def meanwhile(effect: Any, edges: Any) -> object:
        if type(effect).__name__ == "CreatePod":
            await world.kube.create(POD, PODS, stranger)
        result: object = await effect.apply(edges)
        return result

    await look(world, apply=meanwhile)
    job = await world.read("a")
    assert job.status.state == "error"
    assert job.status.description == (
        'Pod can not be created: create pod test-pods/a in cluster default: pods "a" already exists'
    )


@pytest.mark.parametrize(
    ("spec", "description"),
    [
        pytest.param(
            {"cluster": "nowhere"},
            'Terminal error: nonretryable error: no build client found for cluster "nowhere".',
            id="a cluster that is not configured",
        ),
        pytest.param(
            {"agent": "abacus"},
            'Terminal error: there is no agent "abacus", only kubernetes, jenkins, tekton-pipeline.',
            id="an agent that there is not",
        ),
        pytest.param({"pod_spec": None}, 'Pod can not be created: prowjob "a" lacks a pod spec', id="nothing to run"),
    ],
)
async def test_what_cannot_run_says_why(spec: dict[str, Any], description: str) -> None:
    world = await kubernetes()
    await world.job("a", **spec)
    await look(world)
    job = await world.read("a")
    assert (job.status.state, job.status.description, job.is_complete) == ("error", description, True)


async def test_one_that_somebody_spoilt_by_hand_holds_back_no_other() -> None:
    world = await kubernetes()
    for name in ("running", "waiting", "other"):
        await world.job(name)
    await look(world, "running")
    for name in ("running", "waiting"):
        spec = {"decoration_config": {"pod_pending_timeout": "soon", "pod_unscheduled_timeout": "later"}}
        await world.kube.merge(PROWJOB, NAMESPACE, name, {"spec": spec})
    await world.look(plank, "", tick="sweep")
    await world.settle(plank)
    states = {name: (await world.read(name)).status for name in ("running", "waiting", "other")}
    assert [status.state for status in states.values()] == ["pending", "error", "pending"]
    assert states["waiting"].description == 'Pod can not be created: "soon" is not a duration such as 1h30m'


async def test_a_presubmit_without_a_pull_request_says_so() -> None:
    world = await kubernetes()
    decoration = {
        "utility_images": {"clonerefs": "c", "initupload": "i", "entrypoint": "e", "sidecar": "s"},
        "gcs_configuration": {"bucket": "s3://artifacts", "path_strategy": "explicit"},
    }
    await world.job("a", type="presubmit", decoration_config=decoration)
    await look(world)
    status = (await world.read("a")).status
    assert (status.state, status.completionTime is not None) == ("error", True)
    assert status.description.startswith("Pod can not be created: ")


async def test_a_newer_run_replaces_an_older_one() -> None:
    world = await kubernetes()
    await world.job("old", type="presubmit", refs=REFS)
    await look(world, "old")
    await world.pass_time(seconds=5)
    await world.job("new", type="presubmit", refs=REFS)
    await look(world, "new")
    old = await world.read("old")
    assert (old.status.state, old.is_complete) == ("aborted", False)
    assert old.status.prev_report_states == {"github-reporter": "aborted"}
    await look(world, "old")
    assert (await world.read("old")).is_complete
    assert await world.pods() == ["new"]


async def test_a_run_that_is_replaced_does_not_start() -> None:
    world = await kubernetes()
    for name in ("old", "new"):
        await world.job(name, type="presubmit", refs=REFS)
        await world.pass_time(seconds=5)
    await look(world, "old")
    assert await world.pods() == []
    assert (await world.read("old")).status.state == "aborted"


async def test_an_abort_is_carried_out_and_keeps_its_words() -> None:
    world = await kubernetes()
    await world.job("a")
    await look(world)
    await world.set("a", state="aborted", description="Aborted by trigger plugin.")
    await look(world)
    job = await world.read("a")
    assert (job.status.description, job.is_complete) == ("Aborted by trigger plugin.", True)
    assert await world.pods() == []


async def test_a_lost_pod_is_made_again_as_a_new_build() -> None:
    world = await kubernetes()
    await world.job("a")
    await look(world)
    first = (await world.read("a")).status.build_id
    await world.set_pod("a", phase="Failed", reason="Evicted")
    await look(world)
    assert (await world.read("a")).status.pod_revival_count == 1
    await world.pass_time(seconds=1)
    await look(world)
    second = (await world.read("a")).status
    assert (second.state, second.pod_revival_count) == ("pending", 1)
    assert int(second.build_id) > int(first)


async def test_revivals_have_an_end() -> None:
    world = await kubernetes()
    await world.job("a")
    for _ in range(4):
        await look(world)
        await world.set_pod("a", phase="Failed", reason="Evicted")
        await look(world)
        await world.pass_time(seconds=1)
    job = await world.read("a")
    assert job.status.description == "Job pod reached max revivals (3) after being stopped unexpectedly (evicted)"


@pytest.mark.parametrize(
    ("pod", "seconds", "state", "description"),
    [
        pytest.param({}, 301, "error", "Pod scheduling timeout.", id="no node"),
        pytest.param({"startTime": 1}, 601, "error", "Pod pending timeout.", id="not running"),
        pytest.param({"startTime": 1, "phase": "Running"}, 172801, "aborted", "Pod running timeout.", id="running"),
    ],
)
async def test_the_sweep_notices_a_timeout(pod: dict[str, Any], seconds: float, state: str, description: str) -> None:
    world = await kubernetes()
    await world.job("a")
    await look(world)
    if "startTime" in pod:
        await world.set_pod("a", **{**pod, "startTime": "2026-03-02T12:00:00Z"})
    await world.look(plank, "", tick="sweep")
    assert world.published == []
    await world.pass_time(seconds=seconds)
    await world.look(plank, "", tick="sweep")
    await world.settle(plank)
    job = await world.read("a")
    assert (job.status.state, job.status.description, job.is_complete) == (state, description, True)
    found = await world.pod("a")
    assert found is None or "deletionTimestamp" in found["metadata"]


@pytest.mark.parametrize("event", ["triggered", "ended", "aborted", "gone"])
async def test_the_sweep_finds_what_no_event_told(event: str) -> None:
    world = await kubernetes()
    await world.job("a")
    match event:
        case "triggered":
            expected = "pending"
        case "ended":
            await look(world)
            await world.set_pod("a", phase="Failed")
            expected = "failure"
        case "aborted":
            await world.set("a", state="aborted")
            expected = "aborted"
        case _:
            await look(world)
            await world.kube.delete(POD, PODS, "a")
            expected = "pending"
    await world.look(plank, "", tick="sweep")
    await world.settle(plank)
    assert (await world.read("a")).status.state == expected
    assert (await world.pods() == ["a"]) is (event != "aborted")


async def test_a_cluster_that_tells_nothing_is_looked_at_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(UNTOLD, "far")
    world = await kubernetes()
    await world.job("a", cluster="far")
    await look(world)

    async def end() -> None:
        await world.pass_time(seconds=20)
        await world.set_pod("a", cluster="far", phase="Succeeded")

    await asyncio.gather(world.look(plank, "", tick="sweep"), end())
    await world.settle(plank)
    job = await world.read("a")
    assert (job.status.state, virtual_time.clock()) == ("success", virtual_time.BEGINNING + timedelta(seconds=45))


async def test_a_lease_that_a_dead_function_holds_runs_out() -> None:
    world = await kubernetes(LIMITED)
    await world.job("a", max_concurrency=1)
    dead = Leases(world.kube, NAMESPACE, "dead", virtual_time.clock)
    await dead.take("plank/job/unit", seconds=plank.lease_seconds)
    with pytest.raises(Later):
        await look(world)
    await world.pass_time(seconds=plank.lease_seconds)
    await world.look(plank, "", tick="sweep")
    await world.settle(plank)
    assert await world.pods() == ["a"]


async def test_one_at_a_time_in_the_order_of_creation() -> None:
    world = await kubernetes(LIMITED)
    for name in ("c", "b", "a"):
        await world.job(name, max_concurrency=1)
        await world.pass_time(seconds=2)
    await look(world, "a")
    assert await world.pods() == []  # it is not its turn
    await look(world, "c")
    assert await world.pods() == ["c"]
    for ended, begun in (("c", "b"), ("b", "a")):
        await world.set_pod(ended, phase="Succeeded")
        await look(world, ended)
        await look(world, ended)  # as the relay has it, once it is complete
        await world.settle(plank)
        assert begun in await world.pods()
    assert (await world.read("a")).status.state == "pending"


async def test_jobs_of_a_queue_take_turns() -> None:
    world = await kubernetes(LIMITED)
    await world.job("a", job="unit", job_queue_name="narrow")
    await world.pass_time(seconds=2)
    await world.job("b", job="flight", job_queue_name="narrow")
    await look(world, "b")
    await look(world, "a")
    assert await world.pods() == ["a"]
    await world.set("a", state="aborted")
    await look(world, "a")
    await look(world, "a")
    await world.settle(plank)
    assert await world.pods() == ["b"]


async def test_one_that_is_replaced_takes_no_place_in_the_line() -> None:
    world = await kubernetes(LIMITED)
    for name in ("old", "new"):
        await world.job(name, type="presubmit", refs=REFS, max_concurrency=1)
        await world.pass_time(seconds=2)
    await world.job("b", job="flight", job_queue_name="narrow")
    await look(world, "new")
    assert await world.pods() == ["new"]


async def test_planks_own_limit() -> None:
    world = await kubernetes(ALTOGETHER)
    await world.job("a")
    await world.pass_time(seconds=2)
    await world.job("b", job="flight")
    await world.job("c", job="flight")
    await look(world, "c")  # whoever asks is let in
    await look(world, "a")
    assert await world.pods() == ["c"]
    await world.set_pod("c", phase="Succeeded")
    await look(world, "c")
    await world.settle(plank)
    assert (await world.read("a")).status.state == "pending"  # the oldest is told of the place
    assert await world.pods() == ["a", "c"]


@pytest.mark.parametrize("way", ["is_silent", "hangs"])
async def test_an_unreachable_cluster_holds_back_its_own_and_these_end(way: str) -> None:
    world = await kubernetes()
    setattr(world.clusters["far"], way, True)
    await world.job("a", cluster="far")
    await world.job("b", cluster="far", job="flight", max_concurrency=1)
    await world.job("c", max_concurrency=2)
    begun = virtual_time.clock()
    await world.look(plank, "", tick="sweep")
    assert virtual_time.clock() - begun <= timedelta(seconds=CLUSTER_SECONDS)
    begun = virtual_time.clock()
    await look(world, "c")
    assert (await world.read("c")).status.state == "pending"
    assert virtual_time.clock() - begun <= 2 * timedelta(seconds=ANSWER_SECONDS)  # before its Lease, and with it
    for name in ("a", "b"):
        with pytest.raises(Later):
            await look(world, name)
    await world.pass_time(seconds=PATIENCE.total_seconds())
    await world.look(plank, "", tick="sweep")
    await world.settle(plank)
    for name in ("a", "b"):
        status = (await world.read(name)).status
        assert (status.state, status.completionTime is not None) == ("error", True)
        assert status.description.startswith('Terminal error: cluster "far" has not answered since 2026-')


async def test_what_can_be_said_of_the_clusters_is_written_where_one_asks_for_it() -> None:
    buckets: dict[str, MemoryStore] = {}
    world = await kubernetes(
        CONFIG + "  build_cluster_status_file: s3://status/prow/clusters.json\n",
        bucket=lambda name: buckets.setdefault(name, MemoryStore(virtual_time.clock)),
    )
    for is_silent, expected in ((False, "Reachable"), (True, "Error"), (False, "Reachable")):
        world.clusters["far"].is_silent = is_silent
        await world.look(plank, "", tick="sweep")
        written = await buckets["status"].get("prow/clusters.json")
        assert written is not None
        assert msgspec.json.decode(written.body) == {"default": "Reachable", "far": expected}


@pytest.mark.parametrize("down", [False, True], ids=["up", "down"])
async def test_tot_numbers_a_build(down: bool) -> None:
    def ask(address: str) -> tuple[int, str]:
        return (503, "") if down else (200, "17")

    world = await kubernetes(tot=Tot("http://tot", ask))
    await world.job("a")
    if down:
        with pytest.raises(Later, match="error getting build ID"):
            await look(world)
        assert (await world.read("a")).status.state == "triggered"
    else:
        await look(world)
        assert (await world.read("a")).status.build_id == "17"


async def test_a_silent_cluster_holds_back_its_own_only() -> None:
    world = await kubernetes(LIMITED)
    world.clusters["far"].is_silent = True
    await world.job("a", cluster="far", max_concurrency=1)
    await world.pass_time(seconds=2)
    await world.job("b", max_concurrency=1)
    with pytest.raises(Later):
        await look(world, "a")
    await look(world, "b")
    assert await world.pods() == ["b"]
    world.clusters["far"].is_silent = False
    await world.look(plank, "", tick="sweep")
    await world.settle(plank)
    assert await world.pods("far") == []  # its place is taken by now
    await world.set_pod("b", phase="Succeeded")
    await look(world, "b")
    await world.look(plank, "", tick="sweep")
    await world.settle(plank)
    assert await world.pods("far") == ["a"]


async def test_a_cluster_that_stays_silent_is_given_up() -> None:
    world = await kubernetes()
    world.clusters["far"].is_silent = True
    await world.job("a", cluster="far")
    with pytest.raises(Later):
        await look(world)
    await look(world)
    assert (await world.read("a")).status.state == "triggered"
    await world.pass_time(seconds=PATIENCE.total_seconds())
    await world.look(plank, "", tick="sweep")
    await world.settle(plank)
    job = await world.read("a")
    assert (job.status.state, job.is_complete) == ("error", True)
    assert job.status.description.startswith('Terminal error: cluster "far" has not answered since 2026-03-02T12:')


@pytest.mark.slow
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize("story", ["start", "success", "timeout", "eviction", "abort", "replaced"])
async def test_killed_at_any_effect(story: str, number: int, after: bool) -> None:
    """Whoever dies halfway, and wherever: the next look, or the sweep, ends in the same state."""
    ends = {}
    for dying in (None, Dying(number, after=after)):
        world = await kubernetes()
        await _tell(story, world, dying)
        await world.look(plank, "", tick="sweep")
        await world.settle(plank)
        job = await world.read("a")
        pod = await world.pod("a")
        runs = pod is not None and "deletionTimestamp" not in pod["metadata"]
        shown = (job.status.state, job.status.description, job.is_complete, job.status.pod_revival_count, runs)
        ends[dying is None] = shown
    assert ends[True] == ends[False]


async def _tell(story: str, world: Kubernetes, dying: Dying | None) -> None:
    await world.job("a", type="presubmit", refs=REFS)
    if story != "start":
        await look(world)
    match story:
        case "success":
            await world.set_pod("a", phase="Succeeded")
        case "timeout":
            await world.pass_time(seconds=301)
        case "eviction":
            await world.set_pod("a", phase="Failed", reason="Evicted")
        case "abort":
            await world.set("a", state="aborted", description="Aborted by trigger plugin.")
        case "replaced":
            await world.pass_time(seconds=5)
            await world.job("b", type="presubmit", refs=REFS)
    if dying is None:
        await look(world)
    else:
        try:
            await look(world, apply=dying)
        except Killed:
            assert dying.has_died
    await world.pass_time(seconds=1)
    await world.look(plank, "/a")
