"""Which pods are taken and when, and what a runner finds that starts after one that died."""

import asyncio
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from cutwater.errors import Later
from cutwater.kube.transport import Answer
from infra.local.pods.process import leftovers
from tests.infra.local.pods.test_pod import processes_of
from tests.infra.local.pods.world import Json, World, condition, phase, shell, state

NO_MATCH = "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector."


def affinity(*expressions: Json) -> Json:
    terms = [{"matchExpressions": [expression]} for expression in expressions]
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}
    return {"affinity": {"nodeAffinity": required}}


class TestScheduling:
    @pytest.mark.parametrize(
        "spec",
        [
            pytest.param({"nodeSelector": {"kubernetes.io/os": "linux", "pool": "small"}}, id="its labels"),
            pytest.param(affinity({"key": "pool", "operator": "In", "values": ["small", "big"]}), id="one of"),
            pytest.param(
                affinity({"key": "x", "operator": "Exists"}, {"key": "pool", "operator": "Exists"}), id="either"
            ),
            pytest.param(affinity({"key": "size", "operator": "Gt", "values": ["3"]}), id="greater"),
        ],
    )
    async def test_what_fits(self, tmp_path: Path, spec: Json) -> None:
        async with World(tmp_path, labels={"pool": "small", "size": "4"}) as world:
            await world.create("p", containers=[shell("test", "true")], **spec)
            assert phase(await world.over("p")) == "Succeeded"

    @pytest.mark.parametrize(
        ("spec", "message"),
        [
            pytest.param({"nodeSelector": {"pool": "big"}}, NO_MATCH, id="another node's label"),
            pytest.param(affinity({"key": "pool", "operator": "NotIn", "values": ["small"]}), NO_MATCH, id="not here"),
            pytest.param(affinity({"key": "size", "operator": "Lt", "values": ["3"]}), NO_MATCH, id="less"),
            pytest.param(
                {"resources": {"limits": {"nvidia.com/gpu": 1}}},
                "0/1 nodes are available: 1 Insufficient nvidia.com/gpu.",
                id="what this machine does not have",
            ),
        ],
    )
    async def test_what_does_not(self, tmp_path: Path, spec: dict[str, Any], message: str) -> None:
        async with World(tmp_path, labels={"pool": "small", "size": "4"}) as world:
            container = shell("test", "true", resources=spec.pop("resources", {}))
            await world.create("p", containers=[container], **spec)
            pod = await world.until("p", lambda pod: condition(pod, "PodScheduled")["status"] == "False")
            claim = condition(pod, "PodScheduled")
            assert (phase(pod), claim["reason"], claim["message"]) == ("Pending", "Unschedulable", message)
            assert "startTime" not in pod["status"]
            await world.delete("p")
            await world.gone("p")

    async def test_no_more_than_the_limit(self, tmp_path: Path) -> None:
        async with World(tmp_path, limit=1) as world:
            await world.create("a", containers=[shell("test", "sleep 0.2")])
            await world.create("b", containers=[shell("test", "true")])
            waits = await world.until("b", lambda pod: condition(pod, "PodScheduled")["status"] == "False")
            assert condition(waits, "PodScheduled")["message"] == "0/1 nodes are available: 1 Too many pods."
            first, second = await world.over("a"), await world.over("b")
            assert state(second)["startedAt"] >= state(first)["finishedAt"]

    async def test_another_nodes_pod_is_left_alone(self, tmp_path: Path) -> None:
        async with World(tmp_path) as world:
            await world.create("a", nodeName="elsewhere", containers=[shell("test", "true")])
            await world.run("b", "true")
            assert "startTime" not in (await world.until("a", bool))["status"]

    async def test_a_gate_holds_it_back(self, tmp_path: Path) -> None:
        async with World(tmp_path) as world:
            await world.create("a", schedulingGates=[{"name": "x/y"}], containers=[shell("test", "true")])
            await world.run("b", "true")
            assert "nodeName" not in (await world.until("a", bool))["spec"]

    async def test_many_at_once(self, tmp_path: Path, isolated: bool) -> None:
        async with World(tmp_path, isolated=isolated, limit=4) as world:
            for number in range(12):
                await world.create(f"p-{number}", containers=[shell("test", f"echo {number}")])
            pods = [await world.over(f"p-{number}") for number in range(12)]
            assert [world.log(pod) for pod in pods] == [f"{number}\n" for number in range(12)]

    async def test_it_starts_at_once(self, tmp_path: Path) -> None:
        async with World(tmp_path) as world:
            await world.run("warm-up", "true")
            began = time.time()
            pod = await world.run("p", "date +%s.%N")
            assert float(world.log(pod)) - began < 0.25, "from creation to the first line of the script"


