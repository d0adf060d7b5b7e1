"""Jobs, run on this machine on a working copy."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from infra.local.pods.sandbox import bubblewrap
from tests.cutwater.cli.conftest import Command
from tests.cutwater.cli.trees import CONFIG, flags, write_tree
from tests.infra.local.run_local.copies import working_copy

JOBS = """\
presubmits:
  acme/rocket:
  - name: unit
    decorate: true
    decoration_config: {timeout: 2s, grace_period: 1s}
    spec: {containers: [{image: x, command: [sh, test.sh]}]}
  - name: secretive
    decorate: true
    spec:
      containers: [{image: x, command: [cat, /secret/token], volumeMounts: [{name: s, mountPath: /secret}]}]
      volumes: [{name: s, secret: {secretName: token}}]
  - name: keyed
    spec:
      containers:
      - {image: x, command: [env], env: [{name: K, valueFrom: {secretKeyRef: {name: token, key: key}}}]}
  - name: two
    decorate: true
    spec: {containers: [{name: a, image: x, command: [echo, one]}, {name: b, image: x, command: [sh, -c, exit 4]}]}
  - {name: plain, spec: {containers: [{image: x, command: [sh, -c, "echo of $JOB_NAME; exit 5"]}]}}
  - {name: foreign, spec: {containers: [{image: x, command: [no-such-program]}]}}
  - {name: jenkins, agent: jenkins}
postsubmits:
  acme/rocket:
  - {name: publish, decorate: true, spec: {containers: [{image: x, command: [sh, test.sh]}]}}
periodics:
- name: nightly
  interval: 1h
  decorate: true
  extra_refs: [{org: acme, repo: rocket, base_ref: main}]
  spec: {containers: [{image: x, command: [sh, test.sh]}]}
