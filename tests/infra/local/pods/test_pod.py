"""A pod from its creation to its end, over the real API server."""

import os
from pathlib import Path
from typing import Any, ClassVar

import pytest

from tests.infra.local.pods.world import Json, World, condition, phase, shell, state

SHARED = [{"name": "shared", "emptyDir": {}}]


async def test_it_succeeds(tmp_path: Path, isolated: bool) -> None:
    async with World(tmp_path, isolated=isolated) as world:
        pod = await world.run("p", "echo out; echo err >&2")
        assert phase(pod) == "Succeeded"
        assert state(pod)["reason"] == "Completed"
        assert world.log(pod) == "out\nerr\n"
        status = pod["status"]
        assert (status["podIP"], status["hostIP"], pod["spec"]["nodeName"]) == ("127.0.0.1", "127.0.0.1", "local")
        claims = {kind: condition(pod, kind)["status"] for kind in ("PodScheduled", "Initialized", "Ready")}
        assert claims == {"PodScheduled": "True", "Initialized": "True", "Ready": "False"}
        assert status["startTime"]
        assert (condition(pod, "cutwater.dev/Isolated")["status"] == "False") is not isolated


@pytest.mark.parametrize(
    ("script", "code", "reason"),
    [
        pytest.param("exit 0", 0, "Completed", id="success"),
        pytest.param("exit 3", 3, "Error", id="failure"),
        pytest.param("kill -9 $$$$", 137, "Error", id="killed"),
        pytest.param("kill -15 $$$$", 143, "Error", id="terminated"),
    ],
)
async def test_exit_codes(tmp_path: Path, isolated: bool, script: str, code: int, reason: str) -> None:
    async with World(tmp_path, isolated=isolated) as world:
        ended = state(await world.run("p", script))
        assert (ended["exitCode"], ended["reason"]) == (code, reason)
        assert ended["startedAt"] <= ended["finishedAt"]


async def test_an_image_that_cannot_be(tmp_path: Path, isolated: bool) -> None:
    async with World(tmp_path, isolated=isolated) as world:
        await world.create("p", containers=[{"name": "test", "image": "no such: image", "command": ["true"]}])
        pod = await world.until("p", lambda pod: "message" in state(pod))
        assert (phase(pod), state(pod)["reason"]) == ("Pending", "InvalidImageName")
        assert state(pod)["message"] == 'couldn\'t parse image name "no such: image": invalid reference format'


@pytest.mark.parametrize(
    ("container", "message"),
    [
        pytest.param({"command": ["no-such-program"]}, 'exec: "no-such-program": no such file', id="unknown program"),
        pytest.param({"command": ["/etc"]}, 'exec: "/etc": permission denied', id="no program"),
        pytest.param({}, 'no command specified, and there is no image "debian:12"', id="no command"),
    ],
)
async def test_a_command_that_cannot_be_run(
    tmp_path: Path, isolated: bool, container: dict[str, Any], message: str
) -> None:
    async with World(tmp_path, isolated=isolated) as world:
        await world.create("p", containers=[{"name": "test", "image": "debian:12", **container}])
        pod = await world.over("p")
        ended = state(pod)
        assert (phase(pod), ended["exitCode"], ended["reason"]) == ("Failed", 128, "StartError")
        assert ended["message"].startswith(message)


