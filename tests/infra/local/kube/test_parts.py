"""The pure parts, in tables."""

import subprocess
import sys
from pathlib import Path

import pytest

from infra.local.kube.jsonpaths import JsonPath
from infra.local.kube.pod_validation import quantity
from infra.local.kube.pods import quality
from infra.local.kube.protobuf import decode
from infra.local.kube.statuses import JsonObject
from infra.local.kube.tables import human_duration
from infra.schemas import cut

MINUTE, HOUR, DAY = 60, 3600, 86400


@pytest.mark.parametrize(
    "seconds, shown",
    [
        (-5, "<invalid>"),
        (-1, "0s"),
        (0, "0s"),
        (119, "119s"),
        (2 * MINUTE, "2m"),
        (2 * MINUTE + 5, "2m5s"),
        (10 * MINUTE + 5, "10m"),
        (3 * HOUR - 1, "179m"),
        (3 * HOUR, "3h"),
        (3 * HOUR + 20 * MINUTE, "3h20m"),
        (8 * HOUR + 20 * MINUTE, "8h"),
        (48 * HOUR, "2d"),
        (2 * DAY + 3 * HOUR, "2d3h"),
        (8 * DAY + 3 * HOUR, "8d"),
        (729 * DAY, "729d"),
        (731 * DAY, "2y1d"),
        (730 * DAY, "2y"),
        (8 * 365 * DAY, "8y"),
    ],
)
def test_human_duration(seconds: float, shown: str) -> None:
    assert human_duration(seconds) == shown


VALUE: JsonObject = {
    "metadata": {"labels": {"a.b/c": "1"}},
    "spec": {"pulls": [{"number": 1}, {"number": 2}], "on": False},
    "status": {"conditions": [{"type": "A", "status": "x"}, {"type": "Ready", "status": "y"}]},
}


@pytest.mark.parametrize(
    "path, found",
    [
        (".spec.on", [False]),
        (".spec.none.none", []),
        (".spec.pulls[*].number", [1, 2]),
        (".spec.pulls[1].number", [2]),
        (".spec.pulls[5].number", []),
        (".metadata.labels['a.b/c']", ["1"]),
        (r".metadata.labels.a\.b/c", ["1"]),
        ('.status.conditions[?(@.type=="Ready")].status', ["y"]),
        (".status.conditions[?(@.type=='None')].status", []),
    ],
)
def test_json_paths(path: str, found: list[object]) -> None:
    assert JsonPath(path).find(VALUE) == found


@pytest.mark.parametrize("path", ["spec", ".spec..x", ".spec[", "{.spec}"])
def test_json_paths_that_are_not_understood(path: str) -> None:
    with pytest.raises(ValueError, match="unrecognized"):
        JsonPath(path)


@pytest.mark.parametrize(
    "text, number",
    [("1", 1), ("500m", 0.5), ("1Ki", 1024), ("1.5Gi", 1.5 * 2**30), ("2k", 2000), ("1e3", 1000), ("100n", 1e-7)],
)
def test_quantities(text: str, number: float) -> None:
    assert float(quantity(text)) == pytest.approx(number)


@pytest.mark.parametrize(
    "resources, expected",
    [
        pytest.param({}, "BestEffort", id="nothing asked for"),
        pytest.param({"requests": {"cpu": "1"}}, "Burstable", id="a request"),
        pytest.param(
            {"requests": {"cpu": "1", "memory": "1"}, "limits": {"cpu": "1", "memory": "1"}},
            "Guaranteed",
            id="all of it",
        ),
    ],
)
def test_quality_of_service(resources: JsonObject, expected: str) -> None:
    assert quality({"containers": [{"resources": resources}]}) == expected


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"k8s\x00\x0a\x05", id="half a field"),
        pytest.param(b"k8s\x00\x0a\x07\x0a\x02v1\x12\x01X", id="another kind"),
        pytest.param(b"k8s\x00\x0b", id="another wire type"),
        pytest.param(b"k8s\x00\xff", id="half a number"),
    ],
)
def test_protobuf_that_cannot_be_read(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode(body)


def test_the_cut_schemas_are_what_the_script_makes() -> None:
    definitions = cut.published()

    assert cut.CORE_FILE.read_text() == cut.core_file(definitions)
    assert cut.CRD_FILE.read_text() == cut.crd_file(definitions)


def test_as_a_program(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "infra.local.kube", "--port", "nonesuch"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (done.returncode, "invalid int value" in done.stderr) == (2, True)
