"""Volumes where the pod wants them, with what it wants in them."""

from pathlib import Path
from typing import Any

import pytest

from tests.infra.local.pods.world import Json, World, condition, phase, shell, state

SHOW = "cd {0} && for f in $(find . -type f | sort); do echo $f $(stat -c %a $f) $(cat $f); done"


def from_volume(source: Json, path: str = "/vol", **mount: Any) -> Json:
    """A container with one volume, and the volume."""
    return {
        "volumes": [{"name": "v", **source}],
        "volumeMounts": [{"name": "v", "mountPath": path, **mount}],
    }


@pytest.mark.parametrize(
    ("source", "files"),
    [
        pytest.param({"secret": {"secretName": "s"}}, "./token 644 abc\n./user 644 alice\n", id="a whole secret"),
        pytest.param(
            {"secret": {"secretName": "s", "defaultMode": 0o400}},
            "./token 400 abc\n./user 400 alice\n",
            id="for its owner only",
        ),
        pytest.param(
            {"secret": {"secretName": "s", "items": [{"key": "token", "path": "./a/b", "mode": 0o600}]}},
            "./a/b 600 abc\n",
            id="one key at a path",
        ),
        pytest.param({"secret": {"secretName": "none", "optional": True}}, "", id="a secret that may be missing"),
        pytest.param({"configMap": {"name": "c"}}, "./colour 644 red\n", id="a config map"),
        pytest.param(
            {"downwardAPI": {"items": [{"path": "name", "fieldRef": {"fieldPath": "metadata.name"}}]}},
            "./name 644 p\n",
            id="the pod's own fields",
        ),
        pytest.param(
            {
                "projected": {
                    "defaultMode": 0o440,
                    "sources": [
                        {"secret": {"name": "s", "items": [{"key": "token", "path": "token"}]}},
                        {"configMap": {"name": "c"}},
                    ],
                }
            },
            "./colour 440 red\n./token 440 abc\n",
            id="several in one",
        ),
    ],
)
async def test_files(tmp_path: Path, isolated: bool, source: Json, files: str) -> None:
    async with World(tmp_path, isolated=isolated) as world:
        await world.secret("s", {"user": "alice", "token": "abc"})
        await world.config_map("c", {"colour": "red"})
        pod = await world.run("p", SHOW.format("/vol"), **from_volume(source))
        assert (phase(pod), world.log(pod)) == ("Succeeded", files)


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/vol", id="at the top"),
        pytest.param("/home/prow/go", id="in a home"),
        pytest.param("/secrets/s3-storage", id="below a folder that is not there"),
        pytest.param("/etc/more/config", id="below a folder that is there"),
        pytest.param("/usr/share/more", id="deep in the machine"),
        pytest.param("/var/run/secrets/x", id="behind a link"),
        pytest.param("/opt", id="over a folder that is there"),
        pytest.param("/tmp", id="for temporary files"),
    ],
)
async def test_mount_points(tmp_path: Path, isolated: bool, path: str) -> None:
    async with World(tmp_path, isolated=isolated) as world:
        await world.create(
            "p",
            volumes=[{"name": "v", "emptyDir": {}}],
            initContainers=[shell("a", f"echo hello >{path}/file", volumeMounts=[{"name": "v", "mountPath": path}])],
            containers=[
                shell("test", f"cat {path}/file; ls /etc/passwd", volumeMounts=[{"name": "v", "mountPath": path}])
            ],
        )
        pod = await world.over("p")
        assert world.log(pod) == "hello\n/etc/passwd\n", world.log(pod, "a")