class TestOrder:
    async def test_init_containers_one_after_the_other(self, tmp_path: Path, isolated: bool) -> None:
        mount = {"volumeMounts": [{"name": "shared", "mountPath": "/shared"}]}
        async with World(tmp_path, isolated=isolated) as world:
            await world.create(
                "p",
                volumes=SHARED,
                initContainers=[shell(name, f"sleep 0.05; echo {name} >>/shared/order", **mount) for name in "ab"],
                containers=[shell("test", "echo test >>/shared/order; cat /shared/order", **mount)],
            )
            pod = await world.over("p")
            assert world.log(pod) == "a\nb\ntest\n"

    async def test_one_that_fails_is_the_end(self, tmp_path: Path, isolated: bool) -> None:
        async with World(tmp_path, isolated=isolated) as world:
            await world.create(
                "p",
                initContainers=[shell("a", "exit 2"), shell("b", "true")],
                containers=[shell("test", "true")],
            )
            pod = await world.over("p")
            assert phase(pod) == "Failed"
            assert (state(pod, "a")["exitCode"], state(pod, "b")["is"], state(pod)["is"]) == (2, "waiting", "waiting")
            assert state(pod)["reason"] == "PodInitializing"
            assert condition(pod, "Initialized")["message"] == "containers with incomplete status: [a b]"

    async def test_containers_side_by_side(self, tmp_path: Path, isolated: bool) -> None:
        mount = {"volumeMounts": [{"name": "shared", "mountPath": "/shared"}]}
        each_waits = "touch /shared/{0}; until test -e /shared/{1}; do sleep 0.01; done"
        async with World(tmp_path, isolated=isolated) as world:
            await world.create(
                "p",
                volumes=SHARED,
                containers=[shell(a, each_waits.format(a, b), **mount) for a, b in ("xy", "yx")],
            )
            assert phase(await world.over("p")) == "Succeeded"

    async def test_one_fails_the_other_ends(self, tmp_path: Path, isolated: bool) -> None:
        async with World(tmp_path, isolated=isolated) as world:
            await world.create("p", containers=[shell("a", "exit 1"), shell("test", "sleep 0.1")])
            half = await world.until("p", lambda pod: phase(pod) == "Running" and state(pod, "a")["is"] == "terminated")
            assert condition(half, "Ready")["message"] == "containers with unready status: [a]"
            assert phase(await world.over("p")) == "Failed"

    async def test_a_sidecar_runs_beside_and_ends_after(self, tmp_path: Path, isolated: bool) -> None:
        mount = {"volumeMounts": [{"name": "shared", "mountPath": "/shared"}]}
        waits = "trap 'echo told; exit 0' TERM; touch /shared/up; while true; do sleep 0.01; done"
        async with World(tmp_path, isolated=isolated) as world:
            await world.create(
                "p",
                volumes=SHARED,
                initContainers=[shell("beside", waits, restartPolicy="Always", **mount)],
                containers=[shell("test", "until test -e /shared/up; do sleep 0.01; done", **mount)],
            )
            pod = await world.over("p")
            assert (phase(pod), state(pod, "beside")["exitCode"]) == ("Succeeded", 0)
            assert world.log(pod, "beside") == "told\n"


class TestRestarts:
    once_fails = "test -e /shared/again || { touch /shared/again; exit 1; }"
    mount: ClassVar[Json] = {"volumeMounts": [{"name": "shared", "mountPath": "/shared"}]}

    async def test_on_failure(self, tmp_path: Path, isolated: bool) -> None:
        async with World(tmp_path, isolated=isolated) as world:
            containers = [shell("test", self.once_fails, **self.mount)]
            await world.create("p", restartPolicy="OnFailure", volumes=SHARED, containers=containers)
            pod = await world.over("p")
            status = pod["status"]["containerStatuses"][0]
            assert (phase(pod), status["restartCount"]) == ("Succeeded", 1)
            assert status["lastState"]["terminated"]["exitCode"] == 1

    async def test_an_init_container(self, tmp_path: Path, isolated: bool) -> None:
        async with World(tmp_path, isolated=isolated) as world:
            await world.create(
                "p",
                restartPolicy="OnFailure",
                volumes=SHARED,
                initContainers=[shell("first", self.once_fails, **self.mount)],
                containers=[shell("test", "true")],
            )
            assert phase(await world.over("p")) == "Succeeded"

    async def test_always_until_it_backs_off(self, tmp_path: Path, isolated: bool) -> None:
        async with World(tmp_path, isolated=isolated) as world:
            await world.create("p", restartPolicy="Always", containers=[shell("test", "true")])
            pod = await world.until("p", lambda pod: state(pod).get("reason") == "CrashLoopBackOff")
            assert phase(pod) == "Running"
            assert state(pod)["message"].startswith("back-off 10s restarting failed container=test pod=p_default(")
            assert pod["status"]["containerStatuses"][0]["lastState"]["terminated"]["reason"] == "Completed"


