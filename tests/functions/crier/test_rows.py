"""What upstream's crier did with the same ProwJobs, comments, pods and files."""

from pathlib import Path

import pytest

from tests.oracle import github_report, podinfo
from tests.oracle_rows import OnPurpose, Row, read, tenth

pytestmark = pytest.mark.parametrize("kind", [*github_report.KINDS, *podinfo.KINDS])


def test_a_tenth(oracle: Path, kind: str) -> None:
    assert _differences(kind, tenth(read(oracle, kind))) == []


@pytest.mark.slow
def test_all(oracle: Path, kind: str) -> None:
    assert _differences(kind, read(oracle, kind)) == []


def _differences(kind: str, rows: list[Row]) -> list[str]:
    check = github_report.check if kind in github_report.KINDS else podinfo.check
    found = [(row["id"], check(row)) for row in rows]
    return [f"{name}: {one}" for name, one in found if one is not None and not isinstance(one, OnPurpose)]
