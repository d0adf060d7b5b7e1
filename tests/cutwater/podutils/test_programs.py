"""The four programs together, as the pod of a ProwJob runs them: real git, real processes.

The bucket is a folder, which they write as they would a bucket; one test has a real one.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from cutwater.podutils.decorate import pod_for
from cutwater.prowjob.decoration import Decoration, StorageConfiguration
from cutwater.prowjob.labels import UPLOAD_UNCENSORED
from cutwater.prowjob.types import ObjectMeta, ProwJob, ProwJobSpec, Pull, Refs
from tests.cutwater.podutils.conftest import Bucket

RUN = "pr-logs/pull/acme_rocket/1/unit/7"


class Pod:
    """The containers of a decorated pod, run here: every mounted path lies in a folder of the test."""

    def __init__(self, job: ProwJob, home: Path, environment: Mapping[str, str]) -> None:
        self.spec: dict[str, Any] = pod_for(job, build_id="7")["spec"]
        self.home = home
        self._environment = environment
        for folder in ("logs", "tools", "go", "secrets/credentials"):
            (home / folder).mkdir(parents=True, exist_ok=True)

    def _here(self, text: str) -> str:
        for mounted, folder in (
            ("/home/prow/go", "go"),
            ("/logs", "logs"),
            ("/tools", "tools"),
            ("/secrets", "secrets"),
        ):
            text = text.replace(mounted, f"{self.home}/{folder}")
        return text

    def start(self, container: Mapping[str, Any], program: Sequence[str] = ()) -> subprocess.Popen[bytes]:
        variables = {each["name"]: self._here(each["value"]) for each in container.get("env", ())}
        words = [*program, *container.get("command", ()), *container.get("args", ())]
        return subprocess.Popen(
            [self._here(word) if word.startswith("/tools") else word for word in words],
            env={**self._environment, **variables, "HOME": str(self.home)},
            cwd=self._here(container.get("workingDir", "/")),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def prepare(self) -> list[int]:
        """Run the init containers; their exit codes up to the first that fails."""
        codes: list[int] = []
        for container in self.spec["initContainers"]:
            if any(codes):
                break
            module = {"place-entrypoint": "entrypoint"}.get(container["name"], container["name"])
            program = [sys.executable, "-m", f"cutwater.podutils.{module}"]
            extra = [f"--copy-destination={self.home}/tools/entrypoint"] if module == "entrypoint" else []
            process = self.start({**container, "args": [*container.get("args", ()), *extra]}, program)
            process.communicate()
            codes.append(process.returncode)
        return codes

    def sidecar(self) -> subprocess.Popen[bytes]:
        return self.start(self.spec["containers"][-1], [sys.executable, "-m", "cutwater.podutils.sidecar"])


def git(folder: Path, *arguments: str) -> str:
    who = ["-c", "user.name=alice", "-c", "user.email=alice@example.com"]
    ran = subprocess.run(["git", *who, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return ran.stdout.strip()


@pytest.fixture
def code(tmp_path: Path) -> tuple[str, str, str]:
    """A repository, its main commit, and that of a pull request that adds a file."""
    folder = tmp_path / "upstream"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    (folder / "README").write_text("rocket\n")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "base")
    base = git(folder, "rev-parse", "HEAD")
    git(folder, "checkout", "-q", "-b", "change")
    (folder / "engine").write_text("on\n")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "change")
    change = git(folder, "rev-parse", "HEAD")
    git(folder, "checkout", "-q", "main")
    git(folder, "update-ref", "refs/pull/1/head", change)
    git(folder, "config", "uploadpack.allowAnySHA1InWant", "true")
    return f"file://{folder}", base, change


def job(code: tuple[str, str, str], bucket: str, command: str, *, base_ref: str = "main") -> ProwJob:
    uri, base, change = code
    pulls = (Pull(number=1, author="bob", sha=change),)
    refs = Refs(org="acme", repo="rocket", base_ref=base_ref, base_sha=base, pulls=pulls, clone_uri=uri)
    storage = StorageConfiguration(bucket=bucket, path_strategy="explicit")
    secret = {"name": "credentials", "secret": {"secretName": "credentials"}}
    container = {
        "image": "alpine",
        "command": ["sh", "-c"],
        "args": [command],
        "volumeMounts": [{"name": "credentials", "mountPath": "/secrets/credentials"}],
    }
    return ProwJob(
        metadata=ObjectMeta(name="pj"),
        spec=ProwJobSpec(
            type="presubmit",
            agent="kubernetes",
            job="unit",
            refs=refs,
            pod_spec={"containers": [container], "volumes": [secret]},
            decoration_config=Decoration(
                timeout="1m", grace_period="5s", gcs_configuration=storage, censor_secrets=True
            ),
        ),
    )


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    """The folder that stands for the bucket."""
    return tmp_path / "bucket"


def test_a_passing_test(tmp_path: Path, bucket: Bucket, code: tuple[str, str, str]) -> None:
    command = (
        "cat README engine; echo the password is hunter2; echo x > $ARTIFACTS/r.log;"
        ' echo "{\\"a\\": 1}" > $ARTIFACTS/metadata.json'
    )
    (tmp_path / "secrets" / "credentials").mkdir(parents=True)
    (tmp_path / "secrets" / "credentials" / "password").write_text("hunter2\n")
    pod = Pod(job(code, f"s3://{bucket.name}", command), tmp_path, bucket.environment)
    assert pod.prepare() == [0, 0, 0]
    started = json.loads(bucket.read(f"{RUN}/started.json"))
    assert started["pull"] == "1"
    assert started["repo-commit"] not in code, "the merge commit is what is tested"

    sidecar, test = pod.sidecar(), pod.start(pod.spec["containers"][0])
    output, _ = test.communicate()
    sidecar.communicate()
    assert (test.returncode, sidecar.returncode) == (0, 0)
    assert b"hunter2" in output
    assert bucket.list() == {
        f"{RUN}/started.json",
        f"{RUN}/finished.json",
        f"{RUN}/build-log.txt",
        f"{RUN}/clone-log.txt",
        f"{RUN}/clone-records.json",
        f"{RUN}/sidecar-logs.json",
        f"{RUN}/artifacts/metadata.json",
        f"{RUN}/artifacts/r.log",
        "pr-logs/directory/unit/7.txt",
        "pr-logs/directory/unit/latest-build.txt",
        "pr-logs/pull/acme_rocket/1/unit/latest-build.txt",
    }
    assert bucket.read(f"{RUN}/build-log.txt") == b"rocket\non\nthe password is XXXXXXX\n"
    assert bucket.head(f"{RUN}/build-log.txt")["ContentType"] == "text/plain; charset=utf-8"
    finished = json.loads(bucket.read(f"{RUN}/finished.json"))
    assert abs(finished.pop("timestamp") - time.time()) < 60
    assert finished == {"passed": True, "result": "SUCCESS", "metadata": {"a": 1}, "revision": code[2]}
    assert bucket.read("pr-logs/directory/unit/7.txt").decode() == f"s3://{bucket.name}/{RUN}"


def test_a_failing_test(tmp_path: Path, stored: Path, code: tuple[str, str, str]) -> None:
    pod = Pod(job(code, f"file://{stored}", "exit 3"), tmp_path, os.environ)
    pod.prepare()
    sidecar, test = pod.sidecar(), pod.start(pod.spec["containers"][0])
    assert (test.wait(), sidecar.wait()) == (3, 0)
    finished = json.loads((stored / RUN / "finished.json").read_text())
    assert (finished["passed"], finished["result"]) == (False, "FAILURE")


def test_a_repository_that_cannot_be_cloned(tmp_path: Path, stored: Path, code: tuple[str, str, str]) -> None:
    """Storage says why, and the tests never start. (A bad checkout, for a fetch is tried again for a minute.)"""
    pod = Pod(job(code, f"file://{stored}", "true", base_ref="-no-branch"), tmp_path, os.environ)
    assert pod.prepare() == [0, 1]
    run = stored / RUN
    assert json.loads((run / "finished.json").read_text())["result"] == "FAILURE"
    build_log = (run / "build-log.txt").read_text()
    assert build_log == (run / "clone-log.txt").read_text()
    assert "# FAILED\n# Cloning acme/rocket at -no-branch" in build_log
    assert "# Error: exit status " in build_log


@pytest.mark.slow
def test_the_log_grows_while_the_test_runs(tmp_path: Path, stored: Path, code: tuple[str, str, str]) -> None:
    go = tmp_path / "go-on"
    command = f"echo first; while [ ! -e {go} ]; do sleep 0.05; done; echo second"
    pod = Pod(job(code, f"file://{stored}", command), tmp_path, os.environ)
    pod.prepare()
    sidecar, test = pod.sidecar(), pod.start(pod.spec["containers"][0])
    piece = stored / RUN / ".cutwater/build-log.txt/000000000000"
    _until(lambda: piece.exists() and piece.read_text() == "first\n")
    go.touch()
    assert (test.wait(), sidecar.wait()) == (0, 0)
    assert (stored / RUN / "build-log.txt").read_text() == "first\nsecond\n"
    assert not piece.exists()


@pytest.mark.slow
def test_a_pod_that_is_told_to_end(tmp_path: Path, stored: Path, code: tuple[str, str, str]) -> None:
    """The sidecar saves what there is at once, and the whole of it when the test has ended."""
    go = tmp_path / "go-on"
    command = f"trap : INT TERM; echo first; while [ ! -e {go} ]; do sleep 0.05; done; echo last; exit 4"
    pod = Pod(job(code, f"file://{stored}", command), tmp_path, os.environ)
    pod.prepare()
    sidecar, test = pod.sidecar(), pod.start(pod.spec["containers"][0])
    piece = stored / RUN / ".cutwater/build-log.txt/000000000000"
    _until(piece.exists)  # both programs run by now
    sidecar.terminate()
    test.terminate()
    finished = stored / RUN / "finished.json"
    _until(lambda: finished.exists() and finished.read_text().endswith("}"))
    assert json.loads(finished.read_text())["result"] == "ABORTED"
    assert (stored / RUN / "build-log.txt").read_text().startswith("first\n")
    go.touch()
    assert (test.wait(), sidecar.wait()) == (130, 0)
    whole = (stored / RUN / "build-log.txt").read_text()
    assert "Entrypoint received interrupt: terminated" in whole
    assert "last\n" in whole, "the log goes on after it was saved for the first time"
    assert json.loads(finished.read_text())["result"] == "ABORTED"


def _until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.slow
@pytest.mark.parametrize("says_so", [False, True], ids=["withheld", "the job says that it may be uploaded"])
def test_a_secret_that_cannot_be_read(says_so: bool, tmp_path: Path, stored: Path, code: tuple[str, str, str]) -> None:
    """What nobody can censor stays in the pod: the log as it grows, its whole, artifacts, and what the test says."""
    go = tmp_path / "go-on"
    command = (
        f"echo hunter2; echo hunter2 > $ARTIFACTS/r.log; while [ ! -e {go} ]; do sleep 0.05; done;"
        ' echo "{\\"a\\": \\"hunter2\\"}" > $ARTIFACTS/metadata.json'
    )
    made = job(code, f"file://{stored}", command)
    if says_so:
        made = replace(made, metadata=ObjectMeta(name="pj", annotations={UPLOAD_UNCENSORED: "true"}))
    secrets = tmp_path / "secrets" / "credentials"
    secrets.mkdir(parents=True)
    (secrets / "password").symlink_to(tmp_path / "nowhere")
    pod = Pod(made, tmp_path, os.environ)
    assert pod.prepare() == [0, 0, 0]
    sidecar, test = pod.sidecar(), pod.start(pod.spec["containers"][0])
    if says_so:
        _until(lambda: (stored / RUN / ".cutwater/build-log.txt/000000000000").exists())
    go.touch()
    assert (test.wait(), sidecar.wait()) == (0, 0)
    contents = {path.name: path.read_text() for path in stored.rglob("*") if path.is_file()}
    assert any("hunter2" in content for content in contents.values()) is says_so
    assert json.loads(contents["finished.json"])["passed"] is True
    assert ("r.log" in contents) is says_so
    assert ("withheld" in contents["build-log.txt"]) is not says_so
    assert "credentials/password" in contents["sidecar-logs.json"]


def test_a_test_that_would_have_more_shown_than_is_its_own(
    tmp_path: Path, stored: Path, code: tuple[str, str, str]
) -> None:
    """Links to what only the sidecar can read, in the place of all that it reads, and a pipe that nobody fills."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "account.json").write_text('{"key": "of the bucket"}')
    account = tmp_path / "elsewhere" / "account.json"
    command = (
        f"cd $ARTIFACTS; ln -s {account} metadata.json; ln -s {account} a; ln -s {tmp_path}/elsewhere b;"
        f" mkfifo c; echo mine > d; ln -sf {account} /logs/process-log.txt"
    )
    pod = Pod(job(code, f"file://{stored}", command), tmp_path, os.environ)
    pod.prepare()
    sidecar, test = pod.sidecar(), pod.start(pod.spec["containers"][0])
    assert (test.wait(), sidecar.wait()) == (0, 0)
    contents = {path.name: path.read_text() for path in (stored / RUN).rglob("*") if path.is_file()}
    assert not any("of the bucket" in content for content in contents.values())
    assert contents["d"] == "mine\n"
    assert "it leads out of" in contents["build-log.txt"]
    finished = json.loads(contents["finished.json"])
    assert (finished["result"], list(finished["metadata"])) == ("SUCCESS", ["sidecar-errors"])
    assert "Left out" in contents["sidecar-logs.json"]