class TestTerminationMessage:
    @pytest.mark.parametrize(
        ("script", "more", "message"),
        [
            pytest.param("echo bye >/dev/termination-log", {}, "bye\n", id="written"),
            pytest.param("echo noise", {}, None, id="not written"),
            pytest.param(
                "echo bye >/tmp/last-words", {"terminationMessagePath": "/tmp/last-words"}, "bye\n", id="elsewhere"
            ),
            pytest.param(
                "echo the log; exit 1", {"terminationMessagePolicy": "FallbackToLogsOnError"}, "the log\n", id="the log"
            ),
            pytest.param(
                "echo the log", {"terminationMessagePolicy": "FallbackToLogsOnError"}, None, id="no error, no log"
            ),
        ],
    )
    async def test_it(self, tmp_path: Path, isolated: bool, script: str, more: Json, message: str | None) -> None:
        async with World(tmp_path, isolated=isolated) as world:
            assert state(await world.run("p", script, **more)).get("message") == message

    async def test_the_end_of_a_long_log(self, tmp_path: Path, isolated: bool) -> None:
        policy = {"terminationMessagePolicy": "FallbackToLogsOnError"}
        async with World(tmp_path, isolated=isolated) as world:
            message = state(await world.run("p", "seq 1000; exit 1", **policy))["message"]
            assert message.splitlines() == [str(n) for n in range(921, 1001)]


class TestItsEnd:
    patient = "trap 'echo told; exit 5' TERM; echo up; while true; do sleep 0.01; done"
    deaf = "trap '' TERM; echo up; while true; do sleep 0.01; done"

    async def test_deletion(self, tmp_path: Path, isolated: bool) -> None:
        async with World(tmp_path, isolated=isolated) as world:
            await world.create("p", metadata={"finalizers": ["test/keep"]}, containers=[shell("test", self.patient)])
            await self.up(world)
            await world.delete("p")
            pod = await world.over("p")
            assert (phase(pod), state(pod)["exitCode"]) == ("Failed", 5)
            assert world.log(pod) == "up\ntold\n"
            await world.send("PATCH", "pods/p", {"metadata": {"finalizers": None}})
            await world.gone("p")

    @pytest.mark.slow
    async def test_who_does_not_listen_is_killed(self, tmp_path: Path, isolated: bool) -> None:
        async with World(tmp_path, isolated=isolated) as world:
            await world.create("p", metadata={"finalizers": ["test/keep"]}, containers=[shell("test", self.deaf)])
            await self.up(world)
            await world.delete("p", gracePeriodSeconds=1)
            assert state(await world.over("p"))["exitCode"] == 137

    async def test_who_is_only_starting_is_not_killed_by_the_word(self, tmp_path: Path, isolated: bool) -> None:
        script = f"echo begun; sleep 0.3; {self.patient}"
        async with World(tmp_path, isolated=isolated) as world:
            await world.create("p", metadata={"finalizers": ["test/keep"]}, containers=[shell("test", script)])
            await self.up(world, says="begun\n")
            await world.delete("p")
            assert state(await world.over("p"))["exitCode"] == 5

    async def test_deletion_by_force(self, tmp_path: Path, isolated: bool) -> None:
        async with World(tmp_path, isolated=isolated) as world:
            pod = await world.create("p", containers=[shell("test", "sleep 300")])
            await world.running("p")
            await world.delete("p", gracePeriodSeconds=0)
            await world.gone("p")
            assert not processes_of(world.root / pod["metadata"]["uid"])

    @pytest.mark.slow
    async def test_deadline(self, tmp_path: Path, isolated: bool) -> None:
        async with World(tmp_path, isolated=isolated) as world:
            await world.create("p", activeDeadlineSeconds=1, containers=[shell("test", self.patient)])
            pod = await world.over("p")
            assert (phase(pod), pod["status"]["reason"]) == ("Failed", "DeadlineExceeded")
            assert state(pod)["exitCode"] == 5

    async def test_what_it_left_behind_dies_with_it(self, tmp_path: Path, isolated: bool) -> None:
        async with World(tmp_path, isolated=isolated) as world:
            pod = await world.run("p", "sleep 300 & echo $HOME")
            assert phase(pod) == "Succeeded"
            assert not processes_of(world.root)

    async def up(self, world: World, *, says: str = "up\n") -> None:
        pod = await world.running("p")
        await world.until("p", lambda _: world.log(pod) == says)


def processes_of(folder: Path) -> list[str]:
    """The running processes that name the folder in their command line or among their variables."""
    mark, found = os.fsencode(folder), []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (entry / "cmdline").read_bytes() or mark in (entry / "environ").read_bytes():
                found.append(entry.name)
        except OSError:
            continue
    return found
