"""The variables and the command line of a container."""

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from infra.local.pods.environment import MACHINE, NotConfigured, Sources, command_line, environment, expand
from infra.local.pods.spec import Pod

SOURCES = Sources(
    "ns",
    secrets={"s": {"user": b"alice", "pass=word": b"x"}, "none": None},
    config_maps={"c": {"colour": b"red", "user": b"bob"}, "none": None},
)


def pod(container: Mapping[str, Any], **spec: Any) -> Pod:
    """A pod of one container."""
    metadata = {
        "name": "p",
        "namespace": "ns",
        "uid": "u-1",
        "labels": {"a/b": "c", "x": 'say "hi"'},
        "annotations": {"why": "so"},
    }
    built = {"metadata": metadata, "spec": {"containers": [{"name": "test", **container}], "nodeName": "local", **spec}}
    return msgspec.convert(built, Pod)


def variables(container: Mapping[str, Any], **spec: Any) -> dict[str, str]:
    made = pod(container, **spec)
    return environment(made.spec.containers[0], made, SOURCES)


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        pytest.param("$(A)", "1", id="known"),
        pytest.param("x$(A)y$(B)z", "x1y2z", id="several"),
        pytest.param("$(C)", "$(C)", id="unknown stays"),
        pytest.param("$$(A)", "$(A)", id="escaped"),
        pytest.param("$$$(A)", "$1", id="a dollar, then a value"),
        pytest.param("$$$$", "$$", id="dollars"),
        pytest.param("$A ${A} $", "$A ${A} $", id="other forms are plain text"),
        pytest.param("$(A", "$(A", id="not closed"),
        pytest.param("$()", "$()", id="no name"),
        pytest.param("$(A)$(", "1$(", id="not closed at the end"),
        pytest.param("$(D)", "$(A)", id="values are not expanded again"),
    ],
)
def test_expansion(text: str, expanded: str) -> None:
    assert expand(text, {"A": "1", "B": "2", "D": "$(A)"}) == expanded


@pytest.mark.parametrize(
    ("container", "expected"),
    [
        pytest.param({"env": [{"name": "A", "value": "1"}, {"name": "B"}]}, {"A": "1", "B": ""}, id="values"),
        pytest.param(
            {"env": [{"name": "A", "value": "1"}, {"name": "B", "value": "$(A)$(C)"}, {"name": "C", "value": "3"}]},
            {"A": "1", "B": "1$(C)", "C": "3"},
            id="a value may use what stands before it",
        ),
        pytest.param(
            {"env": [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]}, {"A": "2"}, id="the last one counts"
        ),
        pytest.param(
            {"envFrom": [{"configMapRef": {"name": "c"}}, {"secretRef": {"name": "s"}}]},
            {"colour": "red", "user": "alice"},
            id="whole objects, the later ones over the earlier",
        ),
        pytest.param(
            {
                "envFrom": [{"prefix": "C_", "configMapRef": {"name": "c"}}],
                "env": [{"name": "D", "value": "$(C_colour)"}],
            },
            {"C_colour": "red", "C_user": "bob", "D": "red"},
            id="with a prefix",
        ),
        pytest.param(
            {"envFrom": [{"secretRef": {"name": "none", "optional": True}}]},
            {},
            id="a whole object that may be missing",
        ),
        pytest.param(
            {"env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "user"}}}]},
            {"A": "alice"},
            id="a secret's key",
        ),
        pytest.param(
            {"env": [{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "colour"}}}]},
            {"A": "red"},
            id="a config map's key",
        ),
        pytest.param(
            {"env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "x", "optional": True}}}]},
            {},
            id="a key that may be missing",
        ),
    ],
)
def test_variables(container: dict[str, Any], expected: dict[str, str]) -> None:
    assert variables(container) == expected


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("metadata.name", "p"),
        ("metadata.namespace", "ns"),
        ("metadata.uid", "u-1"),
        ("metadata.labels['a/b']", "c"),
        ("metadata.labels['none']", ""),
        ("metadata.annotations['why']", "so"),
        ("metadata.labels", 'a/b="c"\nx="say \\"hi\\""'),
        ("spec.nodeName", "local"),
        ("spec.serviceAccountName", "default"),
        ("status.podIP", "127.0.0.1"),
        ("status.hostIP", "127.0.0.1"),
    ],
)
def test_fields_of_the_pod(path: str, value: str) -> None:
    container = {"env": [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": path}}}]}
    assert variables(container) == {"A": value}


@pytest.mark.parametrize(
    ("resource", "divisor", "value"),
    [
        ("limits.cpu", "1", "2"),
        ("limits.cpu", "1m", "1500"),
        ("requests.memory", "1", "268435456"),
        ("requests.memory", "1Mi", "256"),
        ("requests.cpu", "1", "0"),
        ("limits.memory", "1", str(MACHINE["memory"])),
    ],
)
def test_resources(resource: str, divisor: str, value: str) -> None:
    ref = {"resource": resource, "divisor": divisor}
    container = {
        "resources": {"limits": {"cpu": "1500m"}, "requests": {"memory": "256Mi"}},
        "env": [{"name": "A", "valueFrom": {"resourceFieldRef": ref}}],
    }
    assert variables(container) == {"A": value}


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({"secretKeyRef": {"name": "none", "key": "a"}}, 'secret "none" not found'),
        ({"secretKeyRef": {"name": "s", "key": "a"}}, "couldn't find key a in Secret ns/s"),
        ({"configMapKeyRef": {"name": "none", "key": "a"}}, 'configmap "none" not found'),
        ({"configMapKeyRef": {"name": "c", "key": "a"}}, "couldn't find key a in ConfigMap ns/c"),
        ({"fieldRef": {"fieldPath": "spec.hostname"}}, "unsupported fieldPath: spec.hostname"),
        ({"resourceFieldRef": {"resource": "cpu"}}, "unsupported container resource: cpu"),
    ],
    ids=["no secret", "no key of it", "no config map", "no key of it either", "no such field", "no such resource"],
)
def test_what_is_missing(source: dict[str, Any], message: str) -> None:
    with pytest.raises(NotConfigured) as caught:
        variables({"env": [{"name": "A", "valueFrom": source}]})
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("container", "words"),
    [
        pytest.param({"command": ["a", "$(A)"], "args": ["$(B)"]}, ("a", "1", "$(B)"), id="command and arguments"),
        pytest.param({"args": ["x"]}, ("run", "--fast", "x"), id="arguments for the image's entry point"),
        pytest.param({}, ("run", "--fast"), id="the image's entry point"),
        pytest.param({"command": ["a"]}, ("a",), id="a command in its place"),
    ],
)
def test_command_line(container: dict[str, Any], words: tuple[str, ...]) -> None:
    assert command_line(pod(container).spec.containers[0], ("run", "--fast"), {"A": "1"}) == words