@pytest.mark.slow
def test_artifacts_that_grow_while_the_pod_is_told_to_end(
    tmp_path: Path, stored: Path, code: tuple[str, str, str]
) -> None:
    """What is saved first is censored, and takes nothing away from what the test goes on to write."""
    (tmp_path / "secrets" / "credentials").mkdir(parents=True)
    (tmp_path / "secrets" / "credentials" / "password").write_text("hunter2")
    go = tmp_path / "go-on"
    command = (
        "trap : INT TERM; exec 3> $ARTIFACTS/report; echo first hunter2 >&3; echo ready;"
        f" while [ ! -e {go} ]; do sleep 0.05; done; echo last hunter2 >&3"
    )
    pod = Pod(job(code, f"file://{stored}", command), tmp_path, os.environ)
    pod.prepare()
    sidecar, test = pod.sidecar(), pod.start(pod.spec["containers"][0])
    _until((stored / RUN / ".cutwater/build-log.txt/000000000000").exists)
    sidecar.terminate()
    finished, report = stored / RUN / "finished.json", stored / RUN / "artifacts/report"
    _until(lambda: finished.exists() and finished.read_text().endswith("}"))
    assert report.read_text() == "first XXXXXXX\n"
    go.touch()
    assert (test.wait(), sidecar.wait()) == (0, 0)
    assert report.read_text() == "first XXXXXXX\nlast XXXXXXX\n"
    assert json.loads(finished.read_text())["result"] == "SUCCESS"
