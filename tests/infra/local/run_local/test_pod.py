"""A pod made fit for one machine, and what is said where it cannot be."""

from pathlib import Path
from typing import Any

import pytest

from infra.local.pods.images import Image, local_images
from infra.local.pods.spec import Pod
from infra.local.run_local.pod import Given, Unfit, absent_programs, fit, keys, remarks


def fitted(spec: dict[str, Any], **folders: Path) -> Pod:
    made = {"metadata": {"name": "x"}, "spec": {"containers": [{"name": "test"}], **spec}}
    return fit(made, uid="u", namespace="n", folders=folders)


def given(**parts: Any) -> Given:
    return Given(**({"secrets": {}, "config_maps": {}, "volumes": {}} | parts))


def secret(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "secret": {"secretName": name, **more}}


def test_the_utilities_are_our_own_and_clonerefs_is_not_run() -> None:
    init = [
        {"name": name, "image": f"registry/any-{name}:v1"} for name in ("clonerefs", "initupload", "place-entrypoint")
    ]
    pod = fitted(
        {"initContainers": init, "containers": [{"name": "test", "image": "x"}, {"name": "sidecar", "image": "y"}]}
    )
    assert {one.name: one.image for one in pod.containers} == {
        "initupload": "initupload",
        "place-entrypoint": "entrypoint",
        "test": "x",
        "sidecar": "sidecar",
    }


def test_where_it_would_run_does_not_matter() -> None:
    pod = fitted({"nodeSelector": {"gpu": "yes"}, "affinity": {"nodeAffinity": {}}})
    assert (pod.spec.node_selector, pod.spec.affinity) == ({}, None)


@pytest.mark.parametrize(
    "volume",
    [
        pytest.param({"hostPath": {"path": "/lib/modules"}}, id="a folder of its node is empty"),
        pytest.param({"emptyDir": {"medium": "Memory"}}, id="an empty one"),
    ],
)
def test_volumes_that_begin_empty(volume: dict[str, Any]) -> None:
    [found] = fitted({"volumes": [{"name": "v", **volume}]}).spec.volumes
    assert (found.name, found.empty_dir is not None) == ("v", True)


def test_a_volume_of_the_clusters() -> None:
    volumes = {"volumes": [{"name": "cache", "persistentVolumeClaim": {"claimName": "cache"}}]}
    with pytest.raises(Unfit, match="volume cache is a persistentVolumeClaim, which only a cluster has: say --volume"):
        fitted(volumes)
    assert fitted(volumes, cache=Path("/srv")).spec.volumes[0].empty_dir is not None


def test_what_cannot_be_read() -> None:
    with pytest.raises(Unfit, match=r"cannot run its pod: .*`\$.spec.containers\[0\].command`"):
        fitted({"containers": [{"name": "test", "command": "make"}]})


def test_secrets_are_folders(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("hush")
    pod = fitted({"volumes": [secret("a"), {"name": "m", "configMap": {"name": "b"}}]})
    found = keys(given(secrets={"a": tmp_path}, config_maps={"b": tmp_path}), pod)
    assert found == ({"a": {"token": b"hush"}}, {"b": {"token": b"hush"}})


def test_what_is_missing_is_named_all_at_once() -> None:
    reference = {"name": "K", "valueFrom": {"secretKeyRef": {"name": "b", "key": "k"}}}
    volumes = [secret("a"), {"name": "m", "configMap": {"name": "c"}}, secret("d", optional=True)]
    pod = fitted({"containers": [{"name": "test", "env": [reference]}], "volumes": volumes})
    with pytest.raises(Unfit) as caught:
        keys(given(), pod)
    assert "a file for each key: --secret a=DIR --secret b=DIR --config-map c=DIR. With" in str(caught.value)
    assert keys(given(lacks_secrets=True), pod) == ({"a": {}, "b": {}, "d": {}}, {"c": {}})


@pytest.mark.parametrize(
    "container, says",
    [
        pytest.param({"command": ["sh", "-c", "x"]}, [], id="it is here"),
        pytest.param({"args": ["sh"]}, [], id="by its arguments"),
        pytest.param({"command": ["./hack/run.sh"]}, [], id="a path is the code's"),
        pytest.param({"image": "known:1"}, [], id="the image's own, which was said"),
        pytest.param(
            {"image": "golang", "command": ["no-such-program"]},
            ["no-such-program is not on this machine; it may come with the image golang, which is not run."],
            id="it is not here",
        ),
        pytest.param(
            {"image": "golang"},
            ["the image golang is not run, and its container has no command: say --image NAME=COMMAND"],
            id="no command",
        ),
    ],
)
def test_programs(container: dict[str, Any], says: list[str]) -> None:
    found = list(absent_programs({"containers": [container]}, local_images(more=(Image("known", ("sh",)),))))
    assert [line.startswith(start) for line, start in zip(found, says, strict=True)] == [True] * len(says), found


def test_a_program_in_a_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "tools" / "bin" / "only-here"
    program.parent.mkdir(parents=True)
    program.touch(0o755)
    monkeypatch.setattr("infra.local.pods.images.HOMES", (tmp_path,))
    monkeypatch.setenv("PATH", f"/usr/bin:{program.parent}")
    spec = {"containers": [{"command": ["only-here"]}]}
    assert list(absent_programs(spec, local_images())) == [
        f"only-here is {program}, in a home, of which jobs see nothing: say --show {tmp_path}/tools"
    ]
    assert list(absent_programs(spec, local_images(shown=(tmp_path / "tools",)))) == []


def test_what_is_not_as_on_a_cluster() -> None:
    spec = {
        "containers": [{"image": "b", "securityContext": {"privileged": True}}, {"image": "a"}],
        "volumes": [{"name": "modules", "hostPath": {"path": "/lib/modules"}}],
    }
    assert list(remarks(spec)) == [
        "images are not run: the commands are this machine's own, not those of a, b",
        "it asks for privileges, and gets none",
        "volume modules (/lib/modules of its node) is empty here",
    ]
