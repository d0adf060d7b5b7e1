"""`make deploy` tells func and kubectl the right things, and says what is missing before it changes anything."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from infra.knative.services import function_files
from tests.conftest import ROOT

IMAGE = "registry.example.com/cutwater@sha256:" + "a" * 64
KUBECTL = """#!/bin/sh
echo "kubectl $*" >>"$CALLS"
case "$*" in
  api-resources*) if [ -n "$NO_CLUSTER" ]; then echo "connection refused" >&2; exit 1; fi; echo "$KNATIVE" ;;
  *"get secret $MISSING "*) exit 1 ;;
  kustomize*) echo "        image: cutwater" ;;
  *"apply -f -") cat >>"$CALLS" ;;
esac
"""
FUNC = """#!/bin/sh
echo "func $*" >>"$CALLS"
case "$*" in *"/$FAILS "*) exit 3 ;; esac
"""
Deploy = Callable[..., "Ran"]


class Ran:
    """One run of deploy.sh: its exit code, what it said, and the calls that it made."""

    def __init__(self, done: subprocess.CompletedProcess[str], calls: list[str]) -> None:
        self.code, self.said, self.calls = done.returncode, done.stderr, calls

    def changes(self) -> list[str]:
        return [call for call in self.calls if " apply " in call or " patch " in call or call.startswith("func deploy")]


@pytest.fixture
def deploy(tmp_path: Path) -> Deploy:
    """Runs deploy.sh with stand-ins for func and kubectl that note how they were called."""
    programs, calls = tmp_path / "bin", tmp_path / "calls"
    programs.mkdir()
    calls.touch()
    for name in ("sh", "bash", "env", "sed", "sort", "find", "mktemp", "mkdir", "cp", "rm", "cat", "dirname"):
        (programs / name).symlink_to(Path("/usr/bin") / name)

    def run(image: str = IMAGE, *, tools: tuple[str, ...] = ("kubectl", "func"), **variables: str) -> Ran:
        for tool in tools:
            program = programs / tool
            program.write_text(KUBECTL if tool == "kubectl" else FUNC)
            program.chmod(0o755)
        environment = {"KNATIVE": "services", "MISSING": "none", "FAILS": "none", "HOME": str(tmp_path), **variables}
        done = subprocess.run(
            [ROOT / "infra/knative/deploy.sh", image],
            env={"PATH": str(programs), "CALLS": str(calls), "TMPDIR": str(tmp_path), **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        return Ran(done, calls.read_text().splitlines())

    return run


def test_every_function_is_deployed_by_digest_after_what_it_needs(deploy: Deploy) -> None:
    ran = deploy()
    assert ran.code == 0, ran.said
    changes = ran.changes()
    assert changes[0] == "kubectl apply -k infra/knative/base"
    names = {Path(call.split()[3]).name for call in changes if call.startswith("func deploy")}
    assert names == {path.stem for path in (ROOT / "infra/knative/services").glob("*.yaml")} - {"kustomization"}
    for call in changes:
        if call.startswith("func deploy"):
            assert f"--image {IMAGE} --build=false --push=false --namespace cutwater" in call


def test_long_functions_are_given_their_time(deploy: Deploy) -> None:
    patched = {call.split()[5]: call for call in deploy().changes() if " patch " in call}
    assert set(patched) == {"cherrypicker", "plugins", "tide"}
    assert all('"timeoutSeconds":600,"responseStartTimeoutSeconds":600' in call for call in patched.values())


def test_func_does_not_write_into_the_project(deploy: Deploy) -> None:
    assert not [call for call in deploy().calls if call.startswith("func") and str(ROOT) in call]


def test_kn_func_is_found(deploy: Deploy) -> None:
    ran = deploy(tools=("kubectl", "kn"))
    assert ran.code == 0, ran.said
    assert sum(call.startswith("func func deploy") for call in ran.calls) == len(function_files())


def test_services_need_no_func(deploy: Deploy) -> None:
    ran = deploy(tools=("kubectl",), WITH="services", OVERLAY="infra/knative/overlays/kafka")
    assert ran.code == 0, ran.said
    assert ran.changes()[0] == "kubectl apply -k infra/knative/overlays/kafka"
    assert f"        image: {IMAGE}" in ran.calls


@pytest.mark.parametrize(
    "arguments, said",
    [
        pytest.param({"image": ""}, "REPO names no image by digest", id="no image"),
        pytest.param(
            {"image": "registry.example.com/cutwater:v1"}, "by digest: 'registry.example.com/cutwater:v1'", id="a tag"
        ),
        pytest.param({"tools": ("func",)}, "kubectl is not on PATH", id="no kubectl"),
        pytest.param({"tools": ("kubectl",)}, "make deploy WITH=services", id="no func"),
        pytest.param({"NO_CLUSTER": "1"}, "does not answer:\nconnection refused", id="no cluster"),
        pytest.param({"KNATIVE": ""}, "install Knative Serving and Eventing", id="no Knative"),
        pytest.param({"WITH": "helm"}, "func or services, not 'helm'", id="another way"),
    ],
)
def test_what_is_missing_is_said_before_anything_is_changed(
    deploy: Deploy, arguments: dict[str, str], said: str
) -> None:
    ran = deploy(**arguments)
    assert (ran.code, ran.changes()) == (1, [])
    assert said in ran.said


def test_a_missing_secret_is_named_before_a_function_is_deployed(deploy: Deploy) -> None:
    ran = deploy(MISSING="hmac-token")
    assert ran.code == 1
    assert "secret hmac-token" in ran.said
    assert not [call for call in ran.changes() if call.startswith("func")]


def test_the_first_function_that_fails_ends_it(deploy: Deploy) -> None:
    ran = deploy(FAILS="deck")
    assert ran.code == 3
    assert [Path(call.split()[3]).name for call in ran.changes() if call.startswith("func")] == [
        "configuration",
        "crier",
        "deck",
    ]
