"""The command, as people use it."""

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from cutwater.cli.main import main
from cutwater.cli.tide.report import sparkline

DAY = ["tide", "simulate", "--days", "0.5", "--rate", "2", "--flakes", "0.05"]


def test_a_table_and_curves(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(DAY) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith("pull requests in 0.5 days, seed 1")
    assert lines[2].split() == ["compatible", "speculative"]
    by_label = {line[:28].strip(): line[28:].split() for line in lines[3:]}
    assert all(float(cell) > 0.5 for cell in by_label["merges an hour"])
    assert any(line.startswith("waiting, up to ") for line in lines)
    assert len([line for line in lines if line.startswith("  speculative ")]) == 3


def test_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*DAY, "--json", "--policy", "compatible"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert list(found) == ["compatible"]
    assert found["compatible"]["merges_an_hour"] * 12 == pytest.approx(found["compatible"]["merged"])


def test_an_image(tmp_path: Path) -> None:
    assert main([*DAY, "--svg", str(tmp_path / "queue.svg")]) == 0
    image = ET.parse(tmp_path / "queue.svg").getroot()
    curves = image.findall("{http://www.w3.org/2000/svg}polyline")
    assert len(curves) == 6, "two policies, three panels"


def test_what_there_was(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "arrivals").write_text('{"number": 1, "arrived": 0}\n{"number": 5, "arrived": 60}\n')
    words = ["tide", "simulate", "--from", str(tmp_path / "arrivals"), "--json", "--job", "unit=10", "--flakes", "0"]
    assert main(words) == 0
    assert [one["merged"] for one in json.loads(capsys.readouterr().out).values()] == [2, 2]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        pytest.param(["--from", "arrivals"], "arrivals: it has neither arrivals", id="what cannot be read"),
        pytest.param(["--from", "missing"], "missing: No such file", id="what is not there"),
        pytest.param(["--prowjobs", "arrivals"], "--from must say for which", id="runs alone"),
    ],
)
def test_what_cannot_be_done(
    words: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("arrivals").write_text("{}")
    assert main(["tide", "simulate", *words]) == 1
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [["--rate", "0"], ["--failing", "2"], ["--job", "unit"], ["--job", "=3"], ["--slots", "-1"], ["--days", "nan"]],
)
def test_what_makes_no_sense(words: list[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["tide", "simulate", *words])
    assert stopped.value.code == 2


def test_sparkline() -> None:
    assert sparkline([0, 0.01, 2, 4], 4) == " ▁▄█"
    assert sparkline([0, 0], 0) == "  "
