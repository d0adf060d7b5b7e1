"""What a container sees and may do, and how paths are rewritten where there is no bubblewrap."""

import os
from pathlib import Path

import pytest

from infra.local.pods.images import HOMES, Image, local_images
from infra.local.pods.sandbox import Box, bubblewrap, rewritten
from infra.local.pods.volumes import Bound
from tests.infra.local.pods.world import World, phase

needs_bubblewrap = pytest.mark.skipif(bubblewrap() is None, reason="bubblewrap does not work here")


@needs_bubblewrap
class TestInBubblewrap:
    @pytest.mark.parametrize(
        ("script", "output"),
        [
            pytest.param("touch /usr/x /etc/x 2>&1 | wc -l", "2\n", id="the machine's files are read-only"),
            pytest.param("echo x >/tmp/x; echo x >/var/tmp/x; ls /tmp/x /var/tmp/x", "/tmp/x\n/var/tmp/x\n", id="tmp"),
            pytest.param("cd; echo x >x; cat ~/x", "x\n", id="a home of its own"),
            pytest.param("mkdir -p /workspace/a; echo $?", "0\n", id="a root of its own"),
            pytest.param("set -- /proc/[0-9]*; test $# -lt 6; echo $?", "0\n", id="processes of its own"),
            pytest.param("cat $ROOT/*/journal.json $LOGS/*/*.log 2>/dev/null | wc -c", "0\n", id="no other pod"),
            pytest.param("cat $STATE/secret 2>/dev/null || echo no", "no\n", id="not the platform's state"),
            pytest.param(
                "umount /usr 2>/dev/null || mount -o remount,rw /usr 2>/dev/null || echo no", "no\n", id="mounts"
            ),
        ],
    )
    async def test_a_container(self, tmp_path: Path, script: str, output: str) -> None:
        hidden = tmp_path / "state"
        hidden.mkdir()
        (hidden / "secret").write_text("hush")
        async with World(tmp_path, hidden=[hidden]) as world:
            places = {"ROOT": world.root, "LOGS": world.logs, "STATE": hidden}
            env = [{"name": name, "value": str(place)} for name, place in places.items()]
            pod = await world.run("p", script, env=env)
            assert world.log(pod) == output

    async def test_nobodys_home_is_seen(self, tmp_path: Path) -> None:
        shown = {part for folder in local_images().shown for part in folder.parts}
        async with World(tmp_path) as world:
            pod = await world.run("p", " ".join(["ls", "-A", *(str(home) for home in HOMES if home.exists())]))
            entries = {line for line in world.log(pod).splitlines() if line and not line.endswith(":")}
            assert entries <= shown

    async def test_variables_stand_on_no_command_line(self, tmp_path: Path) -> None:
        async with World(tmp_path) as world:
            await world.secret("s", {"token": "only-for-the-container"})
            env = [{"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "s", "key": "token"}}}]
            await world.create("p", containers=[{"name": "test", "command": ["sleep", "60"], "image": "x", "env": env}])
            await world.running("p")
            lines = [read(entry / "cmdline") for entry in Path("/proc").glob("[0-9]*")]
            assert any(line.endswith(b"sleep\x0060\x00") for line in lines)
            assert not any(b"only-for-the-container" in line for line in lines)


class TestSeen:
    async def test_variables(self, tmp_path: Path, isolated: bool) -> None:
        async with World(tmp_path, isolated=isolated) as world:
            pod = await world.run("p", "env", env=[{"name": "A", "value": "two\nlines"}])
            names = {line.partition("=")[0] for line in world.log(pod).splitlines()} - {"lines", "PWD", "_", "SHLVL"}
            assert names == {"A", "HOME", "HOSTNAME", "PATH"} | (set() if isolated else {"TMPDIR"})

    @pytest.mark.parametrize("folder", ["/vol/not/there/yet", "/usr"])
    async def test_working_directory(self, tmp_path: Path, isolated: bool, folder: str) -> None:
        volume = {
            "volumes": [{"name": "v", "emptyDir": {}}],
            "volumeMounts": [{"name": "v", "mountPath": "/vol"}],
        }
        async with World(tmp_path, isolated=isolated) as world:
            pod = await world.run("p", "pwd", workingDir=folder, **volume)
            assert phase(pod) == "Succeeded"
            assert world.log(pod).strip().endswith(folder.removeprefix("/vol"))

    async def test_a_working_directory_that_cannot_be(self, tmp_path: Path, isolated: bool) -> None:
        async with World(tmp_path, isolated=isolated) as world:
            pod = await world.run("p", "pwd", workingDir="/usr/not-there")
            assert phase(pod) == "Failed"
            assert not Path("/usr/not-there").exists()

    async def test_an_image_of_the_table(self, tmp_path: Path, isolated: bool) -> None:
        images = local_images(more=(Image("team/greet", ("sh", "-c", 'echo "$0 $*"', "hello")),))
        async with World(tmp_path, isolated=isolated, images=images) as world:
            await world.create("p", containers=[{"name": "test", "image": "host:5000/team/greet:v1", "args": ["you"]}])
            pod = await world.over("p")
            assert world.log(pod) == "hello you\n"

    async def test_python_is_there(self, tmp_path: Path, isolated: bool) -> None:
        async with World(tmp_path, isolated=isolated) as world:
            assert phase(await world.run("p", "python3 --version")) == "Succeeded"


@pytest.mark.parametrize(
    ("image", "utility"),
    [
        ("us-docker.pkg.dev/k8s-infra-prow/images/clonerefs:v2026@sha256:abc", "clonerefs"),
        ("localhost:5000/sidecar", "sidecar"),
        ("initupload", "initupload"),
        ("debian:12", ""),
        ("registry/clonerefs-fork", ""),
    ],
)
def test_utility_images(image: str, utility: str) -> None:
    words = local_images().entrypoint(image)
    assert words[3:4] == ((f"cutwater.podutils.{utility}",) if utility else ())


@pytest.mark.parametrize(
    ("text", "becomes"),
    [
        pytest.param("/logs", "/real/v1", id="the mount path itself"),
        pytest.param("/logs/clone.json", "/real/v1/clone.json", id="a file below it"),
        pytest.param('{"log":"/logs/a","dir":"/tools"}', '{"log":"/real/v1/a","dir":"/real/v2"}', id="inside JSON"),
        pytest.param("--out=/logs/x", "--out=/real/v1/x", id="behind a flag"),
        pytest.param("cat /logs/x>/tools/y; ls", "cat /real/v1/x>/real/v2/y; ls", id="in a script"),
        pytest.param("/logs/deep/x", "/real/v3/x", id="the innermost mount"),
        pytest.param("PATH=/bin:/tools", "PATH=/bin:/real/v2", id="in a search path"),
        pytest.param("/logs2 /my/logs /logs-old", "/logs2 /my/logs /logs-old", id="other paths"),
        pytest.param("s3://bucket/logs/x", "s3://bucket/logs/x", id="an address"),
        pytest.param("/logs/shown/python", "/logs/shown/python", id="what is shown below a volume"),
    ],
)
def test_rewriting(tmp_path: Path, text: str, becomes: str) -> None:
    mounts = tuple(
        Bound(source=Path(source), target=target, read_only=False)
        for source, target in (("/real/v1", "/logs"), ("/real/v2", "/tools"), ("/real/v3", "/logs/deep"))
    )
    box = Box(command=("sh", text), variables={"A": text}, mounts=mounts, folder="/logs", scratch=tmp_path)
    found = rewritten(box, [Path("/logs/shown")])
    assert (found.command, found.variables, found.folder) == (("sh", becomes), {"A": becomes}, "/real/v1")


def read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return os.fsencode("")
