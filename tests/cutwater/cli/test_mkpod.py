"""The pod of a ProwJob."""

import io
import re
from pathlib import Path

import pytest
import yaml

from tests.cutwater.cli.conftest import Command
from tests.cutwater.cli.trees import flags

GIVEN = ["--pull-number=5", "--pull-sha=head", "--pull-author=bob", "--base-ref=main", "--base-sha=base"]


@pytest.fixture
def prowjob(cutwater: Command, tree: Path) -> Path:
    """A file as `cutwater mkpj` prints it."""
    file = tree / "prowjob.yaml"
    file.write_text(cutwater("mkpj", "--job=unit", *GIVEN, *flags(tree)).out)
    return file


def test_decorated(cutwater: Command, prowjob: Path) -> None:
    done = cutwater("mkpod", "--prow-job", prowjob, "--build-id=7")
    assert (done.status, done.err) == (0, "")
    pod = yaml.safe_load(done.out)
    assert [one["name"] for one in pod["spec"]["initContainers"]] == ["clonerefs", "initupload", "place-entrypoint"]
    assert [one["name"] for one in pod["spec"]["containers"]] == ["test", "sidecar"]
    assert pod["metadata"]["labels"]["prow.k8s.io/build-id"] == "7"
    assert "created-by-prow" not in pod["metadata"]["labels"], "sinker would delete it"


def test_local(cutwater: Command, prowjob: Path, tmp_path: Path) -> None:
    done = cutwater("mkpod", "--prow-job", prowjob, "--build-id=7", "--local", "--out-dir", tmp_path)
    volumes = {volume["name"]: volume for volume in yaml.safe_load(done.out)["spec"]["volumes"]}
    assert volumes["output"]["hostPath"] == {"path": f"{tmp_path}/7"}
    assert "s3-credentials" not in volumes
    assert done.err == f"cutwater mkpod: what the run leaves is copied to {tmp_path}/7 on the node, not to a bucket\n"


def test_local_in_a_new_folder(
    cutwater: Command, prowjob: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    done = cutwater("mkpod", "--prow-job", prowjob, "--build-id=7", "--local")
    [folder] = tmp_path.glob("prowjob-out-unit-7-*")
    assert f"path: {folder}\n" in done.out


def test_from_stdin(cutwater: Command, prowjob: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(prowjob.read_bytes())))
    assert yaml.safe_load(cutwater("mkpod", "--prow-job=-", "--build-id=7").out)["kind"] == "Pod"


def test_a_build_id_is_made(cutwater: Command, prowjob: Path) -> None:
    pod = yaml.safe_load(cutwater("mkpod", "--prow-job", prowjob, "--build-id=snowflake").out)
    assert re.fullmatch(r"\d{19}", pod["metadata"]["labels"]["prow.k8s.io/build-id"])


def test_no_build_id(cutwater: Command, prowjob: Path) -> None:
    done = cutwater("mkpod", "--prow-job", prowjob)
    assert (done.status, "neither the ProwJob nor --build-id says a build id" in done.err) == (0, True)


@pytest.mark.parametrize(
    "content, words, says",
    [
        pytest.param("{", [], "this is no ProwJob\n{file}:2: not YAML", id="no YAML"),
        pytest.param("spec: {type: weekly}", [], '{file}:1: spec.type: "weekly" is not one of', id="a wrong field"),
        pytest.param("metadata: {name: x}", [], 'prowjob "x" lacks a pod spec', id="no pod"),
        pytest.param("metadata: {name: x}", ["--out-dir=/x"], "--out-dir is of use only with --local", id="not local"),
    ],
)
def test_what_is_said_otherwise(cutwater: Command, tmp_path: Path, content: str, words: list[str], says: str) -> None:
    file = tmp_path / "prowjob.yaml"
    file.write_text(content)
    done = cutwater("mkpod", "--prow-job", file, "--build-id=7", *words)
    assert (done.status, says.format(file=file) in done.err) == (1, True), done.err


class Terminal(io.StringIO):
    """Somebody who types."""

    def isatty(self) -> bool:
        return True


def test_volumes_are_asked_for_at_a_terminal(
    cutwater: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "prowjob.yaml"
    file.write_text("""
metadata: {name: x}
spec:
  type: periodic
  job: x
  agent: kubernetes
  decoration_config: {skip_cloning: true}
  pod_spec:
    containers: [{image: x, command: [y]}]
    volumes:
    - {name: a, secret: {secretName: a}}
    - {name: b, secret: {secretName: b}}
    - {name: c, secret: {secretName: c}}
""")
    monkeypatch.setattr("sys.stdin", Terminal("empty\n/srv/b\n\n"))
    done = cutwater("mkpod", "--prow-job", file, "--build-id=7", "--local", "--out-dir=/out")
    volumes = yaml.safe_load(done.out)["spec"]["volumes"]
    assert volumes[:3] == [
        {"name": "a", "emptyDir": {}},
        {"name": "b", "hostPath": {"path": "/srv/b"}},
        {"name": "c", "secret": {"secretName": "c"}},
    ]
    assert "a: b: c: " in done.err