class TestParts:
    async def test_a_folder_of_a_volume(self, tmp_path: Path, isolated: bool) -> None:
        async with World(tmp_path, isolated=isolated) as world:
            volume = from_volume({"emptyDir": {}}, subPath="deep/er")
            volume["volumeMounts"].append({"name": "v", "mountPath": "/all"})
            pod = await world.run("p", "echo x >/vol/file; cat /all/deep/er/file", **volume)
            assert world.log(pod) == "x\n"

    async def test_a_file_of_a_volume(self, tmp_path: Path, isolated: bool) -> None:
        async with World(tmp_path, isolated=isolated) as world:
            await world.config_map("c", {"conf": "hello"})
            volume = from_volume({"configMap": {"name": "c"}}, "/etc/app.conf", subPath="conf")
            pod = await world.run("p", "cat /etc/app.conf", **volume)
            assert world.log(pod) == "hello"

    async def test_a_folder_named_by_a_variable(self, tmp_path: Path, isolated: bool) -> None:
        async with World(tmp_path, isolated=isolated) as world:
            volume = from_volume({"emptyDir": {}}, subPathExpr="of-$(WHO)")
            volume["volumeMounts"].append({"name": "v", "mountPath": "/all"})
            pod = await world.run("p", "ls /all", env=[{"name": "WHO", "value": "me"}], **volume)
            assert world.log(pod) == "of-me\n"

    async def test_a_link_does_not_lead_out(self, tmp_path: Path, isolated: bool) -> None:
        mount = {"name": "v", "mountPath": "/vol"}
        async with World(tmp_path, isolated=isolated) as world:
            await world.create(
                "p",
                volumes=[{"name": "v", "emptyDir": {}}],
                initContainers=[shell("a", "ln -s /etc /vol/out", volumeMounts=[mount])],
                containers=[shell("test", "ls /vol", volumeMounts=[{**mount, "subPath": "out"}])],
            )
            pod = await world.until("p", lambda pod: "leaves" in state(pod).get("message", ""))
            assert (phase(pod), state(pod)["is"]) == ("Pending", "waiting")


async def test_what_is_not_for_writing(tmp_path: Path) -> None:
    async with World(tmp_path) as world:
        await world.secret("s", {"token": "abc"})
        volume = from_volume({"secret": {"secretName": "s"}})
        volume["volumes"].append({"name": "e", "emptyDir": {}})
        volume["volumeMounts"].append({"name": "e", "mountPath": "/empty", "readOnly": True})
        pod = await world.run("p", "touch /vol/token || touch /empty/x || touch /etc/x || echo no", **volume)
        assert world.log(pod).endswith("no\n")


class TestWhatIsMissing:
    async def test_a_secret_of_a_volume(self, tmp_path: Path, isolated: bool) -> None:
        async with World(tmp_path, isolated=isolated) as world:
            volume = from_volume({"secret": {"secretName": "late"}})
            await world.create("p", volumes=volume.pop("volumes"), containers=[shell("test", "cat /vol/k", **volume)])
            pod = await world.until("p", lambda pod: "message" in state(pod))
            assert (phase(pod), state(pod)["reason"]) == ("Pending", "ContainerCreating")
            assert state(pod)["message"] == 'MountVolume.SetUp failed for volume "v" : secret "late" not found'
            await world.secret("late", {"k": "here"})
            assert world.log(await world.over("p")) == "here"

    async def test_a_secret_of_a_variable(self, tmp_path: Path, isolated: bool) -> None:
        async with World(tmp_path, isolated=isolated) as world:
            ref = {"name": "A", "valueFrom": {"secretKeyRef": {"name": "late", "key": "k"}}}
            await world.create("p", containers=[shell("test", "echo $A", env=[ref])])
            pod = await world.until("p", lambda pod: state(pod).get("reason") == "CreateContainerConfigError")
            assert (phase(pod), state(pod)["message"]) == ("Pending", 'secret "late" not found')
            await world.secret("late", {"k": "here"})
            assert world.log(await world.over("p")) == "here\n"

    async def test_deletion_while_it_waits(self, tmp_path: Path, isolated: bool) -> None:
        async with World(tmp_path, isolated=isolated) as world:
            volume = from_volume({"secret": {"secretName": "late"}})
            await world.create("p", volumes=volume.pop("volumes"), containers=[shell("test", "true", **volume)])
            await world.until("p", lambda pod: "message" in state(pod))
            await world.delete("p")
            await world.gone("p")


@pytest.mark.parametrize(
    ("source", "word"),
    [
        pytest.param({"hostPath": {"path": "/"}}, "hostPath", id="the machine's own folders"),
        pytest.param({"nfs": {"server": "x", "path": "/"}}, "nfs", id="a network's folders"),
    ],
)
async def test_a_volume_that_is_refused(tmp_path: Path, source: Json, word: str) -> None:
    async with World(tmp_path) as world:
        await world.create("p", volumes=[{"name": "v", **source}], containers=[shell("test", "true")])
        pod = await world.over("p")
        assert (phase(pod), pod["status"]["reason"]) == ("Failed", "NotSupported")
        assert word in pod["status"]["message"]
        assert condition(pod, "Ready")["status"] != "True"
        await world.delete("p")
        await world.gone("p")