"""
SAYS = 'pwd; echo "$JOB_TYPE of $(cat new), $PULL_REFS"; echo report > $ARTIFACTS/report.txt; '


class Place:
    """A configuration and a working copy whose `new` is not committed."""

    def __init__(self, folder: Path, test: str) -> None:
        self.tree = write_tree(folder / "tree", jobs=JOBS)
        files, uncommitted = {"test.sh": test}, {"new": "work\n"}
        self.copy = working_copy(folder / "rocket", files=files, uncommitted=uncommitted, full_name="acme/rocket")
        self.left = folder / "left"

    def words(self, job: str) -> list[str]:
        return ["run-local", job, f"--repo={self.copy}", f"--artifacts={self.left}", *flags(self.tree)]

    def json(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.left / name).read_bytes())
        return found


@pytest.fixture
def isolation(request: pytest.FixtureRequest) -> list[str]:
    if request.param == "bubblewrap" and bubblewrap() is None:
        pytest.skip("bubblewrap does not work here")
    return [] if request.param == "bubblewrap" else ["--plain"]


both_ways = pytest.mark.parametrize("isolation", ["bubblewrap", "plain"], indirect=True)


@both_ways
def test_a_presubmit(tmp_path: Path, isolation: list[str], capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    place = Place(tmp_path, SAYS + "exit 3")
    status = run(place, "unit", *isolation)
    out, err = capfdbinary.readouterr()
    assert status == 3, err.decode()
    folder, said, *_ = out.decode().splitlines()
    assert folder.endswith("/src/github.com/acme/rocket")
    assert said.startswith("presubmit of work, main:")
    assert b"it failed with exit status 3; what it left is in " in err
    assert b"code: %b at " % bytes(place.copy) in err
    assert (place.left / "artifacts" / "report.txt").read_text() == "report\n"
    assert said in (place.left / "build-log.txt").read_text()
    assert (place.json("finished.json")["result"], place.json("started.json")["pull"]) == ("FAILURE", "0")


def run(place: Place, job: str, *more: str) -> int:
    from cutwater.cli.main import main

    return main([*place.words(job), *more])


@pytest.mark.parametrize(
    "job, kind",
    [pytest.param("publish", "postsubmit", id="postsubmit"), pytest.param("nightly", "periodic", id="periodic")],
)
def test_other_jobs(tmp_path: Path, job: str, kind: str, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    place = Place(tmp_path, SAYS)
    assert run(place, job) == 0
    assert f"{kind} of work, ".encode() in capfdbinary.readouterr().out
    assert place.json("finished.json")["passed"] is True


@pytest.mark.slow
def test_a_job_that_takes_too_long(tmp_path: Path) -> None:
    place = Place(tmp_path, "echo begun; sleep 60")
    assert run(place, "unit") == 127
    assert "Process did not finish before 2s timeout" in (place.left / "build-log.txt").read_text()


def test_several_containers(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    place = Place(tmp_path, "")
    assert run(place, "two") == 4
    assert b"[a] one\n" in capfdbinary.readouterr().out
    assert (place.left / "a-build-log.txt").read_text() == "one\n"


def test_a_job_that_is_not_decorated(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    place = Place(tmp_path, "")
    assert run(place, "plain") == 5
    out, err = capfdbinary.readouterr()
    assert (out, b"it is not decorated: nobody clones code for it" in err) == (b"of plain\n", True)
    assert (place.left / "build-log.txt").read_text() == "of plain\n"


def test_a_secret(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    place = Place(tmp_path, "")
    (tmp_path / "token").mkdir()
    (tmp_path / "token" / "token").write_text("hush\n")
    assert run(place, "secretive", f"--secret=token={tmp_path / 'token'}") == 0
    assert capfdbinary.readouterr().out == b"hush\n"


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt(tmp_path: Path, number: signal.Signals) -> None:
    place = Place(tmp_path, "echo begun; exec sleep 60")
    patient = "timeout: 60s, grace_period: 20s"
    place.tree.joinpath("jobs.yaml").write_text(JOBS.replace("timeout: 2s, grace_period: 1s", patient))
    command = [sys.executable, "-m", "cutwater.cli.main", *place.words("unit")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"begun\n"
        os.kill(running.pid, number)
        _, err = running.communicate(timeout=30)
    assert running.returncode == 130
    assert b"interrupted; what it left is in" in err
    assert place.json("finished.json")["result"] == "ABORTED"


def test_a_key_that_is_not_there(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    place = Place(tmp_path, "")
    (tmp_path / "token").mkdir()
    assert run(place, "keyed", f"--secret=token={tmp_path / 'token'}") == 2
    err = capfdbinary.readouterr().err
    assert b"run-local: couldn't find key key in Secret pods/token" in err
    assert b"its test did not run" in err


def test_nothing_is_left_behind(cutwater: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place, scratch = Place(tmp_path, ""), tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    words = [word for word in place.words("secretive") if "--artifacts" not in word]
    assert cutwater(*words).status == 2
    assert list(scratch.iterdir()) == []


@pytest.mark.parametrize(
    "job, more, says",
    [
        pytest.param("unti", [], "there is no job unti; there is unit", id="no such job"),
        pytest.param("foreign", [], "no-such-program is not on this machine", id="no such program"),
        pytest.param("jenkins", [], "presubmit jenkins of acme/rocket is run by jenkins, not in a pod", id="no pod"),
        pytest.param("secretive", [], "a file for each key: --secret token=DIR.", id="no secret"),
        pytest.param("unit", ["--repo=/nowhere"], "/nowhere is no folder", id="no working copy"),
        pytest.param("unit", ["--repo=/"], "not a git repository", id="no repository"),
    ],
)
def test_what_is_said_otherwise(cutwater: Command, tmp_path: Path, job: str, more: list[str], says: str) -> None:
    place = Place(tmp_path, "")
    done = cutwater(*place.words(job), *more)
    assert (done.status, says in done.err) == (2, True), done.err
    assert not place.left.exists()


@pytest.mark.parametrize("flag", ["--secret=x", "--secret==x", "--volume=x=/no/folder", "--image=x"])
def test_flags_that_make_no_sense(cutwater: Command, tmp_path: Path, flag: str) -> None:
    with pytest.raises(SystemExit) as caught:
        cutwater("run-local", "unit", flag, *flags(write_tree(tmp_path, config=CONFIG)))
    assert caught.value.code == 2
