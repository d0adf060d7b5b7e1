"""The command over made-up rows: what it prints, and its exit code."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.oracle import __main__ as program
from tests.oracle import kinds
from tests.oracle.__main__ import main
from tests.oracle.kinds import NOT_BUILT, PARTS_NOT_BUILT, checks

Rows = Mapping[str, Sequence[object]]

AGREEING = {
    "id": "glob-1",
    "input": {"path": "/logs/a.log", "include_directories": ["/logs/*"], "exclude_directories": None},
    "upstream": {"censor": True},
}
ON_PURPOSE = {
    "id": "censor-1",
    "input": {"secrets": ["hunter2"], "minimum_secret_length": 6, "buffer_size": 14, "chunks": ["hun", "ter2"]},
    "upstream": {"output": "hunter2", "whole_text_at_once": "XXXXXXX", "largest_secret": 7, "error": ""},
}
DISAGREEING = {**AGREEING, "id": "glob-2", "upstream": {"censor": False}}


def _write(folder: Path, rows: Rows) -> None:
    """A row that is text is a line as it stands."""
    for kind, many in rows.items():
        file = folder / f"{kind}.jsonl"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in many))


def _run(folder: Path, rows: Rows, *kinds: str) -> tuple[int, list[str]]:
    """Exit code and lines of the command over these rows."""
    _write(folder, rows)
    command = [sys.executable, "-m", "tests.oracle", str(folder), str(folder), *kinds]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.stderr == ""
    return ended.returncode, ended.stdout.splitlines()


@pytest.mark.slow
def test_three_rows(tmp_path: Path) -> None:
    assert _run(tmp_path, {"engine/sidecar": [AGREEING, ON_PURPOSE, DISAGREEING]}) == (
        1,
        [
            "engine/sidecar 1/3 secret-in-two-reads=1",
            "",
            "engine/sidecar: 1 disagree",
            "  line 3, glob-2: the whole: ours {'censor': True}, upstream nothing",
        ],
    )


def test_what_is_not_built_stands_apart_and_fails_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    media = kinds.Part("media", "nobody reads it", lambda row: str(row["id"]).startswith("media"))
    for module in (kinds, program):
        monkeypatch.setattr(module, "PARTS_NOT_BUILT", {"engine/paths": (media,)})
        monkeypatch.setattr(module, "NOT_BUILT", {"plugins/cat": "nobody draws it"})
    rows: Rows = {
        "engine/sidecar": [ON_PURPOSE],
        "engine/paths": [{"id": "media-1"}, {"id": "media-2"}],
        "plugins/cat": [{"id": "cat-1"}],
    }
    _write(tmp_path, rows)
    assert main([str(tmp_path), str(tmp_path)]) == 0
    assert [line.partition(":")[0] for line in capfd.readouterr().out.splitlines()] == [
        "engine/paths 0/0",
        "engine/paths media not built (2 rows)",
        "engine/sidecar 0/1 secret-in-two-reads=1",
        "plugins/cat not built (1 rows)",
    ]


@pytest.mark.slow
def test_whatever_goes_wrong_with_a_row_is_its_disagreement(tmp_path: Path) -> None:
    rows: Rows = {
        "engine/paths": ["{", {"id": "unheard-1"}, *[{"id": "file-1"}] * 5],
        "engine/sidecar": [AGREEING],
        "engine/unheard": [AGREEING],
    }
    code, lines = _run(tmp_path, rows)
    assert code == 1
    assert lines[:5] == [
        "engine/paths 0/7",
        "engine/sidecar 1/1",
        "engine/unheard unknown: neither checked nor listed as not built",
        "",
        "engine/paths: 7 disagree",
    ]
    assert lines[5].startswith("  line 1: JSONDecodeError: ")
    assert lines[6].startswith("  line 2, unheard-1: KeyError: 'unheard' (tests/oracle/paths.py:")
    assert lines[-1] == "  and 2 more"


@pytest.mark.parametrize(
    "arguments, says",
    [
        pytest.param([], "has no rows", id="an empty folder"),
        pytest.param(["engine/plank"], "nothing to compare: engine/plank", id="a kind without a file"),
    ],
)
def test_nothing_to_compare(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    assert main([str(tmp_path), str(tmp_path), *arguments]) == 2
    assert says in capsys.readouterr().err


def test_every_kind_is_either_checked_or_not_built(tmp_path: Path) -> None:
    checked = set(checks(tmp_path))
    assert checked & set(NOT_BUILT) == set()
    assert set(PARTS_NOT_BUILT) <= checked
