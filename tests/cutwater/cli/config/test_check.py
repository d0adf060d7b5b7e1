"""`cutwater config check` as people run it: what it prints, and its exit status."""

import json
from pathlib import Path

import pytest

from cutwater.cli.main import main
from tests.cutwater.config.small import FILES

LONG = "a" * 64
ODD = f"""presubmits:
  acme/rocket:
  - name: {LONG}
    decorate: true
    spec: {{containers: [{{image: x, command: [x]}}]}}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The small configuration, here."""
    for name, text in FILES.items():
        place = tmp_path / ("jobs" if "jobs" in name else "") / name
        place.parent.mkdir(exist_ok=True)
        place.write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def check(*flags: str) -> int:
    everything = ["--job-config-path", "jobs", "--plugin-config", "plugins.yaml"]
    return main(["config", "check", "--config-path", "config.yaml", *everything, *flags])


JOBS_ONLY = ("--warnings", "long-job-names")


@pytest.mark.usefixtures("folder")
def test_nothing_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    assert check(*JOBS_ONLY) == 0
    assert capsys.readouterr().out == "nothing is wrong\n"


@pytest.mark.parametrize("flags, status", [((), 0), (("--strict",), 1)])
def test_what_is_odd(folder: Path, capsys: pytest.CaptureFixture[str], flags: tuple[str, ...], status: int) -> None:
    (folder / "jobs" / "odd.yaml").write_text(ODD)
    assert check(*JOBS_ONLY, *flags) == status
    place = 'jobs/odd.yaml:3: presubmits["acme/rocket"][0].name'
    assert capsys.readouterr().out.splitlines() == [
        f'{place}: "{LONG}" is too long: 64, at most 63 are right [long-job-names]',
        "0 errors, 1 warning",
    ]


def test_what_is_wrong_is_told_all_at_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "config.yaml").write_text("log_level: loud\n")
    (folder / "jobs" / "bad.yaml").write_text("periodics:\n- name: a b\n  interval: soon\n  agent: other\n")
    assert check(*JOBS_ONLY) == 1
    out = capsys.readouterr().out.splitlines()
    assert out[0].startswith('config.yaml:1: log_level: "loud" is not one of')
    assert out[-1].endswith("errors, 0 warnings")
    assert any(line.startswith("jobs/bad.yaml:3: periodics[0].interval") for line in out)


def test_as_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "jobs" / "odd.yaml").write_text(ODD)
    assert check(*JOBS_ONLY, "--output", "json") == 0
    answer = json.loads(capsys.readouterr().out)
    (found,) = answer["findings"]
    assert (answer["errors"], answer["warnings"]) == (0, 1)
    assert (found["file"], found["line"], found["severity"]) == ("jobs/odd.yaml", 3, "warning")
    assert (found["field"], found["warning"]) == ('presubmits["acme/rocket"][0].name', "long-job-names")


def test_a_plugin_that_nobody_knows(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "plugins.yaml").write_text("plugins:\n  acme:\n    plugins:\n    - trigger\n    - triger\n")
    assert check(*JOBS_ONLY) == 1
    assert (
        capsys.readouterr().out.splitlines()[0] == 'plugins.yaml:5: plugins.acme.plugins[1]: unknown plugin: "triger"'
    )


@pytest.mark.parametrize(
    "text, status, said",
    [
        pytest.param("presubmits: []", 0, "nothing is wrong", id="nothing"),
        pytest.param("presubmits: 3", 1, '.prow.yaml:1: presubmits: "3" is not a list', id="wrong"),
        pytest.param(
            "presubmits: [{name: unit, decorate: true, spec: {containers: [{image: x, command: [x]}]}}]",
            1,
            "duplicated presubmit jobs",
            id="a static job's name",
        ),
    ],
)
def test_jobs_of_a_repository(
    folder: Path, capsys: pytest.CaptureFixture[str], text: str, status: int, said: str
) -> None:
    (folder / ".prow.yaml").write_text(text)
    assert check(*JOBS_ONLY, "--prow-yaml-repo-name", "acme/rocket") == status
    assert said in capsys.readouterr().out


@pytest.mark.usefixtures("folder")
def test_what_needs_github_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert check("--warnings", "verify-owners-presence") == 0
    assert "verify-owners-presence is left out: it needs GitHub" in capsys.readouterr().out


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    "flags, said",
    [
        pytest.param(("--warnings", "long-names"), 'no such warning "long-names"', id="an unknown warning"),
        pytest.param(("--prow-yaml-path", "x"), "needs --prow-yaml-repo-name", id="nobody's jobs"),
        pytest.param(("--job-config-path", "nowhere"), "nowhere: No such file", id="no such folder"),
    ],
)
def test_what_cannot_be_asked(capsys: pytest.CaptureFixture[str], flags: tuple[str, ...], said: str) -> None:
    assert check(*flags) == 1
    assert said in capsys.readouterr().err