class TestAfterARestart:
    async def test_pods_that_waited_go_on(self, tmp_path: Path) -> None:
        async with World(tmp_path) as world:
            await world.stop()
            await world.create("p", containers=[shell("test", "true")])
            world.start()
            assert phase(await world.over("p")) == "Succeeded"

    async def test_what_ran_has_failed(self, tmp_path: Path, isolated: bool) -> None:
        async with World(tmp_path, isolated=isolated) as world:
            containers = [shell("test", "echo once; sleep 300"), shell("beside", "sleep 300")]
            await world.create("p", containers=containers)
            await world.running("p")
            await world.stop()
            world.start()
            pod = await world.over("p")
            assert phase(pod) == "Failed"
            assert (state(pod)["exitCode"], state(pod)["reason"]) == (137, "ContainerStatusUnknown")
            assert world.log(pod).count("once") <= 1
            assert not processes_of(world.root)

    async def test_what_may_run_again_does(self, tmp_path: Path, isolated: bool) -> None:
        async with World(tmp_path, isolated=isolated) as world:
            await world.create("p", restartPolicy="OnFailure", containers=[shell("test", "test $N || sleep 300")])
            await world.running("p")
            await world.stop()
            world.start()
            pod = await world.until("p", lambda pod: pod["status"]["containerStatuses"][0]["restartCount"] == 1)
            assert pod["status"]["containerStatuses"][0]["lastState"]["terminated"]["exitCode"] == 137

    async def test_what_is_done_is_not_done_again(self, tmp_path: Path, isolated: bool) -> None:
        mount = {"volumeMounts": [{"name": "shared", "mountPath": "/shared"}]}
        async with World(tmp_path, isolated=isolated) as world:
            await world.create(
                "p",
                volumes=[{"name": "shared", "emptyDir": {}}],
                initContainers=[
                    shell("first", "echo first >>/shared/done", **mount),
                    shell("second", "cat /none", env=[self.later], **mount),
                ],
                containers=[shell("test", "cat /shared/done", **mount)],
            )
            await world.until("p", lambda pod: state(pod, "second").get("reason") == "CreateContainerConfigError")
            await world.stop()
            world.start()
            await world.secret("late", {"k": "v"})
            pod = await world.over("p")
            assert state(pod, "first")["exitCode"] == 0
            assert (phase(pod), state(pod, "second")["exitCode"]) == ("Failed", 1)

    later = {"name": "A", "valueFrom": {"secretKeyRef": {"name": "late", "key": "k"}}}  # noqa: RUF012

    async def test_an_end_that_was_not_told(self, tmp_path: Path) -> None:
        async with World(tmp_path) as world:
            await world.create("p", containers=[shell("test", "sleep 0.05; exit 7")])
            pod = await world.running("p")
            refuse_statuses = world.kube.request

            async def deaf(method: str, *arguments: Any, **options: Any) -> Any:
                if method == "PATCH":
                    await asyncio.Event().wait()
                return await refuse_statuses(method, *arguments, **options)

            world.kube.request = deaf  # type: ignore[method-assign]
            journal = world.root / pod["metadata"]["uid"] / "journal.json"
            while b'"exit_code":7' not in journal.read_bytes():
                await asyncio.sleep(0.005)
            await world.stop()
            world.kube.request = refuse_statuses  # type: ignore[method-assign]
            world.start()
            assert state(await world.over("p"))["exitCode"] == 7

    async def test_a_pod_that_went_meanwhile(self, tmp_path: Path) -> None:
        async with World(tmp_path) as world:
            pod = await world.create("p", containers=[shell("test", "sleep 300")])
            await world.running("p")
            await world.stop()
            await world.delete("p", gracePeriodSeconds=0)
            world.start()
            await world.run("other", "true")
            assert not (world.root / pod["metadata"]["uid"]).exists()
            assert not (world.logs / pod["metadata"]["uid"]).exists()

    async def test_a_lost_journal(self, tmp_path: Path) -> None:
        async with World(tmp_path) as world:
            pod = await world.create("p", containers=[shell("test", "sleep 300")])
            await world.running("p")
            await world.stop()
            (world.root / pod["metadata"]["uid"] / "journal.json").unlink()
            world.start()
            assert state(await world.over("p"))["reason"] == "ContainerStatusUnknown"


class TestTheServer:
    @pytest.mark.parametrize("part", ["/binding", "/status"])
    async def test_an_answer_is_lost(self, tmp_path: Path, part: str) -> None:
        lost: list[str] = []
        async with World(tmp_path) as world:
            reach = world.kube.request

            async def request(method: str, path: str, **options: Any) -> Answer:
                answer = await reach(method, path, **options)
                if path.endswith(part) and not lost:
                    lost.append(path)
                    raise Later("the answer is lost")
                return answer

            world.kube.request = request  # type: ignore[method-assign]
            pod = await world.run("p", "echo once")
            assert (phase(pod), world.log(pod), len(lost)) == ("Succeeded", "once\n", 1)

    async def test_the_watch_ends(self, tmp_path: Path) -> None:
        async with World(tmp_path) as world:
            await world.run("a", "true")
            world.server.end_streams()
            assert phase(await world.run("b", "true")) == "Succeeded"


def test_leftovers_are_found(tmp_path: Path) -> None:
    process = subprocess.Popen(["sleep", "60"], env={"TMPDIR": f"{tmp_path}/u-1/containers/test/tmp"})
    try:
        while process.pid not in leftovers(tmp_path):
            time.sleep(0.01)
        assert leftovers(tmp_path / "other") == []
    finally:
        process.kill()
        process.wait()
